package exec

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/bounded"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/paging"
)

// tookEffect marks the failure of a write that the API reported as done.
func (c *call) tookEffect(err error) error {
	var e *StepError
	if c.writes() && errors.As(err, &e) && e.Status >= 200 && e.Status < 300 {
		return &durable.TookEffect{Err: err}
	}
	return err
}

// passing reports whether a failure may pass by itself: no answer, or one that
// says that the server is not well.
func passing(err error) bool {
	var e *StepError
	if !errors.As(err, &e) {
		return false
	}
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return e.Code == CodeTransport || e.Status >= 500
}

// exchange sends the request and reads the answer as later steps may see it.
func (c *call) exchange(ctx context.Context, try int) (k *kept, err error) {
	defer func() { err = c.hidden(err) }()
	if c.began.IsZero() {
		c.began = time.Now()
	}
	c.req.Try, c.try = try, try
	if c.a.Polls() {
		c.req.Goal = c.goal(ctx)
	}
	resp, err := c.deliver(ctx, c.req)
	if err != nil {
		return nil, c.transport(ctx, err)
	}
	c.attempts += max(resp.Attempts, 1)
	c.rec.HTTPStatus = resp.Status
	if err := c.status(resp); err != nil {
		return nil, err
	}
	if resp.Status >= 300 && c.writes() {
		return c.settled(resp)
	}
	return c.read(resp)
}

// read checks the answer and decodes it.
func (c *call) read(resp *operations.Response) (k *kept, err error) {
	c.hide(resp.Value) // before any message quotes it
	for _, check := range []func(*operations.Response) error{c.repeated, c.readable, c.schema, c.promised} {
		if err := check(resp); err != nil {
			return nil, err
		}
	}
	k = c.keep(resp)
	k.Headers = c.headers(resp.Header)
	media := cmp.Or(c.a.Answer.Media, resp.Header.Get("Content-Type"))
	if c.a.Answer.Form {
		k.Media, k.Header = media, PassedOn(resp.Header)
	}
	if c.a.Answer.Raw {
		k.Raw = resp.Body
	}
	if k.Value, err = c.value(resp, media); err != nil {
		return nil, err
	}
	k.Value, err = c.guarded(k.Value)
	return k, err
}

// keep is the account of an answer, without its value.
func (c *call) keep(resp *operations.Response) *kept {
	return &kept{Status: resp.Status, Attempts: c.attempts, Millis: c.spent().Milliseconds(), RequestID: resp.RequestID}
}

// retried reports that a sending of the exchange failed and that another follows.
func (c *call) retried(sending int, wait time.Duration, cause error) {
	c.emit(durable.Event{Kind: durable.EventRetry, Step: c.path, Attempt: c.attempts + sending, Wait: wait, Message: cause.Error()})
	if c.attempt != nil {
		c.attempt.Retry(time.Now().Add(wait), cause)
	}
}

// settled is the result of a write that was sent again, where the answer proves
// that an earlier sending had taken effect: an answer without a value. Where
// something reads the value, only a person can supply it.
func (c *call) settled(resp *operations.Response) (*kept, error) {
	if c.attempt != nil {
		c.attempt.Via = durable.ViaResend
	}
	var lacks *StepError
	if errors.As(c.promised(&operations.Response{Status: resp.Status, RequestID: resp.RequestID}), &lacks) {
		return nil, c.doubtful(&unproven{lacks})
	}
	k := c.keep(resp)
	k.settled = true
	return k, nil
}

// deliver sends the request, or all its pages. A write in flight when the run
// is stopped gets some time to finish: cut off, it would be in doubt whether it
// happened. A probed write is over, waits for the rate limit included, by the
// time at which a lookup may follow, which counts from its record.
func (c *call) deliver(ctx context.Context, req *operations.Request) (*operations.Response, error) {
	caller := c.env.Call(c.a.API)
	if c.a.All {
		return c.pages(ctx, caller, req)
	}
	if !c.writes() {
		return caller(ctx, req)
	}
	ctx, cancel := bounded.Grace(ctx)
	defer cancel()
	if c.a.Policy == durable.Probed {
		ctx, cancel = context.WithTimeout(ctx, c.landed())
		defer cancel()
	}
	return caller(ctx, req)
}

// pages reads a list page by page. Each page is checked as it came, and of what came
// the part is kept that something reads.
func (c *call) pages(ctx context.Context, caller operations.Caller, req *operations.Request) (*operations.Response, error) {
	c.breaches = breaches{}
	page := func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
		resp, err := caller(ctx, req)
		if err == nil && resp.Status >= 200 && resp.Status < 300 {
			c.hide(resp.Value) // before any message quotes it
			c.breach(resp)
		}
		return resp, err
	}
	o := &paging.Options{MaxPages: c.env.MaxPages}
	if c.a.Keep != nil {
		o.Keep = c.a.Keep.Of
	}
	return paging.All(ctx, page, req, o)
}

// transport sorts an error of the caller: asked to wait, lost, or failed.
func (c *call) transport(ctx context.Context, err error) error {
	attempts := 1
	var failed *operations.CallError
	if errors.As(err, &failed) {
		attempts = max(failed.Attempts, 1)
	}
	c.attempts += attempts
	var later *operations.RetryLater
	if errors.As(err, &later) {
		if later.Lost {
			c.lose()
		}
		c.emit(durable.Event{Kind: durable.EventRetry, Step: c.path, Wait: later.At.Sub(c.host.Now()), Message: "the API asked to be left alone"})
		return &durable.NotBefore{At: later.At, Err: err}
	}
	if c.writes() && operations.IsInDoubt(err) {
		return c.doubtful(err)
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if failed != nil && failed.Reason == operations.ReasonHeld && c.writes() && c.a.Policy == durable.Probed && c.env.Attempts != 1 {
		// Nothing was sent in the time of this record; the next one has its own.
		return &durable.NotBefore{At: time.Now().Add(min(c.landed(), operations.DefaultTimeout)), Err: err}
	}
	code := CodeTransport
	if failed != nil && failed.Reason == operations.ReasonInvalid {
		code = CodeArgument
	}
	e := c.stepError(code, "%v", err)
	e.Err = err
	if failed != nil && failed.Reason == operations.ReasonTimeout {
		e.Hint = "if the API needs longer, allow it: requestTimeout of the step, or --request-timeout"
	}
	return e
}

// doubtful is the outcome of a write of which it is not known whether it took
// effect, and why. The host acts on the step's policy.
func (c *call) doubtful(err error) error {
	c.lose()
	return &durable.Suspended{Path: c.path, Reason: durable.ReasonInDoubt, Description: c.s.Description, Err: err}
}

// lose notes for the host that a sending may have taken effect.
func (c *call) lose() {
	if c.attempt != nil {
		c.attempt.Lost = true
	}
}

// lost reports whether an earlier sending of the step may have taken effect.
func (c *call) lost() bool { return c.attempt != nil && c.attempt.Lost }

func (c *call) writes() bool { return c.a.Op.Effect() != operations.Read }

// hidden replaces secrets in the texts of a failure: an API may repeat in its answer
// the values that it was sent.
func (c *call) hidden(err error) error {
	if err == nil || c.env.Hide == nil {
		return err
	}
	var e *StepError
	if errors.As(err, &e) {
		e.Message, e.Hint, e.Body = c.env.Hide(e.Message), c.env.Hide(e.Hint), c.env.Hide(e.Body)
	}
	return err
}
