package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// ledger is the sum of a run's records.
type ledger struct {
	seq       int64
	last      time.Time // the latest time on record
	cancelled bool
	input     string // hash of the run's inputs
	steps     map[string]*step
}

// step is the sum of the records of one path.
type step struct {
	operation string // "" until a call is on record
	hash, key string
	policy    durable.Policy

	corrected int64  // number of the last correction that came before the step was begun
	refused   string // hash of what was sent before it, "" for nothing
	under     string // the idempotency key of that

	attempt int
	sent    time.Time          // when the last attempt's intent was recorded
	open    bool               // the last attempt has no outcome on record
	maybe   bool               // an attempt before the last may have taken effect
	lost    *durable.Suspended // how its answer was lost, if that is known
	until   time.Time          // do nothing before
	here    time.Time          // the same or the next look, by the time of the process that began the wait; not on record
	sending time.Time          // when this process sent the last attempt, by its own time; not on record
	waiting bool               // that it waits for a person is on record
	poll    *Record
	signal  *Record
	settled *Record // the last record about the step, where that is a settlement
	moved   int64   // number of the last record of a sending or a result

	done   bool
	result json.RawMessage
	fresh  durable.Result // the same, until it is handed out, where it came about in this execution
	doneAt time.Time
	seq    int64 // of the record with the result
	left   bool  // the result is on record alone
}

func (l *ledger) step(path string) *step {
	s := l.steps[path]
	if s == nil {
		s = &step{}
		if l.steps == nil {
			l.steps = map[string]*step{}
		}
		l.steps[path] = s
	}
	return s
}

// apply takes a record in. The first result of a step stands.
func (l *ledger) apply(r Record) {
	l.seq = max(l.seq, r.Seq)
	if r.At.After(l.last) {
		l.last = r.At
	}
	if r.Kind == durable.EventCancelled {
		l.cancelled = true
	}
	switch r.Kind {
	case durable.EventReopened:
		l.reopen()
	case durable.EventStarted:
		l.input = r.Detail.InputHash
	case durable.EventCorrected:
		l.input = r.Detail.InputHash
		l.correct(r.Seq)
	}
	if r.Step == "" {
		return
	}
	s, d := l.step(r.Step), r.Detail
	if d.Operation != "" {
		s.operation, s.hash, s.key, s.policy = d.Operation, d.InputHash, d.Key, d.Policy
	}
	s.attempt = max(s.attempt, r.Attempt)
	s.maybe = s.maybe || d.Lost
	if r.Kind == durable.EventIntent || r.Kind == durable.EventDone {
		s.moved, s.settled = r.Seq, nil
	}
	switch r.Kind {
	case durable.EventIntent:
		s.maybe = s.maybe || s.open
		s.open, s.waiting, s.sent, s.lost, s.until = true, false, r.At, nil, time.Time{}
	case durable.EventFailed:
		s.open = false
	case durable.EventUnusable:
		s.open, s.lost = true, lostAnswer(r.Step, "it took effect, but its answer was of no use: "+d.Error)
	case durable.EventNotBefore, durable.EventTimer:
		s.open, s.until = false, *d.Until
	case durable.EventPoll:
		poll := r // a copy in the case that needs one
		s.poll = &poll
	case durable.EventWaiting:
		s.waiting = true
		if d.Reason == durable.ReasonInDoubt {
			s.lost = lostAnswer(r.Step, d.Error)
			s.lost.Description = d.Description
		}
	case durable.EventSignal:
		if s.signal == nil {
			signal := r
			s.signal = &signal
		}
	case durable.EventSettled:
		if s.settled != nil {
			l.takeBack(s)
		}
		settled := r
		s.settled = &settled
		s.open, s.maybe, s.waiting, s.lost = false, false, false, nil
		if *d.Happened {
			s.finish(r)
		}
	case durable.EventDone:
		s.finish(r)
	}
}

// takeBack forgets what a settlement decided, and all that steps behind it did with it: nothing
// that changed anything, see behind.
func (l *ledger) takeBack(settled *step) {
	settled.done, settled.result = false, nil
	for _, s := range l.steps {
		if s != settled && !s.done && !s.open && s.moved < settled.settled.Seq {
			*s = step{attempt: s.attempt, maybe: s.maybe, signal: s.signal, corrected: s.corrected, refused: s.refused, under: s.under}
		}
	}
}

// behind returns the path of a step that was sent or finished after the record of a
// number, "" for none. Reads that failed do not count: they are read again.
func (l *ledger) behind(seq int64) string {
	var first string
	for path, s := range l.steps {
		if s.moved > seq && (first == "" || s.moved < l.steps[first].moved) {
			first = path
		}
	}
	return first
}

// reopen gives unfinished steps new time: deadlines and timers start over.
func (l *ledger) reopen() {
	for _, s := range l.steps {
		if !s.done {
			s.poll, s.until = nil, time.Time{}
		}
	}
}

// begun returns the paths of the steps that were begun, see durable.Runtime.
func (l *ledger) begun() []string {
	var out []string
	for path, s := range l.steps {
		if s.begun() {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}

func (s *step) begun() bool {
	return s.done || s.open || s.maybe || s.signal != nil || s.settled != nil
}

// correct forgets what steps were called with that were not begun: they have other
// inputs now. What they were refused with stays known, see keyFor.
func (l *ledger) correct(seq int64) {
	for _, s := range l.steps {
		if s.begun() {
			continue
		}
		now := step{attempt: s.attempt, corrected: seq, refused: s.hash, under: s.key}
		if s.hash == "" { // not sent since the correction before
			now.corrected, now.refused, now.under = s.corrected, s.refused, s.under
		}
		*s = now
	}
}

// keyFor returns the idempotency key of a call: that of the intent, unless the step was
// refused before its run was corrected. Then the key of that goes with the same arguments,
// and other arguments have a key of their own, of the correction.
func (s *step) keyFor(in durable.Intent) string {
	switch {
	case in.Key == "" || s.refused == "":
		return in.Key
	case s.refused == hashOf(in.Input):
		return s.under
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", in.Key, s.corrected))
	return hex.EncodeToString(sum[:16])
}

func (s *step) finish(r Record) {
	if !s.done {
		s.open, s.done, s.result, s.doneAt, s.seq = false, true, r.Result, r.At, r.Seq
	}
}

// doubt returns how the answer of an open step was lost.
func (s *step) doubt(path string) *durable.Suspended {
	if s.lost != nil {
		return s.lost
	}
	return lostAnswer(path, "the process ended before the answer was recorded")
}

func lostAnswer(path, how string) *durable.Suspended {
	return &durable.Suspended{Path: path, Reason: durable.ReasonInDoubt, Err: errors.New(how)}
}

// match compares a call with the one on record.
func (s *step) match(in durable.Intent) error {
	if s.operation == "" {
		return nil
	}
	switch {
	case s.operation != in.Operation:
		return drift(in.Path, fmt.Sprintf("it called %q then and calls %q now", s.operation, in.Operation))
	case s.hash != hashOf(in.Input):
		return drift(in.Path, "it has other arguments now")
	case s.key != in.Key:
		return drift(in.Path, "it has another idempotency key now")
	}
	return nil
}

func drift(path, how string) error {
	return fmt.Errorf("step %q: %w: %s; nothing was sent", path, durable.ErrDrift, how)
}

func hashOf(input json.RawMessage) string {
	sum := sha256.Sum256(input)
	var text [2 * len(sum)]byte
	hex.Encode(text[:], sum[:])
	return string(text[:])
}
