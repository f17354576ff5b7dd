package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// Poll implements durable.Host. A poll has one record, brought up to date at
// each look; its deadline is set once.
func (h *host) Poll(ctx context.Context, in durable.Intent, sched durable.Schedule, do durable.DoPoll) (durable.Result, error) {
	s, err := h.recall(ctx, in)
	if err != nil {
		return nil, err
	}
	if s.done {
		h.pass(s.doneAt)
		return s.answer(), nil
	}
	if s.poll == nil {
		if err := h.beginPoll(in, sched); err != nil {
			return nil, err
		}
	}
	for !s.done {
		most := longest(sched, s.poll.Detail)
		if now := h.clock(); most > 0 && s.poll.Detail.Next.Sub(now) > most { // the clock went back
			if err := h.nextLook(*s.poll, now.Add(most)); err != nil {
				return nil, err
			}
		}
		if err := h.sit(ctx, in.Path, wait{until: *s.poll.Detail.Next, longest: most, here: s.here}); err != nil {
			return nil, err
		}
		if err := h.look(ctx, in, s, sched, do); err != nil {
			return nil, err
		}
	}
	h.pass(s.doneAt)
	return s.answer(), nil
}

func (h *host) beginPoll(in durable.Intent, sched durable.Schedule) error {
	d := detailOf(in)
	now := h.clock()
	deadline := now.Add(sched.Timeout)
	d.Deadline, d.Next = &deadline, &now
	rec := Record{Kind: durable.EventPoll, Step: in.Path, Detail: d}
	return h.commit(Change{Add: []Record{rec}, Row: h.going()}, nil)
}

// look performs one look and records its outcome.
func (h *host) look(ctx context.Context, in durable.Intent, s *step, sched durable.Schedule, do durable.DoPoll) error {
	p := *s.poll
	try := p.Detail.Tries + 1
	result, done, err := do(ctx, try)
	now := h.clock()
	failed := Record{Kind: durable.EventFailed, Step: in.Path, Attempt: try}
	var later *durable.NotBefore
	switch {
	case errors.As(err, &later):
		at := later.At.Round(0).UTC()
		p.Detail.Until = &at
		s.here = h.here(at)
		return h.nextLook(p, at)
	case err != nil:
		return h.fails(failed, err)
	case done:
		return h.finish(in.Path, s, Record{Attempt: try}, result)
	case !now.Before(*p.Detail.Deadline):
		failed.Detail.Error = fmt.Sprintf("not done after %d looks", try)
		return h.fails(failed, &durable.TimedOut{Path: in.Path, Timeout: sched.Timeout, Tries: try})
	}
	p.Detail.Tries, p.Detail.Until = try, nil
	next := now.Add(sched.Wait(try))
	if next.After(*p.Detail.Deadline) {
		next = *p.Detail.Deadline
	}
	s.here = h.here(next)
	return h.nextLook(p, next)
}

func (h *host) nextLook(p Record, at time.Time) error {
	p.Detail.Next = &at
	p.Attempt = p.Detail.Tries
	if !h.sitsOut(at.Sub(h.clock())) {
		h.apply(p)
		h.looked = &p // the run parks: one commit for both
		return nil
	}
	return h.commit(Change{Replace: &p}, nil)
}

// longest is the longest wait before the next look, whatever becomes of the
// clock. It is 0, any, when the other side named the time.
func longest(s durable.Schedule, p durable.Detail) time.Duration {
	if p.Until != nil {
		return 0
	}
	return s.Wait(max(p.Tries, 1))
}
