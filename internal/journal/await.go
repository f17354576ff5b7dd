package journal

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/capstan-run/capstan/engine/durable"
)

// Await implements durable.Host.
func (h *host) Await(ctx context.Context, w durable.Wait) (json.RawMessage, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.enter(ctx); err != nil {
		return nil, err
	}
	s := h.step(w.Path)
	asked := false
	for !s.done {
		var err error
		switch {
		case s.signal != nil:
			err = h.finish(w.Path, s, Record{
				Detail: durable.Detail{Via: durable.ViaSignal, By: s.signal.Detail.By, Signal: s.signal.Detail.Signal},
			}, s.signal.Result)
		case w.Perform != nil && !asked:
			asked = true
			err = h.perform(ctx, w, s)
		case h.maxBlock >= 0:
			return nil, w.Suspended()
		default:
			err = h.stay(ctx, w, s)
		}
		if err != nil {
			return nil, err
		}
	}
	h.pass(s.doneAt)
	s.fresh = nil // a signal's result is the one on record
	return s.result, nil
}

// perform has the step performed in this process. Its result counts unless a
// signal was stored meanwhile, which counts from then on.
func (h *host) perform(ctx context.Context, w durable.Wait, s *step) error {
	var result json.RawMessage
	var done bool
	var err error
	if early := h.outside(func() { result, done, err = w.Perform(ctx) }); early != nil {
		return early
	}
	if err != nil || !done {
		return err
	}
	rec := Record{Kind: durable.EventDone, Step: w.Path, Detail: durable.Detail{Via: durable.ViaHandler}}
	if rec.Result, err = supplied(w.Path, result); err != nil {
		return err
	}
	err = h.commit(Change{Add: []Record{rec}, Row: h.going()}, func() bool { return s.signal == nil })
	if errors.Is(err, errOvertaken) {
		return nil
	}
	return err
}

// stay records that the run waits, and waits for news of it.
func (h *host) stay(ctx context.Context, w durable.Wait, s *step) error {
	if known := h.row.Waiting; known == nil || known.Path != w.Path || known.Reason != durable.ReasonExternal {
		err := h.commit(h.parking(w.Suspended()), func() bool { return s.signal == nil && !h.cancelled })
		if err != nil {
			if errors.Is(err, errOvertaken) {
				return h.enter(ctx)
			}
			return err
		}
	}
	return h.pause(ctx, -1)
}
