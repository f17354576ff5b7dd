package durabletest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/google/go-cmp/cmp"
)

var runTests = []test{
	{name: "a run keeps what it was started with", run: func(s *suite) {
		spec := durable.Spec{
			ID: "r", Capability: "onboarding", Source: "./x.yaml", Owner: "me", Mock: true,
			Snapshot: []byte{0x1f, 0x8b, 0, 1, 2}, Input: json.RawMessage(`{"a": "æ"}`), Started: s.clock.Now().Add(-time.Hour),
			Title: "Æon", Labels: map[string]string{"env": "prod"}, Sensitive: []string{"a"},
		}
		s.must(s.rt.Start(s.Context(), spec))
		s.wantErr("the same id", s.rt.Start(s.Context(), spec), durable.ErrExists)
		s.reopen()
		got, err := s.rt.Spec(s.Context(), "r")
		if diff := cmp.Diff(spec, got); err != nil || diff != "" {
			s.Errorf("spec (-want +got)\n%s\n%v", diff, err)
		}
		_, err = s.rt.Drive(s.Context(), "r", func(_ context.Context, h durable.Host, got durable.Spec) (durable.Ending, error) {
			if diff := cmp.Diff(spec, got); diff != "" || h.RunID() != "r" || !h.Now().Equal(spec.Started) {
				s.Errorf("the executor gets (-want +got)\n%s run %q at %v", diff, h.RunID(), h.Now())
			}
			return durable.Ending{Status: durable.StatusFailed, Doc: json.RawMessage(`{"why":"not"}`)}, nil
		}, park)
		s.must(err)
		s.reopen()
		want := durable.State{
			ID: "r", Capability: "onboarding", Source: "./x.yaml", Owner: "me", Mock: true, Status: durable.StatusFailed,
			Started: spec.Started, Updated: s.clock.Now(), Doc: json.RawMessage(`{"why":"not"}`),
			Title: "Æon", Labels: map[string]string{"env": "prod"},
		}
		if diff := cmp.Diff(want, s.state("r")); diff != "" {
			s.Errorf("state (-want +got)\n%s", diff)
		}
	}},
	{name: "a run that is driven as it is started", run: func(s *suite) {
		spec := durable.Spec{
			ID: "r", Capability: "onboarding", Source: "./x.yaml", Owner: "me", Mock: true,
			Snapshot: []byte{0x1f, 0x8b, 0, 1, 2}, Input: json.RawMessage(`{"a": "æ"}`), Started: s.clock.Now(),
			Title: "Æon", Labels: map[string]string{"env": "prod"}, Sensitive: []string{"a"},
		}
		signal := durable.Signal{ID: "1", Step: "person", Result: json.RawMessage(`"done"`)}
		state, err := s.rt.Run(s.Context(), spec, program(func(ctx context.Context, h durable.Host) (any, error) {
			if _, err := s.rt.Drive(ctx, "r", nil, park); !errors.Is(err, durable.ErrBusy) {
				s.Errorf("driven twice: %v", err)
			}
			if _, err := s.step(ctx, h, "read", durable.Safe); err != nil {
				return nil, err
			}
			if _, err := h.Await(ctx, external("person")); err != nil {
				return nil, err
			}
			return s.step(ctx, h, "write", durable.Unsafe)
		}).exec, park, signal)
		s.must(err)
		s.reopen()
		if diff := cmp.Diff(s.state("r"), state); diff != "" || state.Status != durable.StatusSucceeded || state.Doc == nil {
			s.Errorf("state %s (-kept +returned)\n%s", state.Status, diff)
		}
		got, err := s.rt.Spec(s.Context(), "r")
		if diff := cmp.Diff(spec, got); err != nil || diff != "" {
			s.Errorf("spec (-want +got)\n%s\n%v", diff, err)
		}
		s.wantKinds("r", "started", "signal person", "step-done read", "step-done person", "step-intent write", "step-done write", "ended")
	}},
	{name: "a run that is driven as it is started, and waits", run: func(s *suite) {
		p := program(func(ctx context.Context, h durable.Host) (any, error) {
			if _, err := s.step(ctx, h, "a", durable.Safe); err != nil {
				return nil, err
			}
			return h.Await(ctx, external("person"))
		})
		state, err := s.rt.Run(s.Context(), durable.Spec{ID: "r"}, p.exec, park)
		s.must(err)
		s.reopen()
		if kept := s.state("r"); state.Status != durable.StatusWaiting || kept.Status != durable.StatusWaiting || kept.Waiting == nil || kept.Waiting.Path != "person" {
			s.Errorf("the run is %s, and %s is kept, waiting for %v", state.Status, kept.Status, kept.Waiting)
		}
		s.must(s.rt.Signal(s.Context(), "r", durable.Signal{Step: "person"}))
		s.drive("r", p, durable.StatusSucceeded)
		s.wantSent("a", 1)
	}},
	{name: "a run of an id that is kept is not started", run: func(s *suite) {
		s.begin("r")
		for _, policy := range []durable.Policy{durable.Safe, durable.Unsafe} {
			_, err := s.rt.Run(s.Context(), durable.Spec{ID: "r"}, program(func(ctx context.Context, h durable.Host) (any, error) {
				return s.step(ctx, h, string(policy), policy)
			}).exec, park)
			s.wantErr("the same id", err, durable.ErrExists)
		}
		s.wantSent(string(durable.Unsafe), 0)
		s.wantKinds("r", "started")
	}},
	{name: "ids that could be file names of something else are refused", run: func(s *suite) {
		for _, id := range []string{"", ".", "../r", "a/b", "a b", "ø", "-\x00"} {
			if err := s.rt.Start(s.Context(), durable.Spec{ID: id}); err == nil {
				s.Errorf("a run called %q was started", id)
			}
			if _, err := s.rt.Run(s.Context(), durable.Spec{ID: id}, nil, park); err == nil {
				s.Errorf("a run called %q was started", id)
			}
		}
	}},
	{name: "unknown runs", run: func(s *suite) {
		ctx := s.Context()
		for _, id := range []string{"nobody", "", "../r"} {
			_, err := s.rt.Get(ctx, id)
			s.wantErr("get", err, durable.ErrUnknown)
			_, err = s.rt.Spec(ctx, id)
			s.wantErr("spec", err, durable.ErrUnknown)
			_, err = s.rt.History(ctx, id, 0)
			s.wantErr("history", err, durable.ErrUnknown)
			_, err = s.rt.Drive(ctx, id, asking.exec, park)
			s.wantErr("drive", err, durable.ErrUnknown)
		}
	}},
	{name: "a run that ended is returned as it is", run: func(s *suite) {
		s.begin("r")
		p := program(func(ctx context.Context, h durable.Host) (any, error) { return s.sent("exec"), nil })
		for range 2 {
			s.wantDoc(s.drive("r", p, durable.StatusSucceeded), `1`)
			s.reopen()
		}
		s.wantSent("exec", 1)
	}},
	{name: "an execution without an end is an error", run: func(s *suite) {
		s.begin("r")
		for _, e := range []durable.Ending{{}, {Status: durable.StatusWaiting}} {
			_, err := s.rt.Drive(s.Context(), "r", func(context.Context, durable.Host, durable.Spec) (durable.Ending, error) { return e, nil }, park)
			if err == nil {
				s.Errorf("a run that ends as %q is taken", e.Status)
			}
		}
	}},
	{name: "an executor's error leaves the run due", run: func(s *suite) {
		s.begin("r")
		broken := errors.New("cannot read the snapshot")
		_, err := s.rt.Drive(s.Context(), "r", program(func(context.Context, durable.Host) (any, error) { return nil, broken }).exec, park)
		s.wantErr("drive", err, broken)
		if due := s.due(); len(due) != 1 {
			s.Errorf("due: %v", due)
		}
	}},
	{name: "a parked run keeps its document", run: func(s *suite) {
		s.begin("r")
		_, err := s.rt.Drive(s.Context(), "r", func(ctx context.Context, h durable.Host, _ durable.Spec) (durable.Ending, error) {
			_, err := h.Await(ctx, external("person"))
			return durable.Ending{Doc: json.RawMessage(`{"so":"far"}`)}, err
		}, park)
		s.must(err)
		s.reopen()
		s.wantDoc(s.state("r"), `{"so":"far"}`)
	}},
	{name: "one drives, the others are told", run: func(s *suite) {
		s.begin("r")
		inside := false
		s.drive("r", func(ctx context.Context, h durable.Host) (any, error) {
			inside = true
			if !s.state("r").Driven {
				s.Error("a driven run is not said to be")
			}
			_, err := s.rt.Drive(ctx, "r", asking.exec, park)
			s.wantErr("the second", err, durable.ErrBusy)
			return nil, nil
		}, durable.StatusSucceeded)
		if !inside || s.state("r").Driven {
			s.Error("driven is wrong afterwards")
		}
	}},
	{name: "many drivers, each step once", run: func(s *suite) {
		const runs, drivers = 20, 8
		for i := range runs {
			s.begin(fmt.Sprint("r", i))
		}
		var wg sync.WaitGroup
		for range drivers {
			wg.Go(func() {
				for i := range runs {
					id := fmt.Sprint("r", i)
					_, err := s.rt.Drive(s.Context(), id, program(func(ctx context.Context, h durable.Host) (any, error) {
						return s.step(ctx, h, id, durable.Unsafe)
					}).exec, park)
					if err != nil && !errors.Is(err, durable.ErrBusy) {
						s.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for i := range runs {
			id := fmt.Sprint("r", i)
			s.wantSent(id, 1)
			if st := s.state(id).Status; st != durable.StatusSucceeded {
				s.Errorf("%s is %s", id, st)
			}
		}
	}},
	{name: "list", run: func(s *suite) {
		begun := s.clock.Now()
		for i, spec := range []durable.Spec{
			{ID: "run_a1", Capability: "x", Owner: "ada"},
			{ID: "run_a2", Capability: "y", Owner: "ada"},
			{ID: "run_b1", Capability: "x", Owner: "bob"},
			{ID: "Run_a1", Capability: "x"},
		} {
			spec.Started = begun.Add(time.Duration(i) * time.Second)
			s.must(s.rt.Start(s.Context(), spec))
		}
		s.drive("run_a1", asking, durable.StatusWaiting)
		s.drive("run_b1", nothing, durable.StatusSucceeded)
		nap := s.clock.Now().Add(time.Hour)
		s.drive("Run_a1", func(ctx context.Context, h durable.Host) (any, error) { return nil, h.Sleep(ctx, "nap", nap) }, durable.StatusWaiting)
		for _, tt := range []struct {
			f    durable.Filter
			want []string
		}{
			{durable.Filter{}, []string{"Run_a1", "run_b1", "run_a2", "run_a1"}},
			{durable.Filter{Limit: 2}, []string{"Run_a1", "run_b1"}},
			{durable.Filter{Limit: 2, After: durable.Mark{Started: begun.Add(2 * time.Second), ID: "run_b1"}}, []string{"run_a2", "run_a1"}},
			{durable.Filter{After: durable.Mark{Started: begun.Add(time.Second), ID: "run_a2!"}}, []string{"run_a2", "run_a1"}}, // pruned meanwhile
			{durable.Filter{Capability: "x"}, []string{"Run_a1", "run_b1", "run_a1"}},
			{durable.Filter{Owner: "ada"}, []string{"run_a2", "run_a1"}},
			{durable.Filter{Prefix: "run_a"}, []string{"run_a2", "run_a1"}},
			{durable.Filter{Prefix: "run_c"}, nil},
			{durable.Filter{Status: []durable.Status{durable.StatusWaiting}}, []string{"Run_a1", "run_a1"}},
			{durable.Filter{Status: []durable.Status{durable.StatusSucceeded, durable.StatusRunning}}, []string{"run_b1", "run_a2"}},
			{durable.Filter{Due: s.clock.Now()}, []string{"run_a2"}},
			{durable.Filter{Due: nap}, []string{"Run_a1", "run_a2"}},
		} {
			s.wantFound(tt.f, tt.want...)
		}
	}},
	{name: "runs are found", run: func(s *suite) { s.findRuns() }},
	{name: "a run that was pruned is found no more", local: "a server forgets runs when it gets to it", run: func(s *suite) {
		spec := durable.Spec{ID: "r", Title: "Acme", Labels: map[string]string{"env": "prod"}, Input: json.RawMessage(`{"name": "Acme"}`)}
		for range 2 { // and its id may be used again
			s.must(s.rt.Start(s.Context(), spec))
			s.wantFound(durable.Filter{Labels: spec.Labels, Inputs: map[string]string{"name": "Acme"}, Text: "acme"}, "r")
			s.must(s.rt.Cancel(s.Context(), "r"))
			s.clock.add(time.Hour)
			if n, err := s.rt.Prune(s.Context(), s.clock.Now()); n != 1 || err != nil {
				s.Fatalf("pruned %d: %v", n, err)
			}
			s.wantFound(durable.Filter{Labels: spec.Labels})
			s.wantFound(durable.Filter{Inputs: map[string]string{"name": "Acme"}})
			s.wantFound(durable.Filter{Text: "acme"})
		}
	}},
	{name: "a run with a label that is none is not started", run: func(s *suite) {
		for name, value := range map[string]string{"": "x", "a b": "x", "a=b": "x", "a": "", "b": "two\nlines", "c": strings.Repeat("x", durable.MaxLabel+1)} {
			spec := durable.Spec{ID: "r", Labels: map[string]string{name: value}}
			if err := s.rt.Start(s.Context(), spec); err == nil {
				s.Errorf("a run was started with the label %q: %q", name, value)
			}
			if _, err := s.rt.Run(s.Context(), spec, program(nothing).exec, park); err == nil {
				s.Errorf("a run was executed with the label %q: %q", name, value)
			}
		}
	}},
	{name: "history goes on after an event and tells what was sent", run: func(s *suite) {
		s.begin("r")
		s.drive("r", func(ctx context.Context, h durable.Host) (any, error) {
			if _, err := s.step(ctx, h, "a", durable.Keyed); err != nil {
				return nil, err
			}
			return s.step(ctx, h, "b", durable.Safe)
		}, durable.StatusSucceeded)
		s.wantKinds("r", "started", "step-intent a", "step-done a", "step-done b", "ended")
		events, err := s.rt.History(s.Context(), "r", 1)
		if err != nil || len(events) != 4 || events[0].Seq != 2 {
			s.Fatalf("%v, %v", events, err)
		}
		d := events[0].Detail
		if events[0].Operation != "op" || d.Operation != "op" || d.Policy != durable.Keyed || d.Key != "key-a" || len(d.InputHash) != 64 || string(d.Input) != `{"path":"a"}` || events[0].Attempt != 1 {
			s.Errorf("intent: %+v", d)
		}
		if got := string(events[1].Detail.Result); got != `{"did":"a"}` {
			s.Errorf("done: %s", got)
		}
		if events, err := s.rt.History(s.Context(), "r", 99); err != nil || len(events) != 0 {
			s.Errorf("after the end: %v, %v", events, err)
		}
	}},
	{name: "prune forgets runs that ended before", local: "a server forgets runs when it gets to it", run: func(s *suite) {
		for i := range 5 {
			id := fmt.Sprint("r", i)
			s.begin(id)
			if i < 3 {
				s.drive(id, nothing, durable.StatusSucceeded)
			}
			s.clock.add(time.Hour)
		}
		cut := s.clock.Now().Add(-3 * time.Hour)
		for _, want := range []int{2, 0} {
			if n, err := s.rt.Prune(s.Context(), cut); n != want || err != nil {
				s.Errorf("pruned %d, want %d: %v", n, want, err)
			}
		}
		s.wantFound(durable.Filter{}, "r4", "r3", "r2")
		_, err := s.rt.Get(s.Context(), "r0")
		s.wantErr("get", err, durable.ErrUnknown)
		s.begin("r0") // its snapshot may have been shared
		if spec, err := s.rt.Spec(s.Context(), "r0"); err != nil || string(spec.Snapshot) != "snapshot" {
			s.Errorf("%+v, %v", spec, err)
		}
	}},
}

// findRuns starts runs, finds them by each member of a Filter, and pages through them.
func (s *suite) findRuns() {
	s.Helper()
	begun := s.clock.Now()
	long := strings.Repeat("x", durable.MaxLabel+1)
	for i, spec := range []durable.Spec{
		{ID: "r1", Title: "Acme", Labels: map[string]string{"customer": "Acme", "env": "prod"}, Input: json.RawMessage(`{"name": "Acme", "n": 1, "on": true, "key": "hush", "long": "` + long + `"}`), Sensitive: []string{"key"}},
		{ID: "r2", Title: "Äpfel", Labels: map[string]string{"customer": "Äpfel", "env": "prod"}, Input: json.RawMessage(`{"name": "Äpfel", "domains": ["a.example", "B.example"], "n": null, "deep": {"name": "Acme"}}`)},
		{ID: "R3", Title: "100% sure_thing", Labels: map[string]string{"env": "test"}, Input: json.RawMessage(`{"env": "prod", "n": 1.0}`)},
		{ID: "r4", Input: json.RawMessage(`not JSON`)},
	} {
		spec.Started = begun.Add(time.Duration(i) * time.Second)
		s.must(s.rt.Start(s.Context(), spec))
	}
	waits := func(path string) program {
		return func(ctx context.Context, h durable.Host) (any, error) { return h.Await(ctx, external(path)) }
	}
	s.drive("r1", waits("approve[2]"), durable.StatusWaiting)
	s.drive("r2", waits("approved"), durable.StatusWaiting)
	s.drive("R3", func(ctx context.Context, h durable.Host) (any, error) {
		return nil, h.Sleep(ctx, "nap", begun.Add(time.Hour))
	}, durable.StatusWaiting)
	s.drive("r4", nothing, durable.StatusSucceeded)
	s.reopen()
	type labels = map[string]string
	for _, tt := range []struct {
		f    durable.Filter
		want []string
	}{
		{durable.Filter{Labels: labels{"env": "prod"}}, []string{"r2", "r1"}},
		{durable.Filter{Labels: labels{"env": "prod", "customer": "Acme"}}, []string{"r1"}},
		{durable.Filter{Labels: labels{"env": "prod", "customer": "acme"}}, nil}, // another value
		{durable.Filter{Labels: labels{"env": "pro"}}, nil},
		{durable.Filter{Labels: labels{"name": "Acme"}}, nil}, // it is an input
		{durable.Filter{Labels: labels{"env": "prod"}, Limit: 1}, []string{"r2"}},
		{durable.Filter{Labels: labels{"env": "prod"}, After: durable.Mark{Started: begun.Add(time.Second), ID: "r2"}}, []string{"r1"}},
		{durable.Filter{Labels: labels{"env": "prod"}, Status: []durable.Status{durable.StatusSucceeded}}, nil},
		{durable.Filter{Labels: labels{"env": "prod"}, Text: "ÄPF"}, []string{"r2"}},
		{durable.Filter{Inputs: labels{"name": "Acme"}}, []string{"r1"}},
		{durable.Filter{Inputs: labels{"n": "1"}}, []string{"r1"}},
		{durable.Filter{Inputs: labels{"n": "1.0"}}, []string{"R3"}},
		{durable.Filter{Inputs: labels{"n": "null"}}, nil},
		{durable.Filter{Inputs: labels{"on": "true", "n": "1"}}, []string{"r1"}},
		{durable.Filter{Inputs: labels{"domains": "B.example"}}, []string{"r2"}},
		{durable.Filter{Inputs: labels{"env": "prod"}}, []string{"R3"}},
		{durable.Filter{Inputs: labels{"key": "hush"}}, nil},
		{durable.Filter{Inputs: labels{"long": long}}, nil},
		{durable.Filter{Labels: labels{"env": "prod"}, Inputs: labels{"name": "Acme"}}, []string{"r1"}},
		{durable.Filter{Text: "acme"}, []string{"r1"}},
		{durable.Filter{Text: "äPFEL"}, []string{"r2"}},
		{durable.Filter{Text: "EXAMPLE"}, []string{"r2"}},
		{durable.Filter{Text: "0% SURE_"}, []string{"R3"}},
		{durable.Filter{Text: "a%e"}, nil},
		{durable.Filter{Text: "hush"}, nil},
		{durable.Filter{Text: "r"}, []string{"r4", "R3", "r2", "r1"}},
		{durable.Filter{Text: "r", Limit: 2, After: durable.Mark{Started: begun.Add(3 * time.Second), ID: "r4"}}, []string{"R3", "r2"}},
		{durable.Filter{Text: "R3"}, []string{"R3"}},
		{durable.Filter{Since: begun.Add(2 * time.Second)}, []string{"r4", "R3"}},
		{durable.Filter{Before: begun.Add(time.Second)}, []string{"r1"}},
		{durable.Filter{Since: begun.Add(time.Second), Before: begun.Add(3 * time.Second), Text: "prod"}, []string{"R3", "r2"}},
		{durable.Filter{Waiting: "approve"}, []string{"r1"}},
		{durable.Filter{Waiting: "approve[2]"}, []string{"r1"}},
		{durable.Filter{Waiting: "approve[1]"}, nil},
		{durable.Filter{Waiting: "external"}, []string{"r2", "r1"}},
		{durable.Filter{Waiting: "timer"}, []string{"R3"}},
		{durable.Filter{Waiting: "external", Labels: labels{"customer": "Acme"}, Prefix: "r"}, []string{"r1"}},
	} {
		s.wantFound(tt.f, tt.want...)
	}
	s.must(s.rt.Signal(s.Context(), "r2", durable.Signal{Step: "approved"}))
	s.drive("r2", waits("approved"), durable.StatusSucceeded)
	s.wantFound(durable.Filter{Waiting: "external"}, "r1")
}

func (s *suite) wantFound(f durable.Filter, want ...string) {
	s.Helper()
	if want == nil {
		want = []string{}
	}
	var diff string
	look := func() bool {
		states, err := s.rt.List(s.Context(), f)
		s.must(err)
		got := []string{}
		for _, st := range states {
			got = append(got, st.ID)
		}
		diff = cmp.Diff(want, got)
		return diff == ""
	}
	if !look() && s.o.Server { // a list may be behind
		s.soon(look)
	}
	if diff != "" {
		s.Errorf("%+v (-want +got)\n%s", f, diff)
	}
}

// soon waits a while for something to be so.
func (s *suite) soon(what func() bool) {
	for range 200 {
		time.Sleep(20 * time.Millisecond)
		if what() {
			return
		}
	}
}

var serveTests = []test{
	{name: "serve drives what is due and what becomes due", run: func(s *suite) {
		s.begin("before")
		ctx, cancel := context.WithCancel(s.Context())
		defer cancel()
		ended := make(chan string, 10)
		served := make(chan error, 1)
		go func() {
			served <- s.rt.Serve(ctx, asking.exec, durable.ServeOptions{Ended: func(st durable.State) {
				ended <- st.ID + " " + string(st.Status)
			}})
		}()
		want := func(what string) {
			s.Helper()
			if got := <-ended; got != what {
				s.Fatalf("%s, want %s", got, what)
			}
		}
		want("before waiting")
		s.must(s.signal("before", "1", `1`))
		want("before succeeded")
		s.begin("during")
		want("during waiting")
		s.must(s.rt.Cancel(s.Context(), "during"))
		cancel()
		if err := <-served; err != nil {
			s.Error(err)
		}
	}},
	{name: "serve drives so many at once and no more", local: "a worker bounds the calls that it performs at once", run: func(s *suite) {
		const runs, parallel = 20, 3
		var now, most atomic.Int64
		ctx, cancel := context.WithCancel(s.Context())
		defer cancel()
		for i := range runs {
			s.begin(fmt.Sprint("r", i))
		}
		var left atomic.Int64
		left.Store(runs)
		err := s.rt.Serve(ctx, program(func(ctx context.Context, h durable.Host) (any, error) {
			n := now.Add(1)
			defer now.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			return s.step(ctx, h, h.RunID(), durable.Unsafe)
		}).exec, durable.ServeOptions{Parallel: parallel, Ended: func(durable.State) {
			if left.Add(-1) == 0 {
				cancel()
			}
		}})
		if err != nil {
			s.Error(err)
		}
		if most.Load() > parallel {
			s.Errorf("%d at once", most.Load())
		}
		for i := range runs {
			s.wantSent(fmt.Sprint("r", i), 1)
		}
	}},
	{name: "serve ends drives with ctx and leaves their runs due", local: "the waits of runs are the server's", run: func(s *suite) {
		s.begin("r")
		ctx, cancel := context.WithCancel(s.Context())
		err := s.rt.Serve(ctx, program(func(ctx context.Context, h durable.Host) (any, error) {
			cancel()
			return nil, h.Sleep(ctx, "nap", h.Now().Add(time.Second/2))
		}).exec, durable.ServeOptions{})
		if err != nil {
			s.Error(err)
		}
		if due := s.due(); !slices.ContainsFunc(due, func(st durable.State) bool { return st.ID == "r" && !st.Driven }) {
			s.Errorf("due: %+v", due)
		}
	}},
}
