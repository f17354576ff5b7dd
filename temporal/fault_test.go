package temporal

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
)

// asking are the ways in which a program asks for a call, with what each becomes when it
// does not return.
var asking = map[string]struct {
	doubt  bool
	before []journal.Record
	ask    func(ctx context.Context, h durable.Host, do func() json.RawMessage) error
}{
	"a read":             {false, nil, stepping(durable.Safe)},
	"a keyed write":      {true, nil, stepping(durable.Keyed)},
	"a repeatable write": {true, nil, stepping(durable.Idempotent)},
	"a write":            {true, nil, stepping(durable.Unsafe)},
	"a look-up": {true, []journal.Record{{Kind: durable.EventIntent, Step: "p", Attempt: 1, Detail: journal.Detail(probed)}}, func(ctx context.Context, h durable.Host, do func() json.RawMessage) error {
		in := probed
		in.Probe = func(context.Context) (durable.Result, bool, error) { return do(), true, nil }
		_, err := h.Step(ctx, in, nil)
		return err
	}},
	"a poll": {false, nil, func(ctx context.Context, h durable.Host, do func() json.RawMessage) error {
		in := durable.Intent{Path: "p", Operation: "op", Policy: durable.Safe, Input: json.RawMessage(`{}`)}
		_, err := h.Poll(ctx, in, durable.Schedule{Every: time.Second, Cap: time.Second, Timeout: time.Hour}, func(context.Context, int) (durable.Result, bool, error) {
			return do(), true, nil
		})
		return err
	}},
	"a handler": {false, nil, func(ctx context.Context, h durable.Host, do func() json.RawMessage) error {
		_, err := h.Await(ctx, durable.Wait{Path: "p", Perform: func(context.Context) (json.RawMessage, bool, error) { return do(), true, nil }})
		return err
	}},
}

func stepping(policy durable.Policy) func(context.Context, durable.Host, func() json.RawMessage) error {
	return func(ctx context.Context, h durable.Host, do func() json.RawMessage) error {
		in := durable.Intent{Path: "p", Operation: "op", Policy: policy, Key: "key", Input: json.RawMessage(`{}`)}
		_, err := h.Step(ctx, in, func(context.Context, *durable.Attempt) (durable.Result, error) { return do(), nil })
		return err
	}
}

// A call that panics in a worker is made once: a write is in doubt, anything else has failed.
func TestACallThatPanics(t *testing.T) {
	const secret = "sk_live_1234"
	for name, tt := range asking {
		t.Run(name, func(t *testing.T) {
			calls := 0
			var got error
			skipping(t, func(*testsuite.TestWorkflowEnvironment) durable.Executor {
				return func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
					got = tt.ask(ctx, h, func() json.RawMessage {
						if calls++; calls < 5 {
							panic(secret)
						}
						return json.RawMessage(`1`)
					})
					return durable.Ending{Status: durable.StatusSucceeded}, got
				}
			}, tt.before...)
			fails(t, got, tt.doubt, "panic")
			if calls != 1 {
				t.Errorf("%d calls", calls)
			}
			if got != nil && strings.Contains(got.Error(), secret) {
				t.Errorf("the error has the value of the panic: %v", got)
			}
		})
	}
}

// fails checks what a program is given in place of a result.
func fails(t *testing.T, err error, doubt bool, text string) {
	t.Helper()
	var s *durable.Suspended
	if (errors.As(err, &s) && s.Reason == durable.ReasonInDoubt) != doubt || err == nil {
		t.Errorf("the program is given %v; in doubt: want %v", err, doubt)
		return
	}
	if s != nil && s.Err != nil {
		err = s.Err
	}
	if !strings.Contains(err.Error(), text) {
		t.Errorf("the program is given %v, want %q", err, text)
	}
}

// A call that the server fails for another reason than the loss of its worker is not made
// again and again.
func TestACallThatTheServerFails(t *testing.T) {
	for name, tt := range asking {
		if name == "a handler" { // the run waits for its person
			continue
		}
		t.Run(name, func(t *testing.T) {
			calls := 0
			var got error
			skipping(t, func(env *testsuite.TestWorkflowEnvironment) durable.Executor {
				failing := func(context.Context, converter.RawValue) (v converter.RawValue, _ error) {
					if calls++; calls < 5 {
						return v, temporal.NewNonRetryableApplicationError("the result is too large", "size", nil)
					}
					return pack(callOut{Done: true})
				}
				kinds := []string{kindStep, kindPoll}
				if name == "a look-up" {
					kinds = []string{kindProbe}
				}
				for _, kind := range kinds {
					env.RegisterActivityWithOptions(failing, activity.RegisterOptions{Name: kind, DisableAlreadyRegisteredCheck: true})
				}
				return func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
					got = tt.ask(ctx, h, func() json.RawMessage { return json.RawMessage(`1`) })
					return durable.Ending{Status: durable.StatusSucceeded}, got
				}
			}, tt.before...)
			fails(t, got, tt.doubt, "too large")
			if calls != 1 {
				t.Errorf("%d calls", calls)
			}
		})
	}
}
