package exec

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/operations"
)

// operation performs an API step through the host.
func (t *turn) operation(ctx context.Context, a *plan.Operation) (any, error) {
	req, err := t.request(ctx, a)
	if err != nil {
		return nil, err
	}
	c := &call{turn: t, a: a, req: req}
	req.OnRetry = c.retried
	intent := durable.Intent{Path: t.path, Operation: a.Op.ID, Policy: a.Policy}
	if t.host.Keeps() {
		intent.Input = c.input()
	}
	if a.Probe != nil {
		intent.Probe, intent.ProbeAfter = c.probe, c.landed()
	}
	if a.KeyHeader != "" {
		intent.Key = req.Header.Get(a.KeyHeader)
	}
	at := t.host.Now()
	var result durable.Result
	if a.Polls() {
		result, err = t.host.Poll(ctx, intent, a.Schedule, c.look)
	} else {
		result, err = t.host.Step(ctx, intent, c.send)
	}
	if err != nil {
		c.account(c.attempts, c.spent())
		return nil, c.explain(restored(err))
	}
	k, err := known(result)
	if err != nil {
		return nil, &StepError{Step: t.path, Code: CodeAnswer, Message: "its kept result cannot be read: " + err.Error(), Err: err}
	}
	if result != durable.Result(k) {
		c.recall(ctx, k.Attempts, at)
	}
	t.rec.HTTPStatus = k.Status
	c.account(k.Attempts, time.Duration(k.Millis)*time.Millisecond)
	t.hide(k.Value)
	t.hideHeaders(k.Headers)
	if len(a.Headers) > 0 && t.vars == nil {
		t.headers[t.s.ID] = k.Headers
	}
	if a.Answer.Form {
		t.answer = k
	}
	return c.result(k.Value), nil
}

// recall reports that the answer comes from an earlier execution.
func (c *call) recall(ctx context.Context, times int, at time.Time) {
	if c.env.Recall == nil {
		return
	}
	if c.a.Polls() {
		c.req.Goal = c.goal(ctx)
	}
	c.env.Recall(ctx, c.a.API, c.req, times, at)
}

// landed is how long after its record a request of the step may still reach the
// API.
func (c *call) landed() time.Duration {
	return cmp.Or(c.a.Limit, c.env.Landed, operations.DefaultTimeout)
}

// known returns the answer of this execution, or decodes that of an earlier one.
func known(result durable.Result) (*kept, error) {
	if k, fresh := result.(*kept); fresh {
		return k, nil
	}
	raw, err := result.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return decodeKept(raw)
}

// account adds one performance of the step to its record; a step with `each`
// has several.
func (c *call) account(attempts int, spent time.Duration) {
	c.rec.Attempts += attempts
	c.rec.Duration += spent
}

// spent is the time since the first sending in this process.
func (c *call) spent() time.Duration {
	if c.began.IsZero() {
		return 0
	}
	return time.Since(c.began)
}

// call is one step's exchange with its API.
type call struct {
	*turn
	a        *plan.Operation
	req      *operations.Request
	try      int       // of a poll, from 1; 0 for a single request
	attempts int       // sendings, those of earlier executions included
	began    time.Time // of the first in this process
	// attempt reports the sendings to the host; nil for a look.
	attempt *durable.Attempt
	// seen reports that the poll had an answer in this process, so that a later
	// failure is an outage and not a mistake; so does any look but the first.
	seen bool
	// unread is the reason why the last look was of no use.
	unread error
	// own is the environment of expressions over the answer ownOf.
	own      *eval.Env
	ownOf    *kept
	breaches breaches // of the last answer
	// dropped names the items of the last look were left out as foreign.
	dropped string
}

// send performs the request once and keeps the answer.
func (c *call) send(ctx context.Context, a *durable.Attempt) (durable.Result, error) {
	c.attempt, c.attempts = a, a.N-1
	if a.Key != "" {
		c.req.Header.Set(c.a.KeyHeader, a.Key)
	}
	k, err := c.exchange(ctx, 0)
	if err == nil && !k.settled {
		// The answer is judged although the run may have been stopped meanwhile:
		// a write is not to be sent again for that.
		err = c.judge(context.WithoutCancel(ctx), k)
	}
	if err != nil {
		return nil, c.tookEffect(err)
	}
	return k, nil
}

// look performs one poll.
func (c *call) look(ctx context.Context, try int) (durable.Result, bool, error) {
	k, err := c.exchange(ctx, try)
	if (c.seen || try > 1) && passing(err) {
		// An outage does not end a poll of days: it is looked again, until the
		// poll's own time is up.
		c.unread = err
		c.emit(durable.Event{Kind: durable.EventPoll, Step: c.path, Tries: try, Wait: c.a.Schedule.Wait(try), Message: err.Error()})
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	c.seen = true
	if err := c.judge(ctx, k); err != nil {
		return nil, false, err
	}
	done, err := c.truth(ctx, k, c.a.Until, "until")
	var notThere *eval.EvalError
	if err != nil && (ctx.Err() != nil || !errors.As(err, &notThere)) {
		return nil, false, err
	}
	if !done {
		// What the condition reads may not be there yet, such as the first
		// item of a list: that is not true yet, and reported when time runs out.
		c.unread = nil
		if notThere != nil {
			c.unread = notThere
		}
		c.emit(durable.Event{Kind: durable.EventPoll, Step: c.path, Tries: try, HTTPStatus: k.Status, Wait: c.a.Schedule.Wait(try)})
		return nil, false, nil
	}
	return k, true, c.pick(ctx, k)
}

// explain gives a poll's time-out the step's words.
func (c *call) explain(err error) error {
	var timedOut *durable.TimedOut
	if !errors.As(err, &timedOut) {
		return err
	}
	e := c.stepError(CodeTimeout, "not done after %s (%d looks): %s was never true", timedOut.Timeout, timedOut.Tries, c.a.Until.Source())
	if c.unread != nil {
		e.Hint = "the last look told nothing: " + c.unread.Error()
	}
	if c.dropped != "" {
		e.Hint = strings.TrimPrefix(e.Hint+"; "+c.dropped, "; ")
	}
	e.Err = err
	return e
}
