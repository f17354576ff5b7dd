package framework_test

import (
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

// lighthouse returns a file that describes the same lighthouse as each generation of
// the format spells it; "loose" has no version, and the forms that no schema has.
func lighthouse(t *testing.T, version string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/lighthouse-" + version + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// model compares what was decoded and not where it stood.
var model = cmp.Options{
	cmp.Transformer("text", func(s spec.Str) string { return s.Value }),
	cmp.Transformer("value", func(v spec.Value) any { return v.Go() }),
	cmp.Comparer(func(a, b diag.Pos) bool { return true }),
	cmp.FilterPath(func(p cmp.Path) bool {
		switch p.Last().String() {
		case ".File", ".Family", ".Version", ".Texts", ".Section", ".Spans":
			return true
		}
		return false
	}, cmp.Ignore()),
}

func frameworkOf(t *testing.T, text string, o spec.Options) (*spec.File, diag.List) {
	t.Helper()
	s, diags := dialect.Read("f.yaml", []byte(text))
	f, more := s.File(o)
	return f, append(diags, more...)
}

func mustFramework(t *testing.T, text string) *spec.File {
	t.Helper()
	f, diags := frameworkOf(t, text, spec.Options{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return f
}

func TestEveryVersionGivesOneModel(t *testing.T) {
	want := mustFramework(t, lighthouse(t, "1.0.0-beta5"))
	if op := want.Described("lights").Operation("get"); op == nil || len(op.Params) != 2 || !op.Params[1].Required || op.Method.Value != "GET" {
		t.Fatalf("the consumed operation is %+v", op)
	}
	for _, version := range []string{"0.4", "1.0.0-alpha2"} {
		if diff := cmp.Diff(want, mustFramework(t, lighthouse(t, version)), model); diff != "" {
			t.Errorf("%s (-beta5 +%s):\n%s", version, version, diff)
		}
	}
}

func TestLooseFilesMeanTheSame(t *testing.T) {
	want, got := mustFramework(t, lighthouse(t, "1.0.0-beta5")), mustFramework(t, lighthouse(t, "loose"))
	// what no declaration says, the path does
	want.APIs[0].Operations[0].Params[1].Type = spec.Str{Value: "string"}
	if diff := cmp.Diff(want, got, model); diff != "" {
		t.Errorf("-beta5 +loose:\n%s", diff)
	}
}

func TestStrictAcceptsEachVersionsOwnForm(t *testing.T) {
	for _, version := range []string{"0.4", "1.0.0-alpha2", "1.0.0-beta5"} {
		if _, diags := frameworkOf(t, lighthouse(t, version), spec.Options{Strict: true}); len(diags) > 0 {
			t.Errorf("%s: %v", version, diags)
		}
	}
	if _, diags := frameworkOf(t, lighthouse(t, "loose"), spec.Options{Strict: true}); !diags.HasErrors() {
		t.Error("strict takes the loose form")
	}
}

func TestFlowsInheritFromAggregates(t *testing.T) {
	f := mustFramework(t, `ikanos: 1.0.0-beta5
capability:
  consumes:
  - {type: http, namespace: api, baseUri: https://a.example, resources: {r: {path: /r, operations: {get: {method: GET}}}}}
  aggregates:
  - namespace: lights
    display: Lights
    flows:
      show:
        description: Shows a light
        semantics: {safe: true, idempotent: true}
        inputParameters: {id: {type: string, description: Number}, lang: {type: string, description: Language, required: false}}
        call: api.get
        with: {id: lights.id}
        outputParameters: [{type: string, mapping: $.colour}]
  exposes:
  - type: mcp
    port: 1
    namespace: tools
    tools: {show: {ref: lights.show, hints: {idempotent: false, openWorld: true}}}
  - type: rest
    port: 2
    namespace: rest
    resources: {light: {path: "/l/{id}", operations: {show: {method: GET, ref: lights.show}}}}
`)
	tool, op := f.Exposures[0].Tools[0], f.Exposures[1].Routes[0].Operations[0]
	yes, no := true, false
	if diff := cmp.Diff(spec.Hints{ReadOnly: &yes, Destructive: &no, Idempotent: &no, OpenWorld: &yes}, tool.Hints); diff != "" {
		t.Error(diff)
	}
	if tool.Description.Value != "Shows a light" || callOf(tool).Call.Value != "api.get" || len(callOf(tool).With) != 1 || len(tool.Answer.Shapes) != 1 {
		t.Errorf("the tool inherited %+v", tool)
	}
	var places []string
	for _, in := range op.Unit.Inputs {
		places = append(places, in.Name.Value+" "+in.In.Value)
	}
	if diff := cmp.Diff([]string{"id path", "lang query"}, places); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"tools", "lights", "mcp"} {
		if !slices.Contains(tool.Namespaces, name) {
			t.Errorf("%s.id means nothing in the tool: %v", name, tool.Namespaces)
		}
	}
}

// callOf returns the call of a unit that is one.
func callOf(u *spec.Unit) *spec.Operation { return u.Steps[0].Action.(*spec.Operation) }

// files opens imports out of a map, by their path.
func files(texts map[string]string) func(from, path string) (string, []byte, error) {
	return func(from, path string) (string, []byte, error) {
		text, ok := texts[path]
		if !ok {
			return "", nil, errors.New("there is no such file")
		}
		return path, []byte(text), nil
	}
}

func TestImportsSeeTheirOwnFile(t *testing.T) {
	shared := `ikanos: 1.0.0-beta5
consumes:
- {type: http, namespace: api, baseUri: https://theirs.example, resources: {r: {path: /r, operations: {get: {method: GET}}}}}
aggregates:
- {namespace: lights, display: L, flows: {show: {description: S, call: api.get}}}
`
	text := `ikanos: 1.0.0-beta5
capability:
  consumes:
  - {type: http, namespace: api, baseUri: https://ours.example, resources: {r: {path: /r, operations: {get: {method: GET}}}}}
  - {from: shared.yaml, import: api, as: twin}
  aggregates:
  - {from: shared.yaml, import: lights, as: beacons}
  exposes:
  - {type: mcp, port: 1, namespace: m, tools: {show: {ref: beacons.show}, own: {description: O, call: api.get}}}
`
	f, diags := frameworkOf(t, text, spec.Options{Open: files(map[string]string{"shared.yaml": shared})})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	var calls []string
	for _, tool := range f.Exposures[0].Tools {
		calls = append(calls, callOf(tool).Call.Value)
	}
	if diff := cmp.Diff([]string{"twin.get", "api.get"}, calls); diff != "" {
		t.Error(diff)
	}
	if got := f.Described("twin"); got == nil || got.BaseURI.Value != "https://theirs.example" || got.File != "shared.yaml" {
		t.Errorf("the imported API is %+v", got)
	}
	if len(f.Texts) != 2 || string(f.Texts["shared.yaml"]) != shared {
		t.Errorf("the texts are %q", f.Texts)
	}
}

func TestImportsThatCannotBeFollowed(t *testing.T) {
	entry := func(s string) string {
		return "ikanos: 1.0.0-beta5\ncapability:\n  consumes:\n  - " + s + "\n  exposes:\n  - {type: mcp, port: 1, namespace: m, tools: {t: {description: T, call: api.get}}}\n"
	}
	open := files(map[string]string{
		"a.yaml":    "ikanos: 1.0.0-beta5\nconsumes:\n- {from: b.yaml, import: api}\n",
		"b.yaml":    "ikanos: 1.0.0-beta5\nconsumes:\n- {from: a.yaml, import: api}\n",
		"one.yaml":  "ikanos: 1.0.0-beta5\nconsumes:\n- {type: http, namespace: apis, baseUri: https://a.example}\n",
		"list.yaml": "- a\n",
	})
	for text, want := range map[string]string{
		"{from: gone.yaml, import: api}": `f.yaml:4:12: error: gone.yaml cannot be imported: there is no such file [import]; paths are relative to the folder of the importing file, and stay inside the project's`,
		"{from: a.yaml, import: api}":    `a.yaml:3:10: error: a.yaml imports from another file in turn, which no version allows [import]; import api from b.yaml in the file that needs it`,
		"{from: one.yaml, import: api}":  `f.yaml:4:30: error: one.yaml has no "api" to import [unknown-import]; did you mean "apis"?`,
		"{from: list.yaml, import: api}": `list.yaml:1:1: error: the file must be a mapping of keys to values, found a list [wrong-type]`,
		"{import: api}":                  `f.yaml:4:5: error: an import has no "from" [missing-key]; add from: ...`,
	} {
		_, diags := frameworkOf(t, entry(text), spec.Options{Open: open})
		if len(diags) == 0 || diags[0].String() != want {
			t.Errorf("%s:\n got %v\nwant %s", text, diags, want)
		}
	}
}
