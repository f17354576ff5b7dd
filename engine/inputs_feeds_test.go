package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/operations"
)

const craneAPI = `openapi: 3.1.0
info: {title: Cranes, version: '1'}
servers: [{url: http://127.0.0.1:1}]
paths:
  /lifts:
    post:
      operationId: lift
      parameters: [{name: mode, in: query, schema: {type: string, enum: [slow, fast]}}, {name: tons, in: query, schema: {type: integer, maximum: 40}}]
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                code: {type: string, pattern: '^[A-Z]{2}$'}
                crates: {type: array, maxItems: 3, items: {type: object, required: [id, kind], properties: {id: {type: string, readOnly: true}, kind: {type: string, enum: [dry, cold]}, hold: {type: integer, minimum: 1}}}}
                odd: {type: string, pattern: '(?<=x)y', format: moonphase}
                day: {type: string, format: date}
      responses: {'201': {description: lifted}}
  /moves:
    post:
      operationId: move
      requestBody:
        content:
          application/json:
            schema:
              oneOf:
              - {type: object, properties: {by: {enum: [rail]}, code: {type: string, minLength: 2, maxLength: 2}}}
              - {type: object, properties: {by: {enum: [road]}, code: {type: string, maxLength: 3}}}
      responses: {'201': {description: moved}}
`

const craneFile = `name: Cranes
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: crane
inputs:
  - {name: mode, type: string}
  - {name: code, type: string}
  - {name: kind, type: string}
  - {name: holds, type: array, default: []}
  - {name: crates, type: array}
  - {name: odd, type: string}
  - {name: day, type: string, default: '2026-02-28'}
  - {name: by, type: string}
  - {name: berth, type: object}
  - {name: late, type: string, default: none}
  - {name: seen, type: string}
steps:
  - {id: lift, operation: lift, with: {crates: [{kind: '{{ inputs.kind }}'}]}}
  - {id: hold, operation: lift, each: inputs.holds, with: {crates: [{kind: dry, hold: '{{ item }}'}], mode: '{{ inputs.berth.mode }}'}}
  - {id: crates, operation: lift, with: {crates: '{{ inputs.crates }}', odd: '{{ inputs.odd }}', day: '{{ inputs.day }}'}}
  - {id: move, operation: move, with: {by: '{{ inputs.by }}', code: '{{ inputs.code }}'}}
  - {id: late, operation: lift, when: inputs.late != "none", with: {mode: '{{ inputs.late }}'}}
  - {id: seen, operation: lift, when: lift != nil, with: {mode: '{{ inputs.seen }}'}}
`

// The list that a step is executed once for each item of has to be there, and a run without
// it would find that out behind its first write.
func TestAListToGoThroughIsMissing(t *testing.T) {
	load := func(each string) *engine.Program {
		p, err := engine.Load(t.Context(), "crane.yaml", &engine.LoadOptions{FS: fstest.MapFS{
			"crane.yaml":    {Data: []byte(craneFile[:strings.Index(craneFile, "inputs:")] + "inputs: [{name: kinds, type: array}]\nsteps:\n- {id: lift, operation: lift}\n- {id: all, operation: lift, " + each + ", with: {crates: [{kind: '{{ item }}'}]}}\n")},
			"api.yaml":      {Data: []byte(craneAPI)},
			".capstan.yaml": {Data: []byte("apis:\n  crane: {openapi: api.yaml}\n")},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	_, err := load("each: inputs.kinds").CheckInputs(nil)
	if want := `input "kinds" (array) is missing: step "all" is executed once for each of its items`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	for _, each := range []string{"each: 'inputs.kinds ?? []'", "each: inputs.kinds, when: inputs.kinds != nil"} {
		if _, err := load(each).CheckInputs(nil); err != nil {
			t.Errorf("%s: %v", each, err)
		}
	}
	if _, err := load("each: inputs.kinds").CheckInputs(engine.Inputs{"kinds": []any{}}); err != nil {
		t.Error(err)
	}
}

// craneProgram is a program whose inputs reach parameters and properties in every way.
func craneProgram(t *testing.T) *engine.Program {
	t.Helper()
	p, err := engine.Load(t.Context(), "crane.yaml", &engine.LoadOptions{FS: fstest.MapFS{
		"crane.yaml":    {Data: []byte(craneFile)},
		"api.yaml":      {Data: []byte(craneAPI)},
		".capstan.yaml": {Data: []byte("apis:\n  crane: {openapi: api.yaml}\n")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// An input is held against every place that it reaches unchanged, before anything is sent.
func TestInputsFitThePlacesTheyReach(t *testing.T) {
	p := craneProgram(t)
	sent := false
	caller := func(context.Context, *operations.Request) (*operations.Response, error) {
		sent = true
		return nil, errors.New("no")
	}
	for _, tt := range []struct {
		in   engine.Inputs
		want []string
	}{
		{engine.Inputs{"mode": "slo"}, []string{`input "mode": is "slo", which is none of the documented values ("slow", "fast"); steps "lift", "crates" send it as mode of lift; did you mean "slow"?`}},
		{engine.Inputs{"code": "abc"}, []string{ // two places, two constraints; move takes three letters by road
			`input "code": "abc" does not match the pattern ^[A-Z]{2}$; steps "lift", "hold", "crates" send it as code of lift`}},
		{engine.Inputs{"kind": "wet"}, []string{`input "kind": is "wet", which is none of the documented values ("dry", "cold"); step "lift" sends it as crates[0].kind of lift`}},
		{engine.Inputs{"day": "2026-02-30"}, []string{`input "day": "2026-02-30" is not of the format date; steps "lift", "hold", "crates" send it as day of lift`}},
		{engine.Inputs{"holds": []int{1, 0, 2}}, []string{`input "holds": [1] is 0, at least 1 is documented; step "hold" sends it as crates[0].hold of lift`}},
		{engine.Inputs{"crates": []any{map[string]any{"kind": "dry"}, map[string]any{"kind": "hot", "hold": "a"}}}, []string{
			`input "crates": [1].hold is a string where integer is documented; step "crates" sends it as crates of lift`,
			`input "crates": [1].kind is "hot", which is none of the documented values ("dry", "cold"); step "crates" sends it as crates of lift`}},
		{engine.Inputs{"crates": []any{1}, "by": "sea"}, []string{
			`input "crates": [0] is an integer where object is documented; step "crates" sends it as crates of lift`,
			`input "by": is "sea", which is none of the documented values ("rail", "road"); step "move" sends it as by of move`}},
		{engine.Inputs{"berth": map[string]any{"mode": "x"}}, []string{`input "berth": mode is "x", which is none of the documented values ("slow", "fast"); step "hold" sends it as mode of lift`}},
		{engine.Inputs{"late": "later"}, []string{`input "late": is "later", which is none of the documented values ("slow", "fast"); step "late" sends it as mode of lift`}},
		{engine.Inputs{"code": "A", "mode": 1}, []string{ // one cause, one error: mode is no text in the first place
			`input "mode": is an integer where string is documented`, `input "code": "A" does not match the pattern ^[A-Z]{2}$; steps "lift", "hold", "crates" send it as code of lift`}},
		{engine.Inputs{"by": "road", "code": nil, "odd": "anything", "seen": "unknown", "mode": nil, "berth": map[string]any{"mode": nil}, "holds": []any{}}, nil},
	} {
		sent = false
		_, err := engine.NewRunner(&engine.Options{Caller: caller}).Run(t.Context(), p, tt.in, nil)
		var wrong *engine.InputError
		var got []string
		if errors.As(err, &wrong) {
			for _, problem := range wrong.Problems {
				got = append(got, problem.String())
			}
		}
		if sent != (tt.want == nil) {
			t.Errorf("%v: sent is %v: %v", tt.in, sent, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%v: (-want +got):\n%s", tt.in, diff)
		}
	}
}

// The schema that an input has to fit has what the places ask that it reaches unchanged.
func TestAccepts(t *testing.T) {
	p := craneProgram(t)
	if s := p.Accepts("mode"); s == nil || len(s.Enum) != 2 {
		t.Errorf("mode: %+v", s)
	}
	if s := p.Accepts("none"); s != nil {
		t.Errorf("an unknown input: %+v", s)
	}
}
