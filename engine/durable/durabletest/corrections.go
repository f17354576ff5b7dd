package durabletest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/durable"
	gocmp "github.com/google/go-cmp/cmp"
)

// correct replaces the inputs of a run whatever was begun, and returns that.
func (s *suite) correct(id, input string) (begun []string, err error) {
	err = s.rt.Correct(s.Context(), id, func(spec durable.Spec, paths []string) (*durable.Correction, error) {
		begun = paths
		return &durable.Correction{Input: json.RawMessage(input), Title: spec.Title, Labels: spec.Labels, Changes: json.RawMessage(`{"n":2}`), Names: []string{"n", "m"}, By: "ada"}, nil
	})
	return begun, err
}

// hear has a run of a server's take notice of what was said to it.
func (s *suite) hear(id string) {
	s.Helper()
	if s.o.Server {
		s.drive(id, asking, durable.StatusWaiting)
	}
}

var correctTests = []test{
	{name: "a run that failed goes on with corrected inputs", run: func(s *suite) {
		s.begin("r")
		s.drive("r", func(ctx context.Context, h durable.Host) (any, error) {
			if _, err := s.step(ctx, h, "a", durable.Unsafe); err != nil {
				return nil, err
			}
			return s.calling(intent("b", durable.Unsafe), refuses)(ctx, h)
		}, durable.StatusFailed)
		s.reopen()
		begun, err := s.correct("r", `{"n":2}`)
		s.must(err)
		if !slices.Equal(begun, []string{"a"}) {
			s.Errorf("begun: %v", begun)
		}
		s.reopen()
		if due := s.due(); len(due) != 1 {
			s.Errorf("due: %+v", due)
		}
		other := intent("b", durable.Unsafe)
		other.Input = json.RawMessage(`{"path":"corrected"}`)
		var input string
		_, err = s.rt.Drive(s.Context(), "r", func(ctx context.Context, h durable.Host, spec durable.Spec) (durable.Ending, error) {
			input = string(spec.Input)
			return program(func(ctx context.Context, h durable.Host) (any, error) {
				if _, err := s.step(ctx, h, "a", durable.Unsafe); err != nil {
					return nil, err
				}
				return s.calling(other, yields(`2`))(ctx, h)
			}).exec(ctx, h, spec)
		}, park)
		s.must(err)
		if state := s.state("r"); input != `{"n":2}` || state.Status != durable.StatusSucceeded {
			s.Errorf("with the input %s the run is %s", input, state.Status)
		}
		spec, err := s.rt.Spec(s.Context(), "r")
		s.must(err)
		if string(spec.Input) != `{"n":2}` {
			s.Errorf("the run's input is %s", spec.Input)
		}
		events, err := s.rt.History(s.Context(), "r", 0)
		s.must(err)
		i := slices.IndexFunc(events, func(e durable.Event) bool { return e.Kind == durable.EventCorrected })
		if i < 0 || events[i].By != "ada" || events[i].Message != "n, m" || string(events[i].Detail.Result) != `{"n":2}` {
			s.Errorf("history: %+v", events)
		}
		s.wantSent("a", 1)
	}},
	{name: "a keyed write that was refused has another key for other arguments", run: func(s *suite) {
		s.begin("r")
		var sent []string
		sends := func(city string, how outcome) program {
			in := intent("b", durable.Keyed)
			in.Input = json.RawMessage(`{"city":"` + city + `"}`)
			return s.calling(in, func(a *durable.Attempt) (durable.Result, error) {
				sent = append(sent, cmp.Or(a.Key, in.Key))
				return how(a)
			})
		}
		correct := func() {
			s.Helper()
			begun, err := s.correct("r", `{"n":2}`)
			s.must(err)
			if len(begun) > 0 {
				s.Errorf("begun: %v", begun)
			}
			s.reopen()
		}
		s.drive("r", sends("Osloo", refuses), durable.StatusFailed)
		correct() // another input than those of the step
		s.drive("r", sends("Osloo", refuses), durable.StatusFailed)
		correct()
		correct() // nothing was sent meanwhile
		s.drive("r", sends("Oslo", refuses), durable.StatusFailed)
		s.must(s.rt.Reopen(s.Context(), "r"))
		s.drive("r", sends("Oslo", refuses), durable.StatusFailed)
		correct()
		s.driveCrash("r", sends("Osloo", dies))
		s.drive("r", sends("Osloo", yields(`1`)), durable.StatusSucceeded)
		first, second, third := sent[0], sent[2], sent[len(sent)-1]
		if first != "key-b" || first == second || second == third || first == third {
			s.Errorf("three requests have the keys %q", sent)
		}
		if diff := gocmp.Diff([]string{first, first, second, second, third, third}, sent); diff != "" {
			s.Errorf("keys (-want +got)\n%s", diff)
		}
		for _, e := range s.history("r") {
			if e.Kind == durable.EventIntent && e.Detail.Key != sent[e.Attempt-1] {
				s.Errorf("attempt %d is on record with the key %q, and was sent under %q", e.Attempt, e.Detail.Key, sent[e.Attempt-1])
			}
		}
	}},
	{name: "a keyed write that may have taken effect keeps its key", run: func(s *suite) {
		s.begin("r")
		var sent []string
		keyed := func(how outcome) program {
			return s.calling(intent("b", durable.Keyed), func(a *durable.Attempt) (durable.Result, error) {
				sent = append(sent, cmp.Or(a.Key, "key-b"))
				return how(a)
			})
		}
		s.driveCrash("r", keyed(dies))
		if begun, err := s.correct("r", `{"n":2}`); err != nil || !slices.Equal(begun, []string{"b"}) {
			s.Errorf("begun: %v, %v", begun, err)
		}
		s.drive("r", keyed(yields(`1`)), durable.StatusSucceeded)
		if !slices.Equal(sent, []string{"key-b", "key-b"}) {
			s.Errorf("sent under %q", sent)
		}
	}},
	{name: "a corrected run has the title and the labels of its correction", run: func(s *suite) {
		s.must(s.rt.Start(s.Context(), durable.Spec{ID: "r", Capability: "test", Input: json.RawMessage(`{"city":"Osloo"}`), Labels: map[string]string{"town": "Osloo"}, Title: "Osloo"}))
		s.must(s.rt.Correct(s.Context(), "r", func(durable.Spec, []string) (*durable.Correction, error) {
			return &durable.Correction{Input: json.RawMessage(`{"city":"Oslo"}`), Title: "Oslo", Labels: map[string]string{"town": "Oslo"}, Names: []string{"city"}}, nil
		}))
		s.hear("r")
		s.reopen()
		if state := s.state("r"); state.Title != "Oslo" || !maps.Equal(state.Labels, map[string]string{"town": "Oslo"}) {
			s.Errorf("the run is %q, with the labels %v", state.Title, state.Labels)
		}
		for _, want := range []struct {
			f    durable.Filter
			runs int
		}{
			{durable.Filter{Labels: map[string]string{"town": "Oslo"}}, 1},
			{durable.Filter{Labels: map[string]string{"town": "Osloo"}}, 0},
			{durable.Filter{Text: "osloo"}, 0},
			{durable.Filter{Text: "oslo"}, 1},
		} {
			s.wantFound(want.f, []string{"r"}[:want.runs]...)
		}
	}},
	{name: "a corrected run is found by its corrected inputs", run: func(s *suite) {
		s.must(s.rt.Start(s.Context(), durable.Spec{ID: "r", Capability: "test", Input: json.RawMessage(`{"city":"Osloo"}`), Labels: map[string]string{"team": "a"}, Title: "A town"}))
		_, err := s.correct("r", `{"city":"Oslo"}`)
		s.must(err)
		s.hear("r")
		s.reopen()
		for _, want := range []struct {
			f    durable.Filter
			runs int
		}{
			{durable.Filter{Inputs: map[string]string{"city": "Oslo"}}, 1},
			{durable.Filter{Inputs: map[string]string{"city": "Osloo"}}, 0},
			{durable.Filter{Text: "osloo"}, 0},
			{durable.Filter{Text: "a town"}, 1},
			{durable.Filter{Labels: map[string]string{"team": "a"}}, 1},
		} {
			s.wantFound(want.f, []string{"r"}[:want.runs]...)
		}
	}},
	{name: "a run that waits is corrected, with what is begun in view", run: func(s *suite) {
		s.begin("r")
		s.drive("r", asking, durable.StatusWaiting)
		begun, err := s.correct("r", `{"n":2}`)
		s.must(err)
		if len(begun) > 0 {
			s.Errorf("begun: %v", begun)
		}
		s.must(s.signal("r", "1", `1`))
		if begun, err = s.correct("r", `{"n":3}`); err != nil || strings.Join(begun, ",") != "person" {
			s.Errorf("begun: %v, %v", begun, err)
		}
		s.wantDoc(s.drive("r", asking, durable.StatusSucceeded), `1`)
	}},
	{name: "a correction that is refused changes nothing", run: func(s *suite) {
		s.begin("r")
		no := errors.New("no")
		for _, want := range []error{no, nil} {
			err := s.rt.Correct(s.Context(), "r", func(durable.Spec, []string) (*durable.Correction, error) { return nil, want })
			if !errors.Is(err, want) {
				s.Errorf("%v, want %v", err, want)
			}
		}
		s.wantKinds("r", "started")
		if _, err := s.correct("none", `{}`); !errors.Is(err, durable.ErrUnknown) {
			s.Errorf("an unknown run: %v", err)
		}
		s.drive("r", func(context.Context, durable.Host) (any, error) { return 1, nil }, durable.StatusSucceeded)
		if _, err := s.correct("r", `{}`); !errors.Is(err, durable.ErrEnded) {
			s.Errorf("a run that succeeded: %v", err)
		}
	}},
	{name: "a run that is driven is not corrected", run: func(s *suite) {
		s.begin("r")
		done := s.staying("r", asking)
		if _, err := s.correct("r", `{}`); !errors.Is(err, durable.ErrBusy) {
			s.Errorf("got %v", err)
		}
		s.must(s.signal("r", "1", `1`))
		s.must(<-done)
	}},
}
