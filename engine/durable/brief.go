package durable

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Brief is the Host of a run that nothing keeps and that is executed once. It does
// what the Host of a Runtime does in one Drive with the zero [DriveOptions]: a wait of
// more than a minute, a person that is needed and a write whose answer was lost
// suspend the run. It is for one goroutine.
type Brief struct {
	ID      string
	Started time.Time
	// Signals are the results of external steps that came with the run.
	Signals []Signal

	at      time.Time     // of the last call's outcome
	virtual bool          // waits pass at once
	skipped time.Duration // the waits that did
	// The write without an outcome, "" when there is none, and how its answer was
	// lost, as far as that is known.
	open string
	lost *Suspended
}

// RunID identifies the run.
func (b *Brief) RunID() string { return b.ID }

// Now returns the run's time.
func (b *Brief) Now() time.Time {
	if b.at.After(b.Started) {
		return b.at
	}
	return b.Started
}

// Keeps reports false.
func (b *Brief) Keeps() bool { return false }

// Doubt returns the write that may have taken effect.
func (b *Brief) Doubt() *Suspended {
	switch {
	case b.open == "":
		return nil
	case b.lost == nil:
		return &Suspended{Path: b.open, Reason: ReasonInDoubt, Err: errors.New("the run ended before the answer came")}
	}
	return b.lost
}

// SkipWaits lets every wait be over at once.
func (b *Brief) SkipWaits() { b.virtual = true }

// clock is the wall clock, ahead of itself where waits were skipped.
func (b *Brief) clock() time.Time { return wall().Add(b.skipped) }

// wall is the time without that of the process, as records hold it.
func wall() time.Time { return time.Now().Round(0).UTC() }

// ended moves the run's time on to the outcome of a call.
func (b *Brief) ended() {
	if now := wall(); now.After(b.at) {
		b.at = now
	}
}

// longestWait is the longest wait that is sat out.
const longestWait = time.Minute

// sit waits, or suspends the run.
func (b *Brief) sit(ctx context.Context, path string, until time.Time) error {
	d := until.Sub(b.clock())
	switch {
	case d <= 0:
	case b.virtual:
		b.skipped += d
	case d > longestWait:
		return &Suspended{Path: path, Reason: ReasonTimer, Until: until}
	default:
		if err := pause(ctx, d); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// Sleep waits.
func (b *Brief) Sleep(ctx context.Context, path string, until time.Time) error {
	if err := b.sit(ctx, path, until.Round(0).UTC()); err != nil {
		return err
	}
	b.ended()
	return nil
}

// Step performs the side effect.
func (b *Brief) Step(ctx context.Context, in Intent, do Do) (Result, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	for a := (&Attempt{N: 1}); ; a.N++ {
		if in.Policy != Safe {
			b.open, b.lost = in.Path, nil
		}
		sent := wall()
		result, err := do(ctx, a)
		if err == nil {
			b.open = ""
			b.ended()
			return result, nil
		}
		var lost *Suspended
		var later *NotBefore
		switch {
		case errors.As(err, &lost) && lost.Reason == ReasonInDoubt:
			b.lost = lost
			return nil, b.parked(in, sent)
		case !errors.As(err, &later):
			b.ended()
			return nil, err
		}
		b.open = ""
		if err := b.sit(ctx, in.Path, later.At.Round(0).UTC()); err != nil {
			return nil, err
		}
	}
}

// parked returns the doubt about a write, and the time from which its probe could decide:
// the request may be on its way until then.
func (b *Brief) parked(in Intent, sent time.Time) *Suspended {
	if in.Policy != Probed || in.Probe == nil {
		return b.lost
	}
	out := *b.lost
	out.Until = sent.Add(in.ProbeAfter)
	return &out
}

// Poll looks until do reports true or the schedule's time is up.
func (b *Brief) Poll(ctx context.Context, in Intent, s Schedule, do DoPoll) (Result, error) {
	next := b.clock()
	deadline := next.Add(s.Timeout)
	for try := 1; ; {
		if err := b.sit(ctx, in.Path, next); err != nil {
			return nil, err
		}
		result, done, err := do(ctx, try)
		now := b.clock()
		var later *NotBefore
		switch {
		case errors.As(err, &later):
			next = later.At.Round(0).UTC()
			continue
		case err != nil || done:
			b.ended()
			return result, err
		case !now.Before(deadline):
			b.ended()
			return nil, &TimedOut{Path: in.Path, Timeout: s.Timeout, Tries: try}
		}
		if next = now.Add(s.Wait(try)); next.After(deadline) {
			next = deadline
		}
		try++
	}
}

// Await returns the result that came with the run, or that is brought about in this
// process; else the run is suspended.
func (b *Brief) Await(ctx context.Context, w Wait) (json.RawMessage, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	for _, s := range b.Signals {
		if s.Step == w.Path {
			b.ended()
			return s.Result, nil
		}
	}
	if w.Perform == nil {
		return nil, w.Suspended()
	}
	switch result, done, err := w.Perform(ctx); {
	case err != nil:
		return nil, err
	case !done:
		return nil, w.Suspended()
	case result == nil:
		b.ended()
		return json.RawMessage("null"), nil
	case !json.Valid(result):
		return nil, fmt.Errorf("the result of step %q is not JSON", w.Path)
	default:
		b.ended()
		return result, nil
	}
}
