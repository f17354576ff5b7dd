package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// Poll implements durable.Host. A poll has one record, brought up to date at
// each look; its deadline is set once.
func (h *host) Poll(ctx context.Context, in durable.Intent, sched durable.Schedule, do durable.DoPoll) (durable.Result, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s, err := h.recall(ctx, &in)
	if err != nil {
		return nil, err
	}
	if s.done {
		h.pass(s.doneAt)
		return h.answer(s)
	}
	if s.poll == nil {
		if err := h.beginPoll(in, sched); err != nil {
			return nil, err
		}
	}
	for !s.done {
		most := longest(sched, s.poll.Detail)
		if now := h.clock(); most > 0 && s.poll.Detail.Next.Sub(now) > most { // the clock went back
			h.nextLook(*s.poll, now.Add(most))
		}
		if err := h.sit(ctx, in.Path, wait{until: *s.poll.Detail.Next, longest: most, here: s.here}); err != nil {
			return nil, err
		}
		if err := h.look(ctx, in, s, sched, do); err != nil {
			return nil, err
		}
	}
	h.pass(s.doneAt)
	return h.answer(s)
}

func (h *host) beginPoll(in durable.Intent, sched durable.Schedule) error {
	d := detailOf(in)
	now := h.clock()
	deadline := now.Add(sched.Timeout)
	d.Deadline, d.Next = &deadline, &now
	rec := Record{Kind: durable.EventPoll, Step: in.Path, Detail: d}
	return h.add(rec, nil)
}

// look performs one look and records its outcome.
func (h *host) look(ctx context.Context, in durable.Intent, s *step, sched durable.Schedule, do durable.DoPoll) error {
	try := s.poll.Detail.Tries + 1
	var result durable.Result
	var done bool
	var err error
	if early := h.outside(func() { result, done, err = do(ctx, try) }); early != nil {
		return early
	}
	p := *s.poll // with its number, if it went on record meanwhile
	now := h.clock()
	failed := Record{Kind: durable.EventFailed, Step: in.Path, Attempt: try}
	var later *durable.NotBefore
	switch {
	case errors.As(err, &later):
		at := later.At.Round(0).UTC()
		p.Detail.Until = &at
		s.here = h.here(at)
		h.nextLook(p, at)
		return nil
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
	h.nextLook(p, next)
	return nil
}

// nextLook brings the record of a poll up to date. It rides: with the change that
// parks the run, or on record soon.
func (h *host) nextLook(p Record, at time.Time) {
	p.Detail.Next = &at
	p.Attempt = p.Detail.Tries
	h.apply(p)
	if i := slices.IndexFunc(h.queue, func(r Record) bool { return r.Kind == p.Kind && r.Step == p.Step }); i >= 0 {
		h.queue[i].Attempt, h.queue[i].Detail = p.Attempt, p.Detail
	} else {
		h.looked = &p
	}
	h.soon()
}

// longest is the longest wait before the next look, whatever becomes of the
// clock. It is 0, any, when the other side named the time.
func longest(s durable.Schedule, p durable.Detail) time.Duration {
	if p.Until != nil {
		return 0
	}
	return s.Wait(max(p.Tries, 1))
}
