package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/plan"
)

// ErrNotDone is returned by an [ExternalHandler] to leave its step waiting.
var ErrNotDone = errors.New("the step is not done yet")

// Run starts a run and executes it until it ends or cannot go on now. The error is
// nil only when the run succeeded. Bad inputs give an *[InputError], missing
// credentials a *[CredentialError], an API that cannot be reached a *[LoadError], all
// before anything is sent and with a nil Result; a run that failed, timed out, is in
// doubt or was stopped gives a *[RunError]; one that waits gives a *[WaitingError].
// The Result is set for the last two. Any other error comes from Options.Runtime.
//
// Cancelling ctx stops the run between steps; a write in flight gets a few
// seconds to finish. A run that Options.Runtime keeps can be taken up again
// with [Runner.Resume].
func (r *Runner) Run(ctx context.Context, p *Program, in Inputs, opts *RunOptions) (*Result, error) {
	if p == nil {
		return nil, errNoProgram
	}
	opts = cmp.Or(opts, &RunOptions{})
	l, rt := r.linked(p), r.o.Runtime
	if err := l.checkHandlers(); err != nil {
		return nil, err
	}
	inputs, err := l.ready(ctx, in, opts)
	if err != nil {
		return nil, err
	}
	if rt == nil {
		return l.brief(ctx, inputs, opts)
	}
	spec, err := l.spec(ctx, inputs, opts)
	if err != nil {
		return nil, err
	}
	if opts.ID == "" { // nothing else has the new one
		return l.drive(ctx, rt, spec.ID, opts, func(exec durable.Executor, o durable.DriveOptions) (durable.State, error) {
			return rt.Run(ctx, spec, exec, o, signals(opts.Done)...)
		})
	}
	if err := start(ctx, rt, spec, opts); err != nil {
		return nil, err
	}
	return l.resume(ctx, rt, spec.ID, opts)
}

// Start stores a run without executing it, and returns its id: [Runner.Serve], here
// or in another process, or [Runner.Resume] takes it from there. Errors are those of
// Run that come before anything is sent.
func (r *Runner) Start(ctx context.Context, p *Program, in Inputs, opts *RunOptions) (string, error) {
	switch {
	case p == nil:
		return "", errNoProgram
	case r.o.Runtime == nil:
		return "", errNoRuntime
	}
	opts = cmp.Or(opts, &RunOptions{})
	l := r.linked(p)
	inputs, err := l.ready(ctx, in, opts)
	if err != nil {
		return "", err
	}
	spec, err := l.spec(ctx, inputs, opts)
	if err != nil {
		return "", err
	}
	if err := start(ctx, r.o.Runtime, spec, opts); err != nil {
		return "", err
	}
	return spec.ID, nil
}

// ready checks everything that can be before a run is started, and returns its inputs.
func (p *linked) ready(ctx context.Context, in Inputs, opts *RunOptions) (Inputs, error) {
	inputs, err := p.CheckInputs(in)
	err = errors.Join(err, p.checkDone(opts.Done), p.reachable(ctx))
	if err == nil && opts.ID != "" {
		err = durable.CheckID(opts.ID)
	}
	if err == nil {
		err = durable.CheckLabels(opts.Labels)
	}
	return inputs, err
}

// spec is what a new run of the program is stored as.
func (p *linked) spec(ctx context.Context, inputs Inputs, opts *RunOptions) (durable.Spec, error) {
	data, err := json.Marshal(inputs)
	if err != nil {
		return durable.Spec{}, err
	}
	labels, err := p.labels(ctx, inputs, opts.Labels)
	if err != nil {
		return durable.Spec{}, err
	}
	snapshot, err := p.unit.Snapshot(p.set)
	if err != nil {
		return durable.Spec{}, fmt.Errorf("the plan cannot be kept: %w", err)
	}
	p.runner.mu.Lock()
	p.runner.keep(snapshot, p)
	p.runner.mu.Unlock()
	started := time.Now()
	return durable.Spec{
		ID: cmp.Or(opts.ID, newRunID(started)), Capability: p.Name(), Source: p.place(), Snapshot: snapshot,
		Input: data, Started: started, Owner: opts.Owner, Mock: p.set.Mock,
		Title: p.title(inputs, labels), Labels: labels, Sensitive: p.sensitiveInputs(),
	}, nil
}

func start(ctx context.Context, rt durable.Runtime, spec durable.Spec, opts *RunOptions) error {
	err := rt.Start(ctx, spec, signals(opts.Done)...)
	if errors.Is(err, durable.ErrUnavailable) {
		return fmt.Errorf("the run may have been started: %w", err)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", durable.ErrNotStarted, err)
	}
	return nil
}

// place returns where the program's file is, wherever it is asked for later. A
// capability that ships, and a text that was given, have no place and keep their name.
func (p *Program) place() string {
	file, _ := p.unit.File().Source()
	if p.unit.File().Given {
		return file.Name
	}
	if _, err := os.Stat(file.Name); err != nil {
		return file.Name
	}
	if abs, err := filepath.Abs(file.Name); err == nil {
		return abs
	}
	return file.Name
}

// reachable reports an API that cannot be reached, and credentials that are missing.
func (p *linked) reachable(ctx context.Context) error {
	if problems := p.runner.Check(ctx, p.Program); problems.HasErrors() {
		return &LoadError{&Report{File: p.unit.File().Report.File, Diagnostics: problems}}
	}
	return p.checkCredentials(ctx)
}

func (p *linked) checkCredentials(ctx context.Context) error {
	if missing := p.link.Missing(ctx, p.unit.Uses, p.plan.Variables); len(missing) > 0 {
		return &CredentialError{missing}
	}
	return nil
}

// external lists the program's external steps.
func (p *Program) external() []string {
	var out []string
	for _, s := range p.plan.Steps {
		if s.Action.Kind() == plan.KindExternal {
			out = append(out, s.ID)
		}
	}
	return out
}

// notExternal adds a problem for an id that is no external step.
func (e *InputError) notExternal(id string, external []string, because string) {
	hint := "the capability has none"
	if len(external) > 0 {
		hint = fmt.Sprintf("external steps: %v", external)
	}
	e.add(id, hint, "%q is no external step, so it %s", id, because)
}

// err returns the problems in the order of their names, nil when there are none.
func (e *InputError) err() error {
	if len(e.Problems) == 0 {
		return nil
	}
	slices.SortFunc(e.Problems, func(a, b InputProblem) int { return cmp.Compare(a.Name, b.Name) })
	return e
}

// checkHandlers refuses handlers of steps that the program does not have.
func (p *linked) checkHandlers() error {
	e, external := &InputError{}, p.external()
	for id := range p.runner.o.External {
		if id != "" && !slices.Contains(external, id) {
			e.notExternal(id, external, "has no handler")
		}
	}
	return e.err()
}

func (p *Program) checkDone(done map[string]json.RawMessage) error {
	e, external := &InputError{}, p.external()
	for path, result := range done {
		s, known := p.stepAt(path)
		switch {
		case s == nil || s.Action.Kind() != plan.KindExternal || s.Each == nil && !known:
			e.notExternal(path, external, "cannot be said to be done")
		case !known:
			e.add(path, s.ID+"[0] is the first", "step %q has no %q: it is done once for each entry of a list", s.ID, path)
		case len(result) > 0 && !json.Valid(result):
			e.add(path, `a string needs quotes: '"text"'`, "the result given for step %q is not JSON", path)
		}
	}
	return e.err()
}

// signals returns the messages that external steps are done.
func signals(done map[string]json.RawMessage) []durable.Signal {
	if len(done) == 0 {
		return nil
	}
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
