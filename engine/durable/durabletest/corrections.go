package durabletest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/durable"
)

// correct replaces the inputs of a run whatever was begun, and returns that.
func (s *suite) correct(id, input string) (begun []string, err error) {
	err = s.rt.Correct(s.Context(), id, func(_ durable.Spec, paths []string) (*durable.Correction, error) {
		begun = paths
		return &durable.Correction{Input: json.RawMessage(input), Changes: json.RawMessage(`{"n":2}`), Names: []string{"n", "m"}, By: "ada"}, nil
	})
	return begun, err
}

var correctTests = []test{
	{"a run that failed goes on with corrected inputs", func(s *suite) {
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
	{"a corrected run is found by its corrected inputs", func(s *suite) {
		s.must(s.rt.Start(s.Context(), durable.Spec{ID: "r", Capability: "test", Input: json.RawMessage(`{"city":"Osloo"}`), Labels: map[string]string{"team": "a"}, Title: "A town"}))
		_, err := s.correct("r", `{"city":"Oslo"}`)
		s.must(err)
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
			runs, err := s.rt.List(s.Context(), want.f)
			s.must(err)
			if len(runs) != want.runs {
				s.Errorf("%+v: %d runs, want %d", want.f, len(runs), want.runs)
			}
		}
	}},
	{"a run that waits is corrected, with what is begun in view", func(s *suite) {
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
	{"a correction that is refused changes nothing", func(s *suite) {
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
	{"a run that is driven is not corrected", func(s *suite) {
		s.begin("r")
		done := s.staying("r", asking)
		if _, err := s.correct("r", `{}`); !errors.Is(err, durable.ErrBusy) {
			s.Errorf("got %v", err)
		}
		s.must(s.signal("r", "1", `1`))
		s.must(<-done)
	}},
}
