package operations

import (
	"testing"
	"testing/synctest"
)

// A recording keeps that an earlier sending may have taken effect: what the answer
// proves is the same when it is replayed.
func TestARecordedResendProvesTheSameReplayed(t *testing.T) {
	for _, outcomes := range [][]any{
		{&CallError{Phase: Sent, Reason: ReasonReset}, 404},
		{&CallError{Phase: Sent, Reason: ReasonReset}, &CallError{Phase: NotSent, Reason: ReasonRefused}},
		{404},
	} {
		synctest.Test(t, func(t *testing.T) {
			dir, req := t.TempDir(), &Request{Op: jsonOp("DELETE")}
			s := &script{outcomes: outcomes}
			live, liveErr := Chain(s.call, Record(dir, nil), Retry(RetryPolicy{}))(t.Context(), req)
			replayed, err := Replay(dir)(t.Context(), req)
			if (liveErr == nil) != (err == nil) || IsInDoubt(err) != IsInDoubt(liveErr) {
				t.Fatalf("%v: replayed %v, live %v", outcomes, err, liveErr)
			}
			if err == nil && req.Op.Verdict(replayed) != req.Op.Verdict(live) {
				t.Errorf("%v: replayed %s, live %s", outcomes, req.Op.Verdict(replayed), req.Op.Verdict(live))
			}
		})
	}
}
