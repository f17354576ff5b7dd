package durable

import (
	"context"
	"encoding/json"
	"time"
)

// Once is a Host that keeps nothing: for work that is asked for and answered
// within one request, and never taken up again. Where it cannot go on at once, it
// ends; [Brief] waits for a while. It is for one goroutine.
type Once struct {
	ID      string
	Started time.Time
}

// RunID identifies the run.
func (o *Once) RunID() string { return o.ID }

// Now returns when the run was started.
func (o *Once) Now() time.Time { return o.Started }

// Keeps reports false.
func (o *Once) Keeps() bool { return false }

// Doubt returns nil: the error of a step is all that remains of it.
func (o *Once) Doubt() *Suspended { return nil }

// SkipWaits does nothing: a poll within one request is waited for.
func (o *Once) SkipWaits() {}

// Sleep waits.
func (o *Once) Sleep(ctx context.Context, _ string, until time.Time) error {
	return pause(ctx, time.Until(until))
}

// Step performs the side effect.
func (o *Once) Step(ctx context.Context, _ Intent, do Do) (Result, error) {
	return do(ctx, &Attempt{N: 1})
}

// Poll looks until do reports true or the schedule's time is up.
func (o *Once) Poll(ctx context.Context, in Intent, s Schedule, do DoPoll) (Result, error) {
	deadline := time.Now().Add(s.Timeout)
	for try := 1; ; try++ {
		result, done, err := do(ctx, try)
		if err != nil || done {
			return result, err
		}
		wait := s.Wait(try)
		if time.Now().Add(wait).After(deadline) {
			return nil, &TimedOut{Path: in.Path, Timeout: s.Timeout, Tries: try}
		}
		if err := pause(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// Await suspends: the step of a run that is not kept cannot be finished.
func (o *Once) Await(_ context.Context, w Wait) (json.RawMessage, error) {
	return nil, w.Suspended()
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
