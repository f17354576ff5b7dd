package eval

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Values are JSON-like and of no fixed Go type: a whole number may be an int
// or a float64, and every value may be null or missing.
func TestEvalValues(t *testing.T) {
	scope := NewScope(map[string]Type{"get": listType()}, map[string]Type{
		"x": Object(map[string]Type{"i": Int(), "f": Float(), "s": String(), "missing": String(), "gone": Int(), "flag": Bool(), "xs": ArrayOf(Int())}, true),
		"d": ArrayOf(String()), "any": Any(),
	})
	env := &Env{Vars: map[string]any{
		"x": map[string]any{"i": 2.0, "f": 3, "s": "é", "xs": []any{1.0, 2, int64(3)}},
		"d": []any{"a.example", "b.example"}, "any": map[string]any{"b": 1, "a": []any{2, nil}},
	}}
	for _, c := range []struct {
		src  string
		want any
	}{
		{`x.i == 2`, true},
		{`x.i`, 2.0},
		{`x.i + 1`, 3.0},
		{`x.xs[x.i]`, int64(3)},
		{`x.i in x.xs`, true},
		{`x.i in 1..3`, true},
		{`x.i in [1, 2]`, true},
		{`x.i % 2 == 0`, true},
		{`take(x.xs, x.i)`, []any{1.0, 2}},
		{`bitor(x.i, 1)`, 3},
		{`map(d, {}) | len()`, 2},
		{`map(d, {"k": #})[1]`, map[string]any{"k": "b.example"}},
		{`map(d, {(#): /* } */ {a: "}"}})[0]`, map[string]any{"a.example": map[string]any{"a": "}"}}},
		{`map(d, {let q = #; {v: q}})[0]`, map[string]any{"v": "a.example"}},
		{`d | map({i: #index}) | map(.i)`, []any{0, 1}},
		{`concat([{a: 1}], map(d, {k: #}))[1].k`, "a.example"},
		{`len({a: 1, b: {c: 2}})`, 2},
		{`(x.i > 1) and x.f >= 3`, true},
		{`x.missing`, nil},
		{`x.missing == nil`, true},
		{`x.missing == "a"`, false},
		{`x.missing == x.s`, false},
		{`x.gone == 1`, false},
		{`x.gone != x.i`, true},
		{`x.missing ?? "none"`, "none"},
		{`x.missing in ["", "a"]`, false},
		{`x.s in ["é"]`, true},
		{`x.other?.deep`, nil},
		{`get?.data`, nil},
		{`len(x.s)`, 1},
		{`x.s + "!"`, "é!"},
		{`any.a[1]`, nil},
		{`{s: x.s, xs: [x.i, {a: 1}]}`, map[string]any{"s": "é", "xs": []any{2.0, map[string]any{"a": 1}}}},
		{`map(d, {domain: #, state: "pending"})`, []any{
			map[string]any{"domain": "a.example", "state": "pending"},
			map[string]any{"domain": "b.example", "state": "pending"}}},
		{`1..3`, []any{1, 2, 3}},
		{`{r: 1..2}`, map[string]any{"r": []any{1, 2}}},
		{`split("a,b", ",")`, []any{"a", "b"}},
		{`groupBy(d, # == "a.example")`, map[string]any{"true": []any{"a.example"}, "false": []any{"b.example"}}},
		{`keys(any)`, []any{"a", "b"}},
		{`values(any)`, []any{[]any{2, nil}, 1}},
		{`toPairs(any)[1]`, []any{"b", 1}},
		{`fromPairs([["k", 1]])`, map[string]any{"k": 1}},
		{`fromPairs(toPairs(any)) == any`, true},
		{`uniq([1, 1.0, "1", {a: 1}, {a: 1.0}])`, []any{1, "1", map[string]any{"a": 1}}},
		{`flatten([1, [2, [3]]])`, []any{1, 2, 3}},
		{`concat([1], 2..3)`, []any{1, 2, 3}},
		{`join(d, " ")`, "a.example b.example"},
		{`join(split("a,b", ","))`, "ab"},
		{`replace("a-a", "a", "b")`, "b-b"},
		{`replace("a-a", "a", "b", 1)`, "b-a"},
		{`repeat("ab", x.i)`, "abab"},
		{`string(x.i) + string(any) + string(true)`, `2{"a":[2,null],"b":1}true`},
		{`toJSON("<>")`, `"<>"`},
		{`fromJSON('{"a": [1]}').a[0]`, 1},
		{`first([])`, nil},
		{`d | map(upper(#)) | join(";")`, "A.EXAMPLE;B.EXAMPLE"},
		{`sum(x.xs)`, 6.0},
		{`if x.i > 1 { "big" } else { "small" }`, "big"},
	} {
		e := mustCompile(t, scope, c.src)
		got, err := e.Eval(t.Context(), env)
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
		} else if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.src, diff)
		}
	}
}

// Errors name the path at fault, and nothing of Go.
func TestEvalErrors(t *testing.T) {
	scope := fixtureScope().With(map[string]Type{"s": String(), "i": Int()})
	env := fixtureEnv()
	delete(env.Steps, "x-1")
	env.Steps["plain"] = map[string]any{"data": []any{}, "extra": map[string]any{"list": []any{1}, "text": "abc", "n": 1}}
	for _, c := range []struct {
		src, want string
	}{
		{`plain.data[0].id`, `plain.data is empty: index 0 is out of range (length 0)`},
		{`a-b.data[5].id`, `index 5 of a-b.data is out of range (length 2)`},
		{`a-b.data[-3].id`, `index -3 of a-b.data is out of range (length 2)`},
		{`x-1.data`, `x-1 is null: cannot read "data"`},
		{`steps["x-1"].data`, `x-1 is null: cannot read "data"`},
		{`steps["a.b"].raw.no.deep`, `steps["a.b"].raw.no is null: cannot read "deep"`},
		{`a-b.raw.no.deep`, `a-b.raw.no is null: cannot read "deep"`},
		{`a-b.extra.deep`, `a-b.extra is null: cannot read "deep"`},
		{`a-b.extra[0]`, `a-b.extra is null: cannot select an item`},
		{`plain.extra.list.x`, `plain.extra.list is an array or a string: it has no field "x"`},
		{`plain.extra.n.x`, `plain.extra.n has no field "x": it is no object`},
		{`map(a-b.data, .tags[9])`, `index 9 of #.tags is out of range (length 2)`},
		{`anything > 1`, `cannot apply > to null and a number`},
		{`1 + plain.extra.text`, `cannot add a number and a string`},
		{`"a" + s`, `cannot add a string and null`},
		{`i * 2`, `cannot apply * to null and a number`},
		{`-anything`, `cannot negate null`},
		{`upper(s)`, `upper needs a string, got null`},
		{`not anything`, `not needs a boolean, got null`},
		{`anything and true`, `and needs a boolean, got null`},
		{`filter(anything, true)`, `filter needs an array, got null`},
		{`filter(plain.extra.n, true)`, `filter needs an array, got a number`},
		{`filter(a-b.data, anything)`, `filter needs a boolean, got null`},
		{`len(anything)`, `len cannot take null`},
		{`1 in plain.extra.n`, `in needs an array or an object, got a number`},
		{`5 % (i ?? 0)`, `division by zero`},
		{`1 / 0`, `result is not a finite number; was something divided by zero?`},
		{`join(anything)`, `join needs an array, got null`},
		{`join([1])`, `join needs a string, got a number`},
		{`groupBy([1], [1])`, `groupBy cannot use an array as a key`},
		{`1..2000000`, `evaluation makes too many items: more than 1000000`},
		{`string(nil)`, `null cannot stand inside text`},
		{`reduce([], #acc)`, `reduce of empty array with no initial value`},
	} {
		t.Run(c.src, func(t *testing.T) {
			e := mustCompile(t, scope, c.src)
			_, err := e.Eval(t.Context(), env)
			var fault *EvalError
			if !errors.As(err, &fault) {
				t.Fatalf("got %v", err)
			}
			if fault.Message != c.want {
				t.Errorf("\n got %s\nwant %s", fault.Message, c.want)
			}
		})
	}
}

func TestCompileBool(t *testing.T) {
	scope, env := fixtureScope(), fixtureEnv()
	for _, src := range []string{`inputs.flag`, `a-b.data[0].state == "inactive"`, `any(a-b.data, .ok)`, `a-b.raw.deep.er`} {
		e, problems := scope.CompileBool(src)
		if e == nil {
			t.Fatalf("%s: %v", src, problems)
		}
		if got, err := e.Eval(t.Context(), env); got != true {
			t.Errorf("%s: %v, %v", src, got, err)
		}
	}
	_, problems := scope.CompileBool(` inputs.name `)
	if len(problems) != 1 || problems[0].String() != `1+11 wrong-type: a condition must be true or false, not string; compare it with a value, for instance with == or !=` {
		t.Errorf("got %v", problems)
	}
	e, _ := scope.CompileBool(`anything`)
	if _, err := e.Eval(t.Context(), env); err == nil || err.Error() != "a condition must be true or false, got null" {
		t.Errorf("got %v", err)
	}
}

func TestEvalStopsWithContext(t *testing.T) {
	e := mustCompile(t, fixtureScope(), `count(1..2000, count(1..2000, # < 0) == 5)`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := e.Eval(ctx, &Env{})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}

	// A context that ends while predicates run: the third look finds it over.
	_, err = e.Eval(&endingContext{Context: t.Context(), looks: 3}, &Env{})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "evaluation was stopped") {
		t.Fatalf("got %v", err)
	}
}

type endingContext struct {
	context.Context
	looks int
}

func (c *endingContext) Err() error {
	if c.looks--; c.looks > 0 {
		return nil
	}
	return context.DeadlineExceeded
}

func TestNilEnv(t *testing.T) {
	e := mustCompile(t, fixtureScope(), `inputs?.name ?? "nobody"`)
	if got, err := e.Eval(t.Context(), nil); err != nil || got != "nobody" {
		t.Errorf("got %v, %v", got, err)
	}
}
