package eval

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// cutEnv is env with nothing but the parts.
func cutEnv(env *Env, parts *Parts) *Env {
	out := &Env{Steps: map[string]any{}, Vars: map[string]any{}, Headers: env.Headers}
	for id, p := range parts.Steps {
		if v, ok := env.Steps[id]; ok {
			out.Steps[id] = p.Of(v)
		}
	}
	for name, p := range parts.Vars {
		if v, ok := env.Vars[name]; ok {
			out.Vars[name] = p.Of(v)
		}
	}
	return out
}

// readable is a step whose answer is documented, and one that is not.
func readable() (*Scope, *Env) {
	type m = map[string]any
	scope := NewScope(map[string]Type{"list": listType(), "any": Any(), "bare": ArrayOf(Any())}, map[string]Type{"inputs": Any(), "n": Int()})
	item := func(id, state string, count int) any {
		return m{"id": id, "state": state, "count": count, "ok": count > 6, "tags": []any{"x", state}, "owner": m{"name": "Ada", "mail": "a@x"}, "none": nil}
	}
	data := []any{item("1", "active", 5), item("2", "paused", 9), item("3", "active", 7)}
	answer := m{"data": data, "list_metadata": m{"after": "cur", "before": nil}, "total-count": 3, "raw": m{"deep": m{"er": true}}, "extra": []any{1, "two", nil, m{"k": "v"}}, "empty": []any{}}
	return scope, &Env{Steps: m{"list": answer, "any": answer, "bare": data}, Vars: m{"inputs": m{"id": "2", "key": "raw"}, "n": 1}}
}

var readings = []struct{ source, steps string }{ // what is left of the steps, as JSON
	{`len(list.data)`, `{"list":{"data":[{},{},{}]}}`},
	{`len(any.data) > 2`, `{"any":{"data":[{},{},{}]}}`},
	{`list.data[0].id`, `{"list":{"data":[{"id":"1"},{"id":"2"},{"id":"3"}]}}`},
	{`any.data[n].owner.name`, `{"any":{"data":[{"owner":{"name":"Ada"}},{"owner":{"name":"Ada"}},{"owner":{"name":"Ada"}}]}}`},
	{`any.data[-1]?.owner?.mail`, `{"any":{"data":[{"owner":{"mail":"a@x"}},{"owner":{"mail":"a@x"}},{"owner":{"mail":"a@x"}}]}}`},
	{`map(list.data, .id)`, `{"list":{"data":[{"id":"1"},{"id":"2"},{"id":"3"}]}}`},
	{`map(filter(list.data, .state == "active"), {name: .id})`, `{"list":{"data":[{"id":"1","state":"active"},{"id":"2","state":"paused"},{"id":"3","state":"active"}]}}`},
	{`len(filter(list.data, .ok))`, `{"list":{"data":[{"ok":false},{"ok":true},{"ok":true}]}}`},
	{`find(list.data, .id == inputs.id).count`, `{"list":{"data":[{"count":5,"id":"1"},{"count":9,"id":"2"},{"count":7,"id":"3"}]}}`},
	{`find(list.data, .id == "9") == nil`, `{"list":{"data":[{"id":"1"},{"id":"2"},{"id":"3"}]}}`},
	{`any(list.data, .state == "active") and all(list.data, .count > 4)`, `{"list":{"data":[{"count":5,"state":"active"},{"count":9,"state":"paused"},{"count":7,"state":"active"}]}}`},
	{`count(list.data, .ok)`, `{"list":{"data":[{"ok":false},{"ok":true},{"ok":true}]}}`},
	{`sum(list.data, .count)`, `{"list":{"data":[{"count":5},{"count":9},{"count":7}]}}`},
	{`map(sortBy(list.data, .count, "desc"), .id)`, `{"list":{"data":[{"count":5,"id":"1"},{"count":9,"id":"2"},{"count":7,"id":"3"}]}}`},
	{`sortBy(list.data, .id)[0].state`, `{"list":{"data":[{"id":"1","state":"active"},{"id":"2","state":"paused"},{"id":"3","state":"active"}]}}`},
	{`first(list.data).id + last(list.data).state`, `{"list":{"data":[{"id":"1","state":"active"},{"id":"2","state":"paused"},{"id":"3","state":"active"}]}}`},
	{`take(reverse(list.data), 1)[0].id`, `{"list":{"data":[{"id":"1"},{"id":"2"},{"id":"3"}]}}`},
	{`map(list.data[0:2], .id)`, `{"list":{"data":[{"id":"1"},{"id":"2"},{"id":"3"}]}}`},
	{`map(concat(list.data, any.data), .id)`, `{"any":{"data":[{"id":"1"},{"id":"2"},{"id":"3"}]},"list":{"data":[{"id":"1"},{"id":"2"},{"id":"3"}]}}`},
	{`let rows = list.data; len(rows) > 0 ? rows[0].id : "none"`, `{"list":{"data":[{"id":"1"},{"id":"2"},{"id":"3"}]}}`},
	{`let x = list.data; let y = any.data; len(x)`, `{"any":{"data":[{},{},{}]},"list":{"data":[{},{},{}]}}`},
	{`list.data != nil ? len(list.data) : 0`, `{"list":{"data":[{},{},{}]}}`},
	{`any.extra ?? list.data[0].id`, `{"any":{"extra":[1,"two",null,{"k":"v"}]},"list":{"data":[{"id":"1"},{"id":"2"},{"id":"3"}]}}`},
	{`{ids: map(list.data, .id), n: len(list.data)}.n`, `{"list":{"data":[{"id":"1"},{"id":"2"},{"id":"3"}]}}`}, // it may fail
	{`[list.data, any.data][0][0].id`, `{"any":{"data":[{"id":"1"},{"id":"2"},{"id":"3"}]},"list":{"data":[{"id":"1"},{"id":"2"},{"id":"3"}]}}`},
	{`map(list.data, map(.tags, # + "!"))`, `{"list":{"data":[{"tags":["x","active"]},{"tags":["x","paused"]},{"tags":["x","active"]}]}}`},
	{`filter(list.data, any(.tags, # == "paused"))[0].id`, `{"list":{"data":[{"id":"1","tags":["x","active"]},{"id":"2","tags":["x","paused"]},{"id":"3","tags":["x","active"]}]}}`},
	{`map(bare, #.id)`, `{"bare":[{"id":"1"},{"id":"2"},{"id":"3"}]}`},
	{`bare[0].owner?.name`, `{"bare":[{"owner":{"name":"Ada"}},{"owner":{"name":"Ada"}},{"owner":{"name":"Ada"}}]}`},
	{`list.list_metadata.after`, `{"list":{"list_metadata":{"after":"cur"}}}`},
	{`any[inputs.key].deep.er`, ``}, // all of it
	{`any["list_metadata"].after`, `{"any":{"list_metadata":{"after":"cur"}}}`},
	{`len(any)`, ``},
	{`keys(any)`, ``},
	{`toJSON(list.data) != ""`, `{"list":{"data":ALL}}`},
	{`list.data`, `{"list":{"data":ALL}}`},
	{`filter(list.data, .ok)`, `{"list":{"data":ALL}}`},
	{`groupBy(list.data, .state)`, `{"list":{"data":ALL}}`},
	{`reduce(list.data, #acc + .count, 0)`, `{"list":{"data":ALL}}`},
	{`uniq(list.data)`, `{"list":{"data":ALL}}`},
	{`any.none.id`, `{"any":{}}`},
	{`any.data[7].id`, `{"any":{"data":[{"id":"1"},{"id":"2"},{"id":"3"}]}}`},
	{`map(any.data, .none.id)`, `{"any":{"data":[{"none":null},{"none":null},{"none":null}]}}`},
	{`len(map(any.data, .owner.name.first))`, `{"any":{"data":[{"owner":{"name":"Ada"}},{"owner":{"name":"Ada"}},{"owner":{"name":"Ada"}}]}}`},
	{`any.data.id`, `{"any":{"data":[{},{},{}]}}`},
	{`any.raw[0].x`, `{"any":{"raw":{"deep":{"er":true}}}}`},
	{`len(any.raw) + (any.raw.deep == nil ? 1 : 2)`, `{"any":{"raw":{"deep":{"er":true}}}}`},
	{`filter(any.raw, .x)`, `{"any":{"raw":{"deep":{"er":true}}}}`},
	{`any.data[0]`, `{"any":{"data":ALL}}`},
}

// An expression has the same value, or the same error, on nothing but the parts that it
// reads; and they are no more than it needs.
func TestParts(t *testing.T) {
	scope, env := readable()
	all, err := json.Marshal(env.Steps["bare"])
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range readings {
		e, problems := scope.Compile(tt.source)
		if e == nil {
			t.Errorf("%s: %v", tt.source, problems)
			continue
		}
		parts := &Parts{}
		e.Parts(Whole(), parts)
		cut := cutEnv(env, parts)
		got, gotErr := e.Eval(t.Context(), cut)
		want, wantErr := e.Eval(t.Context(), env)
		if diff := cmp.Diff(want, got); diff != "" || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
			t.Errorf("%s (-whole +part): %v, %v\n%s", tt.source, wantErr, gotErr, diff)
		}
		left, err := json.Marshal(cut.Steps)
		if err != nil {
			t.Fatal(err)
		}
		steps := string(left)
		if tt.steps == "" {
			if !parts.Steps["any"].IsWhole() && !parts.Steps["any"].object {
				t.Errorf("%s reads %s", tt.source, steps)
			}
			continue
		}
		if want := strings.Replace(tt.steps, "ALL", string(all), 1); want != steps {
			t.Errorf("%s reads\n%s, want\n%s", tt.source, steps, want)
		}
	}
}

// Where only a part of the value is read, so is only what that part is made of.
func TestPartsOfAPart(t *testing.T) {
	scope, env := readable()
	ids := OfItems(OfField("id", Whole()))
	for _, tt := range []struct {
		source string
		want   *Part
		steps  string
	}{
		{`list.data`, ids, `{"list":{"data":[{"id":"1"},{"id":"2"},{"id":"3"}]}}`},
		{`filter(list.data, .ok)`, ids, `{"list":{"data":[{"id":"1","ok":false},{"id":"2","ok":true},{"id":"3","ok":true}]}}`},
		{`find(list.data, .ok)`, OfField("id", Whole()), `{"list":{"data":[{"id":"1","ok":false},{"id":"2","ok":true},{"id":"3","ok":true}]}}`},
		{`map(any.data, {id: .state, x: .owner})`, ids, `{"any":{"data":[{"owner":{},"state":"active"},{"owner":{},"state":"paused"},{"owner":{},"state":"active"}]}}`},
		{`list.data`, nil, `{"list":{"data":[{},{},{}]}}`},
		{`list`, OfPath([]string{"list_metadata", "after"}), `{"list":{"list_metadata":{"after":"cur"}}}`},
	} {
		e := mustCompile(t, scope, tt.source)
		parts := &Parts{}
		e.Parts(tt.want, parts)
		cut := cutEnv(env, parts)
		left, err := json.Marshal(cut.Steps)
		if err != nil {
			t.Fatal(err)
		}
		if string(left) != tt.steps {
			t.Errorf("%s reads\n%s, want\n%s", tt.source, left, tt.steps)
		}
		whole, err := e.Eval(t.Context(), env)
		if err != nil {
			t.Fatal(err)
		}
		part, err := e.Eval(t.Context(), cut)
		if diff := cmp.Diff(tt.want.Of(whole), tt.want.Of(part)); diff != "" || err != nil {
			t.Errorf("%s (-whole +part): %v\n%s", tt.source, err, diff)
		}
	}
}

// So it is with generated expressions.
func TestPartsOfGeneratedExpressions(t *testing.T) {
	scope, env := readable()
	w := listWriter{rand.New(rand.NewPCG(3, 4))}
	values := 0
	for range 4_000 {
		source := w.value(4)
		e, _ := scope.Compile(source)
		if e == nil {
			continue
		}
		parts := &Parts{}
		e.Parts(Whole(), parts)
		want, wantErr := e.Eval(t.Context(), env)
		got, gotErr := e.Eval(t.Context(), cutEnv(env, parts))
		if diff := cmp.Diff(want, got); diff != "" || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
			t.Fatalf("%s (-whole +part): %v, %v\n%s", source, wantErr, gotErr, diff)
		}
		if wantErr == nil {
			values++
		}
	}
	if values < 500 {
		t.Errorf("only %d expressions have a value: little is compared", values)
	}
}

// listWriter writes expressions over the lists of readable, right or wrong.
type listWriter struct{ rand *rand.Rand }

func (w listWriter) pick(of ...string) string { return of[w.rand.IntN(len(of))] }

func (w listWriter) field() string {
	return w.pick("id", "state", "count", "ok", "tags", "owner", "none", "owner.name", "owner?.mail", "data", "missing", "raw")
}

// value writes an expression of any type.
func (w listWriter) value(depth int) string {
	if depth == 0 {
		return w.pick("1", `"active"`, "nil", "list", "any", "bare", "inputs.id", "n")
	}
	v, list := func() string { return w.value(depth - 1) }, func() string { return w.list(depth - 1) }
	switch w.rand.IntN(14) {
	case 0, 1, 2:
		return fmt.Sprintf("%s[%s].%s", list(), w.pick("0", "n", "-1"), w.field())
	case 3:
		return fmt.Sprintf("len(%s)", list())
	case 4:
		return fmt.Sprintf("find(%s, %s)?.%s", list(), w.predicate(depth-1), w.field())
	case 5:
		return fmt.Sprintf("(%s == %s)", v(), w.pick("nil", v()))
	case 6:
		return fmt.Sprintf("(%s ?? %s)", v(), v())
	case 7:
		return fmt.Sprintf("(%s == nil ? %s : %s)", v(), v(), v())
	case 8:
		return fmt.Sprintf("{a: %s, b: %s}.%s", v(), v(), w.pick("a", "b"))
	case 9:
		return fmt.Sprintf("(let x = %s; %s)", v(), w.pick("x", "len(x)", "x.data", "1", "map(x, .id)", v()))
	case 10:
		return fmt.Sprintf("%s(%s, %s)", w.pick("any", "all", "count", "none", "findIndex"), list(), w.predicate(depth-1))
	case 11:
		return fmt.Sprintf("%s(%s)", w.pick("first", "last", "toJSON", "type", "string", "keys", "values"), w.pick(v(), list()))
	case 12:
		return w.pick("list.", "any.", "any?.") + w.field()
	}
	return list()
}

func (w listWriter) list(depth int) string {
	if depth <= 0 {
		return w.pick("list.data", "any.data", "bare", "any.extra", "any.raw", "any.empty", "list")
	}
	list := w.list(depth - 1)
	switch w.rand.IntN(9) {
	case 0:
		return fmt.Sprintf("filter(%s, %s)", list, w.predicate(depth-1))
	case 1:
		return fmt.Sprintf("map(%s, %s)", list, w.pick("#", "."+w.field(), "{id: ."+w.field()+", state: #}", "#?."+w.field(), "."+w.field()+" == nil"))
	case 2:
		return fmt.Sprintf("sortBy(%s, .%s)", list, w.field())
	case 3:
		return fmt.Sprintf("%s[%s]", list, w.pick("0:2", "1:", ":1"))
	case 4:
		return fmt.Sprintf("%s(%s)", w.pick("reverse", "uniq", "flatten"), list)
	case 5:
		return fmt.Sprintf("concat(%s, %s)", list, w.list(depth-1))
	case 6:
		return fmt.Sprintf("take(%s, 2)", list)
	case 7:
		return fmt.Sprintf("[%s, %s]", w.value(depth-1), w.value(depth-1))
	}
	return list
}

func (w listWriter) predicate(depth int) string {
	switch w.rand.IntN(5) {
	case 0:
		return "." + w.field() + " == nil"
	case 1:
		return fmt.Sprintf("%s == .%s", w.value(min(depth, 1)), w.field())
	case 2:
		return fmt.Sprintf("any(%s, .id == .%s)", w.pick(".tags", "any.data", "#"), w.field())
	}
	return w.pick("#", ".ok", ".count > 6", `.state == "active"`, `#.id in ["1", "2"]`, ".owner.name == .id")
}
