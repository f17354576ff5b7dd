package temporal_test

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	sdk "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// event waits until the history of a workflow has an event of one of some types.
func event(t *testing.T, c client.Client, workflow string, types ...enums.EventType) enums.EventType {
	t.Helper()
	for events := c.GetWorkflowHistory(t.Context(), workflow, "", true, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		e, err := events.Next()
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range types {
			if e.GetEventType() == one {
				return one
			}
		}
	}
	t.Fatalf("the history of %s has none of %v", workflow, types)
	return 0
}

// A worker that cannot decode a run leaves it to one that can.
func TestWorkerWithoutTheKeys(t *testing.T) {
	t.Parallel() // most of it is waiting
	c, converter := dial(t, t.TempDir())
	queue := t.Name() + strconv.FormatInt(time.Now().UnixNano(), 36)
	rt := temporal.NewRuntime(c, temporal.Options{TaskQueue: queue, Prefix: queue + "-", Converter: converter})
	t.Cleanup(func() { rt.Close() })
	ends := func(context.Context, durable.Host, durable.Spec) (durable.Ending, error) {
		return durable.Ending{Status: durable.StatusSucceeded}, nil
	}
	plain, err := server.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(plain.Close)
	keyless := temporal.NewRuntime(plain, temporal.Options{TaskQueue: queue, Prefix: queue + "-"})
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- keyless.Serve(ctx, ends, durable.ServeOptions{}) }()
	if err := rt.Start(t.Context(), durable.Spec{ID: "r", Input: json.RawMessage(`{}`)}); err != nil {
		t.Fatal(err)
	}
	closed := enums.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED
	if event(t, plain, queue+"-r", enums.EVENT_TYPE_WORKFLOW_TASK_FAILED, closed) == closed {
		t.Error("a worker that cannot decode the run ended it")
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if err := keyless.Close(); err != nil {
		t.Error(err)
	}
	if s, err := rt.Drive(t.Context(), "r", ends, durable.DriveOptions{}); err != nil || s.Status != durable.StatusSucceeded {
		t.Errorf("the run is %s: %v", s.Status, err)
	}
}

// A workflow that ended without the run's end, as another program may end it, is that of a run
// that failed.
func TestWorkflowThatEndedWithoutItsRun(t *testing.T) {
	t.Parallel() // most of it is waiting
	for name, failure := range map[string]error{"failed": errors.New("no such program"), "completed": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := server.Client(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Close)
			queue := name + strconv.FormatInt(time.Now().UnixNano(), 36)
			other := sdk.New(c, queue, sdk.Options{})
			other.RegisterWorkflowWithOptions(func(workflow.Context, converter.RawValue, converter.RawValue) error { return failure }, workflow.RegisterOptions{Name: "capstan.run"})
			if err := other.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(other.Stop)
			rt := temporal.NewRuntime(c, temporal.Options{TaskQueue: queue, Prefix: queue + "-", Follow: true})
			t.Cleanup(func() { rt.Close() })
			if err := rt.Start(t.Context(), durable.Spec{ID: "r", Input: json.RawMessage(`{}`)}); err != nil {
				t.Fatal(err)
			}
			event(t, c, queue+"-r", enums.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED)
			if s, err := rt.Get(t.Context(), "r"); err != nil || s.Status != durable.StatusFailed {
				t.Fatalf("the run is %s: %v", s.Status, err)
			}
			if err := rt.Signal(t.Context(), "r", durable.Signal{Step: "person"}); !errors.Is(err, durable.ErrEnded) {
				t.Errorf("a signal: %v", err)
			}
			if got := listed(t, rt, durable.Filter{Status: []durable.Status{durable.StatusFailed}}, 1); got[0].Status != durable.StatusFailed {
				t.Errorf("the run is listed as %s", got[0].Status)
			}
			if err := rt.Reopen(t.Context(), "r"); err != nil {
				t.Fatal(err)
			}
			events, err := rt.History(t.Context(), "r", 0)
			if err != nil || len(events) < 3 {
				t.Errorf("the history of the run that goes on: %+v, %v", events, err)
			}
		})
	}
}

// Something said to a run that is no value of this package is ignored by its workflow, and by
// those who read its history.
func TestSaidByAnotherProgram(t *testing.T) {
	t.Parallel() // most of it is waiting
	rt, workflow := serving(t, func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
		_, err := h.Await(ctx, durable.Wait{Path: "person"})
		return durable.Ending{Status: durable.StatusSucceeded}, err
	}, durable.ServeOptions{})
	if err := rt.Start(t.Context(), durable.Spec{ID: "r", Input: json.RawMessage(`{}`)}); err != nil {
		t.Fatal(err)
	}
	until(t, rt, "r", durable.StatusWaiting)
	c, err := server.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	for _, value := range []any{"hello", []byte("hello"), nil} {
		if err := c.SignalWorkflow(t.Context(), workflow("r"), "", "said", value); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: workflow("r"), UpdateName: "said", Args: []any{"hello"}, WaitForStage: client.WorkflowUpdateStageCompleted,
	}); err != nil {
		t.Fatal(err)
	}
	if err := rt.Signal(t.Context(), "r", durable.Signal{Step: "person"}); err != nil {
		t.Fatal(err)
	}
	until(t, rt, "r", durable.StatusSucceeded)
}
