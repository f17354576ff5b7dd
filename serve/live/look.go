package live

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
)

// State returns where a run stands. To an owner, the runs of others do not
// exist: they are durable.ErrUnknown. The owner "" sees every run.
func (r *Runs) State(ctx context.Context, owner, id string) (durable.State, error) {
	s, err := r.rt.Get(ctx, id)
	if err == nil && owner != "" && s.Owner != owner {
		return durable.State{}, fmt.Errorf("run %q: %w", id, durable.ErrUnknown)
	}
	return s, err
}

// Inspect returns a run of the owner's with its history.
func (r *Runs) Inspect(ctx context.Context, owner, id string) (*document.Run, error) {
	if _, err := r.State(ctx, owner, id); err != nil {
		return nil, err
	}
	return r.runner.Inspect(ctx, id)
}

// ProgramOf returns the program that a run of the owner's executes.
func (r *Runs) ProgramOf(ctx context.Context, owner, id string) (*engine.Program, error) {
	if _, err := r.State(ctx, owner, id); err != nil {
		return nil, err
	}
	return r.runner.Program(ctx, id)
}

// List returns runs, newest first. An owner sees only its own, whatever is in f.
func (r *Runs) List(ctx context.Context, owner string, f durable.Filter) ([]durable.State, error) {
	if owner != "" {
		f.Owner = owner
	}
	states, err := r.rt.List(ctx, f)
	for i := range states {
		if states[i].Unreadable != nil {
			states[i].Unreadable = errUnreadable
		}
	}
	return states, err
}

// errUnreadable is what callers are given for the reason, which names keys and places of the server.
var errUnreadable = errors.New("this server cannot decode its values")

// Signal finishes an external step or settles a write in doubt, as the method
// of engine.Runner does. A failure to store it is ErrNotKept.
func (r *Runs) Signal(ctx context.Context, owner, id string, s engine.Signal) error {
	if _, err := r.State(ctx, owner, id); err != nil {
		return err
	}
	return r.kept.note(ctx, r.runner.Signal(ctx, id, s))
}

// Cancel ends a run of the owner's. A failure to store that is ErrNotKept.
func (r *Runs) Cancel(ctx context.Context, owner, id string) error {
	if _, err := r.State(ctx, owner, id); err != nil {
		return err
	}
	return r.kept.note(ctx, r.rt.Cancel(ctx, id))
}

// Retry takes a run of the owner's up again that failed or timed out: what was done stays
// done. One that has not ended is left as it is; one that succeeded or was cancelled is
// durable.ErrEnded. A failure to store that is ErrNotKept.
func (r *Runs) Retry(ctx context.Context, owner, id string) error {
	if _, err := r.State(ctx, owner, id); err != nil {
		return err
	}
	return r.kept.note(ctx, r.rt.Reopen(ctx, id))
}

// Correct replaces inputs of a run of the owner's that no step has used, and makes it due;
// faults of theirs are an *engine.InputError. by is the sender. A failure to store that is
// ErrNotKept.
func (r *Runs) Correct(ctx context.Context, owner, id string, in engine.Inputs, by string) error {
	if _, err := r.State(ctx, owner, id); err != nil {
		return err
	}
	if len(in) == 0 {
		return nil
	}
	return r.kept.note(ctx, r.runner.Correct(ctx, id, in, by))
}

// Watch sends the news of a run of the owner's, as durable.Runtime does.
func (r *Runs) Watch(ctx context.Context, owner, id string, after int64) (<-chan durable.News, error) {
	if _, err := r.State(context.WithoutCancel(ctx), owner, id); err != nil {
		return nil, err
	}
	return r.rt.Watch(ctx, id, after)
}

// Wait returns where a run stands once it has ended or waits for a signal, and at
// the latest when ctx ends or the server shuts down.
func (r *Runs) Wait(ctx context.Context, owner, id string) (durable.State, error) {
	watching, leave := context.WithCancel(ctx)
	defer leave()
	defer context.AfterFunc(r.closed, leave)()
	news, err := r.Watch(watching, owner, id, math.MaxInt64)
	if err != nil {
		return durable.State{}, err
	}
	for n := range news {
		if n.Err != nil || n.State.Status.Ended() || NeedsSignal(n.State) {
			return n.State, n.Err
		}
	}
	return r.State(context.WithoutCancel(ctx), owner, id)
}

// NeedsSignal reports whether a run goes on only after a signal: that an external
// step is done, or whether a write in doubt happened.
func NeedsSignal(s durable.State) bool {
	return s.Waiting != nil && s.Due.IsZero() && !s.Status.Ended() && s.Waiting.Reason != durable.ReasonTimer
}
