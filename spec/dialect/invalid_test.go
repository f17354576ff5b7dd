package dialect

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
)

// invalid decodes a composition that has errors; body goes below its name.
func invalid(t *testing.T, body string) (*spec.File, diag.List) {
	t.Helper()
	s := mustRead(t, "f.yaml", "name: n\nspecification: Naftiko Capability Composition\napi: a\n"+body)
	c, diags := s.File(spec.Options{})
	if !diags.HasErrors() {
		t.Fatalf("no problem in\n%s", body)
	}
	return c, diags
}

// What was reported once reaches later stages in a form that they need not
// report again, and that gives nothing else a false problem.
func TestReportedOnce(t *testing.T) {
	c, diags := invalid(t, `
inputs:
  - {name: crates, type: array}
  - {name: crates, type: string}
  - {name: weight, type: int, default: 5}
  - {name: deck, type: strng}
  - {name: hull, type: blob, items: blob, default: [5]}
  - {name: port, type: integer, default: x}
  - {name: sea, enum: [calm], default: storm}
steps:
  - {id: load, operation: o}
  - {id: load, operation: p}
  - sail
  - {operation: q, id: }
  - {operation: r}
  - {id: paint, external: yes}
  - {id: sign, external: true, until: a, fail: b, select: c, every: 5s, timeout: 3d}
outputs:
  - {name: a}
  - {name: b, source: [x]}
  - {name: c, source: load.id}
  - {name: c, source: load.x}
`)
	if len(diags) != 19 {
		t.Errorf("want 19 problems, got %d:\n%v", len(diags), diags)
	}
	inputs := []*spec.Input{
		{Name: str("crates"), Type: str("array")},
		{Name: str("weight"), Type: str("integer"), Default: ptr(scalar(int64(5)))},
		{Name: str("deck"), Type: str("string")},
		{Name: str("hull"), Default: ptr(spec.Value{Kind: spec.Sequence, Items: []spec.Value{scalar(int64(5))}})},
		{Name: str("port"), Type: str("integer")},
		{Name: str("sea"), Type: str("string"), Enum: []spec.Value{scalar("calm")}},
	}
	steps := []*spec.Step{
		{ID: str("load"), Action: &spec.Operation{API: str("a"), Operation: str("o")}},
		{ID: str("#2"), Action: &spec.Operation{API: str("a"), Operation: str("p")}},
		{ID: str("sail"), Action: &spec.Operation{API: str("a")}},
		{ID: str("#4"), Action: &spec.Operation{API: str("a"), Operation: str("q")}},
		{ID: str("#5"), Action: &spec.Operation{API: str("a"), Operation: str("r")}},
		{ID: str("paint"), Action: &spec.External{}},
		{ID: str("sign"), Action: &spec.External{}},
	}
	outputs := []*spec.Output{{Name: str("c"), Source: str("load.id")}, {Name: str("c"), Source: str("load.x")}}
	checkUnit(t, c, inputs, steps, outputs)
}

// checkUnit compares a file's one unit.
func checkUnit(t *testing.T, f *spec.File, inputs []*spec.Input, steps []*spec.Step, outputs []*spec.Output) {
	t.Helper()
	want := &spec.Unit{
		Name: strings.TrimSuffix(f.Name, ".yaml"), Kind: spec.UnitComposition, Title: f.Title, Description: f.Units[0].Description, File: f.Name,
		Inputs: inputs, Steps: steps, Outputs: outputs,
	}
	if diff := cmp.Diff([]*spec.Unit{want}, f.Units, anywhere); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A name that stands in for an id is nowhere written: only its start is marked.
func TestStandInsHaveAPlace(t *testing.T) {
	c, _ := invalid(t, "steps:\n  - {id: \"load\", operation: o}\n  - {id: \"load\", operation: p}\n  - {operation: r}\n")
	for i, want := range []struct{ line, column, end int }{{5, 11, 15}, {6, 10, 0}, {7, 5, 0}} {
		id := c.Units[0].Steps[i].ID
		pos, end := id.Span(0, len(id.Value))
		if (pos != diag.Pos{File: "f.yaml", Line: want.line, Column: want.column}) || end != want.end {
			t.Errorf("%q is at %v to %d, want %+v", id.Value, pos, end, want)
		}
	}
}

// Without a step there is nothing that later stages could say of the inputs
// and outputs that were true.
func TestNothingToRun(t *testing.T) {
	for _, steps := range []string{"", "steps:\n", "steps: []\n", "steps: 5\n", "steps: [5]\n"} {
		c, diags := invalid(t, "inputs: [{name: a}]\n"+steps+"outputs: [{name: a, source: s.id}]\n")
		if len(c.Units) > 0 || len(diags) != 1 {
			t.Errorf("%q: %v, model %v", steps, diags, c)
		}
	}
}

// Entries of a mapping where a list belongs are read as the list's items.
func TestMappingsAreReadAsLists(t *testing.T) {
	c, diags := invalid(t, `
inputs: {port: integer, crates: {type: array, items: string}, flag: }
steps: {load: {operation: o}, sail: {id: sale, external: true}}
outputs: {a: load.id, b: {source: sail.x}}
`)
	if len(diags) != 3 {
		t.Errorf("want 3 problems, got %v", diags)
	}
	checkUnit(t, c,
		[]*spec.Input{{Name: str("port"), Type: str("integer")}, {Name: str("crates"), Type: str("array"), Items: str("string")}, {Name: str("flag"), Type: str("string")}},
		[]*spec.Step{{ID: str("load"), Action: &spec.Operation{API: str("a"), Operation: str("o")}}, {ID: str("sale"), Action: &spec.External{}}},
		[]*spec.Output{{Name: str("a"), Source: str("load.id")}, {Name: str("b"), Source: str("sail.x")}})
	if got := c.Units[0].Inputs[1].Name.Pos; got != (diag.Pos{File: "f.yaml", Line: 5, Column: 25}) {
		t.Errorf("the name of an entry is at %v", got)
	}
}

// A template without quotes is read as the text it was meant to be.
func TestUnquotedTemplateIsText(t *testing.T) {
	s, diags := Read("f.yaml", []byte("name: n\nspecification: Naftiko Capability Composition\napi: a\nsteps:\n  - {id: s, operation: o, with: {x: {{ inputs.a }}, y: [{{b}}]}}\n"))
	if len(diags) != 2 || diags[0].Code != "unquoted-template" || diags[1].Code != "unquoted-template" {
		t.Errorf("got %v", diags)
	}
	c, diags := s.File(spec.Options{})
	got := spec.Value{Kind: spec.Mapping, Fields: c.Units[0].Steps[0].Action.(*spec.Operation).With}.Go()
	if diff := cmp.Diff(map[string]any{"x": "{{ inputs.a }}", "y": []any{"{{b}}"}}, got); diff != "" || len(diags) > 0 {
		t.Errorf("%v (-want +got):\n%s", diags, diff)
	}
}
