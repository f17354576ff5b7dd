package temporal_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/temporal"
)

// That a Drive is over stays on record when the run goes on: whoever follows it may look later.
func TestADriveThatIsOverStaysOnRecord(t *testing.T) {
	t.Parallel() // most of it is waiting
	exec := func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
		for _, path := range []string{"a", "b"} {
			if _, err := h.Await(ctx, durable.Wait{Path: path}); err != nil {
				return durable.Ending{}, err
			}
			if err := h.Sleep(ctx, "after-"+path, h.Now().Add(50*time.Millisecond)); err != nil {
				return durable.Ending{}, err
			}
		}
		return durable.Ending{Status: durable.StatusSucceeded}, nil
	}
	rt, _ := serving(t, exec, durable.ServeOptions{})
	if err := rt.Start(t.Context(), durable.Spec{ID: "r", Input: json.RawMessage(`{}`)}); err != nil {
		t.Fatal(err)
	}
	if s, err := rt.Drive(t.Context(), "r", exec, durable.DriveOptions{}); err != nil || s.Waiting == nil || s.Waiting.Path != "a" {
		t.Fatalf("the run waits for %+v: %v", s.Waiting, err)
	}
	over, err := temporal.LastDrive(t.Context(), rt, "r")
	if err != nil || over == "" {
		t.Fatalf("the Drive that is over is %q: %v", over, err)
	}
	if err := rt.Signal(t.Context(), "r", durable.Signal{Step: "a"}); err != nil {
		t.Fatal(err)
	}
	for s := (durable.State{}); s.Waiting == nil || s.Waiting.Path != "b"; s = until(t, rt, "r", durable.StatusWaiting) {
		if now, err := temporal.LastDrive(t.Context(), rt, "r"); err != nil || now != over {
			t.Fatalf("the Drive that is over is %q, want %q: %v", now, over, err)
		}
	}
	if now, err := temporal.LastDrive(t.Context(), rt, "r"); err != nil || now != over {
		t.Errorf("the Drive that is over is %q, want %q: %v", now, over, err)
	}
}
