package exec

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/operations"
)

const external = `
inputs: [{name: id, type: string, required: true}]
steps:
  - {id: get, operation: getShip, sensitive: [pin]}
  - {id: tell, external: true, description: call the owner of id, with: {code: '{{ get.pin }}', name: '{{ get.name }}'}, sensitive: [answer]}
outputs: [{name: answer, source: tell.answer}]`

func externalTrial() *trial {
	return newTrial(map[string]any{"id": "s1"}, map[string][]any{"getShip": {`{"id":"s1","name":"Ann","pin":"4711-0815"}`}})
}

func TestAnExternalStepWaits(t *testing.T) {
	tr := externalTrial()
	out, err := tr.run(t.Context(), planned(t, composition(external)))
	var waits *durable.Suspended
	if !errors.As(err, &waits) || waits.Reason != durable.ReasonExternal || out.Records[1].Status != durable.StatusWaiting {
		t.Fatalf("%v, %s", err, out.Records[1].Status)
	}
	w := tr.host.wait
	if d := cmp.Diff(map[string]any{"code": "4711-0815", "name": "Ann", "id": "s1"}, w.With); d != "" || w.Description != "call the owner of id" {
		t.Errorf("%s: with (-want +got):\n%s", w.Description, d)
	}
	if d := cmp.Diff([]string{"code"}, w.Sensitive); d != "" {
		t.Errorf("sensitive (-want +got):\n%s", d)
	}
}

func TestTheResultOfAnExternalStep(t *testing.T) {
	for name, tt := range map[string]struct {
		result string
		err    error
		code   string
	}{
		"done":    {result: `{"answer":"yes, sir"}`},
		"failed":  {err: errors.New("nobody is there"), code: CodeExternal},
		"no JSON": {result: `{`, code: CodeExternal},
	} {
		tr := externalTrial()
		tr.host.answer = func(durable.Wait) (json.RawMessage, error) { return json.RawMessage(tt.result), tt.err }
		out, err := tr.run(t.Context(), planned(t, composition(external)))
		if codeOf(err) != tt.code || tt.code == "" && (err != nil || out.Outputs["answer"] != "yes, sir") {
			t.Errorf("%s: %v, outputs %v", name, err, out.Outputs)
		}
		if hidden := tr.env.Redactor.String("she said yes, sir"); tt.code == "" && strings.Contains(hidden, "yes") {
			t.Errorf("a sensitive result is shown: %s", hidden)
		}
	}
}

func TestAnExternalStepMayBePerformedHere(t *testing.T) {
	tr := externalTrial()
	tr.env.Perform = func(_ context.Context, w durable.Wait) (json.RawMessage, bool, error) {
		return json.RawMessage(`{"answer":"` + w.Path + `"}`), true, nil
	}
	tr.host.answer = func(w durable.Wait) (json.RawMessage, error) {
		result, _, err := w.Perform(t.Context())
		return result, err
	}
	if out, err := tr.run(t.Context(), planned(t, composition(external))); err != nil || out.Outputs["answer"] != "tell" {
		t.Errorf("%v, outputs %v", err, out.Outputs)
	}
}

// A lookup takes lists in the forms that APIs answer with.
func TestLookup(t *testing.T) {
	const ann, bob = `{"imo":1,"name":"Ann"}`, `{"imo":"2","name":"Bob"}`
	for _, tt := range []struct {
		name, list, value string
		want              any
		says              string
	}{
		{"a list", `[` + ann + `,` + bob + `]`, `"2"`, map[string]any{"name": "Bob"}, ""},
		{"a number as text", `[` + ann + `]`, `"1"`, map[string]any{"name": "Ann"}, ""},
		{"the first of two", `[` + ann + `,{"imo":1,"name":"Copy"}]`, `"1"`, map[string]any{"name": "Ann"}, ""},
		{"none", `[` + ann + `]`, `"9"`, nil, ""},
		{"an object that holds it", `{"total":1,"ships":[` + ann + `]}`, `"1"`, map[string]any{"name": "Ann"}, ""},
		{"columns", `{"imo":[1,2],"name":["Ann","Bob"]}`, `"2"`, map[string]any{"name": "Bob"}, ""},
		{"the one entry there is", ann, `"1"`, map[string]any{"name": "Ann"}, ""},
		{"two lists", `{"a":[],"b":[]}`, `"1"`, nil, "is an object with 2 lists"},
		{"text", `"words"`, `"1"`, nil, "is no list"},
		{"null", `null`, `"1"`, nil, "is empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := planned(t, tool(`
steps:
- {name: list, type: call, call: port.list}
- {name: one, type: lookup, index: list, match: imo, lookupValue: `+tt.value+`, outputParameters: [name]}
mappings: [{target: one, value: $.one}]`))
			out, err := newTrial(nil, map[string][]any{"list": {tt.list}}).run(t.Context(), p)
			if tt.says != "" {
				if codeOf(err) != CodeLookup || !strings.Contains(err.Error(), `the result of step "list" `+tt.says) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, out.Outputs["one"]); d != "" {
				t.Errorf("entry (-want +got):\n%s", d)
			}
		})
	}
}

func TestScript(t *testing.T) {
	src := func(file string) string {
		return tool(`
inputParameters: [{name: imo, type: integer, description: i}]
steps:
- {name: list, type: call, call: port.list}
- {name: sum, type: script, language: javascript, location: "file:///./", file: ` + file + `}
mappings: [{target: sum, value: $.sum}]`)
	}
	answers := map[string][]any{"list": {`[1,2,3]`}}
	out, err := newTrial(map[string]any{"imo": 4}, answers).run(t.Context(), planned(t, src("sum.js")))
	if err != nil || out.Outputs["sum"] != 7 {
		t.Errorf("a script sees inputs and results: %v, outputs %v", err, out.Outputs)
	}
	if _, err = newTrial(nil, answers).run(t.Context(), planned(t, src("bad.js"))); codeOf(err) != CodeScript || !strings.Contains(err.Error(), "no") {
		t.Errorf("%v", err)
	}
}

func TestMock(t *testing.T) {
	out, err := newTrial(map[string]any{"who": "Ann"}, nil).run(t.Context(), planned(t, tool(`
inputParameters: [{name: who, type: string, description: w}]
steps:
- {name: fake, type: mock, outputParameters: [{name: greeting, type: string, value: "hello {{who}}"}, {name: n, type: number, value: "3"}, {name: open, type: string}, {name: more, type: object, properties: [{name: none, type: string}, {name: one, type: string, value: "1"}]}]}
mappings: [{target: said, value: $.fake.greeting}, {target: n, value: $.fake.n}, {target: all, value: $.fake}]`)))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]any{"said": "hello Ann", "n": 3, "all": map[string]any{"greeting": "hello Ann", "n": 3, "more": map[string]any{"one": "1"}}}, out.Outputs); d != "" {
		t.Errorf("outputs (-want +got):\n%s", d)
	}
}

// A template's body is made for each call; a write of absent values is not sent.
func TestABodyTemplate(t *testing.T) {
	p := planned(t, tool("inputParameters: [{name: name, type: string, required: false, description: n}]\ncall: port.make"))
	tr := newTrial(map[string]any{"name": `An "n`}, map[string][]any{"make": {`{}`}})
	if _, err := tr.run(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{`make {"name":"An \"n"}`}, tr.api.sent); d != "" {
		t.Errorf("sent (-want +got):\n%s", d)
	}
}

// Secrets are taken out of everything that hosts keep of a failure.
func TestFailuresAreKeptWithoutSecrets(t *testing.T) {
	tr := newTrial(map[string]any{"id": "s1"}, map[string][]any{"getShip": {response(400, `{"message":"token tok-123 is no good"}`)}})
	tr.env.Hide = operations.NewRedactor("tok-123").String
	_, err := tr.run(t.Context(), planned(t, composition(external)))
	var e *StepError
	if !errors.As(err, &e) || strings.Contains(e.Message+e.Body+e.Hint, "tok-123") || !strings.Contains(e.Message, operations.Redacted) {
		t.Errorf("%+v", e)
	}
}
