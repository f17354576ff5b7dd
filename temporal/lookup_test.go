package temporal

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
)

// A worker may have sent a request up to the moment at which it was given up. A run that is
// resumed before the request must have arrived does not look it up earlier.
func TestLookUpAfterTheWorkerWasGivenUp(t *testing.T) {
	landed := probed.ProbeAfter
	var s testsuite.WorkflowTestSuite
	started := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, tt := range map[string]struct {
		gone gone
		want time.Time
	}{
		"the worker was given up":         {gone{"p", started.Add(time.Minute)}, started.Add(time.Minute + landed)},
		"another step's worker was":       {gone{"q", started.Add(time.Minute)}, started.Add(time.Minute + time.Second)},
		"the answer was lost, not more":   {gone{}, started.Add(time.Minute + time.Second)},
		"it was given up an earlier time": {gone{"p", started.Add(-time.Hour)}, started.Add(time.Minute + time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			env := s.NewTestWorkflowEnvironment()
			env.SetStartTime(started.Add(time.Minute + time.Second))
			var looked time.Time
			env.SetOnActivityStartedListener(func(*activity.Info, context.Context, converter.EncodedValues) { looked = env.Now() })
			sent := journal.Record{At: started, Kind: durable.EventIntent, Step: "p", Attempt: 1, Detail: journal.Detail(probed)}
			if err := probes(t, env, begin{Records: recordsOf([]journal.Record{sent}), Drive: &drive{ID: "d"}, Gone: tt.gone}); err != nil {
				t.Error(err)
			}
			if d := looked.Sub(tt.want); d < 0 || d > time.Second {
				t.Errorf("it was looked up %v after the request was recorded, want %v", looked.Sub(started), tt.want.Sub(started))
			}
		})
	}
}

// A worker that is given up is on record where the run goes on, which is due accordingly.
func TestWorkerIsGivenUp(t *testing.T) {
	var s testsuite.WorkflowTestSuite
	env := s.NewTestWorkflowEnvironment()
	env.RegisterActivityWithOptions(func(context.Context, converter.RawValue) (converter.RawValue, error) {
		return converter.RawValue{}, temporal.NewNonRetryableApplicationError("", failureGone, nil)
	}, activity.RegisterOptions{Name: kindStep})
	var again *workflow.ContinueAsNewError
	if err := probes(t, env, begin{}); !errors.As(err, &again) {
		t.Fatal(err)
	}
	var in begin
	if err := unpack(again.Input.GetPayloads()[0], &in); err != nil {
		t.Fatal(err)
	}
	if in.Gone.Path != "p" || !in.Row.Due.Equal(in.Gone.At.Add(probed.ProbeAfter)) {
		t.Errorf("the worker is gone as %+v; the run is due at %v", in.Gone, in.Row.Due)
	}
}

// probed is a call that is looked up, and found.
var probed = durable.Intent{
	Path: "p", Operation: "op", Policy: durable.Probed, Input: json.RawMessage(`{}`), ProbeAfter: 30 * time.Second,
	Probe: func(context.Context) (durable.Result, bool, error) { return json.RawMessage(`1`), true, nil },
}

// probes executes a run with that call, and returns the workflow's error.
func probes(t *testing.T, env *testsuite.TestWorkflowEnvironment, in begin) error {
	t.Helper()
	d := newDesk(nil)
	d.queue, d.now = "calls", func() time.Time { return env.Now().UTC() }
	d.log = func(msg string, args ...any) { t.Error(append([]any{msg}, args...)...) }
	d.serve(func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
		_, err := h.Step(ctx, probed, nil)
		return durable.Ending{Status: durable.StatusSucceeded}, err
	}, nil)
	env.RegisterWorkflowWithOptions(d.run, workflow.RegisterOptions{Name: workflowName})
	env.RegisterDynamicActivity(d.call, activity.DynamicRegisterOptions{})
	b, err := journal.NewBook(durable.Spec{ID: "r", Input: json.RawMessage(`{}`)}, env.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	in.Spec, in.Row = specOf(b.Run.Spec), rowOf(b.Run.Row)
	if in.Records == nil {
		in.Records = recordsOf(b.Records)
	}
	v, err := pack(in)
	if err != nil {
		t.Fatal(err)
	}
	env.ExecuteWorkflow(workflowName, v, programOf(nil))
	return env.GetWorkflowError()
}
