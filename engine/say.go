package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/exec"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// Errors of Say, beside those of durable.Runtime, for errors.Is.
var (
	// ErrNoStep is returned for a step that the run does not have.
	ErrNoStep = errors.New("the run has no such step")
	// ErrNotAsked is returned for what nobody outside is asked: a step that
	// is not external is not finished by others, an external one never in doubt.
	ErrNotAsked = errors.New("nobody is asked that of the step")
)

// Said is what somebody outside says of a step of a run.
type Said struct {
	Step string // its path
	// Happened is nil for an external step, which is done now; else it tells
	// whether a write that is in doubt happened.
	Happened *bool
	// Result is what later steps see (JSON; empty is null): of an external step,
	// or the answer that was lost of a write that happened.
	Result json.RawMessage
	By     string // who says so, for the history
}

// Say finishes an external step or settles a write that is in doubt, and makes
// the run due: whoever serves it, or [Resume], takes it up. Saying the same of
// an external step again is no error and changes nothing; saying something
// else, or settling what is not in doubt, is durable.ErrConflict. An external
// step may be finished before the run waits for it.
func Say(ctx context.Context, rt durable.Runtime, id string, s Said) error {
	return NewReader(rt).Say(ctx, id, s)
}

// Say is the function of that name.
func (r *Reader) Say(ctx context.Context, id string, s Said) error {
	p, _, err := r.program(ctx, id)
	if err != nil {
		return err
	}
	step := p.newRunning(id, &RunOptions{}).stepOf(s.Step)
	switch {
	case step == nil:
		return fmt.Errorf("step %q: %w", s.Step, ErrNoStep)
	case step.Action.Kind() == plan.KindExternal && s.Happened != nil:
		return fmt.Errorf("step %q is done by somebody outside, so it is never in doubt; give its result: %w", s.Step, ErrNotAsked)
	case step.Action.Kind() != plan.KindExternal && s.Happened == nil:
		return fmt.Errorf("step %q is not done by somebody outside; only of a write that is in doubt can be said whether it happened: %w", s.Step, ErrNotAsked)
	}
	if s.Happened != nil {
		return settle(ctx, r.rt, id, s)
	}
	return r.rt.Signal(ctx, id, durable.Signal{ID: "done", Step: s.Step, Result: s.Result, By: s.By})
}

// lookOnly are the options of a program that is restored to be looked at: it
// needs no server to send to, as a program with its own Caller needs none.
func lookOnly() *Options {
	return &Options{Caller: func(context.Context, *operations.Request) (*operations.Response, error) {
		return nil, errors.New("a run that is only looked at sends nothing")
	}}
}

// settle tells rt what became of a write.
func settle(ctx context.Context, rt durable.Runtime, id string, said Said) error {
	s := durable.Settlement{Step: said.Step, Happened: *said.Happened, By: said.By}
	if s.Happened {
		value, err := jsonvalue.Decode(said.Result)
		if err != nil {
			return fmt.Errorf("the result given for step %q is not JSON: %w", said.Step, err)
		}
		if s.Result, err = exec.Supplied(value); err != nil {
			return err
		}
	}
	return rt.Settle(ctx, id, s)
}
