package temporal_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal"
)

// A run that is reopened after its time was up has it anew: workers are given no other.
func TestReopenedRunHasTime(t *testing.T) {
	t.Parallel() // most of it is waiting
	c, err := server.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	name, started := unique("time"), time.Now()
	var passed atomic.Int64
	rt := temporal.NewRuntime(c, temporal.Options{TaskQueue: name, Prefix: name + "-", Now: func() time.Time {
		return started.Add(time.Duration(passed.Load()))
	}})
	t.Cleanup(func() { rt.Close() })
	up := errors.New("the time is up")
	exec := func(ctx context.Context, h durable.Host, s durable.Spec) (durable.Ending, error) {
		ctx = h.(durable.Bounder).Bound(ctx, s.Started.Add(time.Minute), up)
		_, err := h.Step(ctx, durable.Intent{Path: "call", Operation: "op", Policy: durable.Unsafe}, func(context.Context, *durable.Attempt) (durable.Result, error) {
			return json.RawMessage(`1`), nil
		})
		if errors.Is(err, up) {
			return durable.Ending{Status: durable.StatusTimedOut}, nil
		}
		return durable.Ending{Status: durable.StatusSucceeded}, err
	}
	if err := rt.Start(t.Context(), durable.Spec{ID: "r", Input: json.RawMessage(`{}`)}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []durable.Status{durable.StatusTimedOut, durable.StatusSucceeded} {
		passed.Add(int64(2 * time.Minute))
		if err := rt.Reopen(t.Context(), "r"); err != nil {
			t.Fatal(err)
		}
		if s, err := rt.Drive(t.Context(), "r", exec, durable.DriveOptions{}); err != nil || s.Status != want {
			t.Errorf("the run is %s, %v; want %s", s.Status, err, want)
		}
	}
}
