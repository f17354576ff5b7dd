// Package timeline lays out when the steps of a run happened: every sending and every wait is
// a bar on one axis. Start with [Of].
package timeline

import (
	"math"
	"time"

	"github.com/capstan-run/capstan/engine/document"
)

// Timeline is the layout of one run. Its JSON form is that of the REST API.
type Timeline struct {
	From time.Time `json:"from"` // when the run was started
	To   time.Time `json:"to"`   // its last change; of a run that has not ended, now
	Live bool      `json:"live"` // the run has not ended
	Rows []Row     `json:"rows"` // one for each step, in the order of the file
	// Breaks are the stretches of the axis that are drawn shorter than they were: in them
	// nothing was sent.
	Breaks []Span `json:"breaks"`
}

// Row is one step.
type Row struct {
	Step     string `json:"step"`
	Status   string `json:"status"`
	Attempts int    `json:"attempts"`
	// Took is from the beginning of the first bar to the end of the last one; 0 without bars.
	Took int64 `json:"took_ms"`
	Bars []Bar `json:"bars"`
}

// Bar is one sending or one wait of a step, or several that are too close to be drawn apart.
type Bar struct {
	Span
	Kind Kind `json:"kind"`
	// Text describes it in a few words, without times: "attempt 2, failed".
	Text  string     `json:"text"`
	Path  string     `json:"path"`            // the step's path, with the number of its entry in a loop
	Open  bool       `json:"open,omitempty"`  // it has not ended
	Until *time.Time `json:"until,omitempty"` // of a wait: when it is to end
	Count int        `json:"count"`           // how many bars it stands for, mostly 1
}

// Span is a stretch of time with its place on the axis, where 0 is its beginning and 1 its
// end.
type Span struct {
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	At    float64   `json:"at"`
	Width float64   `json:"width"`
}

// Kind is what a step does during a bar.
type Kind string

// The kinds.
const (
	Sent   Kind = "sent"   // a sending that brought an answer of use
	Failed Kind = "failed" // a sending that did not
	Open   Kind = "open"   // a sending that is under way
	Pause  Kind = "pause"  // until it is sent again
	Poll   Kind = "poll"   // looking until something has come about
	Timer  Kind = "timer"  // until a time
	Person Kind = "person" // until a person has done it
	Doubt  Kind = "doubt"  // until it is known whether a write took effect
)

// Of lays out a run with its history. The plan may be nil; with it, the step is known that a
// run is at whose reads leave no entry before their answer. now ends what goes on.
func Of(run *document.Run, plan *document.Plan, now time.Time) Timeline {
	t := Timeline{From: run.Started, To: run.Updated, Live: !run.Status.Ended(), Breaks: []Span{}}
	if t.Live && now.After(t.To) {
		t.To = now
	}
	r := newReader(run)
	for _, e := range run.Events {
		r.read(e)
	}
	if t.Live {
		r.underWay(run, plan, t.To)
		r.until(t.To)
	} else {
		r.ended(t.To)
	}
	for _, b := range r.bars {
		if b.From.Before(t.From) {
			t.From = b.From
		}
		if b.To.After(t.To) {
			t.To = b.To
		}
	}
	t.lay(run, r.bars)
	return t
}

// lay places the bars on the axis, row by row.
func (t *Timeline) lay(run *document.Run, bars []*Bar) {
	axis := newAxis(t.From, t.To, bars)
	t.Breaks = append(t.Breaks, axis.breaks()...)
	t.Rows = make([]Row, len(run.Steps))
	rows := map[string]*Row{}
	for i, s := range run.Steps {
		t.Rows[i] = Row{Step: s.ID, Status: string(s.Status), Attempts: s.Attempts, Bars: []Bar{}}
		rows[s.ID] = &t.Rows[i]
	}
	for _, b := range bars {
		row := rows[stepOf(b.Path)]
		if row == nil {
			continue // of a step that the file does not have
		}
		b.At = round(axis.at(b.From))
		b.Width = round(round(axis.at(b.To)) - b.At)
		row.add(*b)
	}
	for i := range t.Rows {
		if row := &t.Rows[i]; len(row.Bars) > 0 {
			row.Took = row.Bars[len(row.Bars)-1].To.Sub(row.Bars[0].From).Milliseconds()
		}
	}
}

// round drops the digits that no screen shows.
func round(share float64) float64 { return math.Round(share*1e5) / 1e5 }

// apart is the share of the axis under which two bars of a kind are drawn as one: less than a
// pixel of a wide screen. It bounds the bars of a row.
const apart = 1.0 / 2000

// add appends a bar, or lengthens the last one.
func (row *Row) add(b Bar) {
	if n := len(row.Bars); n > 0 {
		last := &row.Bars[n-1]
		thin := last.Path != b.Path && last.Kind == b.Kind && last.Width+b.Width < 1.0/100
		if thin && b.At-last.At-last.Width < apart {
			last.To, last.Width, last.Open, last.Until = b.To, b.At+b.Width-last.At, b.Open, b.Until
			last.Count++
			last.Text, last.Path = countText(last.Kind, last.Count), stepOf(b.Path)
			return
		}
	}
	row.Bars = append(row.Bars, b)
}
