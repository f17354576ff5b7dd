package consumed_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/client"
	"github.com/capstan-run/capstan/operations/mock"
	"github.com/capstan-run/capstan/spec"
	"github.com/google/go-cmp/cmp"
)

// shape makes an output: its name, type and path.
func shape(name, kind, path string) *spec.Shape {
	return &spec.Shape{Name: str(name), Type: str(kind), Value: str(path)}
}

func list(name, path string, items *spec.Shape) *spec.Shape {
	s := shape(name, "array", path)
	s.Items = items
	return s
}

func object(name, path string, properties ...*spec.Shape) *spec.Shape {
	s := shape(name, "object", path)
	s.Properties = properties
	return s
}

// mocked is what a mock answers to one call without arguments.
func mocked(t *testing.T, outputs ...*spec.Shape) any {
	t.Helper()
	o := op("o", "GET", "/harbour")
	o.Outputs = outputs
	resp, err := mock.New(nil)(t.Context(), &operations.Request{Op: lookup(t, set(t, api(o)), "o")})
	if err != nil || resp.Status != 200 {
		t.Fatalf("got %+v, %v", resp, err)
	}
	return resp.Value
}

func TestMockAnswersWhatTheOutputsRead(t *testing.T) {
	type m = map[string]any
	tests := []struct {
		name    string
		outputs []*spec.Shape
		want    any
	}{
		{"nested", []*spec.Shape{shape("a", "string", "$.moored.ship"), shape("b", "integer", "$.moored['berth no']")},
			m{"moored": m{"ship": "example ship", "berth no": 1}}},
		{"several items", []*spec.Shape{list("a", "$.crew[*].post", shape("", "string", "")), shape("b", "number", "$.crew[1].age")},
			m{"crew": []any{m{"post": "example post", "age": 1}}}},
		{"list of objects", []*spec.Shape{list("a", "$.ships", object("", "", shape("imo", "string", "$.imo"), shape("flag", "boolean", "")))},
			m{"ships": []any{m{"imo": "example imo", "flag": false}}}},
		{"the answer is a list", []*spec.Shape{list("a", "$", object("", "", shape("imo", "string", "$.imo")))},
			[]any{m{"imo": "example imo"}}},
		{"the whole answer", []*spec.Shape{shape("result", "object", "$.")}, m{}},
		{"nothing", nil, m{}},
		{"what cannot be followed is left out", []*spec.Shape{
			shape("a", "string", "$..deep"), shape("b", "string", "$.x[?(@.y)]"), shape("c", "string", "plain text"),
			shape("d", "string", "$.ok"), shape("e", "string", "$.ok.deeper"), shape("f", "string", "$.x[99999999]"),
		}, m{"ok": "example ok"}},
		{"string with properties", []*spec.Shape{{Name: str("a"), Type: str("string"), Value: str("$.a"), Properties: []*spec.Shape{shape("b", "string", "")}}},
			m{"a": "example a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, firstItems(mocked(t, tt.outputs...))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// firstItems cuts every list to one item: the mock adds other people's.
func firstItems(v any) any {
	switch v := v.(type) {
	case []any:
		return v[:min(1, len(v))]
	case map[string]any:
		for name := range v {
			v[name] = firstItems(v[name])
		}
	}
	return v
}

// The mock makes as many items as the paths count.
func TestMockAnswersWithEnoughItems(t *testing.T) {
	o := op("o", "POST", "/harbour")
	o.Outputs = []*spec.Shape{shape("a", "string", "$.cranes[4].kind")}
	resp, err := mock.New(nil)(t.Context(), &operations.Request{Op: lookup(t, set(t, api(o)), "o")})
	if err != nil {
		t.Fatal(err)
	}
	if cranes := resp.Value.(map[string]any)["cranes"].([]any); len(cranes) != 5 {
		t.Errorf("got %v", cranes)
	}
}

// What one operation makes, another finds.
func TestMockRemembers(t *testing.T) {
	fields := []*spec.Shape{shape("id", "string", "$.id"), shape("name", "string", "$.name")}
	create := op("create", "POST", "/ships", param("body", "name", "string"), param("body", "tags", "array"))
	create.Outputs = fields
	get := op("get", "GET", "/ships/{{id}}")
	get.Outputs = fields
	all := op("list", "GET", "/ships")
	all.Outputs = []*spec.Shape{list("ships", "$.data", object("", "", fields...))}
	remove := op("remove", "DELETE", "/ships/{{id}}")
	s := set(t, api(create, get, all, remove))
	world := mock.New(nil)
	call := func(id string, body any, values map[string]any) *operations.Response {
		o := lookup(t, s, id)
		resp, err := world(t.Context(), &operations.Request{Op: o, Body: body, MediaType: "application/json; charset=utf-8", Args: args(o, values)})
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}

	made := call("create", []byte(`{"name": "Kittiwake"}`), nil).Value.(map[string]any)
	if made["name"] != "Kittiwake" || made["id"] == "" {
		t.Fatalf("made %v", made)
	}
	by := map[string]any{"id": made["id"]}
	if diff := cmp.Diff(made, call("get", nil, by).Value); diff != "" {
		t.Error(diff)
	}
	if found := call("list", nil, nil).Value.(map[string]any)["data"].([]any); !slices.ContainsFunc(found, func(v any) bool { return cmp.Equal(v, any(made)) }) {
		t.Errorf("listed %v", found)
	}
	call("remove", nil, by)
	if resp := call("get", nil, by); resp.Status != 404 {
		t.Errorf("found after it was removed: %d", resp.Status)
	}
}

// A number where text was declared, or text of a template where a number was:
// the API may take either, so the mock does.
func TestMockTakesAnyScalar(t *testing.T) {
	o := lookup(t, set(t, api(op("o", "POST", "/a", param("query", "n", "integer"), param("query", "s", "string"), param("body", "x", "number"), param("body", "y", "string")))), "o")
	resp, err := mock.New(nil)(t.Context(), &operations.Request{
		Op: o, Args: args(o, map[string]any{"n": "seven", "s": 7}), Body: map[string]any{"x": "1", "y": 1},
	})
	if err != nil || resp.Status != 200 {
		t.Errorf("got %+v, %v", resp, err)
	}
}

// The file's idea of an answer makes no live answer wrong.
func TestNoLiveAnswerIsWrong(t *testing.T) {
	o := op("o", "GET", "/a")
	o.Outputs = []*spec.Shape{shape("a", "string", "$.moored.ship"), list("b", "$.crew", shape("", "integer", ""))}
	made := lookup(t, set(t, api(o)), "o")
	for _, tt := range []struct {
		name, contentType, body string
		status                  int
		want                    any
	}{
		{"as expected", "application/json", `{"moored":{"ship":"a"},"crew":[1]}`, 200, map[string]any{"moored": map[string]any{"ship": "a"}, "crew": []any{1}}},
		{"other types", "application/json", `{"moored":[],"crew":{"a":"b"},"more":1}`, 201, map[string]any{"moored": []any{}, "crew": map[string]any{"a": "b"}, "more": 1}},
		{"another shape", "application/json", `[1]`, 200, []any{1}},
		{"JSON as text", "text/plain", `{"crew":null}`, 200, map[string]any{"crew": nil}},
		{"text", "text/plain", "hello", 200, "hello"},
		{"XML", "application/xml", "<a/>", 200, nil},
		{"binary", "image/png", "\x89\xff", 200, nil},
		{"empty", "", "", 204, nil},
		{"an error", "text/html", "<h1>no</h1>", 404, "<h1>no</h1>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Type"] = nil
				if tt.contentType != "" {
					w.Header().Set("Content-Type", tt.contentType)
				}
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			})
			resp, err := client.New(client.Options{})(t.Context(), &operations.Request{Op: made, BaseURL: u.URL})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, resp.Value); diff != "" || resp.DecodeErr != nil || string(resp.Body) != tt.body {
				t.Errorf("%v, body %q: %s", resp.DecodeErr, resp.Body, diff)
			}
			if wrong := check.Response(made, resp.Status, resp.Header.Get("Content-Type"), resp.Value); len(wrong) > 0 && tt.contentType != "" {
				t.Errorf("held against it: %v", wrong)
			}
		})
	}
}

// Live JSON that is none is still an error.
func TestBrokenJSONIsSaid(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"a":`))
	})
	resp, err := client.New(client.Options{})(t.Context(), &operations.Request{Op: lookup(t, set(t, api(op("o", "GET", "/a"))), "o"), BaseURL: u.URL})
	if err != nil || resp.DecodeErr == nil {
		t.Errorf("got %+v, %v", resp, err)
	}
}
