package durabletest

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/google/go-cmp/cmp"
)

// refusesAfterALoss loses one sending and has the next refused.
func refusesAfterALoss(a *durable.Attempt) (durable.Result, error) {
	a.Retry(time.Time{}, errors.New("reset"))
	a.Lost = true
	return refuses(a)
}

func (s *suite) wantAttempts(want ...durable.Attempt) {
	s.Helper()
	if diff := cmp.Diff(want, s.attempts); diff != "" {
		s.Errorf("attempts (-want +got)\n%s", diff)
	}
}

var resendTests = []test{
	{name: "a resend after the process died knows of the loss", run: func(s *suite) {
		s.begin("r")
		p := s.calling(intent("a", durable.Idempotent), dies, yields(`"ok"`))
		s.driveCrash("r", p)
		s.drive("r", p, durable.StatusSucceeded)
		s.wantAttempts(durable.Attempt{N: 1}, durable.Attempt{N: 2, Lost: true})
	}},
	{name: "a resend after a lost answer knows of the loss, also in another process", run: func(s *suite) {
		s.begin("r")
		p := s.calling(intent("a", durable.Idempotent), loses, loses, yields(`"ok"`))
		s.drive("r", p, durable.StatusInDoubt)
		s.wantSent("a", 1) // the Do sends again by itself
		s.reopen()
		s.drive("r", p, durable.StatusInDoubt)
		s.reopen()
		s.drive("r", p, durable.StatusSucceeded)
		s.wantAttempts(durable.Attempt{N: 1}, durable.Attempt{N: 2, Lost: true}, durable.Attempt{N: 3, Lost: true})
		s.wantKinds("r", "started", "step-intent a", "waiting a", "step-intent a", "waiting a", "step-intent a", "step-done a", "ended")
	}},
	{name: "a definite failure does not make an earlier loss forgotten", run: func(s *suite) {
		s.begin("r")
		p := s.calling(intent("a", durable.Idempotent), refusesAfterALoss, refuses, yields(`"ok"`))
		for range 2 {
			s.drive("r", p, durable.StatusFailed)
			s.reopen()
			s.must(s.rt.Reopen(s.Context(), "r"))
		}
		s.drive("r", p, durable.StatusSucceeded)
		s.wantAttempts(durable.Attempt{N: 1}, durable.Attempt{N: 3, Lost: true}, durable.Attempt{N: 4, Lost: true})
	}},
	{name: "a definite failure without a loss leaves nothing to know", run: func(s *suite) {
		s.begin("r")
		p := s.calling(intent("a", durable.Idempotent), refuses, yields(`"ok"`))
		s.drive("r", p, durable.StatusFailed)
		s.reopen()
		s.must(s.rt.Reopen(s.Context(), "r"))
		s.drive("r", p, durable.StatusSucceeded)
		s.wantAttempts(durable.Attempt{N: 1}, durable.Attempt{N: 2})
	}},
	{name: "what was settled as not happened is no loss", run: func(s *suite) {
		s.begin("r")
		p := s.calling(intent("a", durable.Idempotent), loses, yields(`"ok"`))
		s.drive("r", p, durable.StatusInDoubt)
		s.must(s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a"}))
		s.reopen()
		s.drive("r", p, durable.StatusSucceeded)
		s.wantAttempts(durable.Attempt{N: 1}, durable.Attempt{N: 2})
	}},
	{name: "an API that asks to wait does not make an earlier loss forgotten", run: func(s *suite) {
		s.begin("r")
		at := s.clock.Now().Add(time.Hour)
		p := s.calling(intent("a", durable.Idempotent), dies, fails(&durable.NotBefore{At: at, Err: errors.New("429")}), yields(`"ok"`))
		s.driveCrash("r", p)
		s.drive("r", p, durable.StatusWaiting)
		s.reopen()
		s.clock.add(time.Hour)
		s.drive("r", p, durable.StatusSucceeded)
		s.wantAttempts(durable.Attempt{N: 1}, durable.Attempt{N: 2, Lost: true}, durable.Attempt{N: 3, Lost: true})
	}},
	{name: "sendings that a step followed by others are in the history, numbered", run: func(s *suite) {
		for _, policy := range policies {
			id := "r-" + string(policy)
			s.begin(id)
			s.drive(id, s.calling(intent("a", policy), func(a *durable.Attempt) (durable.Result, error) {
				a.Retry(s.clock.Now().Add(time.Second), errors.New("502"))
				a.Retry(s.clock.Now().Add(2*time.Second), errors.New("reset"))
				a.Via = durable.ViaResend
				return json.RawMessage(`1`), nil
			}), durable.StatusSucceeded)
			s.reopen()
			type entry struct {
				Kind, Error string
				Attempt     int
				Via         durable.Via
				Next        time.Duration
			}
			want := []entry{
				{Kind: durable.EventRetry, Error: "502", Attempt: 1, Next: time.Second},
				{Kind: durable.EventRetry, Error: "reset", Attempt: 2, Next: 2 * time.Second},
				{Kind: durable.EventDone, Attempt: 3, Via: durable.ViaResend},
			}
			var got []entry
			for _, e := range s.history(id) {
				if e.Kind != durable.EventRetry && e.Kind != durable.EventDone {
					continue
				}
				x := entry{Kind: e.Kind, Error: e.Message, Attempt: e.Attempt, Via: e.Via}
				if e.Until != nil {
					x.Next = e.Until.Sub(s.clock.Now())
				}
				got = append(got, x)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				s.Errorf("%s: history (-want +got)\n%s", policy, diff)
			}
		}
	}},
}
