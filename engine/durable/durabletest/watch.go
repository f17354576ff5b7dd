package durabletest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/google/go-cmp/cmp"
)

// watched is a Watch and its news so far.
type watched struct {
	*suite
	ch     <-chan durable.News
	events []string
	last   durable.State
}

func (s *suite) watch(ctx context.Context, id string, after int64) *watched {
	s.Helper()
	ch, err := s.rt.Watch(ctx, id, after)
	s.must(err)
	return &watched{suite: s, ch: ch}
}

// receive takes the next news; it reports false when there will be none.
func (w *watched) receive() bool {
	w.Helper()
	news, ok := <-w.ch
	if !ok {
		return false
	}
	if news.Err != nil {
		w.Fatal(news.Err)
	}
	w.last = news.State
	for _, e := range news.Events {
		w.events = append(w.events, fmt.Sprintf("%d %s", e.Seq, e.Kind))
	}
	return true
}

// until receives news until the run stands in a way.
func (w *watched) until(want durable.Status) {
	w.Helper()
	for w.last.Status != want {
		if !w.receive() {
			w.Fatalf("there is no more news, and the run is %s, not %s", w.last.Status, want)
		}
	}
}

func (w *watched) wantEvents(want ...string) {
	w.Helper()
	if diff := cmp.Diff(want, w.events); diff != "" {
		w.Errorf("events (-want +got)\n%s", diff)
	}
}

// elsewhere is the Runtime of another process that shares the runs.
func (s *suite) elsewhere() durable.Runtime {
	if s.o.Forgets {
		return s.rt
	}
	s.other = s.open(s.T, s.dir, s.clock.Now)
	return s.other
}

var watchTests = []test{
	{name: "a watch sends the history, then what happens, until the end", run: func(s *suite) {
		s.begin("r")
		s.drive("r", s.stepThenPerson(), durable.StatusWaiting)
		all, rest := s.watch(s.Context(), "r", 0), s.watch(s.Context(), "r", 2)
		all.until(durable.StatusWaiting)
		all.wantEvents("1 started", "2 step-intent", "3 step-done", "4 waiting")
		s.must(s.signal("r", "1", `1`))
		all.until(durable.StatusRunning)
		s.drive("r", s.stepThenPerson(), durable.StatusSucceeded)
		all.until(durable.StatusSucceeded)
		rest.until(durable.StatusSucceeded)
		if all.receive() || rest.receive() {
			s.Error("there is news after the end")
		}
		all.wantEvents("1 started", "2 step-intent", "3 step-done", "4 waiting", "5 signal", "6 step-done", "7 ended")
		rest.wantEvents("3 step-done", "4 waiting", "5 signal", "6 step-done", "7 ended")
		late := s.watch(s.Context(), "r", 7)
		if !late.receive() || late.last.Status != durable.StatusSucceeded || late.receive() {
			s.Errorf("of a run that has ended, the last news is %+v", late.last)
		}
		late.wantEvents()
	}},
	{name: "a watch sees what other processes do", run: func(s *suite) {
		s.begin("r")
		w := s.watch(s.Context(), "r", 0)
		w.until(durable.StatusRunning)
		other := s.elsewhere()
		_, err := other.Drive(s.Context(), "r", asking.exec, park)
		s.must(err)
		w.until(durable.StatusWaiting)
		s.must(other.Signal(s.Context(), "r", durable.Signal{Step: "person"}))
		w.until(durable.StatusRunning)
		_, err = other.Drive(s.Context(), "r", asking.exec, park)
		s.must(err)
		w.until(durable.StatusSucceeded)
		w.wantEvents("1 started", "2 waiting", "3 signal", "4 step-done", "5 ended")
	}},
	{name: "another look of a poll is its event again, also to one that comes later", run: func(s *suite) {
		s.begin("r")
		w := s.watch(s.Context(), "r", 0)
		p := s.polling(threeDays, s.clock.Now().Add(25*time.Second))
		state := s.drive("r", p, durable.StatusWaiting)
		w.until(durable.StatusWaiting)
		if !w.last.Due.Equal(state.Due) {
			s.Errorf("due %v, want %v", w.last.Due, state.Due)
		}
		late := s.watch(s.Context(), "r", 2)
		late.receive()
		late.wantEvents()
		for look := range 2 {
			s.clock.set(state.Due)
			state = s.drive("r", p, durable.StatusWaiting)
			for len(late.events) <= look && late.receive() {
			}
		}
		late.wantEvents("2 poll", "2 poll")
		s.clock.set(state.Due)
		s.drive("r", p, durable.StatusSucceeded)
		w.until(durable.StatusSucceeded)
		late.until(durable.StatusSucceeded)
		late.wantEvents("2 poll", "2 poll", "3 step-done", "4 ended")
		if w.events[0] != "1 started" || !slices.Contains(w.events, "2 poll") {
			s.Errorf("from the start: %v", w.events)
		}
	}},
	{name: "a watch sees that a run is driven and that it is not any more", run: func(s *suite) {
		s.begin("r")
		ctx, stop := context.WithCancel(s.Context())
		s.rt.Drive(ctx, "r", program(func(ctx context.Context, h durable.Host) (any, error) {
			if _, err := s.step(ctx, h, "a", durable.Unsafe); err != nil {
				return nil, err
			}
			w := s.watch(s.Context(), "r", 0)
			w.receive()
			if !w.last.Driven {
				s.Error("the run is not driven while it is")
			}
			go func() {
				for w.last.Driven && w.receive() {
				}
				s.sent("let go")
			}()
			stop()
			return nil, context.Cause(ctx)
		}).exec, park)
		s.settled(func() bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.calls["let go"] == 1
		})
		s.wantSent("let go", 1)
		s.must(s.rt.Cancel(s.Context(), "r"))
	}},
	{name: "a watch ends with ctx", run: func(s *suite) {
		s.begin("r")
		ctx, leave := context.WithCancel(s.Context())
		read, unread := s.watch(ctx, "r", 0), s.watch(ctx, "r", 0)
		read.receive()
		leave()
		for range unread.ch { // one that was about to be sent may be
		}
		if read.receive() {
			s.Error("there is news after the end of ctx")
		}
	}},
	{name: "a watch ends with the runtime", run: func(s *suite) {
		s.begin("r")
		read, unread := s.watch(s.Context(), "r", 0), s.watch(s.Context(), "r", 0)
		read.receive()
		s.must(s.rt.Close())
		for name, w := range map[string]*watched{"read": read, "unread": unread} {
			var last durable.News
			for last = range w.ch {
			}
			if last.Err == nil {
				s.Errorf("%s: the last news has no reason: %+v", name, last)
			}
		}
	}},
	{name: "a run that is not kept cannot be watched", run: func(s *suite) {
		_, err := s.rt.Watch(s.Context(), "nobody", 0)
		s.wantErr("watch", err, durable.ErrUnknown)
	}},
	{name: "a run that is forgotten is watched no longer", local: "a server forgets runs when it gets to it", run: func(s *suite) {
		s.begin("r")
		s.begin("other")
		w := s.watch(s.Context(), "r", 0)
		w.receive()
		s.drive("r", nothing, durable.StatusSucceeded)
		s.clock.add(time.Hour)
		if n, err := s.rt.Prune(s.Context(), s.clock.Now()); n != 1 || err != nil {
			s.Fatalf("pruned %d runs: %v", n, err)
		}
		for news := range w.ch {
			if news.Err != nil && !errors.Is(news.Err, durable.ErrUnknown) {
				s.Error(news.Err)
			}
		}
	}},
}

// stepThenPerson performs step "a" and waits for a person.
func (s *suite) stepThenPerson() program {
	return func(ctx context.Context, h durable.Host) (any, error) {
		if _, err := s.step(ctx, h, "a", durable.Unsafe); err != nil {
			return nil, err
		}
		return h.Await(ctx, external("person"))
	}
}
