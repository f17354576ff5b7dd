package live

import (
	"context"
	"fmt"

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
	return r.reader.Inspect(ctx, id)
}

// History returns what happened in a run of the owner's after an event.
func (r *Runs) History(ctx context.Context, owner, id string, after int64) ([]document.Event, error) {
	if _, err := r.State(ctx, owner, id); err != nil {
		return nil, err
	}
	return engine.History(ctx, r.rt, id, after)
}

// List returns runs, newest first. An owner sees only its own, whatever f says.
func (r *Runs) List(ctx context.Context, owner string, f durable.Filter) ([]durable.State, error) {
	if owner != "" {
		f.Owner = owner
	}
	return r.rt.List(ctx, f)
}

// Say finishes an external step or settles a write in doubt, as engine.Say does.
// What could not be stored is ErrNotKept.
func (r *Runs) Say(ctx context.Context, owner, id string, said engine.Said) error {
	if _, err := r.State(ctx, owner, id); err != nil {
		return err
	}
	defer r.news.tell(id)
	return r.kept.note(ctx, r.reader.Say(ctx, id, said))
}

// Cancel ends a run of the owner's. What could not be stored is ErrNotKept.
func (r *Runs) Cancel(ctx context.Context, owner, id string) error {
	if _, err := r.State(ctx, owner, id); err != nil {
		return err
	}
	defer r.news.tell(id)
	return r.kept.note(ctx, r.rt.Cancel(ctx, id))
}

// Wait returns where a run stands once it has ended or waits for somebody, and
// at the latest when ctx ends or the server shuts down.
func (r *Runs) Wait(ctx context.Context, owner, id string) (durable.State, error) {
	news, leave := r.Watch(id)
	defer leave()
	for {
		s, err := r.State(context.WithoutCancel(ctx), owner, id)
		if err != nil || s.Status.Ended() || NeedsSomebody(s) {
			return s, err
		}
		select {
		case <-news:
		case <-ctx.Done():
			return s, nil
		case <-r.closed.Done():
			return s, nil
		}
	}
}

// NeedsSomebody reports whether a run goes on only when somebody outside says
// something: an external step is done, or what became of a write in doubt.
func NeedsSomebody(s durable.State) bool {
	return s.Waiting != nil && s.Due.IsZero() && !s.Status.Ended() && s.Waiting.Reason != durable.ReasonTimer
}
