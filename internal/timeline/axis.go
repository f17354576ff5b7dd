package timeline

import (
	"cmp"
	"slices"
	"time"
)

// axis maps times to places from 0 to 1. A stretch in which nothing is sent, and that would
// leave little room for the rest, is cut short: a run that waited for a person for two days
// still shows its sendings of milliseconds.
type axis struct{ stretches []stretch }

type stretch struct {
	from, to  time.Time
	at, width float64
	busy      bool // something is sent in it
	short     bool // drawn shorter than it was
}

const (
	outweighs = 5   // a stretch is cut when it is so many times as long as all sendings together
	longest   = 0.3 // the share of the axis that a stretch that was cut has at most
	allShort  = 0.6 // and that all of them have together
	mostShort = 10  // how many are cut at most: each of them is marked
)

func newAxis(from, to time.Time, bars []*Bar) axis {
	a := axis{stretchesOf(from, to, bars)}
	a.shorten()
	var all float64
	for _, s := range a.stretches {
		all += s.width
	}
	var at float64
	for i := range a.stretches {
		s := &a.stretches[i]
		s.at = at
		if all > 0 {
			s.width /= all
		}
		at += s.width
	}
	return a
}

// stretchesOf cuts the axis where bars begin and end. Their widths are their seconds.
func stretchesOf(from, to time.Time, bars []*Bar) []stretch {
	cuts := []time.Time{from, to}
	var sent []*Bar
	for _, b := range bars {
		cuts = append(cuts, b.From, b.To)
		if b.Kind == Sent || b.Kind == Failed || b.Kind == Open {
			sent = append(sent, b)
		}
	}
	slices.SortFunc(cuts, time.Time.Compare)
	slices.SortFunc(sent, func(a, b *Bar) int { return a.From.Compare(b.From) })
	var out []stretch
	busy := from // until when something is sent
	for i, end := range cuts[1:] {
		begin := cuts[i]
		for len(sent) > 0 && !sent[0].From.After(begin) {
			busy = later(busy, sent[0].To)
			sent = sent[1:]
		}
		if end.After(begin) {
			out = append(out, stretch{from: begin, to: end, width: end.Sub(begin).Seconds(), busy: busy.After(begin)})
		}
	}
	return out
}

// shorten cuts the longest stretches without sendings to their share, from the longest on.
func (a *axis) shorten() {
	var idle []*stretch
	var rest, busy float64
	for i := range a.stretches {
		s := &a.stretches[i]
		rest += s.width
		if s.busy {
			busy += s.width
		} else {
			idle = append(idle, s)
		}
	}
	slices.SortStableFunc(idle, func(x, y *stretch) int { return cmp.Compare(y.width, x.width) })
	n, share := 0, 0.0
	for n < min(len(idle), mostShort) && idle[n].width > outweighs*busy {
		left := rest - idle[n].width // what is drawn to scale if this one is cut, too
		part := min(longest, allShort/float64(n+1))
		if left <= 0 || idle[n].width <= part*left/(1-float64(n+1)*part) {
			break
		}
		n, rest, share = n+1, left, part
	}
	for _, s := range idle[:n] {
		s.short, s.width = true, share*rest/(1-float64(n)*share)
	}
}

// at returns the place of a time.
func (a axis) at(t time.Time) float64 {
	i, _ := slices.BinarySearchFunc(a.stretches, t, func(s stretch, t time.Time) int {
		if s.to.Before(t) {
			return -1
		}
		return 1
	})
	if i == len(a.stretches) {
		return min(1, float64(i)) // without any stretch everything is at its beginning
	}
	s := a.stretches[i]
	return s.at + s.width*min(max(t.Sub(s.from).Seconds()/s.to.Sub(s.from).Seconds(), 0), 1)
}

func (a axis) breaks() []Span {
	var out []Span
	for _, s := range a.stretches {
		if s.short {
			out = append(out, Span{From: s.from, To: s.to, At: round(s.at), Width: round(s.width)})
		}
	}
	return out
}
