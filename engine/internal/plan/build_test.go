package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
)

// Each case is a small unit with its whole plan: the passes of the builder in
// both dialects.
func TestPlans(t *testing.T) {
	for _, tt := range []struct{ name, src, unit, want string }{
		{"by rule, in the order of the rules", composition(`
inputs:
  - {name: owner_name, type: string, required: true}
  - {name: title, type: string, required: true}
  - {name: note, type: string}
steps:
  - {id: owner, operation: createOwner}
  - {id: ship, operation: createShip, flag: NL, with: {name: '{{ inputs.title }} ({{ inputs.note }})'}, sensitive: [pin]}
  - {id: again, operation: getShip, with: {id: '{{ ship.pin }}'}}
outputs:
  - {name: ship, source: again.name}
`), "", `
input owner_name string required used by owner
input title string required used by ship
input note string used by ship
operation owner createOwner keyed
  body.name <- inputs.owner_name (resource name) reads [inputs.owner_name] must
operation ship createShip unsafe after owner
  body.name <- inputs.note, inputs.title (with) reads [inputs.note, inputs.title] must
  body.owner_id <- owner.id (step resource) reads [owner.id] must
  body.kind <- "cargo" (schema) reads [] must
  body.flag <- "NL" (step key) reads []
operation again getShip safe after ship
  path.id <- ship.pin (with) reads [ship.pin] must secret
output ship string = again.name reads [again.name]
`},
		{"a whole body, and an external step", composition(`
inputs:
  - {name: id, type: string, required: true}
  - {name: mail, type: string, required: true}
steps:
  - {id: put, operation: putShip, with: {body: [1, '{{ run.id }}']}}
  - {id: tell, external: true, description: write to mail, with: {ship: '{{ put.name }}'}}
outputs:
  - {name: done, source: tell}
`), "", `
input id string required used by put
input mail string required used by tell
operation put putShip idempotent
  body.body <- run.id (with) reads [run.id] whole
  path.id <- inputs.id (input name) reads [inputs.id] must
external tell after put
  ship <- put.name (with) reads [put.name]
  mail <- inputs.mail (input name) reads [inputs.mail]
output done any = tell reads [tell]
`},
		{"by name: the call's own values, constants, inputs and defaults", port(`
- name: find
  description: find
  inputParameters:
  - {name: owner, type: string, required: false, description: whose}
  - {name: unread, type: string, description: not read}
  steps:
  - {name: list, type: call, call: port.list-ships}
  mappings:
  - {target: found.all, value: $.list}
  - {target: text, value: "for {{owner}}"}
`), "", `
input owner string used by list, answer
input unread string required used by 
operation list list-ships safe
  query.owner <- inputs.owner (input name) reads [inputs.owner]
  query.limit <- 20 (schema) reads []
  header.lang <- "en" (schema) reads []
output found.all any = list reads [list]
output text string = for {{owner}} reads [inputs.owner]
`},
		{"texts of the operation see the call's arguments, and binds", port(`
- name: make
  description: make
  inputParameters:
  - {name: title, type: string, required: true, description: its name}
  steps:
  - {name: create, type: call, call: port.create-ship, with: {name: desk.title, flag: NL}}
  - {name: get, type: call, call: port.get-ship, with: {imo: $.create.id}}
  outputParameters:
  - {type: string, mapping: $.name}
`), "", `
input title string required used by create
operation create create-ship unsafe
  header.trace <- inputs.title, binds.env.TOKEN (schema) reads [inputs.title, binds.env.TOKEN]
  body.body <- inputs.title (template) reads [inputs.title]
operation get get-ship safe after create
  path.imo <- create.id (with) reads [create.id] must
output result string = get.name reads [get.name]
`},
		{"a unit that is its call takes the parameters of its operation", port(`
- {name: get, description: get, call: port.get-ship}
`), "", `
input imo string required inferred used by get-ship
operation get-ship get-ship safe
  path.imo <- inputs.imo (input name) reads [inputs.imo] must
output result any = get-ship reads [get-ship]
`},
		{"lookup, script and mock", port(`
- name: count
  description: count
  inputParameters:
  - {name: imo, type: string, required: true, description: which}
  steps:
  - {name: list, type: call, call: port.list-ships}
  - {name: one, type: lookup, index: list, match: imo, lookupValue: desk.imo, outputParameters: [name]}
  - {name: sum, type: script, language: javascript, location: "file:///./", file: sum.js, with: {port: $.list}}
  mappings:
  - {target: name, value: $.one.name}
  - {target: sum, value: $.sum}
`), "", `
input imo string required used by one, sum
operation list list-ships safe
  query.limit <- 20 (schema) reads []
  header.lang <- "en" (schema) reads []
lookup one after list
  match.imo <- inputs.imo (with) reads [inputs.imo]
script sum after list, one
  with.port <- list (with) reads [list]
output name any = one.name reads [one.name]
output sum any = sum reads [sum]
`},
		{"an answer without a step", port(`
- name: about
  description: about
  outputParameters:
  - {name: port, type: string, value: Rotterdam}
  - {name: berths, type: integer, value: "12"}
`), "", `
output port string = "Rotterdam" reads []
output berths integer = "12" reads []
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), shown(sound(t, tt.src, tt.unit))); d != "" {
				t.Errorf("plan (-want +got):\n%s", d)
			}
		})
	}
}

// The same unit in two dialects comes to the same action.
func TestDialectsComeToOneAction(t *testing.T) {
	one := sound(t, composition(`
inputs: [{name: id, type: string, required: true}]
steps: [{id: get-ship, operation: getShip}]
outputs: [{name: name, source: get-ship.name}]
`), "").Steps[0]
	other := sound(t, port(`
- {name: get, description: get, inputParameters: [{name: imo, type: string, required: true, description: which}], call: port.get-ship}
`), "").Steps[0]
	for _, s := range []*Step{one, other} {
		a := s.Operation()
		if s.ID != "get-ship" || a == nil || a.Policy != "safe" || len(a.Binds) != 1 || a.Binds[0].Rule != RuleInput || !a.Binds[0].Must {
			t.Errorf("%s: %+v", s.ID, a)
		}
	}
	if one.Operation().Answer.Loose || !other.Operation().Answer.Loose {
		t.Error("the document decides how an answer is read, and where there is none the answer does")
	}
}

// The form in which an operation is named does not decide where it is described.
func TestACallOfADocumentedOperation(t *testing.T) {
	for name, want := range map[string]string{"getShip": "", "getShips": "unknown-operation"} {
		call := spec.At(diag.Pos{File: "c.yaml", Line: 3, Column: 9}, "registry."+name)
		get := &spec.Operation{Call: call, API: spec.At(call.Pos, "registry"), Operation: spec.At(call.Pos, name)}
		get.With = []spec.Field{{Key: spec.At(diag.Pos{}, "id"), Value: spec.Value{Scalar: "7"}}}
		u := &spec.Unit{Name: "c", Kind: spec.UnitComposition, Steps: []*spec.Step{{ID: spec.At(diag.Pos{}, "get"), Action: get}}}
		p, problems := planned(t, &spec.File{Name: "c.yaml", APIs: []*spec.API{{Namespace: get.API}}, Units: []*spec.Unit{u}}, u)
		switch {
		case want != "" && (len(problems) != 1 || problems[0].Code != want || problems[0].Pos != call.Pos || problems[0].Hint == ""):
			t.Errorf("%s: problems:\n%v", name, problems)
		case want == "" && (len(problems) > 0 || p.Steps[0].Operation().Op.Path != "/ships/{id}" || len(p.Steps[0].Action.Takes()) != 1):
			t.Errorf("%s: %+v, problems:\n%v", name, p.Steps[0], problems)
		}
	}
}

func TestUndeclaredNamesBecomeInputs(t *testing.T) {
	tool := port(`
- {name: make, description: make, call: port.create-ship, with: {name: "{{title}}", flag: desk.country}}
`)
	p := sound(t, tool, "")
	var names []string
	for _, in := range p.Inputs {
		if !in.Inferred {
			t.Errorf("%s is declared", in.Name)
		}
		names = append(names, in.Name)
	}
	if !slices.Equal(names, []string{"title", "country"}) {
		t.Errorf("inputs %v", names)
	}
	if _, problems := built(t, tool, "", spec.Options{Strict: true}); !strings.Contains(problems.Error(), `"title" is no step, input or bind`) {
		t.Errorf("held to the published form, every name is declared; problems:\n%v", problems)
	}
}

// A declared key that is given no value is derived for an operation of any description.
func TestKeysOfDescribedOperations(t *testing.T) {
	src := strings.Replace(port(`
- name: make
  description: make
  inputParameters: [{name: name, type: string, description: n}]
  call: port.create-ship
  with: {name: desk.name, flag: NL}
`), "- {name: trace, in: header", "- {name: Idempotency-Key, in: header, type: string, required: false}\n        - {name: trace, in: header", 1)
	a := sound(t, src, "").Steps[0].Operation()
	if a.KeyHeader != "Idempotency-Key" || a.Policy != "keyed" || len(a.Binds) != 1 {
		t.Errorf("key %q, policy %s, %d values", a.KeyHeader, a.Policy, len(a.Binds))
	}
}

func TestPromisesAndReads(t *testing.T) {
	p := sound(t, composition(`
inputs: [{name: id, type: string, required: true}]
steps:
  - {id: first, operation: getShip}
  - {id: second, operation: getShip, with: {id: '{{ first.owner_id }}'}, until: result.name != ''}
outputs: [{name: name, source: 'first.name + second.id'}]
`), "")
	first, second := p.Steps[0].Operation(), p.Steps[1].Operation()
	if d := cmp.Diff([]Promise{{"name", `output "name"`}}, first.Promised); d != "" {
		t.Errorf("the document promises owner_id not, and name (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]Promise{{"id", `output "name"`}}, second.Promised); d != "" {
		t.Errorf("a condition of its own may find nothing yet (-want +got):\n%s", d)
	}
	for place, want := range map[string]string{"owner_id": `step "second"`, "name": `output "name"`, "pin": ""} {
		if got := first.ReadBy(ParsePath(place)); got != want {
			t.Errorf("%s is read by %q, want %q", place, got, want)
		}
	}
	if second.ReadBy(Path{"name"}) != `step "second"` {
		t.Error("a condition reads the step's own answer")
	}
}

func TestReadingOfAnswers(t *testing.T) {
	call := func(tool string) *Operation { return sound(t, port(tool), "").Steps[0].Operation() }
	if a := call(`- {name: get, description: get, call: port.get-ship}`).Answer; !a.Unread || !a.Raw || !a.Form || len(a.Fields) > 0 {
		t.Errorf("an answer that is passed on as it came is not looked into: %+v", a)
	}
	shaped := call(`- {name: get, description: get, call: port.get-ship, outputParameters: [{type: string, mapping: $.name}]}`)
	if a := shaped.Answer; a.Unread || !a.Inside || shaped.ReadBy(Path{"name"}) != "the flow's answer" || shaped.ReadBy(Path{"size"}) != "" {
		t.Errorf("an answer that is shaped is read where the shape looks: %+v, reads %v", a, shaped.Reads)
	}
	if a := call(`- {name: csv, description: csv, call: port.manifest}`).Answer; a.Format != "csv" || a.Decode == nil || a.Unread {
		t.Errorf("an answer in another format is decoded: %+v", a)
	}
	steps := sound(t, port(`
- name: two
  description: two
  inputParameters: [{name: imo, type: string, required: true, description: which}]
  steps:
  - {name: get, type: call, call: port.get-ship}
  - {name: list, type: call, call: port.list-ships, with: {owner: $.get.title}}
  mappings: [{target: ships, value: $.list}]
`), "").Steps
	get, list := steps[0].Operation(), steps[1].Operation()
	if len(get.Answer.Fields) != 2 || get.Answer.Form || get.ReadBy(Path{"name"}) != `step "list"` || get.ReadBy(Path{"size", "gross"}) != "" {
		t.Errorf("a named output is a place of the answer: %+v, reads %v", get.Answer, get.Reads)
	}
	if !list.Answer.Form || list.Answer.Raw {
		t.Errorf("the last call's status and headers are the answer's, its bytes are not: %+v", list.Answer)
	}
}

// Two candidates are one problem: the required target that they leave unbound is
// not another.
func TestAmbiguousTargetIsReportedOnce(t *testing.T) {
	_, problems := built(t, composition(`
inputs: [{name: a, type: string, required: true}, {name: b, type: string, required: true}]
steps:
  - {id: one, operation: createOwner, with: {name: '{{ inputs.a }}'}}
  - {id: two, operation: createOwner, with: {name: '{{ inputs.b }}'}}
  - {id: ship, operation: createShip, with: {name: x}}
outputs: [{name: id, source: ship.id}]
`), "", spec.Options{})
	if len(problems) != 1 || problems[0].Code != "ambiguous-binding" {
		t.Errorf("problems:\n%v", problems)
	}
}

// Each tool has one problem, at the place in its text.
func TestProblemsOfCalls(t *testing.T) {
	for want, tool := range map[string]string{
		`"titel" is no step, input or bind [unknown-name]; did you mean "title"?`: `
- name: x
  description: x
  inputParameters: [{name: title, type: string, description: t}]
  steps: [{name: c, type: call, call: port.create-ship, with: {name: "{{titel}}", flag: NL}}]`,
		`port.drop-ship takes no parameter "force": its value is not sent [unused-argument]; it takes imo`: `
- name: x
  description: x
  inputParameters: [{name: imo, type: string, description: i}]
  steps: [{name: c, type: call, call: port.drop-ship, with: {imo: imo, force: true}}]`,
		`the lookup's index "lits" is no earlier step [unknown-step]; did you mean "list"?`: `
- name: x
  description: x
  steps:
  - {name: list, type: call, call: port.list-ships}
  - {name: one, type: lookup, index: lits, match: imo, lookupValue: "1", outputParameters: [name]}`,
		`the script cannot be read: file:///./other.js does not exist [unreadable-file]; `: `
- name: x
  description: x
  steps: [{name: s, type: script, language: javascript, location: "file:///./", file: other.js}]`,
		`the pattern of input "a" is none`: `
- name: x
  description: x
  inputParameters: [{name: a, type: string, pattern: "(", description: a}]
  outputParameters: [{name: a, type: string, value: "{{a}}"}]`,
	} {
		_, problems := built(t, port(tool), "", spec.Options{})
		found := false
		for _, p := range problems {
			found = found || strings.Contains(p.Message+" ["+p.Code+"]; "+p.Hint, want)
		}
		if !found {
			t.Errorf("no problem says %s; all:\n%v", want, problems)
		}
	}
}
