package durabletest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

var threeDays = durable.Schedule{Every: 10 * time.Second, Cap: 5 * time.Minute, Timeout: 72 * time.Hour}

// polling returns a program that polls step "p" until a look at or after a time.
func (s *suite) polling(sched durable.Schedule, ready time.Time) program {
	return polls(sched, func(_ context.Context, try int) (durable.Result, bool, error) {
		if n := s.sent("p"); n != try {
			s.Errorf("look %d is said to be number %d", n, try)
		}
		return json.RawMessage(`"looked"`), !s.clock.Now().Before(ready), nil
	})
}

// untilSettled drives the run each time it is due.
func (s *suite) untilSettled(id string, p program) durable.State {
	s.Helper()
	for range 5000 {
		state, err := s.rt.Drive(s.Context(), id, p.exec, park)
		s.must(err)
		if state.Due.IsZero() {
			return state
		}
		if state.Due.Before(s.clock.Now()) {
			s.Fatalf("due at %v, in the past", state.Due)
		}
		s.clock.set(state.Due)
	}
	s.Fatal("the run never ended")
	return durable.State{}
}

var pollTests = []test{
	{name: "three days of polling take one event", local: "the looks of days are the server's", run: func(s *suite) {
		s.begin("r")
		ready := s.clock.Now().Add(71 * time.Hour)
		state := s.untilSettled("r", s.polling(threeDays, ready))
		if state.Status != durable.StatusSucceeded {
			s.Fatalf("the run is %s", state.Status)
		}
		if late := s.clock.Now().Sub(ready); late < 0 || late > threeDays.Cap {
			s.Errorf("seen %v after it came true", late)
		}
		s.wantKinds("r", "started", "poll p", "step-done p", "ended")
	}},
	{name: "a poll's deadline is absolute", local: "the looks of days are the server's", run: func(s *suite) {
		s.begin("r")
		deadline := s.clock.Now().Add(72 * time.Hour)
		never := deadline.Add(1000 * time.Hour)
		s.drive("r", s.polling(threeDays, never), durable.StatusWaiting)
		s.clock.add(71 * time.Hour)
		s.reopen()
		state := s.untilSettled("r", s.polling(threeDays, never))
		if state.Status != durable.StatusTimedOut || !s.clock.Now().Equal(deadline) {
			s.Errorf("%s at %v, want timed out at %v", state.Status, s.clock.Now(), deadline)
		}
	}},
	{name: "a run that timed out is reopened with new deadlines, what is done stays done", local: "the looks of days are the server's", run: func(s *suite) {
		s.begin("r")
		ready := s.clock.Now().Add(100 * time.Hour)
		p := program(func(ctx context.Context, h durable.Host) (any, error) {
			if _, err := s.step(ctx, h, "a", durable.Unsafe); err != nil {
				return nil, err
			}
			return h.Poll(ctx, intent("p", durable.Safe), threeDays, func(context.Context, int) (durable.Result, bool, error) {
				return json.RawMessage("true"), !s.clock.Now().Before(ready), nil
			})
		})
		s.drive("r", p, durable.StatusWaiting)
		if state := s.untilSettled("r", p); state.Status != durable.StatusTimedOut {
			s.Fatalf("the run is %s", state.Status)
		}
		s.must(s.rt.Reopen(s.Context(), "r"))
		s.reopen()
		if state := s.untilSettled("r", p); state.Status != durable.StatusSucceeded {
			s.Errorf("reopened, the run is %s", state.Status)
		}
		s.wantSent("a", 1)
		s.wantErr("reopening a success", s.rt.Reopen(s.Context(), "r"), durable.ErrEnded)
		s.wantErr("reopening nothing", s.rt.Reopen(s.Context(), "nobody"), durable.ErrUnknown)
	}},
	{name: "a poll looks once more when taken up after its deadline", run: func(s *suite) {
		s.begin("r")
		ready := s.clock.Now().Add(time.Hour)
		s.drive("r", s.polling(threeDays, ready), durable.StatusWaiting)
		s.clock.add(1000 * time.Hour)
		s.drive("r", s.polling(threeDays, ready), durable.StatusSucceeded)
		s.wantSent("p", 2)
	}},
	{name: "a poll without waits is over after its looks, and no time is ahead of the wall", run: func(s *suite) {
		s.begin("r")
		now := s.clock.Now()
		var ended time.Time
		p := program(func(ctx context.Context, h durable.Host) (any, error) {
			_, err := h.Poll(ctx, intent("p", durable.Safe), threeDays, func(context.Context, int) (durable.Result, bool, error) {
				s.sent("p")
				return nil, false, nil
			})
			ended = h.Now()
			return nil, err
		})
		s.driveWith("r", skipping(p), durable.DriveOptions{}, durable.StatusTimedOut)
		s.wantSent("p", 877)
		if state := s.state("r"); ended.After(now) || state.Updated.After(now) {
			s.Errorf("at %v it ended at %v, and was updated at %v", now, ended, state.Updated)
		}
	}},
	{name: "the clock jumps while polling", local: "the looks of days are the server's", run: func(s *suite) {
		s.begin("r")
		never := s.clock.Now().Add(1000 * time.Hour)
		p := s.polling(threeDays, never)
		due := s.drive("r", p, durable.StatusWaiting).Due
		deadline := s.clock.Now().Add(72 * time.Hour)

		s.clock.set(due.Add(-time.Second))
		s.drive("r", p, durable.StatusWaiting)
		s.wantSent("p", 1) // not early

		s.clock.set(due.Add(24 * time.Hour)) // forward
		s.drive("r", p, durable.StatusWaiting)
		s.wantSent("p", 2)

		s.clock.add(-24 * time.Hour) // and back
		due = s.drive("r", p, durable.StatusWaiting).Due
		s.wantSent("p", 2)
		if wait := due.Sub(s.clock.Now()); wait > threeDays.Cap {
			s.Errorf("after the clock went back a day the next look is %v away", wait)
		}
		state := s.untilSettled("r", p)
		if state.Status != durable.StatusTimedOut || !s.clock.Now().Equal(deadline) {
			s.Errorf("%s at %v, want timed out at %v", state.Status, s.clock.Now(), deadline)
		}
	}},
	{name: "the polled side asks to be left alone", run: func(s *suite) {
		s.begin("r")
		at := s.clock.Now().Add(time.Hour)
		var tries []int
		p := polls(threeDays, func(_ context.Context, try int) (durable.Result, bool, error) {
			tries = append(tries, try)
			if len(tries) == 1 {
				return nil, false, &durable.NotBefore{At: at}
			}
			return json.RawMessage(`1`), true, nil
		})
		if state := s.drive("r", p, durable.StatusWaiting); !state.Due.Equal(at) {
			s.Errorf("due %v, want %v", state.Due, at)
		}
		s.clock.set(at)
		s.drive("r", p, durable.StatusSucceeded)
		if !slices.Equal(tries, []int{1, 1}) {
			s.Errorf("looks are numbered %v", tries)
		}
	}},
	{name: "a failing look fails the poll and is looked at again", run: func(s *suite) {
		s.begin("r")
		p := polls(threeDays, func(context.Context, int) (durable.Result, bool, error) {
			if s.sent("p") == 1 {
				return nil, false, errors.New("404")
			}
			return json.RawMessage(`1`), true, nil
		})
		if _, err := s.rt.Drive(s.Context(), "r", p.exec, park); err == nil || err.Error() != "404" {
			s.Fatal(err)
		}
		s.drive("r", p, durable.StatusSucceeded)
		s.drive("r", p, durable.StatusSucceeded)
		s.wantSent("p", 2)
	}},
	{name: "a changed poll is drift", run: func(s *suite) {
		s.begin("r")
		s.drive("r", s.polling(threeDays, s.clock.Now().Add(time.Hour)), durable.StatusWaiting)
		_, err := s.rt.Drive(s.Context(), "r", program(func(ctx context.Context, h durable.Host) (any, error) {
			in := intent("p", durable.Safe)
			in.Input = json.RawMessage(`{}`)
			return h.Poll(ctx, in, threeDays, func(context.Context, int) (durable.Result, bool, error) {
				s.sent("p")
				return nil, true, nil
			})
		}).exec, park)
		s.wantErr("drive", err, durable.ErrDrift)
		s.wantSent("p", 1)
	}},
}

var timerTests = []test{
	{name: "a timer is armed once and absolute", run: func(s *suite) {
		s.begin("r")
		start := s.clock.Now()
		armed := start.Add(48 * time.Hour)
		p := program(func(ctx context.Context, h durable.Host) (any, error) {
			if err := h.Sleep(ctx, "nap", h.Now().Add(48*time.Hour)); err != nil {
				return nil, err
			}
			s.sent("after")
			return h.Await(ctx, external("person"))
		})
		for _, at := range []time.Duration{0, 47 * time.Hour, -24 * time.Hour, 48*time.Hour - time.Microsecond} {
			s.clock.set(start.Add(at))
			state := s.drive("r", p, durable.StatusWaiting)
			if !state.Due.Equal(armed) {
				s.Errorf("at %v due %v, want %v", at, state.Due, armed)
			}
			s.reopen()
		}
		s.wantSent("after", 0)
		s.clock.set(armed)
		s.drive("r", p, durable.StatusWaiting)
		s.wantSent("after", 1)

		s.clock.set(start) // a timer fires once
		state := s.drive("r", p, durable.StatusWaiting)
		s.wantSent("after", 2)
		if state.Waiting.Reason != durable.ReasonExternal {
			s.Errorf("the timer is repeated: waiting for %v", state.Waiting)
		}
	}},
	{name: "a timer of the past", run: func(s *suite) {
		s.begin("r")
		s.drive("r", func(ctx context.Context, h durable.Host) (any, error) {
			return nil, h.Sleep(ctx, "nap", h.Now().Add(-time.Hour))
		}, durable.StatusSucceeded)
	}},
	{name: "a short wait is sat out", local: "the waits of runs are the server's", run: func(s *suite) {
		s.begin("r")
		s.driveWith("r", func(ctx context.Context, h durable.Host) (any, error) {
			go s.clock.add(time.Hour)
			return nil, h.Sleep(ctx, "nap", h.Now().Add(time.Millisecond))
		}, durable.DriveOptions{}, durable.StatusSucceeded)
	}},
	{name: "ctx ends a wait and leaves the run where it is", local: "the waits of runs are the server's", run: func(s *suite) {
		s.begin("r")
		ctx, cancel := context.WithCancelCause(s.Context())
		why := errors.New("interrupted")
		_, err := s.rt.Drive(ctx, "r", program(func(ctx context.Context, h durable.Host) (any, error) {
			if _, err := s.step(ctx, h, "a", durable.Unsafe); err != nil {
				return nil, err
			}
			cancel(why)
			return nil, h.Sleep(ctx, "nap", h.Now().Add(time.Hour))
		}).exec, durable.DriveOptions{MaxBlock: -1})
		s.wantErr("drive", err, why)
		if st := s.state("r"); st.Status != durable.StatusRunning || st.Driven {
			s.Errorf("the run is %+v", st)
		}
		s.drive("r", func(ctx context.Context, h durable.Host) (any, error) {
			return s.step(ctx, h, "a", durable.Unsafe)
		}, durable.StatusSucceeded)
		s.wantSent("a", 1)
	}},
}
