package mock_test

import (
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/mock"
	"github.com/google/go-cmp/cmp"
)

// An API of one's own: bare arrays, natural keys, page numbers, no examples.

func text() *operations.Schema { return &operations.Schema{Types: []string{"string"}} }

func integer() *operations.Schema { return &operations.Schema{Types: []string{"integer"}} }

func ship() *operations.Schema {
	return &operations.Schema{
		Name:  "Ship",
		Types: []string{"object"},
		Properties: []operations.Property{
			{Name: "imo", Schema: integer()},
			{Name: "name", Schema: text()},
			{Name: "flag", Schema: &operations.Schema{Types: []string{"string"}, Pattern: "^[A-Z]{2}$"}},
			{Name: "portId", Schema: integer()},
		},
		Required: []string{"imo", "name"},
	}
}

func job() *operations.Schema {
	return &operations.Schema{
		Types: []string{"object"},
		Properties: []operations.Property{
			{Name: "id", Schema: integer()},
			{Name: "status", Schema: &operations.Schema{Types: []string{"string"}, Enum: []any{"failed", "queued", "running", "done"}}},
			{Name: "result", Schema: &operations.Schema{Types: []string{"object", "null"}, Properties: []operations.Property{{Name: "rows", Schema: integer()}}}},
		},
		Required: []string{"id", "status"},
	}
}

func listOf(items *operations.Schema) *operations.Schema {
	return &operations.Schema{Types: []string{"array"}, Items: items}
}

func operation(method, path, status string, result, body *operations.Schema, query ...string) *operations.Operation {
	op := &operations.Operation{ID: method + path, Method: method, Path: path}
	for _, segment := range strings.Split(path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			op.Params = append(op.Params, &operations.Param{Name: strings.TrimSuffix(name, "}"), In: operations.InPath, Required: true, Schema: &operations.Schema{}})
		}
	}
	for _, q := range query {
		op.Params = append(op.Params, &operations.Param{Name: q, In: operations.InQuery, Schema: &operations.Schema{}})
	}
	doc := &operations.ResponseDoc{Status: status}
	if result != nil {
		doc.Media = []operations.Media{{Type: "application/json", Schema: result}}
	}
	op.Responses = []*operations.ResponseDoc{doc}
	if body != nil {
		op.Body = &operations.Body{Required: true, Media: []operations.Media{{Type: "application/json", Schema: body}}}
	}
	return op
}

type fleet struct {
	t    *testing.T
	call operations.Caller
}

func (f fleet) do(op *operations.Operation, body any, params ...any) *operations.Response {
	f.t.Helper()
	req := &operations.Request{Op: op, Body: body}
	for i := 0; i < len(params); i += 2 {
		req.Args = append(req.Args, operations.Arg{Param: paramNamed(op, params[i].(string)), Value: params[i+1]})
	}
	resp, err := f.call(f.t.Context(), req)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, v := range check.Response(op, resp.Status, resp.Header.Get("Content-Type"), resp.Value) {
		if resp.Status < 300 {
			f.t.Errorf("%s %s: %s\n%s", op.Method, op.Path, v, resp.Body)
		}
	}
	return resp
}

func newFleet(t *testing.T) fleet { return fleet{t, mock.New(nil)} }

// A capability that reads a ship by its number gets one, named as asked.
func TestNaturalKeyIsTakenToExist(t *testing.T) {
	f := newFleet(t)
	get := operation("GET", "/ships/{imo}", "200", ship(), nil)
	got := f.do(get, nil, "imo", 9074729).Value.(map[string]any)
	if got["imo"] != 9074729 || got["flag"] != "AA" {
		t.Errorf("got %v", got)
	}
}

func TestDeletedNaturalKeyIsGone(t *testing.T) {
	f := newFleet(t)
	f.do(operation("DELETE", "/ships/{imo}", "204", nil, nil), nil, "imo", 9074729)
	if got := f.do(operation("GET", "/ships/{imo}", "200", ship(), nil), nil, "imo", 9074729); got.Status != 404 {
		t.Errorf("status %d", got.Status)
	}
}

func TestCreatedByNaturalKeyIsFound(t *testing.T) {
	f := newFleet(t)
	f.do(operation("POST", "/ships", "201", ship(), ship()), map[string]any{"imo": 7, "name": "Elbe", "flag": "DE"})
	got := f.do(operation("GET", "/ships/{imo}", "200", ship(), nil), nil, "imo", "7").Value
	if diff := cmp.Diff(map[string]any{"imo": 7, "name": "Elbe", "flag": "DE"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestBareArrayPagesByNumber(t *testing.T) {
	f := newFleet(t)
	list := operation("GET", "/ships", "200", listOf(ship()), nil, "page", "per_page")
	first := f.do(list, nil, "page", 1, "per_page", 2)
	second := f.do(list, nil, "page", 2, "per_page", 2)
	if a, b := len(first.Value.([]any)), len(second.Value.([]any)); a != 2 || b != 1 {
		t.Errorf("%d and %d ships", a, b)
	}
	if first.Header.Get("Link") == "" || second.Header.Get("Link") != "" {
		t.Errorf("Link: %q and %q", first.Header.Get("Link"), second.Header.Get("Link"))
	}
}

func TestFilterSpelledInCamelCase(t *testing.T) {
	f := newFleet(t)
	f.do(operation("POST", "/ships", "201", ship(), ship()), map[string]any{"imo": 7, "name": "Elbe", "portId": 12})
	got := f.do(operation("GET", "/ships", "200", listOf(ship()), nil, "port_id"), nil, "port_id", "12").Value.([]any)
	if len(got) != 1 || got[0].(map[string]any)["imo"] != 7 {
		t.Errorf("got %v", got)
	}
}

func TestChildrenOfACollectionInThePath(t *testing.T) {
	f := newFleet(t)
	crew := &operations.Schema{Types: []string{"object"}, Properties: []operations.Property{{Name: "id", Schema: text()}, {Name: "name", Schema: text()}}}
	create := operation("POST", "/ships/{imo}/sailors", "201", crew, crew)
	list := operation("GET", "/ships/{imo}/sailors", "200", listOf(crew), nil)
	f.do(create, map[string]any{"name": "Anna"}, "imo", 1)
	f.do(create, map[string]any{"name": "Bela"}, "imo", 2)
	got := f.do(list, nil, "imo", 2).Value.([]any)
	if len(got) != 1 || field(t, got[0], "name") != "Bela" {
		t.Errorf("got %v", got)
	}
}

func TestJobWithoutExamplesEndsInSuccess(t *testing.T) {
	f := newFleet(t)
	made := f.do(operation("POST", "/jobs", "202", job(), nil), nil).Value.(map[string]any)
	get := operation("GET", "/jobs/{id}", "200", job(), nil)
	states := []string{field(t, made, "status")}
	var last map[string]any
	for range 3 {
		last = f.do(get, nil, "id", made["id"]).Value.(map[string]any)
		states = append(states, field(t, last, "status"))
	}
	if diff := cmp.Diff([]string{"queued", "queued", "queued", "done"}, states); diff != "" {
		t.Error(diff)
	}
	if made["result"] != nil || last["result"] == nil {
		t.Errorf("result %v, then %v", made["result"], last["result"])
	}
}

func TestSchemaThatContainsItself(t *testing.T) {
	f := newFleet(t)
	tree := &operations.Schema{Types: []string{"object"}}
	tree.Properties = []operations.Property{{Name: "id", Schema: text()}, {Name: "parent", Schema: tree}, {Name: "children", Schema: listOf(tree)}}
	tree.AnyOf = []*operations.Schema{tree}
	f.do(operation("GET", "/trees/{id}", "200", tree, nil), nil, "id", "oak")
	tree.Required = []string{"parent"} // no finite value fits
	if _, err := f.call(t.Context(), &operations.Request{Op: operation("GET", "/trees", "200", tree, nil)}); err != nil {
		t.Error(err)
	}
}

func TestTextAnswer(t *testing.T) {
	f := newFleet(t)
	op := operation("GET", "/report", "200", nil, nil)
	op.Responses[0].Media = []operations.Media{{Type: "text/csv", Schema: text(), Example: "a,b\n1,2\n"}}
	if got := f.do(op, nil); string(got.Body) != "a,b\n1,2\n" || got.IsJSON || got.Value != "a,b\n1,2\n" {
		t.Errorf("got %q, %v", got.Body, got.Value)
	}
}

func TestUndocumentedAnswerIsEmpty(t *testing.T) {
	f := newFleet(t)
	op := operation("POST", "/ping", "", nil, nil)
	op.Responses = nil
	got, err := f.call(t.Context(), &operations.Request{Op: op})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Body) != 0 || got.Status != 204 {
		t.Errorf("status %d, %q", got.Status, got.Body)
	}
}

func TestNoOperation(t *testing.T) {
	if _, err := mock.New(nil)(t.Context(), &operations.Request{}); err == nil || err.Error() != "mock: request without an operation" {
		t.Errorf("got %v", err)
	}
}

func TestParameterOfACredentialIsNotMissed(t *testing.T) {
	op := operation("GET", "/ships", "200", listOf(ship()), nil, "key")
	op.Params[0].Required = true
	f := fleet{t, mock.New(nil)}
	if got := f.do(op, nil); got.Status != 422 {
		t.Errorf("without a scheme: %d", got.Status)
	}
	op.Security = []operations.Requirement{{{Scheme: operations.SecurityScheme{Type: "apiKey", In: "query", Param: "key"}}}}
	if got := f.do(op, nil); got.Status != 200 {
		t.Errorf("with one: %d %s", got.Status, got.Body)
	}
}

// The segment before an id is its collection, and not a key to look it up by.
func TestCollectionNamedAsItsIDIsNoLookup(t *testing.T) {
	f := fleet{t, mock.New(nil)}
	if got := f.do(operation("GET", "/archive/ship/{ship}", "200", ship(), nil), nil, "ship", "Elbe"); got.Status != 200 {
		t.Errorf("got %d %s", got.Status, got.Body)
	}
	if got := f.do(operation("GET", "/ships/name/{name}", "200", ship(), nil), nil, "name", "Elbe"); got.Status != 404 {
		t.Errorf("got %d %s", got.Status, got.Body)
	}
}

// What a path names can exist, and so has what lies below it.
func TestThingsBelowAPathAreThere(t *testing.T) {
	f := fleet{t, mock.New(&mock.Options{Looks: -1})}
	got := f.do(operation("GET", "/ports/{port}/ships", "200", listOf(ship()), nil), nil, "port", 7)
	if list, _ := got.Value.([]any); len(list) != 1 {
		t.Errorf("got %d %s", got.Status, got.Body)
	}
}

func TestDeletedThingIsTheOneThatWasNamed(t *testing.T) {
	f := fleet{t, mock.New(nil)}
	got := f.do(operation("DELETE", "/ships/{imo}", "200", ship(), nil), nil, "imo", 9074729)
	if m, _ := got.Value.(map[string]any); m["imo"] != 9074729 {
		t.Errorf("got %d %s", got.Status, got.Body)
	}
}
