package durabletest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// dying returns a program that dies after the first sending of step "a".
func (s *suite) dying(in durable.Intent) program { return s.calling(in, dies, yields(`"sent again"`)) }

// losing returns a program that loses the first answers of step "a".
func (s *suite) losing(in durable.Intent, times int) program {
	return s.calling(in, append(slices.Repeat([]outcome{loses}, times), yields(`"sent again"`))...)
}

// inDoubt brings run "r" in doubt over step "a".
func (s *suite) inDoubt() {
	s.Helper()
	s.begin("r")
	s.drive("r", s.losing(intent("a", durable.Unsafe), 1), durable.StatusInDoubt)
}

// then returns a program of two; the second gets the result of the first.
func then(first program, second func(ctx context.Context, h durable.Host, v any) (any, error)) program {
	return func(ctx context.Context, h durable.Host) (any, error) {
		v, err := first(ctx, h)
		if err != nil {
			return nil, err
		}
		return second(ctx, h, v)
	}
}

// readBehind returns a program that reads with the result of step "a", which succeeds
// with "right" alone.
func (s *suite) readBehind(a program) program {
	return then(a, func(ctx context.Context, h durable.Host, v any) (any, error) {
		in := intent("read", durable.Safe)
		in.Input = json.RawMessage(s.bytes(v.(durable.Result)))
		answer := refuses
		if string(in.Input) == `"right"` {
			answer = yields(`"read"`)
		}
		return s.calling(in, answer)(ctx, h)
	})
}

var doubtTests = []test{
	{name: "safe, idempotent and keyed steps whose process died are sent again", run: func(s *suite) {
		for i, policy := range []durable.Policy{durable.Safe, durable.Idempotent, durable.Keyed} {
			id := fmt.Sprint("r", i)
			s.calls["a"] = 0
			s.begin(id)
			s.driveCrash(id, s.dying(intent("a", policy)))
			s.wantDoc(s.drive(id, s.dying(intent("a", policy)), durable.StatusSucceeded), `"sent again"`)
			s.wantSent("a", 2)
		}
	}},
	{name: "an unsafe step whose process died is in doubt, not sent again", run: func(s *suite) {
		s.begin("r")
		in := intent("a", durable.Unsafe)
		s.driveCrash("r", s.dying(in))
		for range 2 {
			state := s.drive("r", s.dying(in), durable.StatusInDoubt)
			if w := state.Waiting; w == nil || w.Path != "a" || w.Reason != durable.ReasonInDoubt || w.Err == nil {
				s.Errorf("waiting for %+v", w)
			}
			if !state.Due.IsZero() {
				s.Errorf("a run in doubt goes on by itself at %v", state.Due)
			}
			s.reopen()
		}
		s.wantSent("a", 1)
	}},
	{name: "an answer that was lost puts an unsafe step in doubt, with the reason", run: func(s *suite) {
		s.inDoubt()
		s.reopen()
		w := s.state("r").Waiting
		if w == nil || w.Err == nil || w.Err.Error() != "connection reset" || w.Description != "make a" {
			s.Fatalf("waiting for %+v", w)
		}
		s.drive("r", s.losing(intent("a", durable.Unsafe), 1), durable.StatusInDoubt)
		if again := s.state("r").Waiting; again.Err.Error() != w.Err.Error() || again.Description != w.Description {
			s.Errorf("driven again, waiting for %+v", again)
		}
		s.wantSent("a", 1)
		s.wantKinds("r", "started", "step-intent a", "waiting a")
	}},
	{name: "a step whose answer is lost is in doubt, and sent again in the next drive where that is harmless", run: func(s *suite) {
		for i, policy := range []durable.Policy{durable.Safe, durable.Idempotent, durable.Keyed} {
			id := fmt.Sprint("r", i)
			s.calls["a"] = 0
			s.begin(id)
			in := intent("a", policy)
			s.drive(id, s.losing(in, 1), durable.StatusInDoubt)
			s.wantSent("a", 1) // a Do sends again by itself
			s.reopen()
			s.wantDoc(s.drive(id, s.losing(in, 1), durable.StatusSucceeded), `"sent again"`)
		}
	}},
	{name: "probed: a write that is lost again and again is sent a few times, then in doubt", run: func(s *suite) {
		s.begin("r")
		in, looked := s.probed(nil, nil)
		s.driveWith("r", skipping(s.losing(in, 9)), durable.DriveOptions{MaxBlock: -1}, durable.StatusInDoubt)
		s.wantSent("a", 3)
		if *looked != 2 {
			s.Errorf("looked up %d times", *looked)
		}
	}},
	{name: "settled: it happened", run: func(s *suite) {
		s.inDoubt()
		s.reopen()
		s.must(s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a", Happened: true, Result: json.RawMessage(`"as settled"`), By: "ops"}))
		if st := s.state("r"); st.Status != durable.StatusRunning || st.Waiting != nil {
			s.Errorf("after it was settled the run is %s, waiting for %v", st.Status, st.Waiting)
		}
		s.reopen()
		s.wantDoc(s.drive("r", s.losing(intent("a", durable.Unsafe), 1), durable.StatusSucceeded), `"as settled"`)
		s.wantSent("a", 1)
	}},
	{name: "settled: it did not happen", run: func(s *suite) {
		s.inDoubt()
		s.must(s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a", Happened: false}))
		s.reopen()
		s.wantDoc(s.drive("r", s.losing(intent("a", durable.Unsafe), 1), durable.StatusSucceeded), `"sent again"`)
		s.wantSent("a", 2)
		s.wantKinds("r", "started", "step-intent a", "waiting a", "settled a", "step-intent a", "step-done a", "ended")
	}},
	{name: "in doubt twice is on record twice", run: func(s *suite) {
		s.inDoubt()
		s.must(s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a"}))
		s.drive("r", s.losing(intent("a", durable.Unsafe), 2), durable.StatusInDoubt)
		s.wantSent("a", 2)
		s.wantKinds("r", "started", "step-intent a", "waiting a", "settled a", "step-intent a", "waiting a")
	}},
	{name: "a write whose process died can be settled before anybody drives", run: func(s *suite) {
		s.begin("r")
		in := intent("a", durable.Unsafe)
		s.driveCrash("r", s.dying(in))
		s.must(s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a", Happened: true, Result: json.RawMessage(`"as settled"`)}))
		s.wantDoc(s.drive("r", s.dying(in), durable.StatusSucceeded), `"as settled"`)
		s.wantSent("a", 1)
	}},
	{name: "a write that is under way is not in doubt", run: func(s *suite) {
		s.begin("r")
		s.drive("r", s.calling(intent("a", durable.Unsafe), func(*durable.Attempt) (durable.Result, error) {
			s.wantErr("settle", s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a", Happened: true}), durable.ErrConflict)
			return json.RawMessage(`1`), nil
		}), durable.StatusSucceeded)
	}},
	{name: "what is not in doubt cannot be settled", run: func(s *suite) {
		s.inDoubt()
		yes := durable.Settlement{Step: "a", Happened: true, Result: json.RawMessage(`1`)}
		s.wantErr("another step", s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "b", Happened: true}), durable.ErrConflict)
		if err := s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a", Happened: true, Result: json.RawMessage(`{`)}); err == nil {
			s.Error("a result that is not JSON is taken")
		}
		s.must(s.rt.Settle(s.Context(), "r", yes))
		s.must(s.rt.Settle(s.Context(), "r", yes)) // again
		s.wantKinds("r", "started", "step-intent a", "waiting a", "settled a")
		s.drive("r", s.losing(intent("a", durable.Unsafe), 1), durable.StatusSucceeded)
		s.wantErr("after the end", s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a"}), durable.ErrEnded)
		s.wantErr("unknown run", s.rt.Settle(s.Context(), "nobody", yes), durable.ErrUnknown)
	}},
	{name: "a settlement is taken back before the run goes on with it", run: func(s *suite) {
		s.inDoubt()
		s.must(s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a", Happened: true, Result: json.RawMessage(`"wrong"`)}))
		s.must(s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a", Happened: true, Result: json.RawMessage(`"right"`)}))
		s.reopen()
		s.wantDoc(s.drive("r", s.losing(intent("a", durable.Unsafe), 1), durable.StatusSucceeded), `"right"`)
		s.wantSent("a", 1)
	}},
	{name: "a settlement is taken back, and the write is sent again", run: func(s *suite) {
		s.inDoubt()
		s.must(s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a", Happened: true, Result: json.RawMessage(`"wrong"`)}))
		s.must(s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a"}))
		s.reopen()
		s.wantDoc(s.drive("r", s.losing(intent("a", durable.Unsafe), 1), durable.StatusSucceeded), `"sent again"`)
		s.wantSent("a", 2)
		s.wantKinds("r", "started", "step-intent a", "waiting a", "settled a", "settled a", "step-intent a", "step-done a", "ended")
	}},
	{name: "a settlement with which the run failed is taken back, reads behind it are read again", run: func(s *suite) {
		s.inDoubt()
		p := s.readBehind(s.losing(intent("a", durable.Unsafe), 1))
		s.must(s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a", Happened: true, Result: json.RawMessage(`"wrong"`)}))
		s.drive("r", p, durable.StatusFailed)
		s.must(s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a", Happened: true, Result: json.RawMessage(`"right"`)}))
		if st := s.state("r"); st.Status != durable.StatusRunning {
			s.Errorf("settled anew, the run is %s", st.Status)
		}
		s.reopen()
		s.wantDoc(s.drive("r", p, durable.StatusSucceeded), `"read"`)
		s.wantSent("a", 1)
		s.wantErr("after the end", s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a"}), durable.ErrEnded)
	}},
	{name: "a settlement is taken back while a person is awaited", run: func(s *suite) {
		s.inDoubt()
		p := then(s.losing(intent("a", durable.Unsafe), 1), func(ctx context.Context, h durable.Host, v any) (any, error) {
			w := external("person")
			w.With = map[string]any{"a": s.bytes(v.(durable.Result))}
			return h.Await(ctx, w)
		})
		for _, result := range []string{`"wrong"`, `"right"`} {
			s.must(s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a", Happened: true, Result: json.RawMessage(result)}))
			if st := s.drive("r", p, durable.StatusWaiting); st.Waiting.With["a"] != result {
				s.Errorf("settled with %s, the person is given %v", result, st.Waiting.With)
			}
		}
	}},
	{name: "a settlement is not taken back while the run goes on with it", run: func(s *suite) {
		s.inDoubt()
		s.must(s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a", Happened: true, Result: json.RawMessage(`1`)}))
		s.drive("r", then(s.losing(intent("a", durable.Unsafe), 1), func(ctx context.Context, h durable.Host, v any) (any, error) {
			s.wantErr("settle anew", s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a"}), durable.ErrBusy)
			return v, nil
		}), durable.StatusSucceeded)
	}},
	{name: "a settlement that the run went on with stays", run: func(s *suite) {
		s.inDoubt()
		s.must(s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a", Happened: true, Result: json.RawMessage(`1`)}))
		s.drive("r", then(s.losing(intent("a", durable.Unsafe), 1), func(ctx context.Context, h durable.Host, _ any) (any, error) {
			if _, err := s.step(ctx, h, "b", durable.Unsafe); err != nil {
				return nil, err
			}
			return h.Await(ctx, external("person"))
		}), durable.StatusWaiting)
		for _, other := range []durable.Settlement{{Step: "a"}, {Step: "a", Happened: true, Result: json.RawMessage(`2`)}} {
			s.wantErr("settle anew", s.rt.Settle(s.Context(), "r", other), durable.ErrConflict)
		}
		s.must(s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a", Happened: true, Result: json.RawMessage(`1`)}))
	}},
	{name: "probed: found", run: func(s *suite) {
		s.begin("r")
		in, looked := s.probed(json.RawMessage(`"found"`), nil)
		s.driveCrash("r", s.dying(in))
		s.clock.add(time.Minute)
		s.wantDoc(s.drive("r", s.dying(in), durable.StatusSucceeded), `"found"`)
		s.wantSent("a", 1)
		if *looked != 1 {
			s.Errorf("looked up %d times", *looked)
		}
	}},
	{name: "probed: not found", run: func(s *suite) {
		s.begin("r")
		in, _ := s.probed(nil, nil)
		s.driveCrash("r", s.dying(in))
		s.clock.add(time.Minute)
		s.wantDoc(s.drive("r", s.dying(in), durable.StatusSucceeded), `"sent again"`)
		s.wantSent("a", 2)
	}},
	{name: "probed: not before the first request has had its time", run: func(s *suite) {
		s.begin("r")
		in, looked := s.probed(nil, nil)
		s.driveCrash("r", s.dying(in))
		s.clock.add(29 * time.Second)
		state := s.drive("r", s.dying(in), durable.StatusInDoubt)
		if want := s.clock.Now().Add(time.Second); !state.Due.Equal(want) || *looked != 0 {
			s.Errorf("due %v, want %v; looked up %d times", state.Due, want, *looked)
		}
		s.clock.add(time.Second)
		s.drive("r", s.dying(in), durable.StatusSucceeded)
		s.wantSent("a", 2)
	}},
	{name: "probed: an answer lost in a live process is looked up too", run: func(s *suite) {
		s.begin("r")
		in, looked := s.probed(json.RawMessage(`"found"`), nil)
		s.wantDoc(s.driveWith("r", skipping(s.losing(in, 1)), durable.DriveOptions{MaxBlock: -1}, durable.StatusSucceeded), `"found"`)
		s.wantSent("a", 1)
		if *looked != 1 {
			s.Errorf("looked up %d times", *looked)
		}
	}},
	{name: "probed: a drive that does not stay says at once that an answer was lost", run: func(s *suite) {
		s.begin("r")
		in, looked := s.probed(json.RawMessage(`"found"`), nil)
		state := s.drive("r", s.losing(in, 1), durable.StatusInDoubt)
		if want := s.clock.Now().Add(in.ProbeAfter); !state.Due.Equal(want) || *looked != 0 {
			s.Errorf("due %v, want %v; looked up %d times", state.Due, want, *looked)
		}
		s.clock.add(in.ProbeAfter)
		s.wantDoc(s.drive("r", s.losing(in, 0), durable.StatusSucceeded), `"found"`)
		s.wantSent("a", 1)
	}},
	{name: "probed: a lookup that is asked to wait leaves the step in doubt", run: func(s *suite) {
		s.begin("r")
		at := s.clock.Now().Add(time.Hour)
		in, _ := s.probed(nil, &durable.NotBefore{At: at})
		s.driveCrash("r", s.dying(in))
		s.clock.add(time.Minute)
		if state := s.drive("r", s.dying(in), durable.StatusInDoubt); !state.Due.Equal(at) {
			s.Errorf("due %v, want %v", state.Due, at)
		}
		s.wantSent("a", 1)
	}},
	{name: "probed: a failing look-up decides nothing", run: func(s *suite) {
		s.begin("r")
		in, _ := s.probed(nil, errors.New("503"))
		s.driveCrash("r", s.dying(in))
		s.clock.add(time.Minute)
		for range 2 {
			state := s.drive("r", s.dying(in), durable.StatusInDoubt)
			if !strings.HasSuffix(state.Waiting.Err.Error(), "looking it up failed: 503") || !state.Due.After(s.clock.Now()) {
				s.Errorf("due %v: %v", state.Due, state.Waiting.Err)
			}
			s.clock.set(state.Due)
		}
		s.wantSent("a", 1)
		in, _ = s.probed(json.RawMessage(`"found"`), nil)
		s.wantDoc(s.drive("r", s.dying(in), durable.StatusSucceeded), `"found"`)
	}},
}

// probed is a call that can be looked up, with the outcome of that.
func (s *suite) probed(result json.RawMessage, err error) (in durable.Intent, looked *int) {
	in = intent("a", durable.Probed)
	in.ProbeAfter = 30 * time.Second
	looked = new(int)
	in.Probe = func(context.Context) (durable.Result, bool, error) {
		*looked++
		return result, result != nil, err
	}
	return in, looked
}
