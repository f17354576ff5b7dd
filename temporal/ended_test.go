package temporal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal"
)

// A worker keeps no call of a run that ended without it.
func TestAWorkerForgetsRunsThatEndedWithoutIt(t *testing.T) {
	t.Parallel() // most of it is waiting
	c, err := server.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	const runs = 12
	queue := t.Name() + strconv.FormatInt(time.Now().UnixNano(), 36)
	rt := temporal.NewRuntime(c, temporal.Options{TaskQueue: queue, Prefix: queue + "-"})
	t.Cleanup(func() { rt.Close() })
	began := make(chan struct{}, runs)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- rt.Serve(ctx, func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
			_, err := h.Step(ctx, durable.Intent{Path: "s", Operation: "op", Policy: durable.Unsafe, Input: json.RawMessage(`{}`)}, func(ctx context.Context, _ *durable.Attempt) (durable.Result, error) {
				began <- struct{}{}
				<-ctx.Done()
				return nil, context.Cause(ctx)
			})
			return durable.Ending{}, err
		}, durable.ServeOptions{})
	}()
	for i := range runs {
		if err := rt.Start(t.Context(), durable.Spec{ID: fmt.Sprint("r", i), Started: time.Now(), Input: json.RawMessage(`{}`)}); err != nil {
			t.Fatal(err)
		}
	}
	for range runs {
		<-began
	}
	if n := temporal.Calls(rt); n != runs {
		t.Errorf("%d calls are kept, want %d", n, runs)
	}
	for i := range runs {
		if err := c.TerminateWorkflow(t.Context(), fmt.Sprint(queue, "-r", i), "", "the test is over"); err != nil {
			t.Error(err)
		}
	}
	for began := time.Now(); temporal.Calls(rt) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatalf("%d calls of runs that ended are kept", temporal.Calls(rt))
		}
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
