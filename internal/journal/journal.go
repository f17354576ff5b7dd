// Package journal is the durable.Runtime of stores that can append: a run is a
// list of records, and everything else follows from them. Start with [New].
//
// Three rules carry it. A record is appended only after the last one that its
// writer has seen (compare-and-set), so that no decision rests on stale knowledge.
// A run is driven under a lock that dies with its process. And people and other
// processes never write a run's fate directly: signals, settlements and
// cancellations are records that the driver reads.
package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// Options shape a Runtime.
type Options struct {
	Now func() time.Time // nil means time.Now
	Log *slog.Logger     // nil logs nothing
	// Fault is called before and after each change is made, for tests, with "before "
	// or "after " and the kind of each of its events ("park" for a change without one).
	// An error is returned in place of the outcome; before, nothing is changed.
	Fault func(point string) error
}

// Runtime is a durable.Runtime over a Store.
type Runtime struct {
	store Store
	now   func() time.Time
	log   *slog.Logger
	fault func(point string) error
	hub   *hub
}

var _ durable.Runtime = (*Runtime)(nil)

// New returns a Runtime that keeps its runs in store and closes it when closed.
func New(store Store, o Options) *Runtime {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	return &Runtime{store: store, now: o.Now, log: o.Log, fault: o.Fault, hub: newHub(store, o.Log)}
}

// create stores a run and its first records.
func (r *Runtime) create(ctx context.Context, spec durable.Spec, first []Record, row Row) error {
	return r.change(Change{Add: first}, func() error { return r.store.Create(ctx, spec, first, row) })
}

// append makes a change of a run.
func (r *Runtime) append(ctx context.Context, id string, c Change) error {
	return r.change(c, func() error { return r.store.Append(ctx, id, c) })
}

// change makes a change with the faults that tests ask for.
func (r *Runtime) change(c Change, do func() error) error {
	if r.fault == nil {
		return do()
	}
	for _, point := range c.points() {
		if err := r.fault("before " + point); err != nil {
			return err
		}
	}
	if err := do(); err != nil {
		return err
	}
	for _, point := range c.points() {
		if err := r.fault("after " + point); err != nil {
			return err
		}
	}
	return nil
}

// clock returns the time as records keep it.
func (r *Runtime) clock() time.Time { return r.now().Round(0).UTC() }

// Start implements durable.Runtime.
func (r *Runtime) Start(ctx context.Context, spec durable.Spec, signals ...durable.Signal) error {
	now := r.clock()
	first, err := opening(&spec, now, signals)
	if err != nil {
		return err
	}
	for i := range first {
		first[i].Seq = int64(i) + 1
	}
	if err := r.create(ctx, spec, first, Row{Status: durable.StatusRunning, Due: now}); err != nil {
		return naming(spec.ID, err)
	}
	r.hub.notify(spec.ID)
	return nil
}

// opening returns the records that a new run's journal begins with: its start, and
// the signals that came with it. It completes spec.
func opening(spec *durable.Spec, now time.Time, signals []durable.Signal) ([]Record, error) {
	if err := durable.CheckID(spec.ID); err != nil {
		return nil, err
	}
	if spec.Started.IsZero() {
		spec.Started = now
	}
	if err := durable.CheckLabels(spec.Labels); err != nil {
		return nil, err
	}
	spec.Started = spec.Started.Round(0).UTC()
	records := []Record{{At: now, Kind: durable.EventStarted, Detail: durable.Detail{InputHash: hashOf(spec.Input)}}}
	l := &ledger{}
	for _, s := range signals {
		rec, err := l.signalled(s, durable.StatusRunning)
		if err != nil {
			return nil, err
		}
		if rec != nil {
			rec.At = now
			records = append(records, *rec)
			l.apply(*rec)
		}
	}
	return records, nil
}

// Get implements durable.Runtime.
func (r *Runtime) Get(ctx context.Context, id string) (durable.State, error) {
	run, err := r.store.Run(ctx, id)
	if err != nil {
		return durable.State{}, naming(id, err)
	}
	return r.state(run), nil
}

// Spec implements durable.Runtime.
func (r *Runtime) Spec(ctx context.Context, id string) (durable.Spec, error) {
	run, err := r.store.Run(ctx, id)
	if err != nil {
		return durable.Spec{}, naming(id, err)
	}
	run.Spec.Snapshot, err = r.store.Snapshot(ctx, run)
	return run.Spec, err
}

// List implements durable.Runtime.
func (r *Runtime) List(ctx context.Context, f durable.Filter) ([]durable.State, error) {
	runs, err := r.store.List(ctx, f)
	if err != nil {
		return nil, err
	}
	states := make([]durable.State, len(runs))
	for i, run := range runs {
		states[i] = r.state(run)
	}
	return states, nil
}

func (r *Runtime) state(run Run) durable.State {
	s := stateOf(run)
	s.Driven = !s.Status.Ended() && r.store.Driven(s.ID)
	return s
}

func stateOf(run Run) durable.State {
	s := durable.State{
		ID: run.Spec.ID, Capability: run.Spec.Capability, Source: run.Spec.Source, Owner: run.Spec.Owner, Mock: run.Spec.Mock,
		Title: run.Spec.Title, Labels: run.Spec.Labels, Status: run.Row.Status, Started: run.Spec.Started, Updated: run.Updated,
		Waiting: run.Row.Waiting, Doc: run.Row.Doc,
	}
	s.Parked = run.Row.Parked()
	if s.Status != durable.StatusRunning && !s.Parked {
		s.Due = run.Row.Due
	}
	return s
}

// History implements durable.Runtime.
func (r *Runtime) History(ctx context.Context, id string, after int64) ([]durable.Event, error) {
	if _, err := r.store.Run(ctx, id); err != nil {
		return nil, naming(id, err)
	}
	records, err := r.store.Records(ctx, id, after)
	if err != nil {
		return nil, naming(id, err)
	}
	events := make([]durable.Event, len(records))
	for i, rec := range records {
		events[i] = eventOf(rec)
	}
	return events, nil
}

func eventOf(rec Record) durable.Event {
	d := rec.Detail
	d.Result = rec.Result
	e := durable.Event{
		Seq: rec.Seq, Time: rec.At, Kind: rec.Kind, Step: rec.Step, Attempt: rec.Attempt,
		Operation: d.Operation, Policy: d.Policy, Tries: d.Tries, Until: cmp.Or(d.Next, d.Until), By: d.By, Via: d.Via, Message: d.Error, Detail: d,
	}
	switch {
	case rec.Kind == durable.EventCorrected:
		e.Message = d.Description
	case d.Happened == nil:
	case *d.Happened:
		e.Message = "it happened"
	default:
		e.Message = "it did not happen"
	}
	return e
}

// Prune implements durable.Runtime.
func (r *Runtime) Prune(ctx context.Context, before time.Time) (int, error) {
	return r.store.Prune(ctx, before)
}

// Close implements durable.Runtime.
func (r *Runtime) Close() error {
	r.hub.close()
	return r.store.Close()
}

// naming adds the run's id to an error.
func naming(id string, err error) error {
	for _, plain := range []error{durable.ErrUnknown, durable.ErrExists, durable.ErrBusy, durable.ErrEnded, durable.ErrUnavailable} {
		if errors.Is(err, plain) {
			return fmt.Errorf("run %q: %w", id, err)
		}
	}
	return err
}
