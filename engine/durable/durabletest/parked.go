package durabletest

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// parking is for drives that leave the run to people.
var parking = durable.DriveOptions{MaxBlock: time.Nanosecond, Park: true}

// wantParked wants a run left alone, whatever the time is.
func (s *suite) wantParked(id string) {
	s.Helper()
	s.reopen()
	s.clock.add(1000 * time.Hour)
	if state := s.state(id); !state.Parked || !state.Due.IsZero() {
		s.Errorf("parked %v, due %v", state.Parked, state.Due)
	}
	if due := s.due(); len(due) > 0 {
		s.Errorf("due: %+v", due)
	}
}

// wantTakenUp wants a Serve to drive a run to its end.
func (s *suite) wantTakenUp(id string, p program) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), time.Hour)
	defer cancel()
	err := s.rt.Serve(ctx, p.exec, durable.ServeOptions{Ended: func(state durable.State) {
		if state.ID == id {
			cancel()
		}
	}})
	s.must(err)
	if state := s.state(id); state.Status != durable.StatusSucceeded || state.Parked {
		s.Errorf("the run is %s, parked %v", state.Status, state.Parked)
	}
}

var parkTests = []test{
	{name: "a parked run that waits for a person is not due once the step is done", run: func(s *suite) {
		p := program(func(ctx context.Context, h durable.Host) (any, error) { return h.Await(ctx, external("p")) })
		s.begin("r")
		s.driveWith("r", p, parking, durable.StatusWaiting)
		s.wantParked("r")
		s.must(s.rt.Signal(s.Context(), "r", durable.Signal{ID: "1", Step: "p", Result: json.RawMessage(`1`)}))
		s.wantParked("r")
		state := s.drive("r", p, durable.StatusSucceeded)
		s.wantDoc(state, `1`)
	}},
	{name: "a parked run that waits for a time is not due then", run: func(s *suite) {
		p := program(func(ctx context.Context, h durable.Host) (any, error) {
			return nil, h.Sleep(ctx, "nap", h.Now().Add(time.Hour))
		})
		s.begin("r")
		s.driveWith("r", p, parking, durable.StatusWaiting)
		s.wantParked("r")
		s.drive("r", p, durable.StatusSucceeded)
	}},
	{name: "a parked run in doubt is not due once it is settled", run: func(s *suite) {
		p := s.calling(intent("a", durable.Unsafe), loses)
		s.begin("r")
		s.driveWith("r", p, parking, durable.StatusInDoubt)
		s.wantParked("r")
		s.must(s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a", Happened: true, Result: json.RawMessage(`1`)}))
		s.wantParked("r")
		s.must(s.rt.Settle(s.Context(), "r", durable.Settlement{Step: "a", Happened: true, Result: json.RawMessage(`2`)}))
		s.wantParked("r")
		s.drive("r", p, durable.StatusSucceeded)
	}},
	{name: "a parked run whose inputs are corrected stays so", run: func(s *suite) {
		p := program(func(ctx context.Context, h durable.Host) (any, error) { return h.Await(ctx, external("p")) })
		s.begin("r")
		s.driveWith("r", p, parking, durable.StatusWaiting)
		_, err := s.correct("r", `{"n":2}`)
		s.must(err)
		s.wantParked("r")
	}},
	{name: "a run is parked as soon as it is driven so", local: "what a worker does is seen with the next call", run: func(s *suite) {
		s.begin("r")
		stopped := errors.New("interrupted")
		stop := program(func(context.Context, durable.Host) (any, error) {
			s.wantParkedNow("r", true)
			return nil, stopped
		})
		_, err := s.rt.Drive(s.Context(), "r", stop.exec, parking)
		s.wantErr("an execution that stops", err, stopped)
		s.wantParked("r")
		spec := durable.Spec{ID: "fresh", Capability: "test", Input: json.RawMessage(`{}`)}
		_, err = s.rt.Run(s.Context(), spec, program(func(context.Context, durable.Host) (any, error) { return nil, stopped }).exec, parking)
		s.wantErr("an execution that stops", err, stopped)
		s.wantParked("fresh")
	}},
	{name: "a parked run that is driven is so no more", local: "what a worker does is seen with the next call", run: func(s *suite) {
		stopped := errors.New("interrupted")
		s.begin("r")
		s.driveWith("r", func(ctx context.Context, h durable.Host) (any, error) { return h.Await(ctx, external("p")) }, parking, durable.StatusWaiting)
		stop := program(func(context.Context, durable.Host) (any, error) {
			s.wantParkedNow("r", false)
			return nil, stopped
		})
		_, err := s.rt.Drive(s.Context(), "r", stop.exec, park)
		s.wantErr("an execution that stops", err, stopped)
		s.wantTakenUp("r", nothing)
	}},
	{name: "a parked run is cancelled like any other", run: func(s *suite) {
		s.begin("r")
		s.driveWith("r", func(ctx context.Context, h durable.Host) (any, error) { return h.Await(ctx, external("p")) }, parking, durable.StatusWaiting)
		s.must(s.rt.Cancel(s.Context(), "r"))
		if state := s.state("r"); state.Status != durable.StatusCancelled || state.Parked {
			s.Errorf("the run is %s, parked %v", state.Status, state.Parked)
		}
	}},
	{name: "a parked run that ended is tried again like any other", run: func(s *suite) {
		s.begin("r")
		s.driveWith("r", s.calling(intent("a", durable.Unsafe), refuses), parking, durable.StatusFailed)
		s.must(s.rt.Reopen(s.Context(), "r"))
		s.wantTakenUp("r", nothing)
	}},
}

// wantParkedNow compares whether a run that is being driven is parked.
func (s *suite) wantParkedNow(id string, want bool) {
	s.Helper()
	if state := s.state(id); state.Parked != want {
		s.Errorf("while it is driven, parked %v, want %v", state.Parked, want)
	}
}
