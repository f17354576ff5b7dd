package temporal_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal"
)

// A history that is full right after a poll is followed by the next one at once, whatever
// time the poll had.
func TestHistoryIsFullAfterAPoll(t *testing.T) {
	t.Parallel() // most of it is waiting
	rt, _ := serving(t, func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
		look := durable.Intent{Path: "poll", Operation: "op", Policy: durable.Safe, Input: json.RawMessage(`{}`)}
		_, err := h.Poll(ctx, look, durable.Schedule{Every: time.Second, Cap: time.Second, Timeout: 72 * time.Hour}, func(context.Context, int) (durable.Result, bool, error) {
			return json.RawMessage(`1`), true, nil
		})
		if err != nil {
			return durable.Ending{}, err
		}
		write := durable.Intent{Path: "write", Operation: "op", Policy: durable.Unsafe, Input: json.RawMessage(`{}`)}
		_, err = h.Step(ctx, write, func(context.Context, *durable.Attempt) (durable.Result, error) { return json.RawMessage(`1`), nil })
		return durable.Ending{Status: durable.StatusSucceeded}, err
	}, durable.ServeOptions{}, func(rt *temporal.Runtime) {
		temporal.MostEvents(rt, 8) // a poll and the tasks around it are more
	})
	if err := rt.Start(t.Context(), durable.Spec{ID: "r", Input: json.RawMessage(`{}`)}); err != nil {
		t.Fatal(err)
	}
	until(t, rt, "r", durable.StatusSucceeded)
}
