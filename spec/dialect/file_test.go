package dialect

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
)

// load reads text as a file of its dialect.
func load(t *testing.T, name, text string, o spec.Options) (*spec.File, diag.List) {
	t.Helper()
	s, diags := Read(name, []byte(text))
	f, more := s.File(o)
	if f == nil {
		t.Fatalf("no file: %v", append(diags, more...))
	}
	return f, append(diags, more...).Sort()
}

const crossing = `specification: Naftiko Capability Composition
specificationVersion: "0.1"
name: Cross the bay
api: harbour
inputs: [{name: ship, required: true}, {name: crates, type: list}, {name: note, required: true, default: none}]
steps:
- {id: book, operation: book-hold, with: {ship: "{{ inputs.ship }}"}, intent: sso}
- {id: sign, external: true, description: Sign it, with: {note: "{{ inputs.note }}"}}
- {id: sail, api: pilots, operation: sail, when: book.ok, each: inputs.crates, until: result.done, timeout: 2h}
outputs: [{name: berth, source: sail.berth}]
`

func TestCompositionIsOneUnit(t *testing.T) {
	f, _ := load(t, "bay/cross-the-bay.yaml", crossing, spec.Options{})
	if f.Name != "bay/cross-the-bay.yaml" || f.Title.Value != "Cross the bay" || len(f.Units) != 1 {
		t.Fatalf("got %+v", f)
	}
	u := f.Units[0]
	if u.Name != "cross-the-bay" || u.Kind != spec.UnitComposition || u.Title.Value != f.Title.Value || u.Answer != nil || u.Language != spec.Expressions || u.Binding != spec.BindByRule {
		t.Errorf("got %+v", u)
	}
	var inputs, apis []string
	for _, in := range u.Inputs {
		inputs = append(inputs, fmt.Sprint(in.Name.Value, " ", in.Type.Value, " ", in.Required, in.Filled, in.Convert))
	}
	for _, a := range f.APIs {
		apis = append(apis, fmt.Sprint(a.Namespace.Value, " ", a.Described))
	}
	if diff := cmp.Diff([]string{"ship string true true false", "crates array false false false", "note string false false false"}, inputs); diff != "" {
		t.Errorf("inputs: %s", diff)
	}
	if diff := cmp.Diff([]string{"harbour false", "pilots false"}, apis); diff != "" {
		t.Errorf("APIs: %s", diff)
	}
	book, sail := u.Steps[0].Action.(*spec.Operation), u.Steps[2].Action.(*spec.Operation)
	if book.API.Value != "harbour" || book.Operation.Value != "book-hold" || len(book.With) != 1 || len(book.Keys) != 1 || book.Call.IsSet() {
		t.Errorf("got %+v", book)
	}
	if _, ok := u.Steps[1].Action.(*spec.External); !ok || u.Steps[1].Description.Value != "Sign it" {
		t.Errorf("got %+v", u.Steps[1])
	}
	if sail.API.Value != "pilots" || sail.Until.Value != "result.done" || sail.Timeout.D.Hours() != 2 || u.Steps[2].When.Value != "book.ok" || u.Steps[2].Each.Value != "inputs.crates" {
		t.Errorf("got %+v", sail)
	}
	if len(u.Outputs) != 1 || u.Outputs[0].Source.Value != "sail.berth" {
		t.Errorf("got %+v", u.Outputs)
	}
}

const coast = `ikanos: 1.0.0-beta5
capability:
  consumes:
  - {type: http, namespace: lights, baseUri: https://lights.example, resources: {light: {path: "/l/{id}", operations: {get: {method: GET}, put: {method: PUT}}}}}
  aggregates:
  - namespace: beacons
    flows:
      show: {description: Shows one, inputParameters: {id: {type: string, description: Number}}, call: lights.get, with: {id: beacons.id}}
      rest: {description: Rests, outputParameters: [{type: string, value: off}]}
  exposes:
  - type: mcp
    port: 1
    namespace: tools
    tools:
      show: {ref: beacons.show}
      switch:
        description: Switches one
        inputParameters: {id: {type: string, description: Number}, on: {type: boolean, description: State, required: false}}
        steps:
          old: {type: call, call: lights.get, with: {id: tools.id}}
          lit: {type: lookup, index: old, match: id, lookupValue: tools.id, outputParameters: [state]}
          run: {type: script, language: javascript, file: a.js, with: {x: 1}}
          new: {type: mock, outputParameters: [{name: x, value: "{{on}}"}]}
        mappings: [{target: state, value: $.new.x}]
        outputParameters: {state: {type: string}}
    resources: {chart: {description: The chart, uri: "file:///chart", location: "file:///charts"}, list: {description: All, uri: "l://all", call: lights.get}}
  - type: rest
    port: 2
    namespace: web
    resources: {light: {path: "/l/{id}", operations: {show: {method: GET, ref: beacons.show}, put: {method: PUT, inputParameters: {on: {type: boolean, description: S, in: body, value: $.state.on}}, call: lights.put, with: {id: web.id}}}}}
`

func TestFrameworkUnits(t *testing.T) {
	f, diags := load(t, "coast.yaml", coast, spec.Options{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var got []string
	for _, u := range f.Units {
		line := fmt.Sprint(u.Kind, " ", u.Name, " ", u.Binding)
		if u.Direct {
			line += " direct"
		}
		for _, s := range u.Steps {
			line += fmt.Sprintf(" %s:%s", s.ID.Value, strings.TrimPrefix(fmt.Sprintf("%T", s.Action), "*spec."))
		}
		got = append(got, line)
	}
	want := []string{
		"tool tools.show 1 direct get:Operation",
		"tool tools.switch 1 old:Operation lit:Lookup run:Script new:Mock",
		"resource tools.list 2 direct get:Operation",
		"operation web.show 1 direct get:Operation",
		"operation web.put 1 direct put:Operation",
		"flow beacons.show 1 direct get:Operation",
		"flow beacons.rest 2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if strict, _ := load(t, "coast.yaml", coast, spec.Options{Strict: true}); strict.Units[2].Binding != spec.BindByName {
		t.Errorf("a strict file infers inputs: %v", strict.Units[2].Binding)
	}
	mcp, rest := f.Exposures[0], f.Exposures[1]
	if mcp.Tools[1] != f.Units[1] || mcp.Documents[0].Unit != nil || mcp.Documents[1].Unit != f.Units[2] || rest.Routes[0].Operations[1].Unit != f.Units[4] {
		t.Error("exposures hold other units than the file")
	}
	op := f.Units[4].Steps[0].Action.(*spec.Operation)
	pos, end := op.Operation.Span(0, 3)
	if op.Call.Value != "lights.put" || op.API.Value != "lights" || op.Operation.Value != "put" || pos.Column != op.Call.Pos.Column+7 || end != pos.Column+3 {
		t.Errorf("got %+v at %v to %d", op, pos, end)
	}
	on := f.Units[4].Inputs[0]
	if on.In.Value != "body" || on.At.Value != "$.state.on" || !on.Convert || on.Default != nil || !f.Described("lights").Described {
		t.Errorf("got %+v", on)
	}
	alone := f.Units[6].Answer
	if !alone.Named || alone.Shapes[0].Name.Value != "value" || f.Units[1].Answer.Shapes[0].Name.Value != "state" || len(f.Units[1].Answer.Mappings) != 1 {
		t.Errorf("got %+v", alone)
	}
}

func TestUnitsGoByName(t *testing.T) {
	f, _ := load(t, "coast.yaml", coast, spec.Options{})
	for name, want := range map[string][]string{
		"tools.show":   {"tools.show"},
		"beacons.show": {"beacons.show"},
		"switch":       {"tools.switch"},
		"show":         {"tools.show", "web.show"},
		"none":         nil,
		"":             {"tools.show", "tools.switch", "tools.list", "web.show", "web.put", "beacons.rest"},
	} {
		var got []string
		for _, u := range f.Select(name) {
			got = append(got, u.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", name, diff)
		}
	}
}

// The bad things that a file with a good and a bad unit can hold, and whose they
// are: "" for those of the file.
func TestProblemsBelongToUnits(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"in a tool, by name":          {strings.Replace(coast, "match: id, ", "", 1), "tools.switch"},
		"in a list":                   {listed, "m.bad"},
		"in a shared operation":       {strings.Replace(coast, "put: {method: PUT}", "put: {method: PUSH}", 1), "web.put"},
		"in a flow that is referred":  {strings.Replace(coast, "call: lights.get, with: {id: beacons.id}", "call: lights.gone, with: {id: beacons.id}", 1), "tools.show web.show beacons.show"},
		"in an API":                   {strings.Replace(coast, "baseUri: https://lights.example", "baseUri: [1]", 1), "tools.show tools.switch tools.list web.show web.put beacons.show"},
		"in a resource of REST":       {strings.Replace(coast, `path: "/l/{id}", operations: {show`, `path: [1], operations: {show`, 1), "web.show web.put"},
		"in an operation without use": {strings.Replace(coast, "put: {method: PUT}", "put: {method: PUT}, other: {method: PUSH}", 1), ""},
		"in an exposure":              {strings.Replace(coast, "port: 2", "port: 70000", 1), "exposure web"},
		"in a repeated name":          {strings.Replace(listed, "name: bad", "name: good", 1), "m.good-2"},
		"in the name of an exposure":  {strings.Replace(coast, "namespace: web", "namespace: tools", 1), "exposure tools"},
		"in a flow's repeated name":   {strings.NewReplacer("  show: {desc", "- {name: show, desc", "  rest: {desc", "- {name: show, desc").Replace(coast), "tools.show web.show beacons.show-2"},
		"in an API that is not HTTP":  {another("{type: dbus, namespace: far}"), "m.good m.bad"},
		"in an import":                {another("{import: far, from: gone.yaml}"), "m.good m.bad"},
		"in an API's repeated name":   {another("{type: http, namespace: api, baseUri: https://b.example, resources: []}"), "m.good m.bad"},
		"in a bind's repeated name":   {bound("{namespace: env, keys: {ONE: ONE}}", "{namespace: env, keys: {TWO: TWO}}"), "m.two"},
		"in a bind of both":           {bound("{namespace: env, keys: {ONE: ONE}}", "{namespace: env, keys: {TWO: TWO, ONE: OTHER}}"), "m.one m.two"},
		"in an import of binds":       {bound("{namespace: env, keys: {ONE: ONE}}", "{import: vault, from: gone.yaml}"), "m.two"},
		"in another one":              {bound("{namespace: env, keys: {TWO: TWO}}", "{import: vault, from: gone.yaml, as: vault}"), "m.one"},
		"in a bind of an exposure":    {guarded(bound("{namespace: env, keys: {ONE: ONE}}", "{namespace: env, keys: {DOOR: DOOR}}")), "exposure m"},
		"in its import":               {guarded(bound("{namespace: env, keys: {ONE: ONE, TWO: TWO}}", "{import: vault, from: gone.yaml}")), "exposure m"},
		"in an aggregate's name":      {strings.Replace(coast, "  exposes:", "  - {namespace: beacons, flows: {other: {description: O, call: lights.get, with: {id: 1}}}}\n  exposes:", 1), "tools.show web.show"},
		"in the file":                 {strings.Replace(listed, "capability:", "info: [1]\ncapability:", 1), "the file m.bad"},
		"in a composition":            {strings.Replace(crossing, "timeout: 2h", "timeout: long", 1), "f"},
	} {
		f, diags := load(t, "f.yaml", c.text, spec.Options{})
		blame := f.Problems(slices.DeleteFunc(diags, func(d diag.Diagnostic) bool { return d.Severity != diag.Error }))
		var got []string
		if len(blame.File) > 0 {
			got = append(got, "the file")
		}
		for _, u := range f.Units {
			if len(blame.Units[u]) > 0 {
				got = append(got, u.Name)
			}
		}
		for _, x := range f.Exposures {
			if len(blame.Exposures[x]) > 0 {
				got = append(got, "exposure "+x.Namespace.Value)
			}
		}
		if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: %v\n%s", name, diags, diff)
		}
	}
}

// In the form of before, units stand in lists. The bad one holds what an alias
// of the good one's stands for, and its own problem.
const listed = `naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: https://a.example
    resources: [{name: r, path: /r, operations: [{name: get, method: GET}]}]
  exposes:
  - type: mcp
    port: 1
    namespace: m
    tools:
    - name: good
      description: &about Does it
      call: api.get
    - name: bad
      description: *about
      steps: {}
      call: api.got
`

// another is listed with one more API, whose operation the good unit calls where it
// is called far.
func another(api string) string {
	text := strings.Replace(listed, "consumes:\n", "consumes:\n  - "+api+"\n", 1)
	if strings.Contains(api, "far") {
		text = strings.Replace(text, "call: api.get", "call: far.get", 1)
	}
	return text
}

// bound has two tools, each with a variable for its API's credential, and one without.
func bound(binds ...string) string {
	text := "naftiko: 1.0.0-alpha2\nbinds:\n- " + strings.Join(binds, "\n- ") + "\ncapability:\n  consumes:\n"
	for name, auth := range map[string]string{"one": `, authentication: {type: bearer, token: "{{vault.ONE}}"}`, "two": `, authentication: {type: bearer, token: "{{TWO}}"}`, "three": ""} {
		if strings.Contains(binds[0], "ONE") {
			auth = strings.Replace(auth, "vault.", "", 1)
		}
		text += "  - {type: http, namespace: " + name + `, baseUri: "https://a.example"` + auth + `, resources: [{name: r, path: "/r/{{id}}", operations: [{name: get, method: GET, inputParameters: [{name: id, in: path}]}]}]}` + "\n"
	}
	text += "  exposes:\n  - type: mcp\n    port: 1\n    namespace: m\n    tools:\n"
	for _, name := range []string{"one", "two", "three"} {
		text += "    - {name: " + name + ", description: D, call: " + name + ".get, inputParameters: [{name: id, type: string, description: D}], with: {id: \"{{id}}\"}}\n"
	}
	return text
}

// guarded is a file whose exposure asks its callers for a token.
func guarded(text string) string {
	return strings.Replace(text, "    port: 1\n", "    port: 1\n    authentication: {type: bearer, token: '{{DOOR}}'}\n", 1)
}

func TestProblemsInWhatAnAliasStandsFor(t *testing.T) {
	text := strings.NewReplacer("*about", "Does it", "&about Does it", "Does it\n      inputParameters: &in [{name: x, type: strange, description: X}]", "steps: {}", "inputParameters: *in", "api.got", "api.get").Replace(listed)
	f, diags := load(t, "f.yaml", text, spec.Options{})
	blame := f.Problems(diags)
	if len(blame.File) > 0 || len(blame.Units[f.Units[0]]) == 0 || len(blame.Units[f.Units[1]]) == 0 {
		t.Errorf("want the problem in both units: %v\n%v", diags, blame)
	}
}

func TestProblemsOfBinds(t *testing.T) {
	text := strings.Replace(coast, "capability:", "binds:\n- {namespace: keys, location: [1], keys: {LAMP: lamp}}\n- {namespace: more, location: [1], keys: {OIL: oil}}\ncapability:", 1)
	text = strings.Replace(text, "with: {id: tools.id}", "with: {id: '{{LAMP}}'}", 1)
	f, diags := load(t, "f.yaml", text, spec.Options{})
	blame := f.Problems(diags)
	own, of := blame.File, blame.Units
	if len(diags) != 2 || len(own) > 0 || len(of) != 1 || len(of[f.Units[1]]) != 1 {
		t.Errorf("want the first of %v in tools.switch, got %v and %v", diags, own, of)
	}
}

func TestProblemsOfOverlays(t *testing.T) {
	s, _ := Read("f.yaml", []byte(coast))
	o, diags := ReadOverlay("o.yaml", []byte(`{overlay: 1.0.0, info: {title: T, version: "1"}, actions: [
  {target: "$.capability.exposes[0].tools.switch", update: {outputMediaType: [1]}}, {target: "$.capability.exposes[1]", update: {port: x}}]}`))
	s, more := s.With(o)
	f, problems := s.File(spec.Options{})
	blame := f.Problems(problems)
	own, of := blame.Exposures[f.Exposures[1]], blame.Units
	if len(diags)+len(more)+len(blame.File) > 0 || len(own) != 1 || len(of) != 1 || len(of[f.Units[1]]) != 1 || of[f.Units[1]][0].Pos.File != "o.yaml" {
		t.Errorf("got %v %v: %v and %v", diags, more, own, of)
	}
}

// TestFilesOfTheCorpus counts the units of every published file by their kind.
func TestFilesOfTheCorpus(t *testing.T) {
	got := map[spec.UnitKind]int{}
	for _, c := range append(readCorpus(t), readCases(t)...) {
		if c.diags.HasErrors() || !c.source.Runnable() {
			continue
		}
		f, diags := c.source.File(spec.Options{Open: openBeside})
		if f == nil {
			t.Errorf("%s: no file", c.path)
			continue
		}
		for _, u := range f.Units {
			got[u.Kind]++
		}
		checkUnits(t, c.path, f, diags)
	}
	want := map[spec.UnitKind]int{spec.UnitComposition: 3, spec.UnitTool: 1424, spec.UnitWorkflow: 73, spec.UnitOperation: 808, spec.UnitResource: 22, spec.UnitFlow: 36}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("units (-want +got):\n%s", diff)
	}
}

// checkUnits checks the promises of the model.
func checkUnits(t *testing.T, path string, f *spec.File, diags diag.List) {
	names := map[string]bool{}
	for _, u := range f.Units {
		if names[u.Name] {
			t.Errorf("%s: %q stands twice", path, u.Name)
		}
		names[u.Name] = true
		if len(u.Spans) == 0 || !slices.ContainsFunc(u.Spans, func(s spec.Span) bool { return s.Has(u.Pos) }) {
			t.Errorf("%s: %q lies in none of %v", path, u.Name, u.Spans)
		}
		for _, s := range u.Steps {
			if s.Action == nil {
				t.Errorf("%s: step %q of %q does nothing", path, s.ID.Value, u.Name)
			}
		}
	}
	blame := f.Problems(diags)
	kept := len(blame.File)
	for _, list := range blame.Units {
		kept += len(list)
	}
	for _, list := range blame.Exposures {
		kept += len(list)
	}
	if len(f.Units) > 0 && kept < len(diags) && len(f.APIs) == 0 {
		t.Errorf("%s: %d of %d problems belong to nothing", path, len(diags)-kept, len(diags))
	}
}
