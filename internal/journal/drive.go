package journal

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// defaultBlock is the longest wait that Drive sits out by default.
const defaultBlock = time.Minute

// Drive implements durable.Runtime.
func (r *Runtime) Drive(ctx context.Context, id string, exec durable.Executor, o durable.DriveOptions) (durable.State, error) {
	if durable.CheckID(id) != nil {
		return durable.State{}, naming(id, durable.ErrUnknown)
	}
	return r.driving(ctx, id, exec, func() (*host, durable.Spec, error) { return r.open(ctx, id, o) })
}

// Run implements durable.Runtime. The run's start rides with its first change: it is
// locked before it is there, so that nobody else drives it, and nothing is read back.
func (r *Runtime) Run(ctx context.Context, spec durable.Spec, exec durable.Executor, o durable.DriveOptions, signals ...durable.Signal) (durable.State, error) {
	if err := context.Cause(ctx); err != nil {
		return durable.State{}, err
	}
	now := r.clock()
	first, err := opening(&spec, now, signals)
	if err != nil {
		return durable.State{}, err
	}
	return r.driving(ctx, spec.ID, exec, func() (*host, durable.Spec, error) {
		h := r.host(ctx, spec.ID, o, Row{Status: durable.StatusRunning})
		h.row.Due = h.due(now)
		h.unborn, h.queue = &spec, first
		for _, rec := range first {
			h.apply(rec)
		}
		return h, spec, nil
	})
}

// driving drives a run that open returns, once nobody else does.
func (r *Runtime) driving(ctx context.Context, id string, exec durable.Executor, open func() (*host, durable.Spec, error)) (durable.State, error) {
	unlock, err := r.store.Lock(id)
	if err != nil {
		return durable.State{}, naming(id, err)
	}
	defer r.hub.recorded(id) // after unlock: the run is not driven any more
	defer unlock()
	wake, leave := r.hub.join(r.hub.drivers, id) // before reading: later changes wake
	defer leave()
	h, spec, err := open()
	if err != nil {
		return durable.State{}, naming(id, err)
	}
	h.wake = wake
	err = h.drive(ctx, exec, spec)
	return h.state(spec), err
}

func (r *Runtime) host(ctx context.Context, id string, o durable.DriveOptions, row Row) *host {
	return &host{rt: r, ctx: context.WithoutCancel(ctx), id: id, maxBlock: cmp.Or(o.MaxBlock, defaultBlock), parks: o.Park, row: row}
}

// open reads a run in order to drive it.
func (r *Runtime) open(ctx context.Context, id string, o durable.DriveOptions) (*host, durable.Spec, error) {
	run, err := r.store.Run(ctx, id)
	if err != nil {
		return nil, durable.Spec{}, err
	}
	h := r.host(ctx, id, o, run.Row)
	h.last = run.Updated
	if run.Row.Status.Ended() {
		return h, run.Spec, nil
	}
	spec := run.Spec
	if spec.Snapshot, err = r.store.Snapshot(ctx, run); err != nil {
		return nil, spec, err
	}
	records, err := r.store.Records(ctx, id, 0)
	if err != nil {
		return nil, spec, err
	}
	for _, rec := range records {
		h.apply(rec)
	}
	if len(records) == 0 || h.input != hashOf(spec.Input) {
		return nil, spec, fmt.Errorf("run %q: %w: its inputs were changed where they are kept", id, durable.ErrDrift)
	}
	return h, spec, nil
}

func (h *host) state(spec durable.Spec) durable.State {
	return stateOf(Run{Spec: spec, Row: h.row, Updated: h.last})
}

// drive executes the run until it ends, parks or cannot be executed. An
// execution is repeated when a signal came just as the run was about to park.
func (h *host) drive(ctx context.Context, exec durable.Executor, spec durable.Spec) (err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer func() { err = h.leave(err) }() // also when exec panics
	if h.unborn != nil {
		h.soon()
	}
	if err := h.claim(); err != nil {
		return err
	}
	for !h.row.Status.Ended() {
		if h.cancelled {
			return h.end(durable.Ending{Status: durable.StatusCancelled})
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		h.at = spec.Started
		var ending durable.Ending
		h.unlocked(func() { ending, err = exec(ctx, h, spec) })
		parked, err := h.conclude(ending, err)
		if err != nil || parked {
			return err
		}
	}
	return nil
}

// claim has the run parked that this drive parks, and no other: also when its process dies.
func (h *host) claim() error {
	if h.row.Status.Ended() || h.cancelled || h.parks == h.row.Parked() {
		return nil
	}
	row := h.row
	row.Due = h.due(h.stamp())
	return h.commit(Change{Row: &row}, nil)
}

// conclude records how an execution ended.
func (h *host) conclude(ending durable.Ending, err error) (parked bool, _ error) {
	var suspended *durable.Suspended
	switch {
	case h.broken != nil:
		return false, h.broken
	case errors.As(err, &suspended):
		return h.park(suspended, ending.Doc)
	case h.cancelled && errors.Is(err, durable.ErrCancelled):
		return false, h.end(durable.Ending{Status: durable.StatusCancelled})
	case err != nil:
		return false, cmp.Or(h.flush(), err)
	case !ending.Status.Ended():
		return false, fmt.Errorf("run %q: its execution returned without an end", h.id)
	}
	return false, h.end(ending)
}

// park leaves the run until it is due or a signal comes. It reports false when
// one just came.
func (h *host) park(s *durable.Suspended, doc json.RawMessage) (parked bool, err error) {
	c := h.parking(s)
	if doc != nil {
		c.Row.Doc = doc
	}
	if len(c.Add) == 0 && len(h.queue) == 0 && h.looked == nil && reflect.DeepEqual(plain(h.row), plain(*c.Row)) {
		return true, nil
	}
	err = h.commit(c, func() bool { return false })
	if errors.Is(err, errOvertaken) {
		return false, nil
	}
	return err == nil, err
}

// plain is a row without the values that cannot be compared.
func plain(r Row) Row {
	if r.Waiting != nil {
		w := *r.Waiting
		w.Err, w.With = nil, nil
		r.Waiting = &w
	}
	return r
}

// Doubt implements durable.Host.
func (h *host) Doubt() *durable.Suspended {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ledger.doubt()
}

// doubt returns the write of the run that may have taken effect, nil when there is none.
func (l *ledger) doubt() *durable.Suspended {
	for path, s := range l.steps {
		if s.open && !s.done && s.policy != durable.Safe {
			return s.doubt(path)
		}
	}
	return nil
}

// parking is the change that parks the run.
func (h *host) parking(s *durable.Suspended) Change {
	c := h.ledger.parking(s, h.row.Doc)
	c.Row.Due = h.due(c.Row.Due)
	return c
}

// parking is the change that parks a run. Waiting for a person or in doubt is
// an event, once per step; a timer is not, else a long poll would fill the
// history.
func (l *ledger) parking(s *durable.Suspended, doc json.RawMessage) Change {
	c := Change{Row: &Row{Status: durable.StatusWaiting, Waiting: s, Doc: doc}}
	switch s.Reason {
	case durable.ReasonTimer:
		c.Row.Due = s.Until
		return c
	case durable.ReasonInDoubt:
		c.Row.Status = durable.StatusInDoubt
		c.Row.Due = s.Until // when the probe can decide; zero without one
	}
	if st := l.step(s.Path); !st.waiting {
		d := durable.Detail{Reason: s.Reason, Description: s.Description, Error: text(s.Err)}
		c.Add = []Record{{Kind: durable.EventWaiting, Step: s.Path, Attempt: st.attempt, Detail: d}}
	}
	return c
}

// end records the run's end.
func (h *host) end(e durable.Ending) error {
	row := &Row{Status: e.Status, Ended: h.stamp(), Doc: e.Doc}
	rec := Record{Kind: durable.EventEnded, Detail: durable.Detail{Status: e.Status}}
	return h.commit(Change{Add: []Record{rec}, Row: row}, nil)
}
