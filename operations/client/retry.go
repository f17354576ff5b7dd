package client

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/capstan-run/capstan/operations/check"

	"github.com/capstan-run/capstan/operations"
	"github.com/cenkalti/backoff/v5"
)

// RetryPolicy decides when and how often a request is sent again. The zero value
// means the defaults.
type RetryPolicy struct {
	// Attempts bounds the sendings of a request, the first included; 0 means
	// 4. Request.Attempts overrides it.
	Attempts int
	// First is the wait before the second attempt, give or take half; each
	// further wait is twice as long, up to Max. 0 means 500 ms and 20 s.
	First, Max time.Duration
	// LongestWait is the longest Retry-After that is waited for; a longer one
	// ends the call with a *[RetryLater]. 0 means one minute.
	LongestWait time.Duration
}

func (p RetryPolicy) withDefaults() RetryPolicy {
	if p.Attempts == 0 {
		p.Attempts = 4
	}
	if p.First == 0 {
		p.First = 500 * time.Millisecond
	}
	if p.Max == 0 {
		p.Max = 20 * time.Second
	}
	if p.LongestWait == 0 {
		p.LongestWait = time.Minute
	}
	return p
}

// Retry sends a request again where that is safe:
//
//   - any request that was certainly not sent (connection refused, timeout
//     while connecting);
//   - an idempotent one, or one with Resend, that had its answer lost or was
//     answered 429 or with a status that proves nothing (see
//     [Operation.Verdict]).
//
// So a POST without Resend is never sent twice. Lost, of the answer or error,
// reports whether an earlier sending may have taken effect. A Retry-After
// header sets the wait. When the attempts are used up the last answer or error
// is returned; cancelling ctx ends a wait at once.
func Retry(p RetryPolicy) operations.Middleware {
	p = p.withDefaults()
	servers := &operations.Locator{}
	return func(next operations.Caller) operations.Caller {
		return func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
			return p.call(ctx, req, servers, next)
		}
	}
}

func (p RetryPolicy) call(ctx context.Context, req *operations.Request, servers *operations.Locator, next operations.Caller) (*operations.Response, error) {
	started := time.Now()
	limit := p.Attempts
	if req.Attempts > 0 {
		limit = req.Attempts
	}
	waits := &backoff.ExponentialBackOff{InitialInterval: p.First, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: p.Max}
	lost := false
	for attempt := 1; ; attempt++ {
		this := servers.Located(req)
		this.Attempt = attempt
		resp, err := next(ctx, &this)
		cause := retryable(req, resp, err)
		wait, asked := retryAfter(resp)
		tooLong := asked && wait > p.LongestWait
		again := attempt < limit || tooLong && req.Try > 0 // a poll looks again anyway
		if cause == nil || !again || ctx.Err() != nil {
			return finish(resp, err, attempt, started, lost)
		}
		lost = lost || leavesDoubt(req.Op, resp, err)
		if !asked {
			wait = waits.NextBackOff()
		}
		if tooLong {
			resp.Attempts = attempt
			return nil, &operations.RetryLater{At: time.Now().Add(wait), Response: resp, Lost: lost}
		}
		if req.OnRetry != nil {
			req.OnRetry(attempt, wait, cause)
		}
		if !sleep(ctx, wait) {
			return finish(resp, stopped(ctx, req, cause, err), attempt, started, lost)
		}
	}
}

// leavesDoubt reports whether a write may have taken effect with this answer or
// error.
func leavesDoubt(op *operations.Operation, resp *operations.Response, err error) bool {
	if err != nil {
		return operations.IsInDoubt(err)
	}
	return check.Verdict(op, resp) == operations.InDoubt
}

// finish notes how often and how long, and whether a sending
// before the last may have taken effect.
func finish(resp *operations.Response, err error, attempts int, started time.Time, lost bool) (*operations.Response, error) {
	if err != nil {
		var call *operations.CallError
		if errors.As(err, &call) {
			call.Lost = call.Lost || lost
			if call.Attempts == 0 {
				call.Attempts = attempts
			}
		}
		return nil, err
	}
	resp.Attempts, resp.Duration, resp.Lost = attempts, time.Since(started), lost
	return resp, nil
}

// sleep waits and reports whether the whole time passed.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// stopped is the error of a call for which ctx ended during a wait. All that was
// known about the last attempt stays: whether it was sent, and its status.
func stopped(ctx context.Context, req *operations.Request, cause, last error) error {
	e := operations.NewError(req, operations.ReasonCancelled, ctx.Err(), "cancelled while waiting to try again; before that: %s", causeText(cause))
	if timeIsUp(ctx) {
		e.Reason, e.Detail = operations.ReasonTimeout, "the time for the whole call was up while waiting to try again; before that: "+causeText(cause)
	}
	var call *operations.CallError
	var status *statusError
	switch {
	case errors.As(last, &call):
		e.Phase, e.Status = call.Phase, call.Status
	case errors.As(cause, &status):
		e.Phase, e.Status = operations.Sent, status.code
	}
	return e
}

// causeText is a cause without the request, which the sentence names already.
func causeText(cause error) string {
	var call *operations.CallError
	if errors.As(cause, &call) {
		return call.Detail
	}
	return cause.Error()
}

// statusError is the cause of a retry that follows an answer.
type statusError struct{ code int }

func (e *statusError) Error() string { return "the server answered " + operations.StatusText(e.code) }

// retryable returns why the request should be sent again, or nil.
func retryable(req *operations.Request, resp *operations.Response, err error) error {
	resend := req.Op.Idempotent() || req.Resend
	if err != nil {
		var call *operations.CallError
		if errors.As(err, &call) && isPassing(call.Reason) && (call.Phase == operations.NotSent || resend) {
			return err
		}
		return nil
	}
	if resend && (resp.Status == http.StatusTooManyRequests || resp.Status >= 400 && operations.VerdictOf(resp.Status) == operations.InDoubt) {
		return &statusError{resp.Status}
	}
	return nil
}

// isPassing reports failures that another try may not meet.
func isPassing(r operations.Reason) bool {
	switch r {
	case operations.ReasonRefused, operations.ReasonConnect, operations.ReasonTimeout, operations.ReasonReset:
		return true
	}
	return false
}

// retryAfter reads a Retry-After header: seconds, or a date (RFC 9110, section
// 10.2.3). A date in the past means now.
func retryAfter(resp *operations.Response) (time.Duration, bool) {
	if resp == nil {
		return 0, false
	}
	value := strings.TrimSpace(resp.Header.Get("Retry-After"))
	if value == "" {
		return 0, false
	}
	if secs, err := strconv.ParseFloat(value, 64); err == nil && secs >= 0 {
		const most = 365 * 24 * time.Hour // beyond this a Duration could overflow
		return time.Duration(min(secs, most.Seconds()) * float64(time.Second)), true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return max(0, time.Until(at)), true
}
