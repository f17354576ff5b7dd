package eval

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// answeredScope has steps with headers: one that documents its answer, one of whose
// answer nothing is known, and one with a field of the name.
func answeredScope() *Scope {
	s := NewScope(map[string]Type{
		"launch": Object(map[string]Type{"id": String()}, false), "get-hull": Any(), "in": Any(), "silent": Any(),
		"own": Object(map[string]Type{"headers": Object(map[string]Type{"host": String()}, false)}, false),
	}, map[string]Type{"name": String(), "n": Int(), "type": Int()})
	for _, id := range []string{"launch", "get-hull", "in", "own"} {
		s.SetHeaders(id)
	}
	return s
}

func TestHeaders(t *testing.T) {
	env := &Env{
		Steps: map[string]any{"launch": map[string]any{"id": "h1"}, "get-hull": map[string]any{"headers": "a field"}, "in": nil, "own": map[string]any{"headers": map[string]any{"host": "h"}}},
		Vars:  map[string]any{"name": "ETag", "n": 3, "type": 1},
		Headers: map[string]map[string]any{
			"launch": {"location": "/hulls/h1", "retry-after": "5"}, "get-hull": {"etag": `"v1"`, "content-type": "text/plain"}, "in": {"etag": "x"}, "own": {"host": "H"},
		},
	}
	ref := func(id string, path ...string) Ref { return Ref{Step: true, Name: id, Path: path, Headers: true} }
	for _, tt := range []struct {
		src  string
		want any
		refs []Ref
	}{
		{"launch.headers.Location", "/hulls/h1", []Ref{ref("launch", "headers", "location")}},
		{"launch.headers.location + launch.id", "/hulls/h1h1", []Ref{ref("launch", "headers", "location"), {Step: true, Name: "launch", Path: []string{"id"}}}},
		{`launch.headers["Retry-After"]`, "5", []Ref{ref("launch", "headers", "retry-after")}},
		{"launch.headers.Retry-After", "5", []Ref{ref("launch", "headers", "retry-after")}},
		{"int(launch.headers.Retry-After) - n", 2, []Ref{ref("launch", "headers", "retry-after"), {Name: "n"}}},
		{"get-hull.headers.Content-Type", "text/plain", []Ref{ref("get-hull", "headers", "content-type")}},
		{"get-hull.headers[name]", `"v1"`, []Ref{ref("get-hull", "headers"), {Name: "name"}}},
		{`get-hull["headers"]`, "a field", []Ref{{Step: true, Name: "get-hull", Path: []string{"headers"}}}},
		{`steps["in"].headers.ETag`, "x", []Ref{ref("in", "headers", "etag")}},
		{"steps.launch.headers.Retry-After", "5", []Ref{ref("launch", "headers", "retry-after")}},
		{"launch.headers.Missing", nil, []Ref{ref("launch", "headers", "missing")}},
		{`launch.headers.Missing ?? "none"`, "none", []Ref{ref("launch", "headers", "missing")}},
		{`"Location" in launch.headers`, true, []Ref{ref("launch", "headers")}},
		{"len(launch.headers)", 2, []Ref{ref("launch", "headers")}},
		{"own.headers.host", "h", []Ref{{Step: true, Name: "own", Path: []string{"headers", "host"}}}},
		{`map([1], launch.headers.Location)[0]`, "/hulls/h1", []Ref{ref("launch", "headers", "location")}},
	} {
		e, problems := answeredScope().Compile(tt.src)
		if e == nil {
			t.Errorf("%s: %v", tt.src, problems)
			continue
		}
		got, err := e.Eval(t.Context(), env)
		if err != nil || !cmp.Equal(got, tt.want) {
			t.Errorf("%s: got %#v, %v", tt.src, got, err)
		}
		if d := cmp.Diff(tt.refs, e.Refs()); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.src, d)
		}
	}
}

// A header is a text, a step without headers has none, and one whose result has a
// field of the name hides them.
func TestHeadersAreChecked(t *testing.T) {
	for src, want := range map[string]string{
		"launch.headers.Location * 2":   "24+1 wrong-type: * cannot combine string and integer",
		"launch.headers.Location.first": "wrong-type",
		"launch.header.Location":        `7+6 unknown-field: unknown field "header" in the result of step "launch"`,
		"own.headers.host":              `warning 4+7 hidden-headers: the result of step "own" has a field "headers" of its own, which is meant here: the headers of its answer cannot be read; write own["headers"] to say so`,
		`own["headers"].host`:           "",
		"silent.headers.x":              "",
	} {
		_, problems := answeredScope().Compile(src)
		got := ""
		if len(problems) > 0 {
			got = problems[0].String()
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
	}
	e, problems := answeredScope().Compile("launch.headers.Location")
	if e == nil || !String().Accepts(e.Type()) || e.Type().IsAny() {
		t.Errorf("got %v, %v", e, problems)
	}
	e, _ = answeredScope().Compile("launch.headers.Location.x")
	if e != nil {
		t.Error("a member of a header compiles")
	}
	if _, err := mustCompile(t, answeredScope(), "launch.headers.Location").Eval(t.Context(), &Env{}); err == nil || !strings.Contains(err.Error(), "launch.headers") {
		t.Errorf("got %v", err)
	}
}
