package engine

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/capstan-run/capstan/capabilities"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/load"
	"github.com/capstan-run/capstan/internal/fault"
	"github.com/capstan-run/capstan/spec"
)

// Resume takes a kept run up again and executes it until it ends or cannot go on
// now. It needs no file: the run brings its program, and the options that shaped
// it (BaseURL, Mock, Timeout and the like) in place of the Runner's. Results and
// errors are those of [Runner.Run]; an unknown id is durable.ErrUnknown, a run that
// another process drives durable.ErrBusy. A run that failed or timed out is tried
// again from the step where it did; one that succeeded or was cancelled is returned
// as it is.
func (r *Runner) Resume(ctx context.Context, id string, opts *RunOptions) (*Result, error) {
	opts = cmp.Or(opts, &RunOptions{})
	p, spec, err := r.keptRun(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(p.checkHandlers(), p.checkDone(opts.Done), p.checkCredentials(ctx)); err != nil {
		return nil, err
	}
	rt := r.o.Runtime
	if err := rt.Reopen(ctx, spec.ID); err != nil && !errors.Is(err, durable.ErrEnded) {
		return nil, err
	}
	for _, s := range signals(opts.Done) {
		if err := rt.Signal(ctx, spec.ID, s); err != nil {
			return nil, fmt.Errorf("step %q cannot be said to be done: %w", s.Step, err)
		}
	}
	return p.resume(ctx, rt, spec.ID, opts)
}

// keptRun returns the program of a kept run.
func (r *Runner) keptRun(ctx context.Context, id string) (*linked, durable.Spec, error) {
	if r.o.Runtime == nil {
		return nil, durable.Spec{}, errNoRuntime
	}
	spec, err := r.o.Runtime.Spec(ctx, id)
	if err != nil {
		return nil, spec, err
	}
	p, err := r.restored(spec.Snapshot)
	return p, spec, err
}

// Program returns the program that a kept run executes, as it was when the run was started:
// with it its inputs are read, and its steps shown.
func (r *Runner) Program(ctx context.Context, id string) (*Program, error) {
	p, _, err := r.keptRun(ctx, id)
	if err != nil {
		return nil, err
	}
	return p.Program, nil
}

// elsewhere returns the result of a run that this process did not execute: one that
// had ended before, or that others executed meanwhile.
func (p *linked) elsewhere(state durable.State, events []durable.Event) (*Result, error) {
	res := p.document(state, events)
	res.Parked = state.Parked
	switch {
	case res.Status == durable.StatusSucceeded:
		return res, nil
	case res.Waiting != nil:
		return res, &WaitingError{res}
	}
	return res, &RunError{Result: res, err: errors.New(string(res.Status)), steps: "\n  run: " + res.Run + " (it was not executed here)"}
}

// Serve drives every kept run that is due or becomes due, until ctx ends, as Resume
// would.
func (r *Runner) Serve(ctx context.Context, so durable.ServeOptions) error {
	if r.o.Runtime == nil {
		return errNoRuntime
	}
	return r.o.Runtime.Serve(ctx, func(ctx context.Context, host durable.Host, spec durable.Spec) (ending durable.Ending, err error) {
		defer func() {
			if value := recover(); value != nil { // one run must not end the others
				err = fmt.Errorf("this is a fault of capstan or of a handler: %s\n%s", fault.Text(value), fault.Stack())
			}
		}()
		p, err := r.restored(spec.Snapshot)
		if err != nil {
			return durable.Ending{}, err
		}
		return p.newRunning(spec.ID, &RunOptions{}).execute(ctx, host, spec)
	}, so)
}

// sourceChanged reports whether the file that a kept run was started from is not
// as it was: edited or gone. The run itself goes on with the text that it was started
// with.
func sourceChanged(kept durable.Spec) bool {
	before, ok := load.Text(kept.Snapshot)
	if !ok {
		return false
	}
	text, err := os.ReadFile(kept.Source)
	if shipped, ok := capabilities.Lookup(spec.NameOf(kept.Source)); err != nil && ok && shipped.Name == kept.Source {
		text, err = shipped.Data, nil
	}
	return err != nil || !bytes.Equal(text, before)
}
