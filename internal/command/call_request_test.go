package command

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/operations"
)

// renameBerth takes an id twice: in the path and in the body.
var renameBerth = func() *operations.Operation {
	text, number := &operations.Schema{Types: []string{"string"}}, &operations.Schema{Types: []string{"integer", "null"}}
	return &operations.Operation{
		ID: "renameBerth", Method: "PUT", Path: "/berths/{id}",
		Params: []*operations.Param{
			{Name: "id", In: operations.InPath, Required: true, Schema: text},
			{Name: "tags", In: operations.InQuery, Schema: &operations.Schema{Types: []string{"array"}, Items: text}},
		},
		Body: &operations.Body{Required: true, Media: []operations.Media{{Type: "application/json", Schema: &operations.Schema{
			Types: []string{"object"}, Required: []string{"name"},
			Properties: []operations.Property{{Name: "id", Schema: text}, {Name: "name", Schema: text}},
			AllOf:      []*operations.Schema{{Properties: []operations.Property{{Name: "tugs", Schema: number}}, Required: []string{"tugs"}}},
		}}}},
	}
}()

// grantBerth takes one of two bodies, and a key in each.
var grantBerth = func() *operations.Operation {
	text := &operations.Schema{Types: []string{"string"}}
	object := func(name string, s *operations.Schema) *operations.Schema {
		return &operations.Schema{Types: []string{"object"}, Required: []string{name}, Properties: []operations.Property{{Name: name, Schema: s}}}
	}
	return &operations.Operation{
		ID: "grantBerth", Method: "POST", Path: "/grants",
		Body: &operations.Body{Required: true, Media: []operations.Media{
			{Type: "application/x-www-form-urlencoded"},
			{Type: "application/json", Schema: &operations.Schema{AllOf: []*operations.Schema{
				object("key", text),
				{OneOf: []*operations.Schema{object("role", &operations.Schema{Types: []string{"string"}, Enum: []any{"pilot"}}), object("roles", &operations.Schema{Types: []string{"array"}, Items: text})}},
			}}},
		}},
	}
}()

// What an alternative of the body takes can be given by name, and is not asked
// for.
func TestCallUnionBody(t *testing.T) {
	a, _, _ := newTestApp("")
	req, err := a.request(t.Context(), grantBerth, &callFlags{params: []string{"key=x", "roles=pilot"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(any(map[string]any{"key": "x", "roles": []any{"pilot"}}), req.Body); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	var takes []string
	for _, tg := range targets(grantBerth) {
		takes = append(takes, fmt.Sprintf("%s %s %t", tg.name, typeText(tg.schema), tg.required))
	}
	if diff := cmp.Diff([]string{"key string true", "role string false", "roles array of string false"}, takes); diff != "" {
		t.Errorf("takes (-want +got):\n%s", diff)
	}
}

func TestCallRequest(t *testing.T) {
	type sent struct {
		Args map[string]any
		Body any
	}
	for name, test := range map[string]struct {
		flags callFlags
		stdin string
		want  sent
	}{
		"by name": {
			callFlags{params: []string{"path.id=b_1", "name=East", "tugs=2", "tags=a", "tags=b"}}, "",
			sent{map[string]any{"id": "b_1", "tags": []any{"a", "b"}}, map[string]any{"name": "East", "tugs": 2}},
		},
		"both ids": {
			callFlags{params: []string{"path.id=b_1", "body.id=b_2", "body.name=East", "tugs=2"}}, "",
			sent{map[string]any{"id": "b_1"}, map[string]any{"id": "b_2", "name": "East", "tugs": 2}},
		},
		"body from stdin, one property over it": {
			callFlags{params: []string{"path.id=b_1", "name=West"}, body: "-"}, `{"name": "East", "tugs": 1}`,
			sent{map[string]any{"id": "b_1"}, map[string]any{"name": "West", "tugs": 1}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, _, _ := newTestApp(test.stdin)
			req, err := a.request(t.Context(), renameBerth, &test.flags)
			if err != nil {
				t.Fatal(err)
			}
			got := sent{map[string]any{}, req.Body}
			for _, arg := range req.Args {
				got.Args[arg.Param.Name] = arg.Value
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCallMistakes(t *testing.T) {
	read := &operations.Operation{ID: "listBerths", Method: "GET", Path: "/berths"}
	upload := &operations.Operation{ID: "upload", Method: "POST", Path: "/plan", Body: &operations.Body{
		Required: true, Media: []operations.Media{{Type: "application/pdf"}},
	}}
	for name, test := range map[string]struct {
		op    *operations.Operation
		flags callFlags
		stdin string
		want  []string
	}{
		"nothing given": {renameBerth, callFlags{}, "", []string{
			"id: required path parameter is missing", "name: required body property is missing", "tugs: required body property is missing",
		}},
		"which id":               {renameBerth, callFlags{params: []string{"id=1", "name=East", "tugs=1"}}, "", []string{"id: more than one value has this name"}},
		"wrong, not missing too": {renameBerth, callFlags{params: []string{"path.id=1", "name=East", "tugs=two"}}, "", []string{`tugs: "two" is no integer`}},
		"out of its schema": {renameBerth, callFlags{params: []string{"path.id:=5", "name:=null", "tugs=1", `tags:=["a",2]`}}, "", []string{
			"id: is an integer where string is documented", "tags: /1 is an integer where string is documented", "name: is null where string is documented",
		}},
		"no alternative": {grantBerth, callFlags{params: []string{"key=x", "role=captain"}}, "", []string{`body: fits none of the 2 documented shapes; the nearest: /role: is "captain", which is none of the documented values ("pilot")`}},
		"body lacks one": {renameBerth, callFlags{params: []string{"path.id=1"}, body: "-"}, `{"name": "East"}`, []string{"tugs: required body property is missing"}},
		"body is no object": {renameBerth, callFlags{params: []string{"path.id=1", "name=East"}, body: "-"}, `[1]`, []string{
			"name: the body of --body is no JSON object, so no property can be set on it",
		}},
		"body is no JSON":     {renameBerth, callFlags{params: []string{"path.id=1"}, body: "-"}, `{`, []string{"--body: it is no JSON: it ends too early"}},
		"takes no body":       {read, callFlags{body: "-"}, `{}`, []string{"--body: the operation takes no body"}},
		"takes no parameters": {read, callFlags{params: []string{"limit=1"}}, "", []string{"limit: the operation has no such parameter"}},
		"needs a body":        {upload, callFlags{}, "", []string{"--body: the operation needs a body"}},
	} {
		t.Run(name, func(t *testing.T) {
			a, _, _ := newTestApp(test.stdin)
			_, err := a.request(t.Context(), test.op, &test.flags)
			var bad *engine.InputError
			if !errors.As(err, &bad) {
				t.Fatalf("error %v, want an input error", err)
			}
			var got []string
			for _, p := range bad.Problems {
				got = append(got, problemText(p))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUploadSendsBytes(t *testing.T) {
	op := &operations.Operation{ID: "upload", Body: &operations.Body{Media: []operations.Media{{Type: "application/pdf"}}}}
	a, _, _ := newTestApp("%PDF-1.7")
	req, err := a.request(t.Context(), op, &callFlags{body: "-"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(any([]byte("%PDF-1.7")), req.Body); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}
