package temporal

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
	"github.com/capstan-run/capstan/temporal/internal/attribute"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
)

// A history may begin with attributes that are behind: a signal came as the last one ended.
func TestAHistoryBringsTheIndexUpToDate(t *testing.T) {
	var s testsuite.WorkflowTestSuite
	env := s.NewTestWorkflowEnvironment()
	env.SetStartTime(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC))
	d := newDesk(nil)
	d.queue, d.now, d.log = "calls", time.Now, func(string, ...any) {}
	got := ""
	d.serve(func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
		_, err := h.Await(ctx, durable.Wait{Path: "person", Perform: func(context.Context) (json.RawMessage, bool, error) { return nil, true, nil }})
		got, _ = workflow.GetTypedSearchAttributes(h.(*host).ctx).GetKeyword(attribute.Status)
		return durable.Ending{}, err
	}, nil)
	env.RegisterDynamicActivity(d.call, activity.DynamicRegisterOptions{})
	if err := env.SetTypedSearchAttributesOnStart(temporal.NewSearchAttributes(attribute.Status.ValueSet(string(durable.StatusWaiting)))); err != nil {
		t.Fatal(err)
	}
	executeNew(t, env, d)
	if got != string(durable.StatusRunning) {
		t.Errorf("a run that is executed is %q in the index", got)
	}
}

// executeNew executes the workflow of a new run.
func executeNew(t *testing.T, env *testsuite.TestWorkflowEnvironment, d *desk) {
	t.Helper()
	b, err := journal.NewBook(durable.Spec{ID: "r", Input: json.RawMessage(`{}`)}, env.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	in, err := pack(begin{Spec: specOf(b.Run.Spec), Row: rowOf(b.Run.Row), Records: recordsOf(b.Records)})
	if err != nil {
		t.Fatal(err)
	}
	env.RegisterWorkflowWithOptions(d.run, workflow.RegisterOptions{Name: workflowName})
	env.ExecuteWorkflow(workflowName, in, programOf(nil))
}
