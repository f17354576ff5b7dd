package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/engine/internal/plan"
)

// ErrNotDone is returned by an [ExternalHandler] to leave its step waiting.
var ErrNotDone = errors.New("the step is not done yet")

// Run executes the capability. It is RunWith with no options.
func (p *Program) Run(ctx context.Context, in Inputs) (*Result, error) {
	return p.RunWith(ctx, in, nil)
}

// RunWith starts a run and executes it until it ends or cannot go on now. The
// error is nil only when the run succeeded. Bad inputs give an *[InputError],
// missing credentials a *[CredentialError], both before anything is sent and
// with a nil Result; a run that failed, timed out, is in doubt or was stopped
// gives a *[RunError]; one that waits gives a *[WaitingError]. The Result is
// set for the last two. Any other error comes from Options.Runtime.
//
// Cancelling ctx stops the run between steps; a write in flight gets a few
// seconds to finish. A run that Options.Runtime keeps can be taken up again
// with [Resume].
func (p *Program) RunWith(ctx context.Context, in Inputs, opts *RunOptions) (*Result, error) {
	opts = cmp.Or(opts, &RunOptions{})
	rt := p.runtime()
	id, err := p.start(ctx, rt, in, opts)
	if err != nil {
		return nil, err
	}
	return p.drive(ctx, rt, id, opts)
}

// Start stores a run without executing it, and returns its id: something that
// serves Options.Runtime, or [Resume], takes it from there. Errors are those of
// RunWith that come before anything is sent.
func (p *Program) Start(ctx context.Context, in Inputs, opts *RunOptions) (string, error) {
	if p.opts.Runtime == nil {
		return "", errors.New("a run can only be started for later with Options.Runtime: without one nothing keeps it")
	}
	return p.start(ctx, p.opts.Runtime, in, cmp.Or(opts, &RunOptions{}))
}

// runtime is what keeps the runs of this program; without one, each run is
// kept for as long as its call lasts.
func (p *Program) runtime() durable.Runtime {
	if p.opts.Runtime != nil {
		return p.opts.Runtime
	}
	return memory.NewRuntime(memory.RuntimeOptions{})
}

func (p *Program) start(ctx context.Context, rt durable.Runtime, in Inputs, opts *RunOptions) (string, error) {
	inputs, err := p.ready(ctx, in, opts)
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(inputs)
	if err != nil {
		return "", err
	}
	snapshot, err := p.snapshot()
	if err != nil {
		return "", fmt.Errorf("the plan cannot be kept: %w", err)
	}
	started := time.Now()
	id := cmp.Or(opts.ID, newRunID(started))
	err = rt.Start(ctx, durable.Spec{
		ID: id, Capability: p.Name(), Source: p.source.place(), Snapshot: snapshot,
		Input: data, Started: started, Owner: opts.Owner,
	}, signals(opts.Done)...)
	if err != nil {
		return "", fmt.Errorf("the run cannot be started: %w", err)
	}
	return id, nil
}

// signals are the messages that external steps are done.
func signals(done map[string]json.RawMessage) []durable.Signal {
	var out []durable.Signal
	for _, step := range slices.Sorted(maps.Keys(done)) {
		result := done[step]
		if len(result) == 0 {
			result = json.RawMessage("null")
		}
		out = append(out, durable.Signal{ID: "done", Step: step, Result: result, By: "--done"})
	}
	return out
}

func (p *Program) ready(ctx context.Context, in Inputs, opts *RunOptions) (Inputs, error) {
	inputs, err := p.CheckInputs(in)
	return inputs, errors.Join(err, p.checkDone(opts.Done), p.checkCredentials(ctx))
}

func (p *Program) checkDone(done map[string]json.RawMessage) error {
	e := &InputError{}
	var external []string
	for _, s := range p.plan.Steps {
		if s.Action.Kind() == plan.KindExternal {
			external = append(external, s.ID)
		}
	}
	for id, result := range done {
		if !slices.Contains(external, id) {
			hint := "the capability has none"
			if len(external) > 0 {
				hint = fmt.Sprintf("external steps: %v", external)
			}
			e.add(id, hint, "%q is no external step, so it cannot be said to be done", id)
		} else if len(result) > 0 && !json.Valid(result) {
			e.add(id, `a string needs quotes: '"text"'`, "the result given for step %q is not JSON", id)
		}
	}
	if len(e.Problems) == 0 {
		return nil
	}
	slices.SortFunc(e.Problems, func(a, b InputProblem) int { return cmp.Compare(a.Name, b.Name) })
	return e
}

func (p *Program) checkCredentials(ctx context.Context) error {
	if !p.opts.sends() {
		return nil
	}
	var missing []document.Env
	if p.flows != nil {
		var err error
		if _, missing, err = p.flows.binds.values(ctx, p.bindKeys()); err != nil {
			return err
		}
		if len(missing) > 0 {
			return &CredentialError{missing}
		}
		return nil
	}
	for _, s := range p.plan.Steps {
		a := s.Operation()
		if a == nil {
			continue
		}
		for _, env := range p.apis[a.API].missing(ctx, a.Op) {
			if !slices.ContainsFunc(missing, func(x document.Env) bool { return x.Name == env.Name }) {
				missing = append(missing, env)
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return &CredentialError{missing}
}
