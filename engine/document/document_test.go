package document_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
)

// sample is a run of which everything is set.
func sample() *document.Run {
	due := time.Unix(60, 0).UTC()
	return &document.Run{
		Run: "run_1", Capability: "moor", Status: durable.StatusInDoubt, Source: "moor.yaml", Driven: true, Due: &due,
		Outputs: map[string]any{"gate": "1234", "berth": "b1", "none": nil}, OutputNames: []string{"berth", "gate"}, SensitiveOutputs: []string{"gate", "none"},
		Steps: []document.StepRun{
			{ID: "book", Status: durable.StatusInDoubt, Error: &document.Error{Message: "lost", Next: document.Next{Kind: document.NextSettle, Step: "book"}}},
			{ID: "pay", Status: durable.StatusFailed, Error: &document.Error{Message: "no", Hint: "pay more"}},
		},
		Waiting: &document.Waiting{Step: "pilot", With: map[string]any{"pin": "1", "name": "Ada"}, Sensitive: []string{"pin"}, Next: document.Next{Kind: document.NextFinish, Step: "pilot"}},
		Error:   &document.Error{Message: "lost", Hint: "look", Next: document.Next{Kind: document.NextSettle, Step: "book"}},
		Events:  []durable.Event{{Seq: 1, Kind: durable.EventStarted}},
	}
}

func TestServedRunsHideSecretsAndTheMachine(t *testing.T) {
	run := sample()
	served := run.Served(false)
	if served.Source != "" || served.Driven || served.Events != nil || served.Due == nil {
		t.Errorf("served: %+v", served)
	}
	if diff := cmp.Diff(map[string]any{"gate": "[redacted]", "berth": "b1", "none": nil}, served.Outputs); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"pin": "[redacted]", "name": "Ada"}, served.Waiting.With); diff != "" {
		t.Errorf("waiting (-want +got):\n%s", diff)
	}
	if shown := run.Served(true); shown.Outputs["gate"] != "1234" || shown.Waiting.With["pin"] != "1" {
		t.Errorf("shown: %+v", shown)
	}
	if diff := cmp.Diff(sample(), run); diff != "" {
		t.Errorf("the run itself changed (-want +got):\n%s", diff)
	}
}

// Words replace what there is to do, of the run and of each of its steps, and
// leave other hints alone.
func TestWorded(t *testing.T) {
	run := sample()
	worded := run.Worded(func(next document.Next, hint string) string { return string(next.Kind) + " " + next.Step + ": " + hint })
	got := []string{worded.Waiting.Resume, worded.Error.Hint, worded.Steps[0].Error.Hint, worded.Steps[1].Error.Hint}
	if diff := cmp.Diff([]string{"finish pilot: ", "settle book: look", "settle book: ", "pay more"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(sample(), run); diff != "" {
		t.Errorf("the run itself changed (-want +got):\n%s", diff)
	}
	if next := (&document.Run{}).Next(); next != (document.Next{}) {
		t.Errorf("a run that goes on needs %+v", next)
	}
}

func TestEntries(t *testing.T) {
	until := time.Unix(60, 0).UTC()
	state := durable.State{
		ID: "run_1", Status: durable.StatusWaiting, Due: until,
		Waiting: &durable.Suspended{Path: "look", Reason: durable.ReasonTimer, Until: until, With: map[string]any{"pin": "1"}},
	}
	want := document.Entry{
		Run: "run_1", Status: durable.StatusWaiting, Due: &until,
		Waiting: &document.EntryWaiting{Step: "look", Reason: durable.ReasonTimer, Until: &until},
	}
	if diff := cmp.Diff(want, document.EntryOf(state)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	state.Status = durable.StatusCancelled
	if e := document.EntryOf(state); e.Waiting != nil || e.Due != nil {
		t.Errorf("a run that has ended waits: %+v", e)
	}
}
