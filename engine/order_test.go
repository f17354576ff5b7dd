package engine_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
)

// A list in a plan has one order, however often the file is loaded: the variables of
// an authentication, and the reads of a body.
func TestListsOfAPlanHaveOneOrder(t *testing.T) {
	for name, test := range map[string]struct{ file, want string }{
		"env": {strings.ReplaceAll(capability(`
notes: {path: /notes, operations: {list: {method: GET}}}
`, `t: {description: T, call: port.list}`), `{type: bearer, token: "{{PORT_TOKEN}}"}`, `{type: basic, username: "{{env.USER_B}}", password: "{{env.USER_A}}"}`), `"env":[{"name":"USER_B"`},
		"reads": {capability(`
notes:
  path: /notes
  operations:
    parts:
      method: POST
      inputParameters: {a: {in: body}, b: {in: body}, c: {in: body}}
      body: {type: multipartForm, data: [{name: "{{c}}", value: "{{b}}", filename: "{{a}}"}]}
`, `t: {description: T, inputParameters: {a: {type: string}, b: {type: string}, c: {type: string}}, call: port.parts, with: {a: desk.a, b: desk.b, c: desk.c}}`),
			`"reads":[{"input":"c"},{"input":"b"},{"input":"a"}]`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := writeFiles(t, t.TempDir(), map[string]string{"f.yaml": strings.ReplaceAll(test.file, "@UP", "https://port.example")})
			plan := func() string {
				p := unit(t, opened(t, dir+"/f.yaml", nil), "t")
				data, err := json.Marshal(p.r.Plan(t.Context(), p.Program))
				if err != nil {
					t.Fatal(err)
				}
				return string(data)
			}
			first := plan()
			if !strings.Contains(first, test.want) {
				t.Errorf("the plan lacks %s:\n%s", test.want, first)
			}
			for range 20 {
				if d := cmp.Diff(first, plan()); d != "" {
					t.Fatalf("another plan of the same file:\n%s", d)
				}
			}
		})
	}
}

// So have the outputs that a run document names as secret.
func TestSecretOutputsHaveOneOrder(t *testing.T) {
	names := []string{"d", "b", "e", "a", "c"}
	var outputs []string
	for _, n := range names {
		outputs = append(outputs, "  - {name: "+n+", source: ask."+n+"}")
	}
	dir := writeFiles(t, t.TempDir(), map[string]string{"f.yaml": `name: F
specification: Naftiko Capability Composition
specificationVersion: '0.1'
steps:
  - {id: first, external: true, description: Get a secret, sensitive: secret}
  - {id: ask, external: true, description: Use it}
outputs:
` + strings.Join(outputs, "\n") + "\n"})
	done := map[string]json.RawMessage{"first": json.RawMessage(`{"secret":"a-long-secret"}`)}
	var said []string
	for _, n := range names {
		said = append(said, `"`+n+`":"a-long-secret"`)
	}
	done["ask"] = json.RawMessage("{" + strings.Join(said, ",") + "}")
	prog, err := engine.Load(t.Context(), dir+"/f.yaml", &engine.LoadOptions{Project: "none"})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		res, err := engine.NewRunner(nil).Run(t.Context(), prog, nil, &engine.RunOptions{Done: done})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(res.SensitiveOutputs, names) {
			t.Fatalf("secret are %v, want %v", res.SensitiveOutputs, names)
		}
	}
}
