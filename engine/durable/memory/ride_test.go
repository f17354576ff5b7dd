package memory_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
)

func step(ctx context.Context, h durable.Host, path string, policy durable.Policy, err error) error {
	_, err = h.Step(ctx, durable.Intent{Path: path, Operation: "op", Policy: policy}, func(context.Context, *durable.Attempt) (durable.Result, error) {
		return json.RawMessage(`{}`), err
	})
	return err
}

// TestRideOnTime looks at the records of a run whose interpreter takes long: results
// are there, and a failure is not before it is known what is made of it.
func TestRideOnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt := memory.NewRuntime(memory.RuntimeOptions{})
		defer rt.Close()
		kinds := func() string {
			time.Sleep(time.Second)
			events, err := rt.History(t.Context(), "r", 0)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for _, e := range events {
				b.WriteString(" " + strings.TrimSpace(e.Kind+" "+e.Step) + ",")
			}
			return b.String()
		}
		var seen []string
		_, err := rt.Run(t.Context(), durable.Spec{ID: "r"}, func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
			seen = append(seen, kinds())
			err := errors.Join(step(ctx, h, "read", durable.Safe, nil), step(ctx, h, "write", durable.Unsafe, nil))
			seen = append(seen, kinds())
			_ = step(ctx, h, "refused", durable.Unsafe, errors.New("422"))
			seen = append(seen, kinds())
			err = errors.Join(err, step(ctx, h, "after", durable.Safe, nil))
			seen = append(seen, kinds())
			return durable.Ending{Status: durable.StatusFailed}, err
		}, durable.DriveOptions{})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{" started,", " step-done read, step-intent write, step-done write,", " step-intent refused,", " step-failed refused, step-done after,"}
		before := ""
		for i, all := range seen {
			if got := strings.TrimPrefix(all, before); got != want[i] {
				t.Errorf("new on record:%s want%s", got, want[i])
			}
			before = all
		}
	})
}

// TestResultNotRecorded lets the change fail with which the result of a write rides.
func TestResultNotRecorded(t *testing.T) {
	full := errors.New("the disk is full")
	for _, next := range []durable.Policy{durable.Safe, durable.Unsafe} {
		rt := memory.NewRuntime(memory.RuntimeOptions{Fault: func(point string) error {
			if point == "before step-done" {
				return full
			}
			return nil
		}})
		_, err := rt.Run(t.Context(), durable.Spec{ID: "r"}, func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
			if err := step(ctx, h, "write", durable.Unsafe, nil); err != nil {
				return durable.Ending{}, err
			}
			_, err := h.Step(ctx, durable.Intent{Path: "next", Policy: next}, func(context.Context, *durable.Attempt) (durable.Result, error) {
				t.Error("the next step is sent")
				return nil, nil
			})
			return durable.Ending{Status: durable.StatusFailed}, err
		}, durable.DriveOptions{})
		if !errors.Is(err, full) || !strings.HasPrefix(err.Error(), `step "write" took effect, but its result could not be recorded: `) {
			t.Errorf("before a step that is %s: %v", next, err)
		}
	}
}
