package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/exec"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// Errors of Signal, beside those of durable.Runtime, for errors.Is.
var (
	// ErrNoStep is returned for a step that the run does not have.
	ErrNoStep = errors.New("the run has no such step")
	// ErrNotAsked is returned for a message that the step does not wait for: a step
	// that is not external is not finished from outside, an external one is never in
	// doubt.
	ErrNotAsked = errors.New("nobody is asked that of the step")
	// ErrIncomplete is returned for a write that is said to have happened without a
	// result, or with one that lacks fields which later steps or outputs read: the run
	// could never go on with it.
	ErrIncomplete = errors.New("the result lacks what the run reads of it")
)

// Signal is a message about a step of a run, from outside.
type Signal struct {
	Step string // its path
	// Happened is nil for an external step, which is done now; else it is whether
	// a write that is in doubt happened.
	Happened *bool
	// Result is the value that later steps see (JSON; empty is null): of an external step,
	// or the answer that was lost of a write that happened.
	Result json.RawMessage
	By     string // the sender, for the history
}

// Signal finishes an external step or settles a write that is in doubt, and makes
// the run due: [Runner.Serve], in any process, or [Runner.Resume] takes it up. The same message
// about an external step again is no error and changes nothing; another one, or one
// about a write that is not in doubt, is durable.ErrConflict. An external step may be
// finished before the run waits for it.
func (r *Runner) Signal(ctx context.Context, id string, s Signal) error {
	p, _, err := r.keptRun(ctx, id)
	if err != nil {
		return err
	}
	step, known := p.stepAt(s.Step)
	switch {
	case step != nil && step.Each != nil && !known:
		return fmt.Errorf("step %q: it is done once for each entry of a list, %s[0] is the first: %w", s.Step, step.ID, ErrNoStep)
	case !known:
		return fmt.Errorf("step %q: %w", s.Step, ErrNoStep)
	case step.Action.Kind() == plan.KindExternal && s.Happened != nil:
		return fmt.Errorf("step %q is done by somebody outside, so it is never in doubt; give its result: %w", s.Step, ErrNotAsked)
	case step.Action.Kind() != plan.KindExternal && s.Happened == nil:
		return fmt.Errorf("step %q is not done by somebody outside; only of a write that is in doubt can be said whether it happened: %w", s.Step, ErrNotAsked)
	}
	if s.Happened != nil {
		return settle(ctx, r.o.Runtime, id, step, s)
	}
	return r.o.Runtime.Signal(ctx, id, durable.Signal{ID: "done", Step: s.Step, Result: s.Result, By: s.By})
}

// settle records whether a write happened.
func settle(ctx context.Context, rt durable.Runtime, id string, step *plan.Step, said Signal) error {
	s := durable.Settlement{Step: said.Step, Happened: *said.Happened, By: said.By}
	if s.Happened {
		value, err := jsonvalue.Decode(said.Result)
		if err != nil {
			return fmt.Errorf("the result given for step %q is not JSON: %w", said.Step, err)
		}
		if err := complete(step, value); err != nil {
			return err
		}
		if s.Result, err = exec.Supplied(value); err != nil {
			return err
		}
	}
	return rt.Settle(ctx, id, s)
}

// complete refuses a result that lacks fields which are read: all that are read, where
// there is no result, else those that the document requires.
func complete(step *plan.Step, value any) error {
	op := step.Operation()
	if op == nil {
		return nil
	}
	lacks := op.Promised
	if value == nil {
		lacks = step.ReadFields()
	}
	fields, _ := value.(map[string]any)
	var missing []string
	for _, p := range lacks {
		if fields[p.Field] == nil {
			missing = append(missing, fmt.Sprintf("%q, which %s reads", p.Field, p.By))
		}
	}
	if missing == nil {
		return nil
	}
	return fmt.Errorf("the result of step %q needs %s: %w", step.ID, strings.Join(missing, ", and "), ErrIncomplete)
}
