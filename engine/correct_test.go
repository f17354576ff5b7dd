package engine_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/operations"
)

// yard answers crane's API, and refuses moves by rail.
func yard(sent *[]string) operations.Caller {
	return func(_ context.Context, req *operations.Request) (*operations.Response, error) {
		body, _ := req.Body.(map[string]any)
		*sent = append(*sent, req.Op.ID)
		if body["by"] == "rail" {
			return &operations.Response{Status: 422, IsJSON: true, Value: map[string]any{"message": "no rail today"}}, nil
		}
		return &operations.Response{Status: 201}, nil
	}
}

// An input that no step has used is corrected; what was done stays done, and the
// correction is in the history.
func TestInputsOfARunAreCorrected(t *testing.T) {
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	defer rt.Close()
	var sent []string
	r := engine.NewRunner(&engine.Options{Caller: yard(&sent), Runtime: rt})
	res, err := r.Run(t.Context(), craneProgram(t), engine.Inputs{"by": "rail", "kind": "dry", "holds": []any{}}, nil)
	if err == nil || res.Status != durable.StatusFailed {
		t.Fatalf("%+v, %v", res, err)
	}
	before := strings.Join(sent, " ")
	refused := func(in engine.Inputs, want ...string) {
		t.Helper()
		var wrong *engine.InputError
		if err := r.Correct(t.Context(), res.Run, in, "ada"); !errors.As(err, &wrong) {
			t.Fatalf("%v: %v", in, err)
		}
		var got []string
		for _, p := range wrong.Problems {
			got = append(got, p.Message)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", in, diff)
		}
	}
	refused(engine.Inputs{"kind": "cold", "by": "road"}, `input "kind" was used: the run has step "lift" behind it`)
	refused(engine.Inputs{"holds": []any{1}}, `input "holds" was used: the run has step "hold" behind it`) // it was executed for no item
	refused(engine.Inputs{"by": "sea"}, `input "by": is "sea", which is none of the documented values ("rail", "road"); step "move" sends it as by of move`)
	refused(engine.Inputs{"bye": "road"}, `there is no input "bye"`)
	if events := historyOf(t, rt, res.Run, durable.EventCorrected); len(events) > 0 {
		t.Errorf("a refused correction is in the history: %+v", events)
	}
	for range 2 { // the same again changes nothing
		if err := r.Correct(t.Context(), res.Run, engine.Inputs{"by": "road"}, "ada"); err != nil {
			t.Fatal(err)
		}
	}
	if events := historyOf(t, rt, res.Run, durable.EventCorrected); len(events) != 1 || events[0].By != "ada" || events[0].Message != "by" {
		t.Errorf("history: %+v", events)
	}
	sent = nil
	res, err = r.Resume(t.Context(), res.Run, nil)
	if err != nil || res.Status != durable.StatusSucceeded || len(sent) == 0 || sent[0] != "move" {
		t.Errorf("%+v, %v: sent %v, after %s", res, err, sent, before)
	}
	if err := r.Correct(t.Context(), res.Run, engine.Inputs{"by": "rail"}, "ada"); !errors.Is(err, durable.ErrEnded) {
		t.Errorf("a run that succeeded: %v", err)
	}
}

// The title and the labels that are made of inputs are made of the corrected ones; those
// that were given stay.
func TestTitlesAndLabelsFollowCorrections(t *testing.T) {
	type labels = map[string]string
	in := engine.Inputs{"pin": "4711-0815", "ship_name": "Ema", "note": "x"}
	for _, tt := range []struct {
		file        string
		given, want labels
		title       string
	}{
		{"", nil, nil, "Emma"},
		{"labels: {ship: '{{ inputs.ship_name }}', note: '{{ inputs.note }}', size: '{{ inputs.size }}'}", labels{"env": "prod"}, labels{"env": "prod", "ship": "Emma", "size": "3"}, "Emma env=prod size=3"},
		{"labels: {ship: '{{ inputs.ship_name }}'}", labels{"ship": "hers"}, labels{"ship": "hers"}, "Emma ship=hers"},
	} {
		r, rt, id, err := startLabelled(t, tt.file, in, tt.given)
		if err == nil {
			err = r.Correct(t.Context(), id, engine.Inputs{"ship_name": "Emma", "note": nil, "size": 3}, "ada")
		}
		if err != nil {
			t.Fatal(err)
		}
		s, err := rt.Get(t.Context(), id)
		if err != nil || s.Title != tt.title || !maps.Equal(s.Labels, tt.want) {
			t.Errorf("%s: title %q, labels %v, %v", tt.file, s.Title, s.Labels, err)
		}
	}
	r, rt, id, err := startLabelled(t, "labels: {a: '{{ int(inputs.note) }}'}", engine.Inputs{"pin": "4711-0815", "ship_name": "Emma", "note": "1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var wrong *engine.InputError
	if err := r.Correct(t.Context(), id, engine.Inputs{"note": "x"}, "ada"); !errors.As(err, &wrong) || !strings.Contains(err.Error(), `label "a"`) {
		t.Errorf("an input of which no label can be made: %v", err)
	}
	if events := historyOf(t, rt, id, durable.EventCorrected); len(events) > 0 {
		t.Errorf("history: %+v", events)
	}
}

// A write with an idempotency key that was refused is another request after a correction
// and has another key: an API answers the first request again under the first one.
func TestACorrectedWriteHasAnotherKey(t *testing.T) {
	p, err := engine.Load(t.Context(), "book.yaml", &engine.LoadOptions{FS: fstest.MapFS{
		"book.yaml":     {Data: []byte(bookFile)},
		"api.yaml":      {Data: []byte(bookAPI)},
		".capstan.yaml": {Data: []byte("apis:\n  desk: {openapi: api.yaml}\n")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	remembered := map[string]int{} // status by key
	desk := func(_ context.Context, req *operations.Request) (*operations.Response, error) {
		key := req.Header.Get("Idempotency-Key")
		if _, known := remembered[key]; !known {
			remembered[key] = http.StatusCreated
			if body, _ := req.Body.(map[string]any); body["day"] == "someday" {
				remembered[key] = http.StatusConflict
			}
		}
		return &operations.Response{Status: remembered[key], IsJSON: true, Value: map[string]any{"id": "b_1"}}, nil
	}
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	defer rt.Close()
	r := engine.NewRunner(&engine.Options{Caller: desk, Runtime: rt})
	res, err := r.Run(t.Context(), p, engine.Inputs{"day": "someday"}, nil)
	if err == nil || res.Status != durable.StatusFailed {
		t.Fatalf("%+v, %v", res, err)
	}
	if _, err := r.Resume(t.Context(), res.Run, nil); err == nil || len(remembered) != 1 {
		t.Errorf("the same request has the keys %v, %v", remembered, err)
	}
	if err := r.Correct(t.Context(), res.Run, engine.Inputs{"day": "monday"}, "ada"); err != nil {
		t.Fatal(err)
	}
	if res, err = r.Resume(t.Context(), res.Run, nil); err != nil || res.Outputs["booking"] != "b_1" || len(remembered) != 2 {
		t.Errorf("%+v, %v, keys %v", res, err, remembered)
	}
}

const bookFile = `
name: Book
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: desk
inputs:
  - {name: day, type: string, required: true}
steps:
  - {id: book, operation: book}
outputs:
  - {name: booking, source: book.id}
`

const bookAPI = `
openapi: 3.1.0
info: {title: Desk, version: '1'}
servers: [{url: 'https://desk.example'}]
paths:
  /bookings:
    post:
      operationId: book
      parameters:
        - {name: Idempotency-Key, in: header, schema: {type: string}}
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, required: [day], properties: {day: {type: string}}}}}
      responses:
        '201': {description: A booking, content: {application/json: {schema: {type: object, required: [id], properties: {id: {type: string}}}}}}
        '409': {description: Refused}
`
