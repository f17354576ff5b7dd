package temporal_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// A call that its worker has no time for is not sent meanwhile, and its record says so.
func TestAWorkerThatIsBusy(t *testing.T) {
	t.Parallel() // most of it is waiting
	began, free := make(chan string, 10), make(chan struct{})
	rt, _ := serving(t, func(ctx context.Context, h durable.Host, s durable.Spec) (durable.Ending, error) {
		in := durable.Intent{Path: "write", Operation: "op", Policy: durable.Unsafe, Input: json.RawMessage(`{}`)}
		_, err := h.Step(ctx, in, func(context.Context, *durable.Attempt) (durable.Result, error) {
			began <- s.ID
			<-free
			return json.RawMessage(`1`), nil
		})
		return durable.Ending{Status: durable.StatusSucceeded}, err
	}, durable.ServeOptions{Parallel: 1})
	for _, run := range []string{"first", "second"} {
		if err := rt.Start(t.Context(), durable.Spec{ID: run, Input: json.RawMessage(`{}`)}); err != nil {
			t.Fatal(err)
		}
	}
	waits := map[string]string{"first": "second", "second": "first"}[<-began]
	for failed := ""; failed == ""; time.Sleep(50 * time.Millisecond) {
		events, err := rt.History(t.Context(), waits, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Kind == durable.EventFailed {
				failed = e.Message
			}
		}
		if failed != "" && !strings.Contains(failed, "not sent: no worker took it within 10 s") {
			t.Errorf("the call that waits has %q on record", failed)
		}
	}
	close(free)
	for _, run := range []string{"first", "second"} {
		until(t, rt, run, durable.StatusSucceeded)
	}
	if n := len(began); n != 1 {
		t.Errorf("the call that waited was sent %d times", n)
	}
}
