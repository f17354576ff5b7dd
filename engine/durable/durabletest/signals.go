package durabletest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/google/go-cmp/cmp"
)

// asking is a program that needs one person.
var asking program = func(ctx context.Context, h durable.Host) (any, error) { return h.Await(ctx, external("person")) }

func (s *suite) signal(id, name, result string) error {
	return s.rt.Signal(s.Context(), id, durable.Signal{ID: name, Step: "person", Result: json.RawMessage(result), By: "ada"})
}

// staying drives a run with a drive that waits as long as it takes, and returns
// once it waits.
func (s *suite) staying(id string, p program) (done <-chan error) {
	ch := make(chan error, 1)
	go func() {
		_, err := s.rt.Drive(s.Context(), id, p.exec, durable.DriveOptions{MaxBlock: -1})
		ch <- err
	}()
	s.settled(func() bool { return s.state(id).Status == durable.StatusWaiting })
	return ch
}

// settled waits until nothing more happens by itself; what is then so.
func (s *suite) settled(what func() bool) {
	s.Helper()
	if !s.o.Server {
		synctest.Wait()
		return
	}
	for !what() {
		select {
		case <-s.Context().Done():
			s.Fatal("it did not come about")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

var awaitTests = []test{
	{name: "a signal that comes with the start is kept with the run", run: func(s *suite) {
		spec := durable.Spec{ID: "r", Capability: "test", Input: json.RawMessage(`{}`)}
		signal := durable.Signal{ID: "1", Step: "person", Result: json.RawMessage(`"early"`), By: "ada"}
		s.must(s.rt.Start(s.Context(), spec, signal, signal))
		s.reopen()
		s.wantKinds("r", "started", "signal person")
		if err := s.rt.Signal(s.Context(), "r", signal); err != nil {
			s.Errorf("the same signal again: %v", err)
		}
		s.wantDoc(s.drive("r", asking, durable.StatusSucceeded), `"early"`)
	}},
	{name: "a start with a signal that cannot be kept keeps nothing", run: func(s *suite) {
		good := durable.Signal{Step: "person", Result: json.RawMessage(`1`)}
		for what, signals := range map[string][]durable.Signal{
			"not JSON":    {good, {Step: "other", Result: json.RawMessage(`{`)}},
			"no step":     {good, {Result: json.RawMessage(`1`)}},
			"two results": {good, {Step: "person", Result: json.RawMessage(`2`)}},
		} {
			if err := s.rt.Start(s.Context(), durable.Spec{ID: "r"}, signals...); err == nil {
				s.Errorf("%s: the run was started", what)
			}
			if _, err := s.rt.Get(s.Context(), "r"); !errors.Is(err, durable.ErrUnknown) {
				s.Errorf("%s: a run was kept: %v", what, err)
			}
		}
	}},
	{name: "a run waits for a person and says what for", run: func(s *suite) {
		s.begin("r")
		s.drive("r", asking, durable.StatusWaiting)
		s.drive("r", asking, durable.StatusWaiting)
		s.reopen()
		want := &durable.Suspended{
			Path: "person", Reason: durable.ReasonExternal, Description: "do person",
			With: map[string]any{"link": "https://x.example/person"}, Sensitive: []string{"link"},
		}
		state := s.state("r")
		if diff := cmp.Diff(want, state.Waiting); diff != "" {
			s.Errorf("waiting (-want +got)\n%s", diff)
		}
		if !state.Due.IsZero() {
			s.Errorf("a run that waits for a person goes on by itself at %v", state.Due)
		}
		s.wantKinds("r", "started", "waiting person")
	}},
	{name: "a signal makes the run due and is its result", run: func(s *suite) {
		s.begin("r")
		s.drive("r", asking, durable.StatusWaiting)
		s.reopen()
		s.must(s.signal("r", "1", `{"ok":true}`))
		if due := s.due(); len(due) != 1 || due[0].Status != durable.StatusRunning || due[0].Waiting != nil {
			s.Errorf("due: %+v", due)
		}
		s.reopen()
		s.wantDoc(s.drive("r", asking, durable.StatusSucceeded), `{"ok":true}`)
		s.wantKinds("r", "started", "waiting person", "signal person", "step-done person", "ended")
	}},
	{name: "a signal may come before the run waits", run: func(s *suite) {
		s.begin("r")
		s.must(s.signal("r", "1", `1`))
		s.reopen()
		s.wantDoc(s.drive("r", asking, durable.StatusSucceeded), `1`)
	}},
	{name: "a signal that was consumed is not consumed again", run: func(s *suite) {
		s.begin("r")
		s.must(s.signal("r", "1", `1`))
		s.driveCrash("r", func(ctx context.Context, h durable.Host) (any, error) {
			if _, err := h.Await(ctx, external("person")); err != nil {
				return nil, err
			}
			panic(crash{})
		})
		s.wantDoc(s.drive("r", asking, durable.StatusSucceeded), `1`)
		s.wantKinds("r", "started", "signal person", "step-done person", "ended")
	}},
	{name: "signals that repeat, conflict, or come too late", run: func(s *suite) {
		s.begin("r")
		s.drive("r", asking, durable.StatusWaiting)
		for range 2 {
			s.must(s.signal("r", "1", `{"a":1,"b":2}`))
		}
		if err := s.signal("r", "2", `{"b": 2, "a": 1}`); err != nil {
			s.Errorf("another message that says the same: %v", err)
		}
		s.wantErr("another result", s.signal("r", "2", `2`), durable.ErrConflict)
		s.wantErr("another result under the same name", s.signal("r", "1", `2`), durable.ErrConflict)
		s.wantDoc(s.drive("r", asking, durable.StatusSucceeded), `{"a":1,"b":2}`)
		if err := s.signal("r", "1", `{"a":1,"b":2}`); err != nil {
			s.Errorf("the same after the end: %v", err)
		}
		s.wantErr("another after the end", s.signal("r", "3", `2`), durable.ErrEnded)
		s.wantErr("unknown run", s.signal("nobody", "1", `1`), durable.ErrUnknown)
		if err := s.signal("r", "4", `{`); err == nil {
			s.Error("a result that is not JSON is taken")
		}
	}},
	{name: "two signals at once: one counts", run: func(s *suite) {
		s.begin("r")
		s.drive("r", asking, durable.StatusWaiting)
		const n = 8
		errs := make([]error, n)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() { errs[i] = s.signal("r", fmt.Sprint(i), fmt.Sprint(i)) })
		}
		wg.Wait()
		winner := -1
		for i, err := range errs {
			switch {
			case err == nil && winner < 0:
				winner = i
			case !errors.Is(err, durable.ErrConflict):
				s.Errorf("signal %d: %v", i, err)
			}
		}
		s.wantDoc(s.drive("r", asking, durable.StatusSucceeded), fmt.Sprint(winner))
	}},
	{name: "a drive that stays wakes on the signal", run: func(s *suite) {
		s.begin("r")
		done := s.staying("r", asking)
		if st := s.state("r"); st.Status != durable.StatusWaiting || !st.Driven {
			s.Errorf("while a drive stays the run is %s, driven %v", st.Status, st.Driven)
		}
		s.must(s.signal("r", "1", `1`))
		s.must(<-done)
		if st := s.state("r"); st.Status != durable.StatusSucceeded || st.Waiting != nil {
			s.Errorf("afterwards the run is %s, waiting for %v", st.Status, st.Waiting)
		}
	}},
	{name: "a drive that stays with a run that waited before wakes too", run: func(s *suite) {
		s.begin("r")
		s.drive("r", asking, durable.StatusWaiting)
		done := s.staying("r", asking)
		s.must(s.signal("r", "1", `1`))
		s.must(<-done)
		s.wantDoc(s.state("r"), `1`)
	}},
	{name: "a signal that comes just as the run parks is not lost", run: func(s *suite) {
		s.begin("r")
		first := true
		state := s.drive("r", func(ctx context.Context, h durable.Host) (any, error) {
			raw, err := h.Await(ctx, external("person"))
			if first {
				first = false
				if err := s.signal("r", "1", `1`); err != nil {
					s.Error(err)
				}
			}
			return raw, err
		}, durable.StatusSucceeded)
		s.wantDoc(state, `1`)
	}},
	{name: "an execution that is repeated has the same results", run: func(s *suite) {
		s.begin("r")
		long := json.RawMessage(`"` + strings.Repeat("x", 100_000) + `"`)
		executions := 0
		state := s.drive("r", func(ctx context.Context, h durable.Host) (any, error) {
			executions++
			for path, want := range map[string]json.RawMessage{"short": json.RawMessage(`"x"`), "long": long} {
				r, err := h.Step(ctx, intent(path, durable.Unsafe), func(context.Context, *durable.Attempt) (durable.Result, error) {
					s.sent(path)
					return want, nil
				})
				if err != nil {
					return nil, err
				}
				if got := s.bytes(r); got != string(want) {
					s.Errorf("execution %d: the result of %q has %d bytes", executions, path, len(got))
				}
			}
			raw, err := h.Await(ctx, external("person"))
			if executions == 1 {
				if err := s.signal("r", "1", `1`); err != nil {
					s.Error(err)
				}
			}
			return raw, err
		}, durable.StatusSucceeded)
		s.wantDoc(state, `1`)
		s.wantSent("short", 1)
		s.wantSent("long", 1)
		if executions < 2 || executions > 2 && !s.o.Server { // whose workers may begin anew
			s.Errorf("executed %d times", executions)
		}
	}},
	{name: "a handler performs external steps", run: func(s *suite) {
		s.begin("r")
		with := func(result string, done bool, err error) program {
			return func(ctx context.Context, h durable.Host) (any, error) {
				w := external("person")
				w.Perform = func(context.Context) (json.RawMessage, bool, error) {
					s.sent("person")
					return json.RawMessage(result), done, err
				}
				if _, err := h.Await(ctx, w); err != nil {
					return nil, err
				}
				return h.Await(ctx, external("another"))
			}
		}
		s.drive("r", with("", false, nil), durable.StatusWaiting)
		broken := errors.New("no terminal")
		if _, err := s.rt.Drive(s.Context(), "r", with("", false, broken).exec, park); !errors.Is(err, broken) {
			s.Errorf("drive: %v", err)
		}
		s.drive("r", with(`"handled"`, true, nil), durable.StatusWaiting)
		s.reopen()
		s.drive("r", with(`"handled"`, true, nil), durable.StatusWaiting)
		s.wantSent("person", 3)
		s.wantErr("a signal against the handler", s.signal("r", "1", `2`), durable.ErrConflict)
	}},
	{name: "a signal stored while a handler is at work counts", run: func(s *suite) {
		s.begin("r")
		p := func(ctx context.Context, h durable.Host) (any, error) {
			w := external("person")
			w.Perform = func(context.Context) (json.RawMessage, bool, error) {
				if err := s.signal("r", "1", `"signalled"`); err != nil {
					s.Error(err)
				}
				return json.RawMessage(`"handled"`), true, nil
			}
			return h.Await(ctx, w)
		}
		s.wantDoc(s.drive("r", p, durable.StatusSucceeded), `"signalled"`)
	}},
}

var cancelTests = []test{
	{name: "cancel a run that nobody drives", run: func(s *suite) {
		for i, status := range []durable.Status{durable.StatusRunning, durable.StatusWaiting, durable.StatusInDoubt} {
			id := fmt.Sprint("r", i)
			s.begin(id)
			switch status {
			case durable.StatusWaiting:
				s.drive(id, asking, status)
			case durable.StatusInDoubt:
				s.drive(id, s.losing(intent("a", durable.Unsafe), 1), status)
			}
			for range 2 {
				s.must(s.rt.Cancel(s.Context(), id))
			}
			st := s.state(id)
			if st.Status != durable.StatusCancelled || st.Waiting != nil || !st.Due.IsZero() {
				s.Errorf("%s run, cancelled: %+v", status, st)
			}
			s.drive(id, asking, durable.StatusCancelled)
			s.wantErr("a signal afterwards", s.signal(id, "1", `1`), durable.ErrEnded)
		}
	}},
	{name: "cancel a run that is driven: at its next call", run: func(s *suite) {
		s.begin("r")
		ready := make(chan struct{})
		cancelled := make(chan error)
		go func() {
			<-ready
			cancelled <- s.rt.Cancel(s.Context(), "r")
		}()
		state := s.drive("r", func(ctx context.Context, h durable.Host) (any, error) {
			_, err := h.Step(ctx, intent("a", durable.Unsafe), func(context.Context, *durable.Attempt) (durable.Result, error) {
				close(ready)
				if err := <-cancelled; err != nil {
					s.Error(err)
				}
				return json.RawMessage(`1`), nil
			})
			if err != nil {
				return nil, err
			}
			return s.step(ctx, h, "b", durable.Unsafe)
		}, durable.StatusCancelled)
		if state.Status != durable.StatusCancelled {
			s.Error(state.Status)
		}
		s.wantSent("b", 0)
		s.wantKinds("r", "started", "step-intent a", "cancelled", "step-done a", "ended")
	}},
	{name: "cancel a run whose drive waits", run: func(s *suite) {
		for i, p := range []program{asking, func(ctx context.Context, h durable.Host) (any, error) {
			if err := h.Sleep(ctx, "nap", h.Now().Add(time.Hour)); err != nil {
				return nil, err
			}
			return s.step(ctx, h, "a", durable.Safe)
		}} {
			id := fmt.Sprint("r", i)
			s.begin(id)
			done := s.staying(id, p)
			s.must(s.rt.Cancel(s.Context(), id))
			s.must(<-done)
			if st := s.state(id).Status; st != durable.StatusCancelled {
				s.Errorf("the run is %s", st)
			}
		}
		s.wantSent("a", 0)
	}},
	{name: "cancel what cannot be cancelled", run: func(s *suite) {
		s.begin("r")
		s.drive("r", nothing, durable.StatusSucceeded)
		s.wantErr("an ended run", s.rt.Cancel(s.Context(), "r"), durable.ErrEnded)
		s.wantErr("unknown run", s.rt.Cancel(s.Context(), "nobody"), durable.ErrUnknown)
	}},
}
