package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// amend appends a change from outside to a run: decide gets where it stands and
// returns the change, nil for none. It is called again when the run moved on
// meanwhile.
func (r *Runtime) amend(ctx context.Context, id string, decide func(Run, *ledger) (*Change, error)) error {
	for {
		run, err := r.store.Run(ctx, id)
		if err != nil {
			return naming(id, err)
		}
		records, err := r.store.Records(ctx, id, 0)
		if err != nil {
			return naming(id, err)
		}
		l := &ledger{}
		for _, rec := range records {
			l.apply(rec)
		}
		c, err := decide(run, l)
		if err != nil || c == nil {
			return naming(id, err)
		}
		c.After = l.seq
		now := r.clock()
		if l.last.After(now) {
			now = l.last
		}
		for i := range c.Add {
			c.Add[i].Seq, c.Add[i].At = l.seq+int64(i)+1, now
		}
		err = r.append(ctx, id, *c)
		if err == nil {
			r.hub.notify(id)
			return nil
		}
		if !errors.Is(err, ErrMoved) {
			return naming(id, err)
		}
	}
}

// Signal implements durable.Runtime.
func (r *Runtime) Signal(ctx context.Context, id string, s durable.Signal) error {
	return r.amend(ctx, id, func(run Run, l *ledger) (*Change, error) {
		rec, err := l.signalled(s, run.Row.Status)
		if err != nil || rec == nil {
			return nil, err
		}
		return &Change{Add: []Record{*rec}, Row: r.dueFor(run, s.Step, durable.ReasonExternal)}, nil
	})
}

// signalled returns the record of a signal to a run of a status, nil for one that
// changes nothing.
func (l *ledger) signalled(s durable.Signal, status durable.Status) (*Record, error) {
	if s.Step == "" {
		return nil, errors.New("a signal names the step it is for")
	}
	result, err := supplied(s.Step, s.Result)
	if err != nil {
		return nil, err
	}
	st := l.step(s.Step)
	said, known := st.result, st.done
	if st.signal != nil {
		said, known = st.signal.Result, true
	}
	switch {
	case known && sameJSON(said, result):
		return nil, nil
	case status.Ended():
		return nil, durable.ErrEnded
	case known:
		return nil, fmt.Errorf("step %q has another result: %w", s.Step, durable.ErrConflict)
	}
	return &Record{Kind: durable.EventSignal, Step: s.Step, Result: result, Detail: durable.Detail{Signal: s.ID, By: s.By}}, nil
}

// supplied returns a result that came from outside, null when there is none.
func supplied(step string, result json.RawMessage) (json.RawMessage, error) {
	if result == nil {
		return json.RawMessage("null"), nil
	}
	if !json.Valid(result) {
		return nil, fmt.Errorf("the result of step %q is not JSON", step)
	}
	return result, nil
}

// dueFor returns the row of a run that was parked for the step, nil for any other.
func (r *Runtime) dueFor(run Run, step string, reason durable.Reason) *Row {
	if w := run.Row.Waiting; w == nil || w.Path != step || w.Reason != reason {
		return nil
	}
	return &Row{Status: durable.StatusRunning, Due: r.clock(), Doc: run.Row.Doc}
}

// sameJSON compares two JSON values, white space and the order of keys aside.
func sameJSON(a, b json.RawMessage) bool {
	return bytes.Equal(a, b) || bytes.Equal(normalJSON(a), normalJSON(b))
}

func normalJSON(raw json.RawMessage) []byte {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return raw
	}
	out, err := json.Marshal(v)
	if err != nil {
		return raw
	}
	return out
}

// Settle implements durable.Runtime.
func (r *Runtime) Settle(ctx context.Context, id string, s durable.Settlement) error {
	return untilFree(ctx, func() error { return r.settle(ctx, id, s) })
}

func (r *Runtime) settle(ctx context.Context, id string, s durable.Settlement) error {
	return r.amend(ctx, id, func(run Run, l *ledger) (*Change, error) {
		st := l.step(s.Step)
		rec := Record{Kind: durable.EventSettled, Step: s.Step, Attempt: st.attempt, Detail: durable.Detail{By: s.By, Happened: &s.Happened}}
		if s.Happened {
			var err error
			if rec.Result, err = supplied(s.Step, s.Result); err != nil {
				return nil, err
			}
		}
		if st.settled != nil {
			return r.settleAnew(run, l, st, rec)
		}
		switch {
		case run.Row.Status.Ended():
			return nil, durable.ErrEnded
		case !st.open || !r.doubted(run, s.Step):
			return nil, fmt.Errorf("step %q is not in doubt: %w", s.Step, durable.ErrConflict)
		}
		return &Change{Add: []Record{rec}, Row: r.dueFor(run, s.Step, durable.ReasonInDoubt)}, nil
	})
}

// settleAnew replaces a settlement behind which nothing was done.
func (r *Runtime) settleAnew(run Run, l *ledger, st *step, rec Record) (*Change, error) {
	before := st.settled
	if *before.Detail.Happened == *rec.Detail.Happened && sameJSON(before.Result, rec.Result) {
		return nil, nil
	}
	switch run.Row.Status {
	case durable.StatusSucceeded, durable.StatusCancelled:
		return nil, durable.ErrEnded
	}
	if later := l.behind(before.Seq); later != "" {
		return nil, fmt.Errorf("step %q was settled before, and the run went on with that: step %q is done or was sent: %w", rec.Step, later, durable.ErrConflict)
	}
	if r.store.Driven(run.Spec.ID) {
		return nil, durable.ErrBusy
	}
	c := &Change{Row: &Row{Status: durable.StatusRunning, Due: r.clock()}}
	if run.Row.Status.Ended() {
		c.Add = append(c.Add, Record{Kind: durable.EventReopened})
	}
	c.Add = append(c.Add, rec)
	return c, nil
}

// doubted reports whether an open step is in doubt: the run waits for it, or the
// process that sent it is gone.
func (r *Runtime) doubted(run Run, step string) bool {
	if run.Row.Status == durable.StatusInDoubt {
		return run.Row.Waiting != nil && run.Row.Waiting.Path == step
	}
	return !r.store.Driven(run.Spec.ID)
}

// Reopen implements durable.Runtime.
func (r *Runtime) Reopen(ctx context.Context, id string) error {
	return r.amend(ctx, id, func(run Run, _ *ledger) (*Change, error) {
		switch run.Row.Status {
		case durable.StatusFailed, durable.StatusTimedOut:
			return &Change{Add: []Record{{Kind: durable.EventReopened}}, Row: &Row{Status: durable.StatusRunning, Due: r.clock()}}, nil
		case durable.StatusSucceeded, durable.StatusCancelled:
			return nil, durable.ErrEnded
		}
		return nil, nil
	})
}

// Correct implements durable.Runtime. No process drives the run meanwhile: it would go on
// with the inputs that it has read.
func (r *Runtime) Correct(ctx context.Context, id string, decide func(durable.Spec, []string) (*durable.Correction, error)) error {
	if durable.CheckID(id) != nil {
		return naming(id, durable.ErrUnknown)
	}
	return untilFree(ctx, func() error { return r.correct(ctx, id, decide) })
}

func (r *Runtime) correct(ctx context.Context, id string, decide func(durable.Spec, []string) (*durable.Correction, error)) error {
	unlock, err := r.store.Lock(id)
	if err != nil {
		return naming(id, err)
	}
	defer r.hub.recorded(id) // after unlock
	defer unlock()
	return r.amend(ctx, id, func(run Run, l *ledger) (*Change, error) {
		switch run.Row.Status {
		case durable.StatusSucceeded, durable.StatusCancelled:
			return nil, durable.ErrEnded
		}
		c, err := decide(run.Spec, l.begun())
		if err != nil || c == nil {
			return nil, err
		}
		return r.correcting(run, c), nil
	})
}

// correcting is the change that replaces the inputs of a run.
func (r *Runtime) correcting(run Run, c *durable.Correction) *Change {
	change := &Change{Input: c.Input}
	if run.Row.Status.Ended() {
		change.Add = append(change.Add, Record{Kind: durable.EventReopened})
	}
	change.Add = append(change.Add, Record{Kind: durable.EventCorrected, Result: c.Changes, Detail: durable.Detail{
		InputHash: hashOf(c.Input), By: c.By, Description: strings.Join(c.Names, ", "),
	}})
	if run.Row.Status != durable.StatusInDoubt {
		change.Row = &Row{Status: durable.StatusRunning, Due: r.clock()}
	}
	return change
}

// How often and how long apart untilFree looks whether the driver let go.
const (
	freeLooks = 20
	freeEvery = 5 * time.Millisecond
)

// Cancel implements durable.Runtime.
func (r *Runtime) Cancel(ctx context.Context, id string) error {
	err := r.amend(ctx, id, func(run Run, l *ledger) (*Change, error) {
		switch {
		case l.cancelled && (run.Row.Status == durable.StatusCancelled || !run.Row.Status.Ended()):
			return nil, nil
		case run.Row.Status.Ended():
			return nil, durable.ErrEnded
		}
		row := run.Row
		row.Due = r.clock() // a Serve ends the run, if no driver does
		return &Change{Add: []Record{{Kind: durable.EventCancelled}}, Row: &row}, nil
	})
	if err != nil {
		return err
	}
	err = untilFree(ctx, func() error {
		_, err := r.Drive(ctx, id, nil, durable.DriveOptions{})
		return err
	})
	if errors.Is(err, durable.ErrBusy) {
		return nil // the driver will see the cancellation itself
	}
	return err
}

// untilFree tries something again while the run is being driven, for a moment: a driver that
// was just parking it lets go.
func untilFree(ctx context.Context, try func() error) error {
	for look := 1; ; look++ {
		err := try()
		if !errors.Is(err, durable.ErrBusy) || look == freeLooks {
			return err
		}
		timer := time.NewTimer(freeEvery)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}
