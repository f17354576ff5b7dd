package temporal

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/capstan-run/capstan/engine/durable"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
)

// A worker that dies while it asks for an external step leaves the step to a person.
func TestWorkerIsGoneWhileItAsks(t *testing.T) {
	var s testsuite.WorkflowTestSuite
	env := s.NewTestWorkflowEnvironment()
	d := newDesk(nil)
	d.queue, d.log = "calls", func(msg string, args ...any) { t.Error(append([]any{msg}, args...)...) }
	d.serve(func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
		_, err := h.Await(ctx, durable.Wait{Path: "person", Perform: func(context.Context) (json.RawMessage, bool, error) { return nil, true, nil }})
		return durable.Ending{Status: durable.StatusFailed}, err
	}, nil)
	env.RegisterActivityWithOptions(func(context.Context, converter.RawValue) (converter.RawValue, error) {
		return converter.RawValue{}, temporal.NewNonRetryableApplicationError("", failureGone, nil)
	}, activity.RegisterOptions{Name: kindPerform})
	executeNew(t, env, d)
	var again *workflow.ContinueAsNewError
	if err := env.GetWorkflowError(); !errors.As(err, &again) {
		t.Fatalf("the workflow does not go on: %v", err)
	}
	var next begin
	if err := unpack(again.Input.GetPayloads()[0], &next); err != nil || next.Row.Status != durable.StatusWaiting {
		t.Errorf("the run is %s, want waiting: %v", next.Row.Status, err)
	}
}
