package temporal_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal/internal/attribute"
	"go.temporal.io/sdk/converter"
)

// The server's index has what a run waits for, and until when, where one wait follows another.
func TestTheIndexFollowsEachWait(t *testing.T) {
	t.Parallel() // most of it is waiting
	rt, workflow := serving(t, func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
		for _, path := range []string{"a", "b"} {
			if _, err := h.Await(ctx, durable.Wait{Path: path}); err != nil {
				return durable.Ending{}, err
			}
		}
		err := h.Sleep(ctx, "pause", h.Now().Add(time.Hour))
		return durable.Ending{Status: durable.StatusSucceeded}, err
	}, durable.ServeOptions{})
	c, err := server.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := rt.Start(t.Context(), durable.Spec{ID: "r", Started: time.Now(), Input: json.RawMessage(`{}`)}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"a", "b", "pause"} {
		s := until(t, rt, "r", durable.StatusWaiting)
		for s.Waiting == nil || s.Waiting.Path != path {
			s = until(t, rt, "r", durable.StatusWaiting)
		}
		w, err := c.DescribeWorkflow(t.Context(), workflow("r"), "")
		if err != nil {
			t.Fatal(err)
		}
		var waiting string
		var due time.Time
		fields := w.RawResponse.GetWorkflowExecutionInfo().GetSearchAttributes().GetIndexedFields()
		for name, into := range map[string]any{attribute.Waiting.GetName(): &waiting, attribute.Due.GetName(): &due} {
			if p := fields[name]; p != nil {
				if err := converter.GetDefaultDataConverter().FromPayload(p, into); err != nil {
					t.Error(err)
				}
			}
		}
		if waiting != path || due.Sub(s.Due).Abs() > time.Millisecond {
			t.Errorf("the run waits for %s, due at %v; the index has %q and %v", path, s.Due, waiting, due)
		}
		if path != "pause" {
			if err := rt.Signal(t.Context(), "r", durable.Signal{Step: path}); err != nil {
				t.Fatal(err)
			}
		}
	}
}
