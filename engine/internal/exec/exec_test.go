package exec

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/plan"
)

const twoSteps = `
inputs: [{name: name, type: string, required: true}]
steps:
  - {id: make, operation: createShip}
  - {id: get, operation: getShip, with: {id: '{{ make.id }}'}}
outputs: [{name: made, source: make.id}, {name: name, source: get.name}]
`

func TestResultsPassFromStepToStep(t *testing.T) {
	tr := newTrial(map[string]any{"name": "Ann"}, map[string][]any{"createShip": {`{"id":"s1"}`}, "getShip": {`{"id":"s1","name":"Ann"}`}})
	out, err := tr.run(t.Context(), planned(t, composition(twoSteps)))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{`createShip {"name":"Ann"}`, "getShip id=s1"}, tr.api.sent); d != "" {
		t.Errorf("sent (-want +got):\n%s", d)
	}
	if d := cmp.Diff(map[string]any{"made": "s1", "name": "Ann"}, out.Outputs); d != "" {
		t.Errorf("outputs (-want +got):\n%s", d)
	}
	if r := out.Records[1]; r.Status != durable.StatusSucceeded || r.HTTPStatus != 200 || r.Attempts != 1 {
		t.Errorf("record %+v", r)
	}
	if d := cmp.Diff(`{"body":{"name":"Ann"}}`, string(tr.host.intents[0].Input)); d != "" || tr.host.intents[0].Policy != durable.Unsafe {
		t.Errorf("the host records %s, policy %s", tr.host.intents[0].Input, tr.host.intents[0].Policy)
	}
}

// What a host kept is not sent again, whichever version kept it.
func TestKeptStepsAreNotSentAgain(t *testing.T) {
	tr := newTrial(map[string]any{"name": "Ann"}, map[string][]any{"getShip": {`{"id":"s1","name":"Ann"}`}})
	tr.host.kept["make"] = []byte(`{"status":201,"attempts":3,"ms":40,"request_id":"r","value":{"id":"s1"}}`)
	out, err := tr.run(t.Context(), planned(t, composition(twoSteps)))
	if err != nil || len(tr.api.sent) != 1 || out.Outputs["made"] != "s1" {
		t.Fatalf("sent %v, outputs %v, %v", tr.api.sent, out.Outputs, err)
	}
	if r := out.Records[0]; r.HTTPStatus != 201 || r.Attempts != 3 || r.Duration.Milliseconds() != 40 {
		t.Errorf("record %+v", r)
	}
}

// An answer is the same to later steps whether it just came or was kept.
func TestKeptAnswersAreReadBackAsTheyWere(t *testing.T) {
	for _, k := range []*kept{
		{Status: 200, Attempts: 1, Value: nil},
		{Status: 201, Attempts: 2, Millis: 12, RequestID: `"quoted"`, Value: map[string]any{"a": []any{1, 1.5, "<x>"}}, Media: "text/csv", Raw: []byte("a,b\n")},
	} {
		text, err := k.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		back, err := decodeKept(text)
		if d := cmp.Diff(k, back, cmp.AllowUnexported(kept{})); err != nil || d != "" {
			t.Errorf("%s: %v\n%s", text, err, d)
		}
	}
}

func TestWhenAndEach(t *testing.T) {
	p := planned(t, composition(`
inputs: [{name: names, type: array, items: string}, {name: also, type: boolean}]
steps:
  - {id: make, operation: createShip, each: inputs.names, with: {name: '{{ item }}-{{ index }}'}}
  - {id: order, operation: orderShip, when: inputs.also, with: {name: '{{ make[0].id }}'}}
outputs: [{name: ids, source: 'map(make, #.id)'}, {name: order, source: order}]
`))
	tr := newTrial(map[string]any{"names": []any{"a", "b"}, "also": false}, map[string][]any{"createShip": {`{"id":"1"}`, `{"id":"2"}`}})
	out, err := tr.run(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{`createShip {"name":"a-0"}`, `createShip {"name":"b-1"}`}, tr.api.sent); d != "" {
		t.Errorf("sent (-want +got):\n%s", d)
	}
	if d := cmp.Diff(map[string]any{"ids": []any{"1", "2"}, "order": nil}, out.Outputs); d != "" {
		t.Errorf("outputs (-want +got):\n%s", d)
	}
	if out.Records[0].Attempts != 2 || out.Records[1].Status != durable.StatusSkipped || tr.host.intents[1].Path != "make[1]" {
		t.Errorf("records %+v, path %s", out.Records, tr.host.intents[1].Path)
	}
	tr = newTrial(map[string]any{"names": nil, "also": true}, nil)
	if _, err = tr.run(t.Context(), p); err == nil || !strings.Contains(err.Error(), "inputs.names is not a list") {
		t.Errorf("each of nothing: %v", err)
	}
}

// A run that fails has the outputs that were reached, and every step's account.
func TestAFailedStepEndsTheRun(t *testing.T) {
	tr := newTrial(map[string]any{"name": "Ann"}, map[string][]any{"createShip": {`{"id":"s1"}`}, "getShip": {404}})
	out, err := tr.run(t.Context(), planned(t, composition(twoSteps)))
	var step *StepError
	if !errors.As(err, &step) || step.Step != "get" || step.Code != CodeStatus || step.Status != 404 || step.RequestID != "req_1" || step.Writes || !step.Sent {
		t.Fatalf("%+v", step)
	}
	if d := cmp.Diff(map[string]any{"made": "s1"}, out.Outputs); d != "" || out.Answer != nil {
		t.Errorf("outputs (-want +got):\n%s", d)
	}
	if out.Records[0].Status != durable.StatusSucceeded || out.Records[1].Status != durable.StatusFailed {
		t.Errorf("records %+v", out.Records)
	}
}

func TestAStoppedRunSendsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tr := newTrial(map[string]any{"name": "Ann"}, nil)
	out, err := tr.run(ctx, planned(t, composition(twoSteps)))
	if !errors.Is(err, context.Canceled) || len(tr.api.sent) > 0 || out.Records[0].Status != durable.StatusCancelled {
		t.Errorf("%v, sent %v, %s", err, tr.api.sent, out.Records[0].Status)
	}
}

// Every dialect's outcome comes out of one evaluation.
func TestOutcomes(t *testing.T) {
	list := response(200, `[{"name":"Ann"},{"name":"Bob"}]`)
	list.Header.Set("Content-Disposition", `attachment; filename="ships.json"`)
	answers := map[string][]any{"list": {list}, "named": {`{"name":"Ann"}`}, "getShip": {`{"id":"s1","name":"Ann"}`}}
	for _, tt := range []struct {
		name, src string
		want      Answer
		outputs   map[string]any
	}{
		{"named outputs", composition(`
inputs: []
steps: [{id: get, operation: getShip, with: {id: s1}}]
outputs: [{name: name, source: get.name}]`),
			Answer{Value: map[string]any{"name": "Ann"}, Shaped: true}, map[string]any{"name": "Ann"}},
		{"passed on as it came", tool("call: port.list"),
			Answer{Value: list.Value, Status: 200, Media: "application/json", Body: list.Body, Header: PassedOn(list.Header)}, map[string]any{"result": list.Value}},
		{"one value of it", tool("call: port.list\noutputParameters: [{type: string, mapping: '$[1].name'}]"),
			Answer{Value: "Bob", Shaped: true, Status: 200, Media: "application/json", Body: list.Body, Header: map[string][]string{}}, map[string]any{"result": "Bob"}},
		{"mapped from its steps", tool("steps: [{name: n, type: call, call: port.named}]\nmappings: [{target: a.b, value: $.n.title}, {target: gone, value: $.n.absent}]"),
			Answer{Value: map[string]any{"a": map[string]any{"b": "Ann"}}, Shaped: true, Status: 200, Media: "application/json"}, map[string]any{"a": map[string]any{"b": "Ann"}}},
		{"without a step", tool("outputParameters: [{name: port, type: string, value: Rotterdam}]"),
			Answer{Value: map[string]any{"port": "Rotterdam"}, Shaped: true}, map[string]any{"port": "Rotterdam"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, err := newTrial(nil, answers).run(t.Context(), planned(t, tt.src))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(&tt.want, out.Answer); d != "" {
				t.Errorf("answer (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.outputs, out.Outputs); d != "" {
				t.Errorf("outputs (-want +got):\n%s", d)
			}
		})
	}
}

func TestAnOutputThatCannotBeComputed(t *testing.T) {
	tr := newTrial(nil, map[string][]any{"getShip": {`{"id":"s1"}`}})
	out, err := tr.run(t.Context(), planned(t, composition(`
inputs: []
steps: [{id: get, operation: getShip, with: {id: s1}}]
outputs: [{name: bad, source: 'get.name + "x"'}, {name: id, source: get.id}]`)))
	var failed *plan.OutputError
	if !errors.As(err, &failed) || failed.Name != "bad" || out.Outputs["id"] != "s1" || out.Answer != nil {
		t.Errorf("%v, outputs %v", err, out.Outputs)
	}
}
