package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// host is one run being driven. One goroutine owns it. While that is in the
// interpreter or outside, mu is free, and the queue may be recorded.
type host struct {
	rt       *Runtime
	ctx      context.Context // of the drive, without its end: an outcome must not be lost
	id       string
	maxBlock time.Duration
	parks    bool // no Serve takes the run up after this drive
	virtual  bool // waits pass at once
	wake     <-chan struct{}

	ledger
	mu      sync.Mutex
	unborn  *durable.Spec // of a run whose start is not on record
	row     Row
	queue   []Record      // to be recorded with the next change
	looked  *Record       // a poll's record, to be replaced with the next change
	late    *time.Timer   // records the queue when no change came
	urgent  bool          // the queue has the result of a write
	held    bool          // the queue has a failure, which goes on record only with the interpreter's next change
	over    bool          // the drive is
	at      time.Time     // the run's time, as Now gives it
	skipped time.Duration // the waits that were skipped
	broken  error         // why this execution must not be believed
}

var _ durable.Host = (*host)(nil)

// errOvertaken is returned by commit when the change is no longer wanted.
var errOvertaken = errors.New("overtaken")

// RunID implements durable.Host.
func (h *host) RunID() string { return h.id }

// Keeps implements durable.Host.
func (h *host) Keeps() bool { return true }

// SkipWaits implements durable.Host.
func (h *host) SkipWaits() { h.virtual = true }

// Now implements durable.Host.
func (h *host) Now() time.Time { return h.at }

// clock is the wall clock, ahead of itself where waits were skipped. Timers are held
// against it.
func (h *host) clock() time.Time { return h.rt.clock().Add(h.skipped) }

// stamp is the time of a new record: that of the wall, and never before an earlier
// one's.
func (h *host) stamp() time.Time {
	if now := h.rt.clock(); now.After(h.last) {
		return now
	}
	return h.last
}

// pass moves the run's time on to that of an outcome.
func (h *host) pass(t time.Time) {
	if t.After(h.at) {
		h.at = t
	}
}

// enter begins a call: it fails when ctx has ended, when the run was cancelled,
// or when an earlier call could not be kept.
func (h *host) enter(ctx context.Context) error {
	if h.broken != nil {
		return h.broken
	}
	h.held = false
	select {
	case <-h.wake:
		if err := h.refresh(); err != nil {
			return err
		}
	default:
	}
	if h.cancelled {
		return durable.ErrCancelled
	}
	return context.Cause(ctx)
}

// answer returns the result of a step that is done. One that came about in this
// execution is itself, once; a long one is not held any longer, as only an execution
// that is repeated asks for it again.
func (h *host) answer(s *step) (durable.Result, error) {
	if fresh := s.fresh; fresh != nil {
		s.fresh = nil
		if len(s.result) > rideSize { // then it is on record, see add
			s.result, s.left = nil, true
		}
		return fresh, nil
	}
	if !s.left {
		return s.result, nil
	}
	records, err := h.rt.store.Records(h.ctx, h.id, s.seq-1)
	if err != nil || len(records) == 0 {
		return nil, h.breaks(cmp.Or(err, ErrMoved))
	}
	return records[0].Result, nil
}

// refresh reads the records of others. Those can only be signals, settlements and
// cancellations: a record of another driver means that this one lost the run.
func (h *host) refresh() error {
	if h.unborn != nil {
		return nil
	}
	records, err := h.rt.store.Records(h.ctx, h.id, h.seq)
	if err != nil {
		return h.breaks(err)
	}
	for _, rec := range records {
		switch rec.Kind {
		case durable.EventSignal, durable.EventCancelled:
			h.apply(rec)
		case durable.EventSettled:
			if h.step(rec.Step).settled != nil { // this drive may have gone on with what was taken back
				return h.breaks(fmt.Errorf("run %q: step %q was settled anew: %w", h.id, rec.Step, durable.ErrBusy))
			}
			h.apply(rec)
		default:
			return h.breaks(fmt.Errorf("run %q: %w", h.id, durable.ErrBusy))
		}
	}
	return nil
}

// breaks notes that nothing more of this execution is to be recorded, and returns
// why.
func (h *host) breaks(err error) error {
	if h.broken == nil {
		h.broken = err
	}
	return err
}

// commit records a change with the queue. When there are records of others
// meanwhile, it reads them and asks wanted whether to go on (nil: yes). It is not
// interrupted by ctx: an outcome must not be lost.
func (h *host) commit(c Change, wanted func() bool) error {
	if h.broken != nil {
		return h.broken
	}
	if len(h.queue) > 0 {
		c.Add = slices.Concat(h.queue, c.Add)
	}
	if c.Replace == nil {
		c.Replace = h.looked
	}
	for {
		c.After = h.seq
		h.number(c.Add)
		if c.Replace != nil {
			c.Replace.At = h.stamp()
		}
		err := h.store(c)
		if err == nil {
			h.recorded()
			break
		}
		if errors.Is(err, durable.ErrTooLarge) {
			return err
		}
		if !errors.Is(err, ErrMoved) {
			return h.breaks(h.unrecorded(err))
		}
		if err := h.refresh(); err != nil {
			return err
		}
		if wanted != nil && !wanted() {
			return errOvertaken
		}
	}
	for _, rec := range c.Add {
		h.apply(rec)
	}
	if c.Replace != nil {
		h.apply(*c.Replace)
	}
	if c.Row != nil {
		h.row = *c.Row
	}
	return nil
}

// store makes a change, the first one of a new run with its start.
func (h *host) store(c Change) error {
	if h.unborn == nil {
		return h.rt.append(h.ctx, h.id, c)
	}
	row := h.row
	if c.Row != nil {
		row = *c.Row
	}
	if err := h.rt.create(h.ctx, *h.unborn, c.Add, row); err != nil {
		return h.breaks(fmt.Errorf("%w: %w", durable.ErrNotStarted, naming(h.id, err)))
	}
	h.unborn = nil
	return nil
}

// number gives new records their numbers and times.
func (h *host) number(records []Record) {
	now := h.stamp()
	for i := range records {
		rec := &records[i]
		rec.Seq = h.seq + int64(i) + 1
		if rec.At.IsZero() || rec.At.After(now) { // it has no time of its own, or clocks were set
			rec.At = now
		}
	}
}

// going returns the row of a run that goes on, nil when it is the same already.
func (h *host) going() *Row {
	if h.row.Status == durable.StatusRunning {
		return nil
	}
	return &Row{Status: durable.StatusRunning, Due: h.due(h.stamp()), Doc: h.row.Doc}
}

// due is when the run is due that would be at a time, as this drive wants it.
func (h *host) due(at time.Time) time.Time {
	if h.parks {
		return Never()
	}
	return at
}

// sitsOut reports whether this drive sits a wait out.
func (h *host) sitsOut(wait time.Duration) bool {
	return h.virtual || h.maxBlock < 0 || wait <= h.maxBlock
}

// wait is how long to do nothing.
type wait struct {
	until   time.Time     // by the clock, which may be set
	longest time.Duration // whatever becomes of the clock; 0: any
	// here is the end by the process's own time, which is never set and goes
	// before until. It is zero where another process began the wait.
	here time.Time
}

// here returns when a wait that begins now and ends at a time is over, by the
// process's own time.
func (h *host) here(until time.Time) time.Time { return time.Now().Add(until.Sub(h.clock())) }

// sit waits, or parks the run when the end is farther off than this drive may
// wait.
func (h *host) sit(ctx context.Context, path string, w wait) error {
	begin := time.Now()
	left := func() time.Duration {
		if !w.here.IsZero() && !h.virtual {
			return time.Until(w.here)
		}
		d := w.until.Sub(h.clock())
		if w.longest > 0 {
			d = min(d, w.longest-time.Since(begin))
		}
		return d
	}
	if h.virtual {
		h.skipped += max(left(), 0)
		return h.enter(ctx)
	}
	if d := left(); !h.sitsOut(d) {
		until := h.clock().Add(d)
		if until.Sub(w.until).Abs() < time.Second { // the clock was not set
			until = w.until
		}
		return &durable.Suspended{Path: path, Reason: durable.ReasonTimer, Until: until}
	}
	for d := left(); d > 0; d = left() {
		if err := h.pause(ctx, min(d, time.Minute)); err != nil { // a minute: clocks are set
			return err
		}
	}
	return h.enter(ctx)
}

// pause waits for a while (negative: without end), for news of the run, or for
// ctx to end, which is an error, as is being cancelled.
func (h *host) pause(ctx context.Context, d time.Duration) error {
	if d < 0 || d > watchEvery { // else it is over before the watch would see anything
		defer h.rt.hub.watch()()
	}
	var elapsed <-chan time.Time
	if d >= 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		elapsed = timer.C
	}
	news := false
	var ended error
	err := h.outside(func() {
		select {
		case <-ctx.Done():
			ended = context.Cause(ctx)
		case <-elapsed:
		case <-h.wake:
			news = true
		}
	})
	if err != nil || !news {
		return cmp.Or(err, ended)
	}
	if err := h.refresh(); err != nil {
		return err
	}
	if h.cancelled {
		return durable.ErrCancelled
	}
	return nil
}

// Sleep implements durable.Host.
func (h *host) Sleep(ctx context.Context, path string, until time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.enter(ctx); err != nil {
		return err
	}
	s := h.step(path)
	if s.done {
		h.pass(s.doneAt)
		return nil
	}
	if s.until.IsZero() {
		until = until.Round(0).UTC()
		rec := Record{Kind: durable.EventTimer, Step: path, Detail: durable.Detail{Until: &until}}
		if err := h.add(rec, nil); err != nil {
			return err
		}
	}
	if err := h.sit(ctx, path, wait{until: s.until}); err != nil {
		return err
	}
	return h.finish(path, s, Record{}, nil)
}
