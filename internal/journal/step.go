package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// Step implements durable.Host.
func (h *host) Step(ctx context.Context, in durable.Intent, do durable.Do) (durable.Result, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s, err := h.recall(ctx, &in)
	if err != nil {
		return nil, err
	}
	for lost := 0; ; {
		if s.done {
			h.pass(s.doneAt)
			return h.answer(s)
		}
		if s.open {
			if err := h.resolve(ctx, in, s, lost); err != nil {
				return nil, err
			}
			if s.done {
				continue
			}
		}
		if err := h.sit(ctx, in.Path, wait{until: s.until, here: s.here}); err != nil {
			return nil, err
		}
		err := h.attempt(ctx, in, s, do)
		switch {
		case err == nil:
			return h.answer(s)
		case isLost(err):
			errors.As(err, &s.lost)
			lost++
			s.open = true
		case !errors.Is(err, errOvertaken):
			return nil, err
		}
	}
}

// recall finds the record of a call and holds the call against it, with the key that it has.
func (h *host) recall(ctx context.Context, in *durable.Intent) (*step, error) {
	if err := h.enter(ctx); err != nil {
		return nil, err
	}
	s := h.step(in.Path)
	in.Key = s.keyFor(*in)
	if err := s.match(*in); err != nil {
		return nil, h.breaks(err)
	}
	return s, nil
}

// attempt records the intent, sends, and records the outcome. It returns
// errOvertaken when the step was settled meanwhile, or the other side asked to
// wait: look again.
func (h *host) attempt(ctx context.Context, in durable.Intent, s *step, do durable.Do) error {
	a := &durable.Attempt{N: s.attempt + 1, Lost: s.open || s.maybe, Key: in.Key, Retried: h.retried(in.Path)}
	intent := Record{Kind: durable.EventIntent, Step: in.Path, Attempt: a.N, Detail: detailOf(in)}
	outcome := Record{Step: in.Path}
	if in.Policy == durable.Safe {
		// A read leaves nothing to decide when its process dies, so it has no
		// record before its outcome, which holds the intent.
		outcome.Detail = intent.Detail
	} else if err := h.commit(Change{Add: []Record{intent}, Row: h.going()}, func() bool { return !s.done && !h.cancelled }); err != nil {
		if errors.Is(err, errOvertaken) && h.cancelled {
			return durable.ErrCancelled
		}
		return err
	}
	s.sending = time.Now()
	var result durable.Result
	var err error
	if early := h.outside(func() { result, err = do(ctx, a) }); early != nil {
		return early
	}
	s.attempt, outcome.Attempt = a.N, a.N
	if err == nil {
		outcome.Detail.Via = a.Via
		return h.finish(in.Path, s, outcome, result)
	}
	outcome.Detail.Lost = a.Lost
	s.maybe = s.maybe || a.Lost
	return h.failed(in, intent, outcome, err)
}

// failed records the outcome of an attempt that brought no result.
func (h *host) failed(in durable.Intent, intent, outcome Record, err error) error {
	var later *durable.NotBefore
	var took *durable.TookEffect
	switch {
	case isLost(err):
		if in.Policy == durable.Safe {
			h.queue = append(h.queue, intent)
		}
		return err
	case errors.As(err, &later):
		at := later.At.Round(0).UTC()
		outcome.Kind, outcome.Detail.Until, outcome.Detail.Error = durable.EventNotBefore, &at, text(later.Err)
		h.step(in.Path).here = h.here(at)
		if err := h.commit(Change{Add: []Record{outcome}}, nil); err != nil {
			return err
		}
		return errOvertaken
	case errors.As(err, &took):
		outcome.Kind = durable.EventUnusable
	default:
		outcome.Kind = durable.EventFailed
	}
	return h.fails(outcome, err)
}

// fails returns the error that ends a call, after noting it. It is recorded with
// whatever the interpreter makes of it: if the process dies in between, a write is
// in doubt rather than free to be sent again.
func (h *host) fails(outcome Record, err error) error {
	outcome.Detail.Error = cmp.Or(outcome.Detail.Error, err.Error())
	h.queue, h.held = append(h.queue, outcome), true
	h.pass(h.stamp())
	return err
}

// retried returns the function that records a step's sendings that failed and
// are followed by others: with the next change, since they decide nothing.
func (h *host) retried(path string) func(int, time.Time, error) {
	return func(n int, next time.Time, cause error) {
		next = next.Round(0).UTC()
		h.mu.Lock()
		defer h.mu.Unlock()
		h.queue = append(h.queue, Record{
			At: h.stamp(), Kind: durable.EventRetry, Step: path, Attempt: n, Detail: durable.Detail{Until: &next, Error: text(cause)},
		})
	}
}

// finish records a step's result, unless another one was recorded first.
func (h *host) finish(path string, s *step, rec Record, fresh durable.Result) (err error) {
	rec.Kind, rec.Step = durable.EventDone, path
	if fresh != nil {
		rec.Result, err = fresh.MarshalJSON()
	}
	unfit := err != nil // the result itself cannot be recorded
	if !unfit {
		err = h.add(rec, func() bool { return !s.done })
		unfit = errors.Is(err, durable.ErrTooLarge)
	}
	switch {
	case unfit && s.open:
		err = fmt.Errorf("the step took effect, but its result cannot be recorded: %w", err)
		return &durable.Suspended{Path: path, Reason: durable.ReasonInDoubt, Err: err}
	case unfit:
		return fmt.Errorf("step %q: its result cannot be recorded: %w", path, err)
	case err == nil:
		s.fresh = fresh
	case !errors.Is(err, errOvertaken):
		return fmt.Errorf("step %q took effect, but its result could not be recorded: %w", path, err)
	}
	h.pass(s.doneAt)
	return nil
}

// resolve decides about an attempt whose answer was lost, after so many lost ones
// in this drive. It returns nil when the step is done or may be attempted again.
func (h *host) resolve(ctx context.Context, in durable.Intent, s *step, lost int) error {
	doubt := s.doubt(in.Path)
	switch AfterLoss(in, lost) {
	case SendAgain:
		return nil
	case LookUp:
		if lost > 0 && h.maxBlock >= 0 {
			// The caller of this drive learns at once that an answer was lost; the
			// next one looks it up, once the request cannot land any more.
			return DueAt(doubt, s.sent.Add(in.ProbeAfter))
		}
		return h.probe(ctx, in, s, doubt)
	}
	return doubt
}

// probe looks up the last attempt, once a request still on its way would have
// arrived. Until it is known whether the attempt took effect, the step is in
// doubt.
func (h *host) probe(ctx context.Context, in durable.Intent, s *step, doubt *durable.Suspended) error {
	w := wait{until: s.sent.Add(in.ProbeAfter), longest: in.ProbeAfter}
	if !s.sending.IsZero() {
		w.here = s.sending.Add(in.ProbeAfter)
	}
	if err := h.sit(ctx, in.Path, w); err != nil {
		return InDoubt(doubt, err)
	}
	var result durable.Result
	var found bool
	var err error
	if early := h.outside(func() { result, found, err = in.Probe(ctx) }); early != nil {
		return early
	}
	var later *durable.NotBefore
	switch {
	case errors.As(err, &later):
		if err := h.sit(ctx, in.Path, wait{until: later.At, here: h.here(later.At)}); err != nil {
			return InDoubt(doubt, err)
		}
		return h.probe(ctx, in, s, doubt)
	case err != nil && context.Cause(ctx) != nil:
		return context.Cause(ctx)
	case err != nil:
		return LookUpFailed(doubt, err, h.clock())
	case found:
		return h.finish(in.Path, s, Record{Attempt: s.attempt, Detail: durable.Detail{Via: durable.ViaProbe}}, result)
	}
	s.open, s.maybe = false, false
	return nil
}

// isLost reports whether a Do lost its answer.
func isLost(err error) bool {
	var s *durable.Suspended
	return errors.As(err, &s) && s.Reason == durable.ReasonInDoubt
}

func detailOf(in durable.Intent) durable.Detail {
	return durable.Detail{Operation: in.Operation, Policy: in.Policy, Key: in.Key, InputHash: hashOf(in.Input), Input: in.Input}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
