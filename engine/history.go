package engine

import (
	"context"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
)

// History reads what happened in a kept run after the event numbered after (0:
// all). As in [Run], arguments and results of steps are left out, so nothing in
// it is secret. An unknown id is durable.ErrUnknown.
func History(ctx context.Context, rt durable.Runtime, id string, after int64) ([]document.Event, error) {
	events, err := rt.History(ctx, id, after)
	if err != nil {
		return nil, err
	}
	out := make([]document.Event, len(events))
	for i, e := range events {
		out[i] = EventOf(e)
	}
	return out, nil
}
