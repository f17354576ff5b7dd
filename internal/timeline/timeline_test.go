package timeline_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/timeline"
)

var start = time.Date(2030, 1, 2, 3, 0, 0, 0, time.UTC)

func sec(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }

// at is an entry of a history, so many seconds after the start.
func at(s float64, kind, step string, more ...func(*durable.Event)) durable.Event {
	e := durable.Event{Time: sec(s), Kind: kind, Step: step}
	for _, m := range more {
		m(&e)
	}
	return e
}

func attempt(n int) func(*durable.Event) { return func(e *durable.Event) { e.Attempt = n } }
func took(ms int64) func(*durable.Event) { return func(e *durable.Event) { e.DurationMS = ms } }
func tries(n int) func(*durable.Event)   { return func(e *durable.Event) { e.Tries = n } }
func until(s float64) func(*durable.Event) {
	return func(e *durable.Event) { t := sec(s); e.Until = &t }
}
func message(m string) func(*durable.Event) {
	return func(e *durable.Event) { e.Message = m }
}

// run is a run of the steps a, b and c that stands somehow, its last entry being the last
// change.
func run(status durable.Status, events ...durable.Event) *document.Run {
	r := &document.Run{Run: "run_1", Status: status, Started: start, Updated: start, Events: events}
	pending := durable.StatusPending
	r.Steps = []document.StepRun{{ID: "a", Status: pending}, {ID: "b", Status: pending}, {ID: "c", Status: pending}}
	for _, e := range events {
		r.Updated = e.Time
	}
	return r
}

// drawn is a line for each bar: its path, kind, seconds and text.
func drawn(t timeline.Timeline) string {
	var b strings.Builder
	for _, row := range t.Rows {
		for _, bar := range row.Bars {
			end := fmt.Sprintf("%g", bar.To.Sub(start).Seconds())
			if bar.Open {
				end += ".."
			}
			fmt.Fprintf(&b, "%s %s %g-%s %s\n", bar.Path, bar.Kind, bar.From.Sub(start).Seconds(), end, bar.Text)
		}
	}
	return b.String()
}

func TestBarsOfHistories(t *testing.T) {
	const (
		intent, done, failed, retry = durable.EventIntent, durable.EventDone, durable.EventFailed, durable.EventRetry
		waiting, signal, settled    = durable.EventWaiting, durable.EventSignal, durable.EventSettled
	)
	for _, c := range []struct {
		name, want string
		status     durable.Status
		events     []durable.Event
	}{
		{"a write, and a read whose answer alone is recorded", "a sent 1-2 attempt 1\nb sent 2.5-3 attempt 1\n", durable.StatusSucceeded, []durable.Event{
			at(1, intent, "a", attempt(1)), at(2, done, "a", took(1000)), at(3, done, "b", took(500)),
		}},
		{"sent again after a pause", "a failed 0-1 attempt 1, failed\na pause 1-3 waits to be sent again\na sent 3-4 attempt 2\n", durable.StatusSucceeded, []durable.Event{
			at(0, intent, "a", attempt(1)), at(1, retry, "a", attempt(1), until(3)), at(4, done, "a", attempt(1), took(4000)),
		}},
		{"a read sent again", "a failed 1-2 attempt 1, failed\na pause 2-3 waits to be sent again\na sent 3-4 attempt 2\n", durable.StatusSucceeded, []durable.Event{
			at(2, retry, "a", attempt(1), until(3)), at(4, done, "a", took(3000)),
		}},
		{"a read that fails began when the run had come to it", "a sent 0-1 attempt 1\nb failed 1-2 attempt 1, failed\n", durable.StatusFailed, []durable.Event{
			at(0, intent, "a"), at(1, done, "a"), at(2, failed, "b", attempt(1)),
		}},
		{"an API that asks to wait", "a failed 0-1 attempt 1, failed\na pause 1-9 waits: the API asked for it\na sent 9-10 attempt 2\n", durable.StatusSucceeded, []durable.Event{
			at(0, intent, "a", attempt(1)), at(1, durable.EventNotBefore, "a", until(9)), at(9, intent, "a", attempt(2)), at(10, done, "a"),
		}},
		{"a poll, whose entry is of a look", "a sent 0-1 attempt 1\nb poll 1-31 looked 3 times\n", durable.StatusSucceeded, []durable.Event{
			at(0, intent, "a"), at(1, done, "a"), at(3, durable.EventPoll, "b", tries(2), until(30)), at(31, done, "b", attempt(3), took(300)),
		}},
		{"a timer", "b timer 1-61 waits for its time\n", durable.StatusSucceeded, []durable.Event{at(1, durable.EventTimer, "b", until(61)), at(61, done, "b")}},
		{"a person", "b person 1-50 waits for a person\nc sent 51-52 attempt 1\n", durable.StatusSucceeded, []durable.Event{
			at(1, waiting, "b"), at(50, signal, "b"), at(51, done, "b"), at(51, intent, "c"), at(52, done, "c"),
		}},
		{"a signal that came early", "b sent 1-2 attempt 1\n", durable.StatusSucceeded, []durable.Event{
			at(0, signal, "b"), at(2, done, "b", took(1000)),
		}},
		{"a write in doubt that had happened", "a failed 0-5 attempt 1, outcome unknown\na doubt 5-9 in doubt\n", durable.StatusSucceeded, []durable.Event{
			at(0, intent, "a", attempt(1)), at(5, waiting, "a", message("no answer")), at(9, settled, "a"), at(9.5, done, "a"),
		}},
		{"a write in doubt that is sent again", "a failed 0-5 attempt 1, outcome unknown\na doubt 5-9 in doubt\na sent 10-11 attempt 2\n", durable.StatusSucceeded, []durable.Event{
			at(0, intent, "a", attempt(1)), at(5, waiting, "a", message("no answer")), at(9, settled, "a"), at(10, intent, "a", attempt(2)), at(11, done, "a"),
		}},
		{"taken up again after a failure", "a failed 0-1 attempt 1, failed\na sent 100-101 attempt 2\n", durable.StatusSucceeded, []durable.Event{
			at(0, intent, "a", attempt(1)), at(1, failed, "a"), at(1, durable.EventEnded, ""), at(100, durable.EventReopened, ""), at(100, intent, "a", attempt(2)), at(101, done, "a"),
		}},
		{"killed while it was sending", "a failed 0-20 attempt 1, outcome unknown\na sent 20-21 attempt 2\n", durable.StatusSucceeded, []durable.Event{
			at(0, intent, "a", attempt(1)), at(20, intent, "a", attempt(2)), at(21, done, "a"),
		}},
		{"cancelled while it waits", "b person 1-9 waits for a person\n", durable.StatusCancelled, []durable.Event{
			at(1, waiting, "b"), at(9, durable.EventCancelled, ""), at(9, durable.EventEnded, ""),
		}},
		{"a loop", "a[0] sent 0-1 attempt 1\na[1] sent 1-2 attempt 1\n", durable.StatusSucceeded, []durable.Event{
			at(0, intent, "a[0]"), at(1, done, "a[0]"), at(1, intent, "a[1]"), at(2, done, "a[1]"),
		}},
		{"a clock that was set back", "a sent 5-5 attempt 1\n", durable.StatusSucceeded, []durable.Event{at(5, intent, "a"), at(2, done, "a")}},
		{"going on", "a sent 0-1 attempt 1\nb person 1-60.. waits for a person\n", durable.StatusWaiting, []durable.Event{
			at(0, intent, "a"), at(1, done, "a"), at(1, waiting, "b"),
		}},
		{"nothing yet", "", durable.StatusRunning, nil},
	} {
		tl := timeline.Of(run(c.status, c.events...), nil, sec(60))
		if got := drawn(tl); got != c.want {
			t.Errorf("%s:\n%swant\n%s", c.name, got, c.want)
		}
		for _, row := range tl.Rows {
			for _, b := range row.Bars {
				if b.At < 0 || b.Width < 0 || b.At+b.Width > 1.0001 {
					t.Errorf("%s: %s is at %g, %g wide", c.name, b.Path, b.At, b.Width)
				}
			}
		}
	}
}

// A read under way has no entry. It is the next step of a run that a process drives, unless
// a condition may have passed it over.
func TestTheReadUnderWay(t *testing.T) {
	for _, c := range []struct {
		driven bool
		when   string
		want   string
	}{
		{true, "", "b open 1-60.. attempt 1\n"}, {false, "", ""}, {true, "inputs.x", ""},
	} {
		r := run(durable.StatusRunning, at(0, durable.EventIntent, "a"), at(1, durable.EventDone, "a"))
		r.Driven, r.Steps[0].Status = c.driven, durable.StatusSucceeded
		plan := &document.Plan{Steps: []document.Step{{ID: "a"}, {ID: "b", When: c.when}, {ID: "c"}}}
		got := strings.TrimPrefix(drawn(timeline.Of(r, plan, sec(60))), "a sent 0-1 attempt 1\n")
		if got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	r := run(durable.StatusRunning, at(0, durable.EventIntent, "a"), at(1, durable.EventRetry, "a", until(3)))
	r.Driven = true
	if got := drawn(timeline.Of(r, nil, sec(60))); !strings.HasSuffix(got, "a open 3-60.. attempt 2\n") {
		t.Errorf("after a pause: %s", got)
	}
}

// A wait of days leaves room for sendings of milliseconds; without such a wait the axis is to
// scale.
func TestLongWaitsAreCutShort(t *testing.T) {
	day := 24 * time.Hour.Seconds()
	r := run(durable.StatusSucceeded,
		at(0, durable.EventIntent, "a"), at(0.3, durable.EventDone, "a"), at(0.3, durable.EventWaiting, "b"),
		at(2*day, durable.EventSignal, "b"), at(2*day, durable.EventDone, "b"), at(2*day, durable.EventIntent, "c"), at(2*day+0.1, durable.EventDone, "c"))
	tl := timeline.Of(r, nil, start)
	if len(tl.Breaks) != 1 || tl.Breaks[0].Width != 0.3 || !tl.Breaks[0].From.Equal(sec(0.3)) || tl.Breaks[0].To.Sub(tl.Breaks[0].From) < 47*time.Hour {
		t.Fatalf("breaks %+v", tl.Breaks)
	}
	for i, want := range []float64{0.525, 0.3, 0.175} {
		if got := tl.Rows[i].Bars[0].Width; got < want-0.01 || got > want+0.01 {
			t.Errorf("step %d is %g wide, want %g", i, got, want)
		}
	}
	// Several waits share the room that is theirs, each drawn as itself.
	r = run(durable.StatusSucceeded,
		at(0, durable.EventIntent, "a"), at(0.5, durable.EventDone, "a"), at(0.5, durable.EventWaiting, "b"), at(day, durable.EventSignal, "b"),
		at(day, durable.EventTimer, "c"), at(3*day, durable.EventDone, "c"))
	tl = timeline.Of(r, nil, start)
	for i, want := range []float64{0.4, 0.3, 0.3} {
		if got := tl.Rows[i].Bars[0].Width; got < want-0.01 || got > want+0.01 || len(tl.Breaks) != 2 {
			t.Errorf("step %d of two waits is %g wide, want %g; breaks %+v", i, got, want, tl.Breaks)
		}
	}
	r = run(durable.StatusSucceeded, at(0, durable.EventIntent, "a"), at(3, durable.EventDone, "a"), at(4, durable.EventIntent, "b"), at(10, durable.EventDone, "b"))
	tl = timeline.Of(r, nil, start)
	if b := tl.Rows[1].Bars[0]; len(tl.Breaks) != 0 || b.At != 0.4 || b.Width != 0.6 {
		t.Errorf("to scale: %+v, breaks %+v", b, tl.Breaks)
	}
}

// However long a loop is, a row has no more bars than a screen shows.
func TestLongLoopsAreDrawnTogether(t *testing.T) {
	var events []durable.Event
	const n = 20_000
	for i := range n {
		path := fmt.Sprintf("a[%d]", i)
		events = append(events, at(float64(i), durable.EventIntent, path), at(float64(i)+0.9, durable.EventDone, path))
	}
	tl := timeline.Of(run(durable.StatusSucceeded, events...), nil, start)
	bars, count := tl.Rows[0].Bars, 0
	for _, b := range bars {
		count += b.Count
	}
	if len(bars) > 2000 || count != n || !strings.HasSuffix(bars[0].Text, " sendings") || bars[0].Path != "a" {
		t.Errorf("%d bars for %d of %d, the first %+v", len(bars), count, n, bars[0])
	}
}

// Whatever is in a history, the layout has a JSON form and stays within its axis.
func FuzzAnyHistory(f *testing.F) {
	kinds := []string{
		durable.EventIntent, durable.EventDone, durable.EventFailed, durable.EventRetry, durable.EventNotBefore, durable.EventPoll, durable.EventTimer,
		durable.EventWaiting, durable.EventSignal, durable.EventSettled, durable.EventReopened, durable.EventEnded, durable.EventUnusable,
	}
	f.Add([]byte{0, 0, 0, 3, 0, 9, 1, 0, 12, 7, 1, 200}, true)
	f.Fuzz(func(t *testing.T, data []byte, live bool) {
		var events []durable.Event
		for ; len(data) >= 3; data = data[3:] {
			s := float64(int8(data[2]))
			e := at(s, kinds[int(data[0])%len(kinds)], string(rune('a'+data[1]%4)), until(s+float64(data[1])-64), took(int64(data[1])*100))
			e.Attempt = int(data[1] % 3)
			events = append(events, e)
		}
		r := run(map[bool]durable.Status{true: durable.StatusRunning, false: durable.StatusFailed}[live], events...)
		r.Driven = true
		tl := timeline.Of(r, nil, sec(10))
		if _, err := json.Marshal(tl); err != nil {
			t.Fatal(err)
		}
		for _, row := range tl.Rows {
			for _, b := range row.Bars {
				if b.At < 0 || b.Width < 0 || cmp.Compare(b.At+b.Width, 1.0001) > 0 || b.To.Before(b.From) || b.Open && !live {
					t.Errorf("%+v", b)
				}
			}
		}
	})
}
