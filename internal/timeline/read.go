package timeline

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
)

// reader turns a history into bars.
type reader struct {
	bars  []*Bar
	open  map[string]*Bar      // by path
	tries map[string]int       // the number of the sending under way, by path
	began map[string]time.Time // the first sending of reads, by path: only their answer is recorded
	rests map[string]bool      // paths that waited or were sent, beside attempts that failed
	last  time.Time            // of the entry before
}

func newReader(run *document.Run) *reader {
	r := &reader{open: map[string]*Bar{}, tries: map[string]int{}, began: map[string]time.Time{}, rests: map[string]bool{}, last: run.Started}
	for _, e := range run.Events {
		if e.Kind == durable.EventDone {
			r.began[e.Step] = e.Time.Add(-time.Duration(e.DurationMS) * time.Millisecond)
		}
	}
	return r
}

// stepOf returns the step that a path belongs to.
func stepOf(path string) string {
	id, _, _ := strings.Cut(path, "[")
	return id
}

// begin opens a bar of a path, and ends the one before.
func (r *reader) begin(path string, kind Kind, at time.Time, text string) *Bar {
	r.end(path, at, Sent, "")
	b := &Bar{Span: Span{From: at}, Kind: kind, Text: text, Path: path, Open: true, Count: 1}
	r.bars = append(r.bars, b)
	r.open[path] = b
	return b
}

// The outcomes of sendings that brought nothing, as text.
const failed, unanswered = ", failed", ", outcome unknown"

// end closes the bar of a path. A sending becomes of a kind.
func (r *reader) end(path string, at time.Time, kind Kind, outcome string) {
	b := r.open[path]
	if b == nil {
		return
	}
	delete(r.open, path)
	b.To, b.Open, b.Until = later(b.From, at), false, nil
	if b.Kind == Open {
		b.Kind = kind
		b.Text += outcome
	}
	r.rests[path] = r.rests[path] || b.Kind != Failed && b.Kind != Pause
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// sending makes sure that a sending of a path is open at a time: what ends there began when
// its pause was over, or, of a read, as long before as its answer took, and else when the run
// had come to it.
func (r *reader) sending(e durable.Event) {
	b := r.open[e.Step]
	switch {
	case b == nil:
		from := r.last
		if began, ok := r.began[e.Step]; ok && !began.After(e.Time) {
			from = began
		}
		r.send(e.Step, from, e.Attempt)
	case b.Kind == Pause && b.Until != nil && b.Until.Before(e.Time):
		r.send(e.Step, *b.Until, r.tries[e.Step]+1)
	}
}

func (r *reader) send(path string, at time.Time, attempt int) {
	attempt = max(attempt, 1)
	r.tries[path] = attempt
	r.begin(path, Open, at, fmt.Sprintf("attempt %d", attempt))
}

// read takes the next entry of the history.
func (r *reader) read(e durable.Event) {
	defer func() { r.last = later(r.last, e.Time) }()
	if e.Step == "" {
		if e.Kind == durable.EventEnded {
			r.ended(e.Time)
		}
		return
	}
	switch e.Kind {
	case durable.EventIntent:
		r.end(e.Step, e.Time, Failed, unanswered) // it is sent again
		r.send(e.Step, e.Time, e.Attempt)
	case durable.EventRetry, durable.EventNotBefore:
		e.Attempt = max(e.Attempt, 1)
		r.sending(e)
		r.tries[e.Step] = max(r.tries[e.Step], e.Attempt)
		r.end(e.Step, e.Time, Failed, failed)
		text := "waits to be sent again"
		if e.Kind == durable.EventNotBefore {
			text = "waits: the API asked for it"
		}
		r.begin(e.Step, Pause, e.Time, text).Until = e.Until
	case durable.EventPoll:
		// Its entry is of the first look that is kept: the run had come to it before.
		r.begin(e.Step, Poll, r.last, looked(e.Tries)).Until = e.Until
	case durable.EventTimer:
		r.begin(e.Step, Timer, e.Time, "waits for its time").Until = e.Until
	case durable.EventWaiting:
		r.end(e.Step, e.Time, Failed, unanswered)
		if e.Message != "" {
			r.begin(e.Step, Doubt, e.Time, "in doubt")
		} else {
			r.begin(e.Step, Person, e.Time, "waits for a person")
		}
	case durable.EventSignal, durable.EventSettled:
		if b := r.open[e.Step]; b != nil && (b.Kind == Person || b.Kind == Doubt) {
			r.end(e.Step, e.Time, "", "")
		}
	case durable.EventDone:
		r.done(e)
	case durable.EventFailed, durable.EventUnusable:
		r.sending(e)
		r.end(e.Step, e.Time, Failed, failed)
	}
}

// done ends a step. What a person did or a probe found has no sending of its own.
func (r *reader) done(e durable.Event) {
	if b := r.open[e.Step]; b != nil && b.Kind == Poll && e.Attempt > 0 {
		b.Text = looked(e.Attempt) // the last look has no entry of its own
	}
	if r.open[e.Step] != nil || !r.rests[e.Step] {
		r.sending(e)
	}
	r.end(e.Step, e.Time, Sent, "")
}

func looked(tries int) string {
	switch tries {
	case 0:
		return "looks whether it has come about"
	case 1:
		return "looked once"
	}
	return fmt.Sprintf("looked %d times", tries)
}

// countText describes several bars of a kind.
func countText(kind Kind, n int) string {
	return fmt.Sprintf("%d %s", n, map[Kind]string{
		Sent: "sendings", Failed: "sendings, failed", Open: "sendings", Pause: "waits to be sent again", Poll: "polls", Timer: "waits",
		Person: "waits for a person", Doubt: "in doubt",
	}[kind])
}

// underWay opens the sending that a run is at now: a read has no entry before its answer, and
// the end of a pause is none. What has a condition is left out, since it may have been passed
// over.
func (r *reader) underWay(run *document.Run, plan *document.Plan, now time.Time) {
	if !run.Driven || run.Status != durable.StatusRunning {
		return
	}
	for path, b := range r.open { // one: steps follow each other
		if b.Kind == Pause && b.Until != nil && b.Until.Before(now) {
			r.send(path, *b.Until, r.tries[path]+1)
			return
		}
	}
	next := slices.IndexFunc(run.Steps, func(s document.StepRun) bool { return s.Status == durable.StatusPending })
	if plan == nil || len(r.open) > 0 || next < 0 {
		return
	}
	id := run.Steps[next].ID
	if i := slices.IndexFunc(plan.Steps, func(s document.Step) bool { return s.ID == id }); i >= 0 && plan.Steps[i].When == "" {
		r.send(id, r.last, 1)
	}
}

// ended ends what is open with the run.
func (r *reader) ended(at time.Time) {
	for path := range r.open {
		r.end(path, at, Failed, unanswered)
	}
}

// until draws what is open up to a time, and leaves it open.
func (r *reader) until(at time.Time) {
	for _, b := range r.open {
		b.To = later(b.From, at)
	}
}
