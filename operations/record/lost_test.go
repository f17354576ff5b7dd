package record

import (
	"testing"
	"testing/synctest"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/client"
	"github.com/capstan-run/capstan/operations/internal/optest"
)

// A recording keeps that an earlier sending may have taken effect: what the answer
// proves is the same when it is replayed.
func TestARecordedResendProvesTheSameReplayed(t *testing.T) {
	for _, outcomes := range [][]any{
		{&operations.CallError{Phase: operations.Sent, Reason: operations.ReasonReset}, 404},
		{&operations.CallError{Phase: operations.Sent, Reason: operations.ReasonReset}, &operations.CallError{Phase: operations.NotSent, Reason: operations.ReasonRefused}},
		{404},
	} {
		synctest.Test(t, func(t *testing.T) {
			dir, req := t.TempDir(), &operations.Request{Op: optest.JSON("DELETE")}
			s := &optest.Script{Outcomes: outcomes}
			live, liveErr := operations.Chain(s.Call, To(dir, nil), client.Retry(client.RetryPolicy{}))(t.Context(), req)
			replayed, err := Replay(dir)(t.Context(), req)
			if (liveErr == nil) != (err == nil) || operations.IsInDoubt(err) != operations.IsInDoubt(liveErr) {
				t.Fatalf("%v: replayed %v, live %v", outcomes, err, liveErr)
			}
			if err == nil && check.Verdict(req.Op, replayed) != check.Verdict(req.Op, live) {
				t.Errorf("%v: replayed %s, live %s", outcomes, check.Verdict(req.Op, replayed), check.Verdict(req.Op, live))
			}
		})
	}
}
