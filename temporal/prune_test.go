package temporal_test

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal"
)

// A run that is reopened after Prune listed it is left alone.
func TestPruneLeavesAReopenedRun(t *testing.T) {
	t.Parallel() // most of it is waiting
	c, err := server.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	name := unique("prune")
	rt := temporal.NewRuntime(c, temporal.Options{TaskQueue: name, Prefix: name + "-"})
	t.Cleanup(func() { rt.Close() })
	var executions atomic.Int32
	exec := func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
		if executions.Add(1) == 1 {
			return durable.Ending{Status: durable.StatusFailed}, nil
		}
		_, err := h.Await(ctx, durable.Wait{Path: "person"})
		return durable.Ending{Status: durable.StatusSucceeded}, err
	}
	serve(t, rt, exec)
	if err := rt.Start(t.Context(), durable.Spec{ID: "r", Input: json.RawMessage(`{}`)}); err != nil {
		t.Fatal(err)
	}
	listed(t, rt, durable.Filter{Status: []durable.Status{durable.StatusFailed}}, 1)
	if err := rt.Reopen(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	listed(t, rt, durable.Filter{Status: []durable.Status{durable.StatusWaiting}}, 1)
	if forgot, err := temporal.Forget(t.Context(), rt, "r"); forgot || err != nil {
		t.Errorf("it was pruned: %v, %v", forgot, err)
	}
	if err := rt.Signal(t.Context(), "r", durable.Signal{Step: "person"}); err != nil {
		t.Fatal(err)
	}
	until(t, rt, "r", durable.StatusSucceeded)
	if forgot, err := temporal.Forget(t.Context(), rt, "r"); !forgot || err != nil {
		t.Errorf("it was not pruned: %v, %v", forgot, err)
	}
}

// serve has a runtime execute runs until the test ends.
func serve(t *testing.T, rt *temporal.Runtime, exec durable.Executor) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- rt.Serve(ctx, exec, durable.ServeOptions{}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}
