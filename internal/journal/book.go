package journal

import (
	"encoding/json"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// Book is what the records of a run say, for a keeper of runs that is no [Store]: it
// holds a run as it stands, takes in its records one after the other, and decides what
// may be said to it from outside as every Runtime does. It is for one goroutine.
type Book struct {
	Run     Run
	Records []Record // all, in order
	ledger  ledger
}

// NewBook returns the book of a new run, whose first records are its start and the
// signals that came with it. It completes spec, and fails as [durable.Runtime.Start] does.
func NewBook(spec durable.Spec, now time.Time, signals []durable.Signal) (*Book, error) {
	first, err := opening(&spec, now, signals)
	if err != nil {
		return nil, err
	}
	b := &Book{Run: Run{Spec: spec, Row: Row{Status: durable.StatusRunning, Due: now}}}
	b.Add(Change{Add: first}, now)
	return b, nil
}

// Add takes a change in and returns it with the numbers and times that its records have
// from then on: those that they had, as far as they go on from the last one.
func (b *Book) Add(c Change, now time.Time) Change {
	o := outside{ledger: &b.ledger, now: now}
	o.stamp(&c)
	for _, rec := range c.Add {
		b.ledger.apply(rec)
	}
	b.Records = append(b.Records, c.Add...)
	if c.Replace != nil {
		b.ledger.apply(*c.Replace)
		b.Records[c.Replace.Seq-1] = *c.Replace
	}
	if c.Row != nil {
		b.Run.Row = *c.Row
	}
	if now := c.Correct; now != nil {
		b.Run.Spec.Input, b.Run.Spec.Title, b.Run.Spec.Labels = now.Input, now.Title, now.Labels
	}
	b.Run.Updated = b.ledger.last
	return c
}

// Cancelled reports that the end of the run was asked for.
func (b *Book) Cancelled() bool { return b.ledger.cancelled }

// State is where the run stands.
func (b *Book) State() durable.State { return stateOf(b.Run) }

// Call is what the records say of one call.
type Call struct {
	Attempt int  // of the last sending
	Open    bool // it has no outcome on record
	Maybe   bool // an earlier one may have taken effect
	Sent    time.Time
	Until   time.Time // nothing is to be done before
	Done    bool
	Result  json.RawMessage // when Done
	DoneAt  time.Time
	Signal  *Record // the first signal for the step
	Poll    *Record // of a poll that was begun
}

// Call returns what the records say of the call of a path.
func (b *Book) Call(path string) Call {
	s := b.ledger.step(path)
	return Call{
		Attempt: s.attempt, Open: s.open && !s.done, Maybe: s.maybe, Sent: s.sent, Until: s.until,
		Done: s.done, Result: s.result, DoneAt: s.doneAt, Signal: s.signal, Poll: s.poll,
	}
}

// Match holds a call against the one on record, with the idempotency key that it has:
// durable.ErrDrift where it is another.
func (b *Book) Match(in *durable.Intent) error {
	s := b.ledger.step(in.Path)
	in.Key = s.keyFor(*in)
	return s.match(*in)
}

// Key returns the idempotency key under which a call is sent: that of the intent, or another
// one after a correction, see [durable.Attempt]. The intent has it before it is matched and
// recorded, and so has the attempt.
func (b *Book) Key(in durable.Intent) string { return b.ledger.step(in.Path).keyFor(in) }

// Lost returns how the answer of an open call was lost.
func (b *Book) Lost(path string) *durable.Suspended { return b.ledger.step(path).doubt(path) }

// Doubt returns the write that may have taken effect although no outcome of it is on
// record, nil when there is none.
func (b *Book) Doubt() *durable.Suspended { return b.ledger.doubt() }

// Detail is the intent of a call as a record keeps it.
func Detail(in durable.Intent) durable.Detail { return detailOf(in) }

// Said is something that is said to a run from outside: one member is set.
type Said struct {
	Signal  *durable.Signal     `json:"signal,omitempty"`
	Settle  *durable.Settlement `json:"settle,omitempty"`
	Correct *durable.Correction `json:"correct,omitempty"`
	Reopen  bool                `json:"reopen,omitempty"`
	Cancel  bool                `json:"cancel,omitempty"`
}

// Hear returns the change that follows from something said at a time, nil for none, or
// why it cannot be said. driven reports that the run is being executed.
func (b *Book) Hear(s Said, now time.Time, driven bool) (*Change, error) {
	o := &outside{ledger: &b.ledger, run: b.Run, now: now, driven: func() bool { return driven }}
	switch {
	case s.Signal != nil:
		return o.signal(*s.Signal)
	case s.Settle != nil:
		return o.settle(*s.Settle)
	case s.Correct != nil:
		return o.correction(func(durable.Spec, []string) (*durable.Correction, error) { return s.Correct, nil })
	case s.Reopen:
		return o.reopening()
	case s.Cancel:
		return o.cancelling()
	}
	return nil, nil
}

// Parking returns the change that parks the run.
func (b *Book) Parking(s *durable.Suspended) Change { return b.ledger.parking(s, b.Run.Row.Doc) }

// Begun returns the paths of the calls that were begun, see [durable.Runtime].
func (b *Book) Begun() []string { return b.ledger.begun() }

// EventOf returns a record as an event of the run's history.
func EventOf(rec Record) durable.Event { return eventOf(rec) }

// Naming adds the run's id to an error of the port.
func Naming(id string, err error) error { return naming(id, err) }

// Supplied returns a result that came from outside, null when there is none.
func Supplied(step string, result json.RawMessage) (json.RawMessage, error) {
	return supplied(step, result)
}
