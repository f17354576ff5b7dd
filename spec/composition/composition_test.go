package composition_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

// anywhere compares models without their places and styles.
var anywhere = cmp.Options{
	cmpopts.IgnoreTypes(diag.Pos{}, []spec.Span{}),
	cmpopts.IgnoreFields(spec.Str{}, "Style", "Raw"),
	cmpopts.IgnoreFields(spec.Value{}, "Str"),
	cmpopts.EquateEmpty(),
}

func str(s string) spec.Str { return spec.Str{Value: s} }

func ptr[T any](v T) *T { return &v }

func scalar(v any) spec.Value { return spec.Value{Scalar: v} }

func read(t *testing.T, text string) *dialect.Source {
	t.Helper()
	s, diags := dialect.Read("f.yaml", []byte(text))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	return s
}

// firstOf returns the first document of a file of testdata, which uses all there is.
func firstOf(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../dialect/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n---\n")
	return first
}

func TestCompositionModel(t *testing.T) {
	s := read(t, firstOf(t, "composition.yaml"))
	got, diags := s.File(spec.Options{})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	if got.Version != "0.1" || got.Title.Value != "Ship cargo" || got.API.Value != "harbour" ||
		got.Units[0].Description.Value != "Books a hold, waits for the customs officer, and sails." {
		t.Errorf("got %+v", got)
	}
	inputs := []*spec.Input{
		{Name: str("ship_name"), Type: str("string"), Required: true, Filled: true, Description: str("What is painted on the bow.")},
		{Name: str("crates"), Type: str("array"), Items: str("string"), Default: &spec.Value{Kind: spec.Sequence, Items: []spec.Value{scalar("salt"), scalar("tea")}}},
		{Name: str("weight"), Type: str("number"), Enum: []spec.Value{scalar(int64(1)), scalar(2.5)}},
		{Name: str("flags"), Type: str("object"), Example: &spec.Value{Kind: spec.Mapping, Fields: []spec.Field{{Key: str("deck"), Value: scalar(int64(2))}}}},
		{Name: str("note"), Type: str("string"), Default: &spec.Value{}, Sensitive: true},
	}
	steps := []*spec.Step{
		{
			ID: str("book-hold"), Description: str("Book it."), Sensitive: []spec.Str{str("data.secret")},
			Action: &spec.Operation{
				Capability: str("holds"), Operation: str("Holds.create[0]"), API: str("port"),
				With: []spec.Field{
					{Key: str("ship"), Value: scalar("{{ inputs.ship_name }}")},
					{Key: str("list"), Value: spec.Value{Kind: spec.Sequence, Items: []spec.Value{
						scalar(int64(1)), scalar(2.5), scalar(true), scalar(nil), scalar("2026-05-22"), scalar("x"),
					}}},
				},
				Keys:  []spec.Field{{Key: str("intent"), Value: scalar("sso")}},
				Retry: 3,
				Key:   ptr(str("Idempotency-Key")),
				Probe: &spec.Probe{Operation: str("Holds.list"), With: []spec.Field{{Key: str("ship"), Value: scalar("x")}}},
			},
		},
		{
			ID: str("customs"), Description: str("The officer signs."), Sensitive: []spec.Str{str("paper")},
			Action: &spec.External{With: []spec.Field{{Key: str("paper"), Value: scalar("{{ book-hold.id }}")}}},
		},
		{
			ID: str("wait_for_sail"), When: ptr(str("true")), Each: ptr(str("inputs.crates")),
			Action: &spec.Operation{
				API: str("harbour"), Operation: str("Ships.list"),
				Until: ptr(str(`data[0].state == "sailing"`)), Fail: ptr(str("data[0].state == \"sunk\"\n")),
				Every: &spec.Duration{D: 30 * time.Second}, Timeout: &spec.Duration{D: 90 * time.Minute},
				Select: ptr(str("data[0]")), All: true, Retry: 5,
			},
		},
	}
	labels := []spec.Field{{Key: str("ship"), Value: scalar("{{ inputs.ship_name }}")}, {Key: str("env"), Value: scalar("prod")}}
	if diff := cmp.Diff(labels, got.Units[0].Labels, anywhere); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	got.Units[0].Labels = nil
	checkUnit(t, got, inputs, steps, []*spec.Output{{Name: str("hold_id"), Source: str("book-hold.id"), Sensitive: true}})
}

func TestCatalogueModel(t *testing.T) {
	s := read(t, firstOf(t, "catalogue.yaml"))
	got, diags := s.Catalogue()
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	want := &spec.Catalogue{
		API: str("harbour"), BaseURL: str("https://api.example.com"), AuthType: str("bearer"), AuthEnv: str("HARBOUR_KEY"),
		Capabilities: []*spec.CatalogueEntry{{
			ID: str("holds"), Description: str("Space below deck."),
			OperationIDs: []spec.Str{str("Holds.create"), str("Holds.list[0]")},
		}},
	}
	if diff := cmp.Diff(want, got, anywhere); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// invalid decodes a composition that has errors; body goes below its name.
func invalid(t *testing.T, body string) (*spec.File, diag.List) {
	t.Helper()
	s := read(t, "name: n\nspecification: Naftiko Capability Composition\napi: a\n"+body)
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
	if len(diags) != 20 {
		t.Errorf("want 20 problems, got %d:\n%v", len(diags), diags)
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
	s, diags := dialect.Read("f.yaml", []byte("name: n\nspecification: Naftiko Capability Composition\napi: a\nsteps:\n  - {id: s, operation: o, with: {x: {{ inputs.a }}, y: [{{b}}]}}\n"))
	if len(diags) != 2 || diags[0].Code != "unquoted-template" || diags[1].Code != "unquoted-template" {
		t.Errorf("got %v", diags)
	}
	c, diags := s.File(spec.Options{})
	got := spec.Value{Kind: spec.Mapping, Fields: c.Units[0].Steps[0].Action.(*spec.Operation).With}.Go()
	if diff := cmp.Diff(map[string]any{"x": "{{ inputs.a }}", "y": []any{"{{b}}"}}, got); diff != "" || len(diags) > 0 {
		t.Errorf("%v (-want +got):\n%s", diags, diff)
	}
}

// Related names the first of two, and the end of what is marked is known.
func TestDuplicatesShowBothPlaces(t *testing.T) {
	s := read(t, "name: x\nspecification: Naftiko Capability Composition\napi: a\nsteps:\n  - {id: \"go\", external: true}\n  - {id: \"go\", external: true}\n")
	_, got := s.File(spec.Options{})
	want := diag.List{{
		Code: "duplicate-name", Pos: diag.Pos{File: "f.yaml", Line: 6, Column: 10}, EndColumn: 14,
		Message: `a second step is called "go"`, Hint: "rename one of the two",
		Related: []diag.Related{{Pos: diag.Pos{File: "f.yaml", Line: 5, Column: 10}, Message: "the first one"}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
