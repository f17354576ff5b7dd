package client

import (
	"context"
	"errors"
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/google/go-cmp/cmp"
)

func TestWhatIsRetried(t *testing.T) {
	refused := &operations.CallError{Phase: operations.NotSent, Reason: operations.ReasonRefused}
	dialTimeout := &operations.CallError{Phase: operations.NotSent, Reason: operations.ReasonTimeout}
	untrusted := &operations.CallError{Phase: operations.NotSent, Reason: operations.ReasonTLS}
	unknown := &operations.CallError{Phase: operations.NotSent, Reason: operations.ReasonDNS}
	invalid := &operations.CallError{Phase: operations.NotSent, Reason: operations.ReasonInvalid}
	lost := &operations.CallError{Phase: operations.Sent, Reason: operations.ReasonReset}
	timeout := &operations.CallError{Phase: operations.Sent, Reason: operations.ReasonTimeout}
	large := &operations.CallError{Phase: operations.Sent, Reason: operations.ReasonTooLarge}
	tests := []struct {
		outcome any
		get     int // sendings, of at most 4
		put     int
		post    int
		keyed   int // POST with Resend
	}{
		{200, 1, 1, 1, 1},
		{404, 1, 1, 1, 1},
		{409, 1, 1, 1, 1},
		{501, 1, 1, 1, 1},
		{429, 4, 4, 1, 4},
		{502, 4, 4, 1, 4},
		{503, 4, 4, 1, 4},
		{504, 4, 4, 1, 4},
		{408, 4, 4, 1, 4},
		{425, 4, 4, 1, 4},
		{500, 4, 4, 1, 4},
		{505, 1, 1, 1, 1},
		{520, 4, 4, 1, 4},
		{524, 4, 4, 1, 4},
		{"429 1", 4, 4, 1, 4},
		{refused, 4, 4, 4, 4},
		{dialTimeout, 4, 4, 4, 4},
		{lost, 4, 4, 1, 4},
		{timeout, 4, 4, 1, 4},
		{large, 1, 1, 1, 1},
		{untrusted, 1, 1, 1, 1},
		{unknown, 1, 1, 1, 1},
		{invalid, 1, 1, 1, 1},
	}
	for _, tt := range tests {
		for name, want := range map[string]int{"GET": tt.get, "PUT": tt.put, "POST": tt.post, "keyed": tt.keyed} {
			synctest.Test(t, func(t *testing.T) {
				req := &operations.Request{Op: optest.JSON(name)}
				if name == "keyed" {
					req.Op.Method, req.Resend = "POST", true
				}
				s := &optest.Script{Outcomes: []any{tt.outcome}}
				resp, err := Retry(RetryPolicy{})(s.Call)(t.Context(), req)
				if len(s.At) != want {
					t.Errorf("%s, %v: sent %d times, want %d", name, tt.outcome, len(s.At), want)
				}
				var call *operations.CallError
				if errors.As(err, &call) && call.Attempts != want || resp != nil && resp.Attempts != want {
					t.Errorf("%s, %v: %v, %v do not say %d attempts", name, tt.outcome, resp, err, want)
				}
			})
		}
	}
}

func TestRetriesUntilItWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type told struct {
			Attempt int
			Cause   string
		}
		var reported []told
		var waits []time.Duration
		s := &optest.Script{Outcomes: []any{503, &operations.CallError{Phase: operations.Sent, Reason: operations.ReasonReset, Detail: "gone"}, 200}}
		req := &operations.Request{Op: optest.JSON("GET"), OnRetry: func(attempt int, wait time.Duration, cause error) {
			reported = append(reported, told{attempt, causeText(cause)})
			waits = append(waits, wait)
		}}
		resp, err := Retry(RetryPolicy{})(s.Call)(t.Context(), req)
		if err != nil || resp.Status != 200 || resp.Attempts != 3 || resp.Duration != s.At[2] {
			t.Fatalf("got %+v, %v", resp, err)
		}
		want := []told{{1, "the server answered 503 Service Unavailable"}, {2, "gone"}}
		if diff := cmp.Diff(want, reported); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]int{1, 2, 3}, s.Attempts); diff != "" || req.Attempt != 0 {
			t.Errorf("%s; the caller's request was changed to attempt %d", diff, req.Attempt)
		}
		// Waits grow from 500 ms, give or take half, and are really waited.
		for i, base := range []time.Duration{500 * time.Millisecond, time.Second} {
			if waits[i] < base/2 || waits[i] > base*3/2 || s.At[i+1]-s.At[i] != waits[i] {
				t.Errorf("wait %d was %v, told %v", i, s.At[i+1]-s.At[i], waits[i])
			}
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &optest.Script{Outcomes: []any{"429 7", "503 0", 200}}
		if _, err := Retry(RetryPolicy{})(s.Call)(t.Context(), &operations.Request{Op: optest.JSON("GET")}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]time.Duration{0, 7 * time.Second, 7 * time.Second}, s.At); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRetryAfterSpellings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now().UTC().Truncate(time.Second)
		time.Sleep(time.Until(now.Add(time.Second))) // whole seconds, as dates have
		now = time.Now().UTC()
		for value, want := range map[string]time.Duration{
			"5":     5 * time.Second,
			" 1.5 ": 1500 * time.Millisecond,
			now.Add(30 * time.Second).Format(http.TimeFormat): 30 * time.Second,
			now.Add(-time.Hour).Format(http.TimeFormat):       0,
			"1e300": 365 * 24 * time.Hour,
			"":      -1, "-5": -1, "soon": -1, "NaN": -1,
		} {
			got, ok := retryAfter(&operations.Response{Header: http.Header{"Retry-After": {value}}})
			if !ok {
				got = -1
			}
			if got != want {
				t.Errorf("%q: got %v, want %v", value, got, want)
			}
		}
	})
	if _, ok := retryAfter(nil); ok {
		t.Error("no response asks for no wait")
	}
}

func TestLongRetryAfterDoesNotBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &optest.Script{Outcomes: []any{"429 3600"}}
		_, err := Retry(RetryPolicy{})(s.Call)(t.Context(), &operations.Request{Op: optest.JSON("GET")})
		var later *operations.RetryLater
		if !errors.As(err, &later) {
			t.Fatalf("got %v", err)
		}
		if got := time.Until(later.At); got != time.Hour || later.Response.Status != 429 || len(s.At) != 1 {
			t.Errorf("in %v, %+v, sent %d times", got, later.Response, len(s.At))
		}
		if operations.IsInDoubt(err) || operations.IsNotSent(err) {
			t.Error("an answered request is neither in doubt nor unsent")
		}
		// With one attempt nothing would be sent again, so the answer counts.
		resp, err := Retry(RetryPolicy{})(s.Call)(t.Context(), &operations.Request{Op: optest.JSON("GET"), Attempts: 1})
		if err != nil || resp.Status != 429 {
			t.Errorf("got %v, %v", resp, err)
		}
		// And a longer bound waits.
		s = &optest.Script{Outcomes: []any{"429 3600", 200}}
		if _, err := Retry(RetryPolicy{LongestWait: 2 * time.Hour})(s.Call)(t.Context(), &operations.Request{Op: optest.JSON("GET")}); err != nil || s.At[1] != time.Hour {
			t.Errorf("got %v after %v", err, s.At)
		}
	})
}

// A poll looks again whatever its attempts, so it has to know how long to wait.
func TestLongRetryAfterOfAPollCountsAtItsLastAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &optest.Script{Outcomes: []any{"429 3600"}}
		_, err := Retry(RetryPolicy{})(s.Call)(t.Context(), &operations.Request{Op: optest.JSON("GET"), Attempts: 1, Try: 3})
		var later *operations.RetryLater
		if !errors.As(err, &later) || time.Until(later.At) != time.Hour || len(s.At) != 1 {
			t.Errorf("got %v after %d sendings", err, len(s.At))
		}
	})
}

func TestAttemptsOfTheRequestWin(t *testing.T) {
	for _, n := range []int{1, 2, 7} {
		synctest.Test(t, func(t *testing.T) {
			s := &optest.Script{Outcomes: []any{503}}
			resp, err := Retry(RetryPolicy{Attempts: 3})(s.Call)(t.Context(), &operations.Request{Op: optest.JSON("GET"), Attempts: n})
			if err != nil || len(s.At) != n || resp.Attempts != n {
				t.Errorf("%d: sent %d times, %v, %v", n, len(s.At), resp, err)
			}
		})
	}
}

func TestCancellingEndsAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &optest.Script{Outcomes: []any{"503 50"}}
		go func() {
			time.Sleep(3 * time.Second)
			cancel()
		}()
		started := time.Now()
		_, err := Retry(RetryPolicy{})(s.Call)(ctx, &operations.Request{Op: optest.JSON("GET")})
		optest.WantCallError(t, err, operations.Sent, operations.ReasonCancelled, "cancelled while waiting to try again; before that: the server answered 503")
		if !errors.Is(err, context.Canceled) || time.Since(started) != 3*time.Second || len(s.At) != 1 {
			t.Errorf("%v after %v", err, time.Since(started))
		}
	})
}

// A write that was refused before it was sent is certainly not in doubt when
// the wait for its second try is cancelled.
func TestCancelledWaitKeepsWhatIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for outcome, inDoubt := range map[any]bool{
			&operations.CallError{Phase: operations.NotSent, Reason: operations.ReasonRefused}: false,
			&operations.CallError{Phase: operations.Sent, Reason: operations.ReasonReset}:      true,
			"429 30": false,
		} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			s := &optest.Script{Outcomes: []any{outcome}}
			_, err := Retry(RetryPolicy{First: time.Minute, Max: time.Minute})(s.Call)(ctx, &operations.Request{Op: optest.JSON("POST"), Resend: true})
			cancel()
			if operations.IsInDoubt(err) != inDoubt || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v: in doubt %v: %v", outcome, operations.IsInDoubt(err), err)
			}
		}
	})
}

func TestIntervalsStayBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &optest.Script{Outcomes: []any{503}}
		Retry(RetryPolicy{Attempts: 12})(s.Call)(t.Context(), &operations.Request{Op: optest.JSON("GET")})
		for i := 1; i < len(s.At); i++ {
			base := min(20, 0.5*math.Pow(2, float64(i-1)))
			if wait := (s.At[i] - s.At[i-1]).Seconds(); wait < base/2 || wait > base*1.5+0.001 {
				t.Errorf("wait %d is %v s, want %v give or take half", i, wait, base)
			}
		}
	})
}

// What comes back of a write that was sent again says whether an earlier sending
// may have taken effect.
func TestAResendSaysThatAnEarlierSendingMayHaveTakenEffect(t *testing.T) {
	refused := &operations.CallError{Phase: operations.NotSent, Reason: operations.ReasonRefused}
	reset := &operations.CallError{Phase: operations.Sent, Reason: operations.ReasonReset}
	tests := []struct {
		method   string
		outcomes []any
		lost     bool
	}{
		{"DELETE", []any{reset, 404}, true},
		{"DELETE", []any{502, 404}, true},
		{"DELETE", []any{429, 404}, false},
		{"DELETE", []any{refused, 404}, false},
		{"DELETE", []any{404}, false},
		{"DELETE", []any{503}, true},
		{"DELETE", []any{reset, refused}, true},
		{"PUT", []any{reset, "429 3600"}, true},
		{"PUT", []any{"503 3600"}, true},
		{"PUT", []any{"429 3600"}, false},
		{"GET", []any{reset, 404}, false},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			s := &optest.Script{Outcomes: tt.outcomes}
			resp, err := Retry(RetryPolicy{})(s.Call)(t.Context(), &operations.Request{Op: optest.JSON(tt.method)})
			got := resp != nil && resp.Lost || operations.IsInDoubt(err)
			if got != tt.lost {
				t.Errorf("%s %v: an earlier sending may have taken effect: %v, want %v (%v)", tt.method, tt.outcomes, got, tt.lost, err)
			}
			if tt.lost && operations.IsNotSent(err) {
				t.Errorf("%s %v: it counts as not sent: %v", tt.method, tt.outcomes, err)
			}
		})
	}
}
