package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

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
