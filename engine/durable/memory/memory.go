// Package memory keeps a run in memory: it lives and dies with the process.
// Start with [New].
package memory

import (
	"context"
	"encoding/json"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// Handler performs an external step. It returns ok false to leave the step
// waiting.
type Handler func(ctx context.Context, w durable.Wait) (result json.RawMessage, ok bool, err error)

// Options shape a host.
type Options struct {
	// Done holds the results of external steps said to be done beforehand.
	Done map[string]json.RawMessage
	// External performs the others; nil leaves them waiting.
	External Handler
	// Virtual lets time pass without waiting, as a mock does.
	Virtual bool
}

// New returns a host for the run called id. It serves one run and one
// goroutine.
func New(id string, o Options) durable.Host {
	return &host{id: id, o: o}
}

type host struct {
	id      string
	o       Options
	skipped time.Duration // virtual time passed
}

func (h *host) RunID() string { return h.id }

func (h *host) Now() time.Time { return time.Now().Add(h.skipped) }

func (h *host) Sleep(ctx context.Context, _ string, until time.Time) error {
	wait := until.Sub(h.Now())
	if wait <= 0 {
		return context.Cause(ctx)
	}
	if h.o.Virtual {
		h.skipped += wait
		return context.Cause(ctx)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (h *host) Step(ctx context.Context, in durable.Intent, do durable.Do) (json.RawMessage, error) {
	for {
		result, err := do(ctx)
		if again, sleepErr := h.notBefore(ctx, in.Path, err); !again {
			return result, err
		} else if sleepErr != nil {
			return nil, sleepErr
		}
	}
}

// notBefore waits when err asks for it and reports whether to call again.
func (h *host) notBefore(ctx context.Context, path string, err error) (again bool, sleepErr error) {
	later, ok := err.(*durable.NotBefore)
	if !ok {
		return false, nil
	}
	return true, h.Sleep(ctx, path, later.At)
}

func (h *host) Poll(ctx context.Context, in durable.Intent, s durable.Schedule, do durable.DoPoll) (json.RawMessage, error) {
	deadline := h.Now().Add(s.Timeout)
	for try := 1; ; {
		result, done, err := do(ctx, try)
		if again, sleepErr := h.notBefore(ctx, in.Path, err); sleepErr != nil {
			return nil, sleepErr
		} else if again {
			continue
		}
		if err != nil || done {
			return result, err
		}
		now := h.Now()
		if !now.Before(deadline) {
			return nil, &durable.TimedOut{Path: in.Path, Timeout: s.Timeout, Tries: try, Last: result}
		}
		next := now.Add(s.Wait(try))
		if next.After(deadline) {
			next = deadline
		}
		if err := h.Sleep(ctx, in.Path, next); err != nil {
			return nil, err
		}
		try++
	}
}

func (h *host) Await(ctx context.Context, w durable.Wait) (json.RawMessage, error) {
	if result, ok := h.o.Done[w.Path]; ok {
		return result, nil
	}
	if h.o.External != nil {
		result, ok, err := h.o.External(ctx, w)
		if ok || err != nil {
			return result, err
		}
	}
	return nil, &durable.Suspended{Path: w.Path, Reason: durable.ReasonExternal, Description: w.Description, With: w.With}
}
