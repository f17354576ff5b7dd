package exec

import (
	"errors"
	"fmt"
	"testing"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A failure that comes from another process tells the same.
func TestFailureOfAnotherProcess(t *testing.T) {
	e := &StepError{
		Step: "create[2]", Code: CodeStatus, Message: "422: <name> is taken", Hint: "take another", Status: 422, RequestID: "req_1", Body: `{"code":"taken"}`,
		Writes: true, Sent: true, Lost: true, Err: errors.New("inner"),
	}
	for what, err := range map[string]error{"plain": e, "wrapped": fmt.Errorf("it failed: %w", &durable.TookEffect{Err: e})} {
		kept := durable.KeepError(err)
		if kept == nil {
			t.Fatalf("%s: nothing is kept", what)
		}
		var got *StepError
		if !errors.As(restored(&durable.Failed{Text: err.Error(), Kept: kept}), &got) {
			t.Fatalf("%s: it is no failure of a step", what)
		}
		if diff := cmp.Diff(e, got, cmpopts.IgnoreFields(StepError{}, "Err")); diff != "" {
			t.Errorf("%s (-want +got)\n%s", what, diff)
		}
	}
	plain := errors.New("plain")
	if durable.KeepError(plain) != nil || restored(plain) != plain {
		t.Error("an error without more is changed")
	}
}
