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
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
)

// skipping executes a run where the server's time passes at once, with what is on record of it
// beside its start.
func skipping(t *testing.T, exec func(*testsuite.TestWorkflowEnvironment) durable.Executor, records ...journal.Record) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var s testsuite.WorkflowTestSuite
	env := s.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	env.SetWorkflowRunTimeout(10_000 * time.Hour)
	env.SetStartTime(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC))
	d := newDesk(nil)
	d.queue, d.now = "calls", func() time.Time { return env.Now().UTC() }
	d.log = func(msg string, args ...any) { t.Log(append([]any{msg}, args...)...) }
	env.RegisterWorkflowWithOptions(d.run, workflow.RegisterOptions{Name: workflowName})
	env.RegisterDynamicActivity(d.call, activity.DynamicRegisterOptions{})
	d.serve(exec(env), nil)
	b, err := journal.NewBook(durable.Spec{ID: "r", Input: json.RawMessage(`{}`)}, env.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	b.Add(journal.Change{Add: records}, env.Now())
	in, err := pack(begin{Spec: specOf(b.Run.Spec), Row: rowOf(b.Run.Row), Records: recordsOf(b.Records)})
	if err != nil {
		t.Fatal(err)
	}
	env.ExecuteWorkflow(workflowName, in, programOf(nil))
	return env
}

// Three days of looks are one activity: its waits are the server's, and leave no event.
func TestPollOfDays(t *testing.T) {
	for name, tt := range map[string]struct {
		ready time.Duration
		want  durable.Status
	}{
		"it comes true":       {71 * time.Hour, durable.StatusSucceeded},
		"it never comes true": {1000 * time.Hour, durable.StatusTimedOut},
	} {
		t.Run(name, func(t *testing.T) {
			var first, last time.Time
			looks, scheduled := 0, 0
			env := skipping(t, func(env *testsuite.TestWorkflowEnvironment) durable.Executor {
				env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
					if info.Attempt == 1 {
						scheduled++
					}
				})
				return func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
					in := durable.Intent{Path: "p", Operation: "op", Policy: durable.Safe, Input: json.RawMessage(`{}`)}
					_, err := h.Poll(ctx, in, durable.Schedule{Every: 10 * time.Second, Cap: 5 * time.Minute, Timeout: 72 * time.Hour},
						func(_ context.Context, try int) (durable.Result, bool, error) {
							if looks++; looks != try {
								t.Errorf("look %d is said to be number %d", looks, try)
							}
							last = env.Now()
							if first.IsZero() {
								first = last
							}
							return json.RawMessage(`1`), last.Sub(first) >= tt.ready, nil
						})
					if err != nil {
						return durable.Ending{Status: durable.StatusTimedOut}, nil
					}
					return durable.Ending{Status: durable.StatusSucceeded}, nil
				}
			})
			if err := env.GetWorkflowError(); (err == nil) != (tt.want == durable.StatusSucceeded) {
				t.Errorf("the workflow ended with %v", err)
			}
			if late := last.Sub(first) - min(tt.ready, 72*time.Hour); late < 0 || late > 5*time.Minute {
				t.Errorf("the last look was %v late", late)
			}
			if scheduled != 1 || looks < 860 {
				t.Errorf("%d looks are %d activities", looks, scheduled)
			}
		})
	}
}

// A poll whose API asks to be left alone for longer than the poll lasts looks again at that
// time, and then it is over.
func TestPollIsToldToWaitBeyondItsDeadline(t *testing.T) {
	looks := 0
	var got error
	var later time.Time
	skipping(t, func(env *testsuite.TestWorkflowEnvironment) durable.Executor {
		later = env.Now().Add(7 * 24 * time.Hour)
		return func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
			in := durable.Intent{Path: "p", Operation: "op", Policy: durable.Safe, Input: json.RawMessage(`{}`)}
			_, got = h.Poll(ctx, in, durable.Schedule{Every: time.Second, Cap: time.Second, Timeout: time.Hour}, func(context.Context, int) (durable.Result, bool, error) {
				if looks++; looks < 10 && env.Now().Before(later) {
					return nil, false, &durable.NotBefore{At: later, Err: errors.New("429")}
				}
				return nil, false, nil
			})
			return durable.Ending{Status: durable.StatusTimedOut}, nil
		}
	})
	var over *durable.TimedOut
	if looks != 2 || !errors.As(got, &over) {
		t.Errorf("%d looks; the program is given %v", looks, got)
	}
}
