package durabletest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/google/go-cmp/cmp"
)

var stepTests = []test{
	{name: "a completed step is never performed again", run: func(s *suite) {
		s.begin("r")
		var first, second []string
		p := func(out *[]string, last bool) program {
			return func(ctx context.Context, h durable.Host) (any, error) {
				for _, policy := range policies {
					got, err := s.step(ctx, h, string(policy), policy)
					if err != nil {
						return nil, err
					}
					*out = append(*out, s.bytes(got))
					s.clock.add(time.Second)
				}
				if !last {
					panic(crash{})
				}
				return *out, nil
			}
		}
		s.driveCrash("r", p(&first, false))
		state := s.drive("r", p(&second, true), durable.StatusSucceeded)
		if diff := cmp.Diff(first, second); diff != "" {
			s.Errorf("replay yields other results (-first +second)\n%s", diff)
		}
		for _, policy := range policies {
			s.wantSent(string(policy), 1)
		}
		var doc []string
		if err := json.Unmarshal(state.Doc, &doc); err != nil || cmp.Diff(first, doc) != "" {
			s.Errorf("document %s: %v", state.Doc, err)
		}
	}},
	{name: "time is the same in every execution and passes only in calls", run: func(s *suite) {
		s.begin("r")
		var times [2][]time.Time
		p := func(run int) program {
			return func(ctx context.Context, h durable.Host) (any, error) {
				for _, path := range []string{"a", "b"} {
					before := h.Now()
					s.clock.add(time.Minute)
					if !h.Now().Equal(before) {
						s.Error("time passed between calls")
					}
					if _, err := s.step(ctx, h, path, durable.Unsafe); err != nil {
						return nil, err
					}
					times[run] = append(times[run], before, h.Now())
				}
				_, err := h.Await(ctx, external("person"))
				return nil, err
			}
		}
		s.drive("r", p(0), durable.StatusWaiting)
		s.clock.add(-48 * time.Hour)
		s.reopen()
		s.drive("r", p(1), durable.StatusWaiting)
		if diff := cmp.Diff(times[0], times[1]); diff != "" {
			s.Errorf("time differs (-first +second)\n%s", diff)
		}
		for i := 1; i < len(times[0]); i++ {
			if times[0][i].Before(times[0][i-1]) {
				s.Errorf("time went back: %v", times[0])
			}
		}
	}},
	{name: "a changed input is drift and sends nothing", run: func(s *suite) {
		for _, policy := range policies {
			for what, change := range map[string]func(*durable.Intent){
				"input":     func(in *durable.Intent) { in.Input = json.RawMessage(`{"path":"other"}`) },
				"operation": func(in *durable.Intent) { in.Operation = "other" },
				"key":       func(in *durable.Intent) { in.Key = "other" },
			} {
				id := "r-" + what + "-" + string(policy)
				s.begin(id)
				path := id
				s.drive(id, func(ctx context.Context, h durable.Host) (any, error) {
					if _, err := s.step(ctx, h, path, policy); err != nil {
						return nil, err
					}
					return h.Await(ctx, external("person"))
				}, durable.StatusWaiting)
				_, err := s.rt.Drive(s.Context(), id, program(func(ctx context.Context, h durable.Host) (any, error) {
					in := intent(path, policy)
					change(&in)
					_, err := h.Step(ctx, in, func(context.Context, *durable.Attempt) (durable.Result, error) {
						s.sent(path)
						return nil, nil
					})
					return nil, failure{err} // an interpreter may well take it for the step's failure
				}).exec, park)
				s.wantErr(id, err, durable.ErrDrift)
				if err != nil && !strings.Contains(err.Error(), `"`+path+`"`) {
					s.Errorf("%v does not name the step", err)
				}
				s.wantSent(path, 1)
				if st := s.state(id).Status; st != durable.StatusWaiting {
					s.Errorf("%s: the run is %s afterwards", id, st)
				}
			}
		}
	}},
	{name: "a definite failure is history and not replayed", run: func(s *suite) {
		s.begin("r")
		p := s.calling(intent("a", durable.Unsafe), fails(errors.New("422 unprocessable")), yields(`2`))
		if _, err := s.rt.Drive(s.Context(), "r", p.exec, park); err == nil || err.Error() != "422 unprocessable" {
			s.Fatalf("the executor's error is lost: %v", err)
		}
		s.reopen()
		s.drive("r", p, durable.StatusSucceeded)
		s.wantSent("a", 2)
		s.wantKinds("r", "started", "step-intent a", "step-failed a", "step-intent a", "step-done a", "ended")
	}},
	{name: "a failure that was not recorded leaves a write in doubt", local: "a worker records the outcome of a call with the call", run: func(s *suite) {
		s.begin("r")
		s.driveCrash("r", func(ctx context.Context, h durable.Host) (any, error) {
			_, _ = s.calling(intent("a", durable.Unsafe), fails(errors.New("the answer made no sense")))(ctx, h)
			panic(crash{})
		})
		s.drive("r", func(ctx context.Context, h durable.Host) (any, error) {
			return s.step(ctx, h, "a", durable.Unsafe)
		}, durable.StatusInDoubt)
		s.wantSent("a", 1)
	}},
	{name: "results keep their bytes", run: func(s *suite) {
		s.begin("r")
		big := json.RawMessage(`["<&>", 1e400, ` + strings.Repeat(`"æøå",  `, 100_000) + `null]`)
		var got []string
		p := program(func(ctx context.Context, h durable.Host) (any, error) {
			for _, v := range []json.RawMessage{nil, json.RawMessage(`{ "b": 1, "a": 12345678901234567890 }`), big} {
				raw, err := h.Step(ctx, intent(string(rune('a'+len(got)%3)), durable.Unsafe), func(context.Context, *durable.Attempt) (durable.Result, error) { return v, nil })
				if err != nil {
					return nil, err
				}
				got = append(got, s.bytes(raw))
			}
			_, err := h.Await(ctx, external("person"))
			return nil, err
		})
		s.drive("r", p, durable.StatusWaiting)
		s.reopen()
		s.drive("r", p, durable.StatusWaiting)
		if len(got) != 6 {
			s.Fatalf("%d results", len(got))
		}
		for i := range 3 {
			if got[i] != got[i+3] {
				s.Errorf("result %d of %d bytes came back with %d", i, len(got[i]), len(got[i+3]))
			}
		}
	}},
	{name: "values may be long", run: func(s *suite) {
		s.begin("r")
		long := json.RawMessage(`["` + strings.Repeat("0123456789abcdef", 600_000) + `"]`) // of several pieces
		short := json.RawMessage(`"short"`)
		var got []string
		p := program(func(ctx context.Context, h durable.Host) (any, error) {
			for path, v := range []json.RawMessage{short, long, short, long} {
				r, err := h.Step(ctx, intent(string(rune('a'+path)), durable.Unsafe), func(context.Context, *durable.Attempt) (durable.Result, error) { return v, nil })
				if err != nil {
					return nil, err
				}
				got = append(got, s.bytes(r))
			}
			signal, err := h.Await(ctx, external("person"))
			return []json.RawMessage{signal, long}, err
		})
		s.drive("r", p, durable.StatusWaiting)
		s.reopen()
		s.must(s.rt.Signal(s.Context(), "r", durable.Signal{Step: "person", Result: long}))
		state := s.drive("r", p, durable.StatusSucceeded)
		s.reopen()
		want := []string{string(short), string(long), string(short), string(long)}
		if !slices.Equal(got[4:], want) || !slices.Equal(got[:4], want) {
			s.Error("long results come back otherwise")
		}
		doc := "[" + string(long) + "," + string(long) + "]"
		kept := s.state("r")
		listed, err := s.rt.List(s.Context(), durable.Filter{})
		s.must(err)
		if string(state.Doc) != doc || string(kept.Doc) != doc || len(listed) != 1 || string(listed[0].Doc) != doc {
			s.Errorf("a document of %d bytes comes back with %d and %d", len(doc), len(state.Doc), len(kept.Doc))
		}
		results := 0
		for _, e := range s.history("r") {
			if string(e.Detail.Result) == string(long) {
				results++
			}
		}
		if results != 4 { // of two steps, the signal and its step
			s.Errorf("%d long results in the history", results)
		}
		_, err = s.rt.Prune(s.Context(), s.clock.Now().Add(time.Hour))
		s.must(err)
		if s.o.Server { // it forgets runs when it gets to it
			return
		}
		_, err = s.rt.Get(s.Context(), "r")
		s.wantErr("a run that was pruned", err, durable.ErrUnknown)
	}},
	{name: "a result is encoded once, and is itself in the execution that it came about in", run: func(s *suite) {
		s.begin("r")
		value := &countedResult{}
		var got []durable.Result
		p := program(func(ctx context.Context, h durable.Host) (any, error) {
			if !h.Keeps() {
				s.Error("a host of a runtime says that it keeps nothing")
			}
			for path, perform := range map[string]func(durable.Intent) (durable.Result, error){
				"step": func(in durable.Intent) (durable.Result, error) {
					return h.Step(ctx, in, func(context.Context, *durable.Attempt) (durable.Result, error) { return value, nil })
				},
				"poll": func(in durable.Intent) (durable.Result, error) {
					return h.Poll(ctx, in, threeDays, func(context.Context, int) (durable.Result, bool, error) { return value, true, nil })
				},
			} {
				r, err := perform(intent(path, durable.Safe))
				if err != nil {
					return nil, err
				}
				got = append(got, r)
			}
			return h.Await(ctx, external("person"))
		})
		s.drive("r", p, durable.StatusWaiting)
		if value.encoded != 2 || len(got) != 2 || got[0] != value || got[1] != value {
			s.Errorf("encoded %d times, the results are %v", value.encoded, got)
		}
		s.reopen()
		s.drive("r", p, durable.StatusWaiting)
		if value.encoded != 2 || s.bytes(got[2]) != `"counted"` || s.bytes(got[3]) != `"counted"` {
			s.Errorf("taken up again: encoded %d times, the results are %v", value.encoded, got[2:])
		}
	}},
	{name: "a result that cannot be encoded leaves a write in doubt", run: func(s *suite) {
		s.begin("r")
		no := errors.New("no such letters")
		p := s.calling(intent("a", durable.Unsafe), func(*durable.Attempt) (durable.Result, error) { return &countedResult{err: no}, nil })
		if state := s.drive("r", p, durable.StatusInDoubt); !strings.Contains(state.Waiting.Err.Error(), no.Error()) {
			s.Errorf("waiting for %v", state.Waiting.Err)
		}
		s.reopen()
		s.drive("r", p, durable.StatusInDoubt)
		s.wantSent("a", 1)
	}},
	{name: "the other side asks to be left alone", run: func(s *suite) {
		s.begin("r")
		at := s.clock.Now().Add(time.Hour)
		p := s.calling(intent("a", durable.Unsafe), fails(&durable.NotBefore{At: at, Err: errors.New("429")}), yields(`true`))
		for range 2 { // the second time nothing is due yet
			state := s.drive("r", p, durable.StatusWaiting)
			if !state.Due.Equal(at) || state.Waiting == nil || state.Waiting.Reason != durable.ReasonTimer {
				s.Fatalf("due %v, waiting %v", state.Due, state.Waiting)
			}
			s.reopen()
		}
		s.clock.add(59 * time.Minute)
		s.drive("r", p, durable.StatusWaiting)
		s.wantSent("a", 1)
		s.clock.add(time.Minute)
		s.drive("r", p, durable.StatusSucceeded)
		s.wantSent("a", 2)
	}},
}

// countedResult is a result that counts how often it is encoded.
type countedResult struct {
	encoded int
	err     error
}

func (r *countedResult) MarshalJSON() ([]byte, error) {
	r.encoded++
	return []byte(`"counted"`), r.err
}

// bytes encodes a result.
func (s *suite) bytes(r durable.Result) string {
	s.Helper()
	raw, err := r.MarshalJSON()
	s.must(err)
	return string(raw)
}
