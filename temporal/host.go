package temporal

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/journal"
	"go.temporal.io/sdk/workflow"
)

// host is the durable.Host of one execution: a workflow that has the run's book. Its
// methods are called by the interpreter in the workflow's own coroutine, and everything
// that it decides rests on the book, the workflow's time and the outcomes of calls.
type host struct {
	*execution
	at      time.Time // the run's time, as Now gives it
	virtual bool      // waits pass at once
	skipped time.Duration
	broken  error     // why this execution must not be believed
	refused error     // the last definite failure that the interpreter was given
	until   time.Time // when the run's time is up, zero for never
	expire  context.CancelCauseFunc
	up      error
}

var (
	_ durable.Host    = (*host)(nil)
	_ durable.Bounder = (*host)(nil)
)

// Bound implements durable.Bounder. The time is up where a call begins or ends after it, by
// the workflow's clock. A run that is reopened after its time was up has it anew: workers are
// given no other.
func (h *host) Bound(ctx context.Context, at time.Time, cause error) context.Context {
	whole := at.Sub(h.book.Run.Spec.Started)
	for _, rec := range h.book.Records {
		if rec.Kind == durable.EventReopened && !rec.At.Before(at) {
			at = rec.At.Add(whole)
		}
	}
	h.until, h.up = at, cause
	ctx, h.expire = context.WithCancelCause(ctx)
	return &bounded{Context: ctx, at: at, cause: cause}
}

// bounded is a context that was ended by its time.
type bounded struct {
	context.Context
	at    time.Time
	cause error
}

// Deadline returns the time.
func (b *bounded) Deadline() (time.Time, bool) { return b.at, true }

// Err returns DeadlineExceeded for a context whose time was up.
func (b *bounded) Err() error {
	if errors.Is(context.Cause(b.Context), b.cause) {
		return context.DeadlineExceeded
	}
	return b.Context.Err()
}

// RunID implements durable.Host.
func (h *host) RunID() string { return h.book.Run.Spec.ID }

// Now implements durable.Host.
func (h *host) Now() time.Time { return h.at }

// Keeps implements durable.Host.
func (h *host) Keeps() bool { return true }

// Doubt implements durable.Host.
func (h *host) Doubt() *durable.Suspended { return h.book.Doubt() }

// SkipWaits implements durable.Host.
func (h *host) SkipWaits() { h.virtual = true }

// clock is the time that waits are held against.
func (h *host) clock() time.Time { return h.execution.clock().Add(h.skipped) }

func (h *host) pass(t time.Time) {
	if t.After(h.at) {
		h.at = t
	}
}

// enter begins a call.
func (h *host) enter(ctx context.Context) error {
	if h.broken != nil {
		return h.broken
	}
	if h.book.Cancelled() {
		return durable.ErrCancelled
	}
	if !h.until.IsZero() && !h.clock().Before(h.until) {
		h.expire(h.up)
	}
	return context.Cause(ctx)
}

// recall holds a call against its record, and gives it the key that it has.
func (h *host) recall(ctx context.Context, in *durable.Intent) error {
	if err := h.enter(ctx); err != nil {
		return err
	}
	if err := h.book.Match(in); err != nil {
		h.broken = cmp.Or(h.broken, err)
		return err
	}
	return nil
}

// answer returns the result of a call that is done: itself in the process and the
// execution in which it came about.
func (h *host) answer(path string, fresh durable.Result) durable.Result {
	c := h.book.Call(path)
	h.pass(c.DoneAt)
	if fresh != nil {
		return fresh
	}
	return c.Result
}

// Step implements durable.Host.
func (h *host) Step(ctx context.Context, in durable.Intent, do durable.Do) (durable.Result, error) {
	if err := h.recall(ctx, &in); err != nil {
		return nil, err
	}
	var lost *durable.Suspended // in this execution
	cleared := false            // a look-up found that the open sending had no effect
	for losses := 0; ; {
		if err := h.enter(ctx); err != nil {
			return nil, err
		}
		c := h.book.Call(in.Path)
		if c.Done {
			return h.answer(in.Path, nil), nil
		}
		if c.Open && !cleared {
			doubt := lost
			if doubt == nil {
				doubt = h.book.Lost(in.Path)
			}
			fresh, found, err := h.resolve(ctx, in, c, doubt, losses)
			switch {
			case err != nil:
				return nil, err
			case found:
				return h.answer(in.Path, fresh), nil
			}
			cleared = in.Policy == durable.Probed
		}
		if err := h.sit(ctx, in.Path, c.Until); err != nil {
			return nil, err
		}
		if err := h.room(); err != nil {
			return nil, err
		}
		n := callIn{Path: in.Path, asks: journal.Detail(in), Key: in.Key, Attempt: c.Attempt + 1, Lost: (c.Open || c.Maybe) && !cleared}
		intent := journal.Record{Kind: durable.EventIntent, Step: in.Path, Attempt: n.Attempt, Detail: n.asks}
		if in.Policy == durable.Safe {
			intent.At = h.stamp()
			read := recordOf(intent)
			n.Read = &read
		} else {
			h.add(intent)
		}
		cleared = false
		out, fate, err := h.call(ctx, kindStep, n, job{do: do})
		if err != nil {
			return nil, err
		}
		switch {
		case fate == fateUnsent, out.later():
		case fate == fateFailed && in.Policy == durable.Safe:
			return nil, h.failed(intent, out.err)
		case fate == fateFailed:
			losses++
			lost = &durable.Suspended{Path: in.Path, Reason: durable.ReasonInDoubt, Err: out.err}
		case fate == fateGone:
			if !h.manual { // else nothing was sent after the time of the intent
				h.gone = gone{in.Path, h.clock()}
			}
			losses++
			lost = &durable.Suspended{Path: in.Path, Reason: durable.ReasonInDoubt, Err: errors.New("the worker ended before the answer was recorded")}
			if journal.AfterLoss(in, 0) == journal.SendAgain {
				losses = 0 // it did not send again by itself
			}
		case out.lost != nil:
			losses++
			lost = out.lost
			if in.Policy == durable.Safe {
				return nil, lost
			}
		case out.err != nil:
			h.pass(h.book.Run.Updated)
			h.refused = out.err
			return nil, out.err
		default:
			return h.answer(in.Path, out.fresh), nil
		}
	}
}

// failed notes that a call that takes no effect has no outcome, after what else goes on record.
func (h *host) failed(call journal.Record, cause error) error {
	if call.Kind == durable.EventIntent {
		h.add(call)
	}
	h.add(journal.Record{Kind: durable.EventFailed, Step: call.Step, Attempt: call.Attempt, Detail: durable.Detail{Error: cause.Error()}})
	h.pass(h.book.Run.Updated)
	h.refused = cause
	return cause
}

// resolve decides about a sending whose answer was lost. It returns the result where a
// look-up found one, and no error where the step may be sent again.
func (h *host) resolve(ctx context.Context, in durable.Intent, c journal.Call, doubt *durable.Suspended, losses int) (durable.Result, bool, error) {
	switch journal.AfterLoss(in, losses) {
	case journal.SendAgain:
		return nil, false, nil
	case journal.LookUp:
		until := h.lastSent(in.Path, c).Add(in.ProbeAfter)
		if losses > 0 && h.parks() {
			return nil, false, journal.DueAt(doubt, until)
		}
		return h.probe(ctx, in, c, doubt, until)
	}
	return nil, false, doubt
}

// lastSent is when the last sending of a call may have left a worker.
func (h *host) lastSent(path string, c journal.Call) time.Time {
	if h.gone.Path == path {
		return latest(c.Sent, h.gone.At)
	}
	return c.Sent
}

// probe looks up the last sending, once a request still on its way would have arrived.
func (h *host) probe(ctx context.Context, in durable.Intent, c journal.Call, doubt *durable.Suspended, until time.Time) (durable.Result, bool, error) {
	for {
		if err := h.sit(ctx, in.Path, until); err != nil {
			return nil, false, journal.InDoubt(doubt, err)
		}
		out, fate, err := h.call(ctx, kindProbe, callIn{Path: in.Path, asks: journal.Detail(in), Attempt: c.Attempt}, job{probe: in.Probe})
		switch {
		case err != nil:
			return nil, false, err
		case fate == fateFailed:
			return nil, false, journal.LookUpFailed(doubt, out.err, h.clock())
		case fate != fateDone:
		case out.later():
			until = out.Later.At
		case out.err != nil:
			return nil, false, journal.LookUpFailed(doubt, out.err, h.clock())
		default:
			return out.fresh, out.Done, nil
		}
	}
}

// Sleep implements durable.Host.
func (h *host) Sleep(ctx context.Context, path string, until time.Time) error {
	if err := h.enter(ctx); err != nil {
		return err
	}
	c := h.book.Call(path)
	if c.Done {
		h.pass(c.DoneAt)
		return nil
	}
	if c.Until.IsZero() {
		until = until.Round(0).UTC()
		h.add(journal.Record{Kind: durable.EventTimer, Step: path, Detail: durable.Detail{Until: &until}})
		c.Until = until
	}
	if err := h.sit(ctx, path, c.Until); err != nil {
		return err
	}
	h.add(journal.Record{Kind: durable.EventDone, Step: path})
	h.answer(path, nil)
	return nil
}

// sit waits until a time, or parks the run.
func (h *host) sit(ctx context.Context, path string, until time.Time) error {
	if !h.until.IsZero() && h.until.Before(until) {
		until = h.until
	}
	d := until.Sub(h.clock())
	switch {
	case d <= 0:
		return h.enter(ctx)
	case h.virtual:
		h.skipped += d
		return h.enter(ctx)
	case h.manual || h.maxBlock >= 0 && d > h.maxBlock:
		return timer(path, until)
	}
	h.wait(timer(path, until), d, func() bool { return h.book.Cancelled() })
	return h.enter(ctx)
}

// timer is the wait of a step for a time.
func timer(path string, until time.Time) *durable.Suspended {
	return &durable.Suspended{Path: path, Reason: durable.ReasonTimer, Until: until}
}

// Poll implements durable.Host. Looks are one call, whose waits are the server's: a poll of
// days has a few events. Where time is set by hand each look is a call.
func (h *host) Poll(ctx context.Context, in durable.Intent, sched durable.Schedule, do durable.DoPoll) (durable.Result, error) {
	if err := h.recall(ctx, &in); err != nil {
		return nil, err
	}
	if h.book.Call(in.Path).Done {
		return h.answer(in.Path, nil), nil
	}
	if h.book.Call(in.Path).Poll == nil {
		d, now := journal.Detail(in), h.clock()
		deadline := now.Add(sched.Timeout)
		d.Deadline, d.Next = &deadline, &now
		h.add(journal.Record{Kind: durable.EventPoll, Step: in.Path, Detail: d})
	}
	for {
		if err := h.enter(ctx); err != nil {
			return nil, err
		}
		p := *h.book.Call(in.Path).Poll
		if h.manual && !h.virtual {
			if err := h.sit(ctx, in.Path, h.nextLook(p, sched)); err != nil {
				return nil, err
			}
		}
		if err := h.room(); err != nil {
			return nil, err
		}
		deadline := *p.Detail.Deadline
		if !h.until.IsZero() && h.until.Before(deadline) && !h.virtual {
			deadline = h.until
		}
		n := callIn{Path: in.Path, asks: journal.Detail(in), Attempt: p.Detail.Tries + 1, Schedule: sched, Deadline: deadline, Tries: p.Detail.Tries, Virtual: h.virtual, Single: h.manual && !h.virtual}
		if !h.virtual && !h.manual {
			h.rest(timer(in.Path, *p.Detail.Deadline), nil)
		}
		out, fate, err := h.call(ctx, kindPoll, n, job{look: do})
		switch {
		case err != nil:
			return nil, err
		case fate == fateFailed:
			return nil, h.failed(journal.Record{Step: in.Path, Attempt: n.Attempt}, out.err)
		case fate != fateDone:
			continue
		case out.Done:
			return h.answer(in.Path, out.fresh), nil
		case out.later():
			at := out.Later.At.Round(0).UTC()
			p.Detail.Until, p.Detail.Next = &at, &at
			p.Attempt = p.Detail.Tries
			h.replace(p)
			continue
		case out.TimedOut:
			h.pass(h.book.Run.Updated)
			if err := h.enter(ctx); err != nil {
				return nil, err
			}
			return nil, &durable.TimedOut{Path: in.Path, Timeout: sched.Timeout, Tries: out.Tries}
		case out.err != nil:
			h.pass(h.book.Run.Updated)
			h.refused = out.err
			return nil, out.err
		}
		next := h.clock().Add(sched.Wait(out.Tries))
		if next.After(*p.Detail.Deadline) {
			next = *p.Detail.Deadline
		}
		p.Detail.Tries, p.Detail.Until, p.Detail.Next, p.Attempt = out.Tries, nil, &next, out.Tries
		h.replace(p)
	}
}

// nextLook is when a poll looks again: no later than its schedule has it, whatever becomes
// of the clock.
func (h *host) nextLook(p journal.Record, sched durable.Schedule) time.Time {
	next := *p.Detail.Next
	if p.Detail.Until != nil {
		return next
	}
	if most := h.clock().Add(sched.Wait(max(p.Detail.Tries, 1))); next.After(most) {
		next = most
		p.Detail.Next = &next
		h.replace(p)
	}
	return next
}

// Await implements durable.Host.
func (h *host) Await(ctx context.Context, w durable.Wait) (json.RawMessage, error) {
	if err := h.enter(ctx); err != nil {
		return nil, err
	}
	asked := false
	for {
		c := h.book.Call(w.Path)
		switch {
		case c.Done:
			h.pass(c.DoneAt)
			return c.Result, nil
		case c.Signal != nil:
			h.add(journal.Record{
				Kind: durable.EventDone, Step: w.Path, Result: c.Signal.Result,
				Detail: durable.Detail{Via: durable.ViaSignal, By: c.Signal.Detail.By, Signal: c.Signal.Detail.Signal},
			})
		case w.Perform != nil && !asked:
			asked = true
			out, fate, err := h.call(ctx, kindPerform, callIn{Path: w.Path}, job{perform: w.Perform})
			switch {
			case err != nil:
				return nil, err
			case fate == fateUnsent:
				asked = false
			case fate == fateGone: // a person is left
			case out.err != nil:
				h.refused = out.err
				return nil, out.err
			}
		case h.parks():
			return nil, w.Suspended()
		default:
			h.wait(w.Suspended(), 0, func() bool { return h.book.Cancelled() || h.book.Call(w.Path).Signal != nil })
			if err := h.enter(ctx); err != nil {
				return nil, err
			}
		}
	}
}

// parks reports whether a wait for a person parks the run, so that the interpretation ends
// until somebody says something.
func (h *host) parks() bool { return h.maxBlock >= 0 }

// call has a worker perform a call and takes its outcome in.
func (h *host) call(ctx context.Context, kind string, in callIn, j job) (result, fate, error) {
	if h.book.Run.Row.Status != durable.StatusRunning && kind != kindPoll {
		h.set(row{Status: durable.StatusRunning, Due: h.stamp(), Doc: raw(h.book.Run.Row.Doc)})
	}
	in.Call = fmt.Sprintf("%s/%s/%s/%d", workflow.GetInfo(h.ctx).WorkflowExecution.RunID, kind, in.Path, h.number())
	if !h.until.IsZero() {
		j.deadline = h.until.Add(time.Second) // clocks differ, and the workflow's goes first
	}
	j.ctx = ctx
	out, how := h.perform(kind, in, j)
	if h.book.Cancelled() && kind != kindStep && how == fateDone && !out.Done {
		return out, how, durable.ErrCancelled
	}
	if how != fateDone && h.book.Cancelled() && in.Read != nil {
		return out, how, durable.ErrCancelled
	}
	return out, how, nil
}
