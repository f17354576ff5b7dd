package command

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 59 * time.Second: "59s", 90 * time.Second: "1m", 59*time.Minute + 59*time.Second: "59m",
		47 * time.Hour: "47h", 48 * time.Hour: "2d", 400 * 24 * time.Hour: "400d",
	} {
		if got := age(d); got != want {
			t.Errorf("age(%s) = %s, want %s", d, got, want)
		}
	}
	if got := ago(noon.Add(time.Hour), noon); got != "just now" { // another machine's clock, or virtual time
		t.Errorf("a time to come was %s", got)
	}
}

func TestRunTable(t *testing.T) {
	state := func(id string, status durable.Status, w *durable.Suspended) durable.State {
		return durable.State{ID: id, Title: "Emma\nMærsk", Capability: "moor", Status: status, Updated: noon.Add(-90 * time.Second), Waiting: w}
	}
	driven := state("run_3", durable.StatusRunning, nil)
	driven.Driven, driven.Mock = true, true
	runs := []durable.State{
		state("run_10", durable.StatusWaiting, &durable.Suspended{Path: "pilot", Reason: durable.ReasonExternal, Description: "Bring\nher in."}),
		state("run_9", durable.StatusWaiting, &durable.Suspended{Path: "await", Reason: durable.ReasonTimer, Until: noon.Add(5 * time.Minute)}),
		state("run_8", durable.StatusWaiting, &durable.Suspended{Path: "await", Reason: durable.ReasonTimer, Until: noon}),
		state("run_7", durable.StatusInDoubt, &durable.Suspended{Path: "book", Reason: durable.ReasonInDoubt}),
		state("run_6", durable.StatusInDoubt, &durable.Suspended{Path: "book", Reason: durable.ReasonInDoubt, Until: noon.Add(time.Minute)}),
		state("run_5", durable.StatusSucceeded, nil),
		state("run_4", durable.StatusRunning, nil),
		driven,
	}
	a, out, _ := newTestApp("")
	a.runTable(noon).print(runs)
	want := `RUN     STATUS     TITLE       CAPABILITY   SINCE  WAITING FOR
run_10  waiting    Emma Mærsk  moor         1m     pilot: Bring her in.
run_9   waiting    Emma Mærsk  moor         1m     await, due in 5m
run_8   waiting    Emma Mærsk  moor         1m     await, due now
run_7   in_doubt   Emma Mærsk  moor         1m     book, to be settled
run_6   in_doubt   Emma Mærsk  moor         1m     book, to be looked up, due in 1m
run_5   succeeded  Emma Mærsk  moor         1m
run_4   running    Emma Mærsk  moor         1m     somebody to resume it
run_3   running    Emma Mærsk  moor (mock)  1m
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	for width, want := range map[int]string{
		80: "RUN     STATUS     TITLE       CAPABILITY   SINCE  WAITING FOR\nrun_10  waiting    Emma Mærsk  moor         1m     pilot: Bring her in.\nrun_9   waiting    Emma Mærsk  moor         1m     await, due in 5m",
		60: "RUN     STATUS     TITLE       CAPABILITY   SINCE  WAITING…\nrun_10  waiting    Emma Mærsk  moor         1m     pilot: B…",
		50: "RUN     STATUS     TITLE       CAPABILITY   SINCE\nrun_10  waiting    Emma Mærsk  moor         1m\n",
		40: "RUN     STATUS     TITLE       SINCE\nrun_10  waiting    Emma Mærsk  1m\n",
		30: "RUN     STATUS     TITLE\nrun_10  waiting    Emma Mærsk\n",
		24: "RUN     STATUS     TITLE\nrun_10  waiting    Emma…\n",
	} {
		a, out, _ = newTestApp("")
		a.io.OutTTY, a.io.Width = true, func() int { return width }
		a.runTable(noon).print(runs)
		if got := out.String(); !strings.HasPrefix(got, want) {
			t.Errorf("in %d columns:\n%s", width, got)
		}
	}
}

func TestHappening(t *testing.T) {
	at := noon
	for want, e := range map[string]durable.Event{
		"started": {Kind: durable.EventStarted},
		"about to send bookBerth (attempt 2, unsafe)": {Kind: durable.EventIntent, Operation: "bookBerth", Attempt: 2, Policy: "unsafe"},
		"done, 201": {Kind: durable.EventDone, HTTPStatus: 201},
		"done: it had taken effect, as its probe found":     {Kind: durable.EventDone, Via: "probe", HTTPStatus: 200},
		"done, by a command or a person here":               {Kind: durable.EventDone, Via: "handler"},
		"done, as was said":                                 {Kind: durable.EventDone, Via: "signal"},
		"failed: no �[2J":                                   {Kind: durable.EventFailed, Message: "no \x1b[2J"},
		"looked 1 time, next at " + clock(at):               {Kind: durable.EventPoll, Tries: 1, Until: &at},
		"told to wait, next at " + clock(at) + ": too fast": {Kind: durable.EventNotBefore, Until: &at, Message: "too fast"},
		"waits, next at " + clock(at):                       {Kind: durable.EventTimer, Until: &at},
		"waits to be done":                                  {Kind: durable.EventWaiting},
		"in doubt: connection reset":                        {Kind: durable.EventWaiting, Message: "connection reset"},
		"said to be done, by --done":                        {Kind: durable.EventSignal, By: "--done"},
		"settled, by runs resolve":                          {Kind: durable.EventSettled, By: "runs resolve"},
		"to be cancelled":                                   {Kind: durable.EventCancelled},
		"tried again":                                       {Kind: durable.EventReopened},
		"ended":                                             {Kind: durable.EventEnded},
	} {
		if got := happening(e); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A run's outcome is one line, whatever an API said.
func TestOutcome(t *testing.T) {
	for want, r := range map[string]*engine.Result{
		"run_1 moor succeeded":                                              {Status: durable.StatusSucceeded},
		"run_1 moor failed: step \"book\": no room":                         {Status: durable.StatusFailed, Error: &document.Error{Step: "book", Message: "no\nroom"}},
		"run_1 moor failed: output \"x\": none":                             {Status: durable.StatusFailed, Error: &document.Error{Message: "output \"x\": none"}},
		"run_1 moor waiting: step \"pilot\" is to be done by somebody else": {Status: durable.StatusWaiting, Waiting: &document.Waiting{Step: "pilot", Next: document.Next{Kind: document.NextFinish}}},
		"run_1 moor waiting: step \"await\", it goes on at 12:00":           {Status: durable.StatusWaiting, Waiting: &document.Waiting{Step: "await", Description: "it goes on at 12:00", Next: document.Next{Kind: document.NextWait}}},
	} {
		r.Run, r.Capability = "run_1", "moor"
		if got := outcome(r); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
