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

// outside is where a run stands when somebody says something about it. Its methods
// return the change that follows, nil for none, or why that cannot be said.
type outside struct {
	*ledger
	run    Run
	now    time.Time
	driven func() bool // a process drives the run; it is asked only where that matters
}

// amend appends a change from outside to a run. decide is called again when the run
// moved on meanwhile.
func (r *Runtime) amend(ctx context.Context, id string, decide func(*outside) (*Change, error)) error {
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
		o := &outside{ledger: l, run: run, now: r.clock(), driven: func() bool { return r.store.Driven(id) }}
		c, err := decide(o)
		if err != nil || c == nil {
			return naming(id, err)
		}
		o.stamp(c)
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

// stamp gives the records of a change their numbers, and their times where they have none.
func (o *outside) stamp(c *Change) {
	c.After = o.seq
	now := o.now
	if o.last.After(now) {
		now = o.last
	}
	for i := range c.Add {
		c.Add[i].Seq = o.seq + int64(i) + 1
		if at := c.Add[i].At; at.IsZero() || at.Before(o.last) {
			c.Add[i].At = now
		}
	}
}

// Signal implements durable.Runtime.
func (r *Runtime) Signal(ctx context.Context, id string, s durable.Signal) error {
	return r.amend(ctx, id, func(o *outside) (*Change, error) { return o.signal(s) })
}

func (o *outside) signal(s durable.Signal) (*Change, error) {
	rec, err := o.signalled(s, o.run.Row.Status)
	if err != nil || rec == nil {
		return nil, err
	}
	return &Change{Add: []Record{*rec}, Row: o.dueFor(s.Step, durable.ReasonExternal)}, nil
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
func (o *outside) dueFor(step string, reason durable.Reason) *Row {
	if w := o.run.Row.Waiting; w == nil || w.Path != step || w.Reason != reason {
		return nil
	}
	return &Row{Status: durable.StatusRunning, Due: o.run.Row.due(o.now), Doc: o.run.Row.Doc}
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
	return r.amend(ctx, id, func(o *outside) (*Change, error) { return o.settle(s) })
}

func (o *outside) settle(s durable.Settlement) (*Change, error) {
	st := o.step(s.Step)
	rec := Record{Kind: durable.EventSettled, Step: s.Step, Attempt: st.attempt, Detail: durable.Detail{By: s.By, Happened: &s.Happened}}
	if s.Happened {
		var err error
		if rec.Result, err = supplied(s.Step, s.Result); err != nil {
			return nil, err
		}
	}
	if st.settled != nil {
		return o.settleAnew(st, rec)
	}
	switch {
	case o.run.Row.Status.Ended():
		return nil, durable.ErrEnded
	case !st.open || !o.doubted(s.Step):
		return nil, fmt.Errorf("step %q is not in doubt: %w", s.Step, durable.ErrConflict)
	}
	return &Change{Add: []Record{rec}, Row: o.dueFor(s.Step, durable.ReasonInDoubt)}, nil
}

// settleAnew replaces a settlement behind which nothing was done.
func (o *outside) settleAnew(st *step, rec Record) (*Change, error) {
	before := st.settled
	if *before.Detail.Happened == *rec.Detail.Happened && sameJSON(before.Result, rec.Result) {
		return nil, nil
	}
	switch o.run.Row.Status {
	case durable.StatusSucceeded, durable.StatusCancelled:
		return nil, durable.ErrEnded
	}
	if later := o.behind(before.Seq); later != "" {
		return nil, fmt.Errorf("step %q was settled before, and the run went on with that: step %q is done or was sent: %w", rec.Step, later, durable.ErrConflict)
	}
	if o.driven() {
		return nil, durable.ErrBusy
	}
	c := &Change{Row: &Row{Status: durable.StatusRunning, Due: o.run.Row.due(o.now)}}
	if o.run.Row.Status.Ended() {
		c.Add = append(c.Add, Record{Kind: durable.EventReopened})
	}
	c.Add = append(c.Add, rec)
	return c, nil
}

// doubted reports whether an open step is in doubt: the run waits for it, or the
// process that sent it is gone.
func (o *outside) doubted(step string) bool {
	if o.run.Row.Status == durable.StatusInDoubt {
		return o.run.Row.Waiting != nil && o.run.Row.Waiting.Path == step
	}
	return !o.driven()
}

// Reopen implements durable.Runtime.
func (r *Runtime) Reopen(ctx context.Context, id string) error {
	return r.amend(ctx, id, func(o *outside) (*Change, error) { return o.reopening() })
}

func (o *outside) reopening() (*Change, error) {
	switch o.run.Row.Status {
	case durable.StatusFailed, durable.StatusTimedOut:
		return &Change{Add: []Record{{Kind: durable.EventReopened}}, Row: &Row{Status: durable.StatusRunning, Due: o.now}}, nil
	case durable.StatusSucceeded, durable.StatusCancelled:
		return nil, durable.ErrEnded
	}
	return nil, nil
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
	return r.amend(ctx, id, func(o *outside) (*Change, error) { return o.correction(decide) })
}

func (o *outside) correction(decide func(durable.Spec, []string) (*durable.Correction, error)) (*Change, error) {
	switch o.run.Row.Status {
	case durable.StatusSucceeded, durable.StatusCancelled:
		return nil, durable.ErrEnded
	}
	c, err := decide(o.run.Spec, o.begun())
	if err != nil || c == nil {
		return nil, err
	}
	return o.correcting(c), nil
}

// correcting is the change that replaces the inputs of a run.
func (o *outside) correcting(c *durable.Correction) *Change {
	change := &Change{Correct: c}
	if o.run.Row.Status.Ended() {
		change.Add = append(change.Add, Record{Kind: durable.EventReopened})
	}
	change.Add = append(change.Add, Record{Kind: durable.EventCorrected, Result: c.Changes, Detail: durable.Detail{
		InputHash: hashOf(c.Input), By: c.By, Description: strings.Join(c.Names, ", "),
	}})
	if o.run.Row.Status != durable.StatusInDoubt {
		change.Row = &Row{Status: durable.StatusRunning, Due: o.run.Row.due(o.now)}
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
	if err := r.amend(ctx, id, func(o *outside) (*Change, error) { return o.cancelling() }); err != nil {
		return err
	}
	err := untilFree(ctx, func() error {
		_, err := r.Drive(ctx, id, nil, durable.DriveOptions{})
		return err
	})
	if errors.Is(err, durable.ErrBusy) {
		return nil // the driver will see the cancellation itself
	}
	return err
}

func (o *outside) cancelling() (*Change, error) {
	switch {
	case o.cancelled && (o.run.Row.Status == durable.StatusCancelled || !o.run.Row.Status.Ended()):
		return nil, nil
	case o.run.Row.Status.Ended():
		return nil, durable.ErrEnded
	}
	row := o.run.Row
	row.Due = o.now // a Serve ends the run, if no driver does
	return &Change{Add: []Record{{Kind: durable.EventCancelled}}, Row: &row}, nil
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
