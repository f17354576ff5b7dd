package command

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/command/internal/term"
)

// tell plays a run to a progress display.
func tell(p *term.Progress) {
	p.Start(shipPlan)
	event := func(e durable.Event) { e.Run = "run_1"; p.Event(e) }
	event(durable.Event{Kind: durable.EventStarted})
	event(durable.Event{Kind: durable.EventStep, Step: "get-ship"})
	time.Sleep(40 * time.Millisecond)
	event(durable.Event{Kind: durable.EventRetry, Step: "get-ship", Attempt: 1, HTTPStatus: 503, Wait: 1500 * time.Millisecond})
	time.Sleep(1500 * time.Millisecond)
	event(durable.Event{Kind: durable.EventDone, Step: "get-ship", HTTPStatus: 200})
	event(durable.Event{Kind: durable.EventSkipped, Step: "book-berth", Message: "when is false"})
	event(durable.Event{Kind: durable.EventStep, Step: "await-berth"})
	for look := 1; look <= 5; look++ {
		event(durable.Event{Kind: durable.EventPoll, Step: "await-berth", Tries: look, HTTPStatus: 200, Wait: 5 * time.Second})
		time.Sleep(5 * time.Second)
	}
	event(durable.Event{Kind: durable.EventWarning, Step: "await-berth", Message: "an item of \x1b[2Janother\nport"})
	event(durable.Event{Kind: durable.EventDone, Step: "await-berth", HTTPStatus: 200})
	event(durable.Event{Kind: durable.EventStep, Step: "inspect"})
	event(durable.Event{Kind: durable.EventDone, Step: "inspect"})
	event(durable.Event{Kind: durable.EventStep, Step: "leave[2]"})
	time.Sleep(3 * time.Second)
	event(durable.Event{Kind: durable.EventFailed, Step: "leave[2]", HTTPStatus: 422, Err: errors.New("no")})
	event(durable.Event{Kind: durable.EventEnded})
	p.Close()
}

func TestProgressInAPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, stderr := newTestApp("")
		tell(a.newProgress())
		want := `! get-ship: 503 Service Unavailable, trying again in 1.5s
✓ get-ship  GET /ships/{imo}  200  1.5s
- book-berth: skipped, when is false
… await-berth: waiting until any(data, .state == "free"), 1 look, next in 5s
… await-berth: waiting until any(data, .state == "free"), 2 looks, next in 5s
… await-berth: waiting until any(data, .state == "free"), 4 looks, next in 5s
! await-berth: warning: an item of ` + "\uFFFD" + `[2Janother port
✓ await-berth  GET /berths  200  6 looks  25s
✓ inspect  external  0s
✗ leave[2]  DELETE /berths/{id}  422  3s
`
		if diff := cmp.Diff(want, stderr.String()); diff != "" {
			t.Errorf("progress (-want +got):\n%s", diff)
		}
	})
}

func TestProgressInATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, _ := newTestApp("")
		var s screen
		a.io.Err, a.io.ErrTTY, a.io.Width = &s, true, func() int { return 60 }
		tell(a.newProgress())
		s.check(t, 60)
		want := []string{
			"✓ get-ship  GET /ships/{imo}  200  1.5s",
			"- book-berth: skipped, when is false",
			"! await-berth: warning: an item of \uFFFD[2Janother port",
			"✓ await-berth  GET /berths  200  6 looks  25s",
			"✓ inspect  external  0s",
			"✗ leave[2]  DELETE /berths/{id}  422  3s",
			"",
		}
		if diff := cmp.Diff(want, s.kept); diff != "" {
			t.Errorf("what stays on the screen (-want +got):\n%s", diff)
		}
		for _, want := range []string{
			"… get-ship  0s, next in 2s  trying again: 503 Service Unav…",
			"… get-ship  1s, next in 1s  trying again: 503 Service Unav…",
			"… await-berth  0s, 1 look, next in 5s  waiting until any(d…",
			"… await-berth  7s, 2 looks, next in 3s  waiting until any(…",
			"… leave[2]  2s",
		} {
			if !s.showed(want) {
				t.Errorf("the live line never was %q; it was\n%s", want, strings.Join(s.lines, "\n"))
			}
		}
	})
}

// screen is a terminal that understands what progress sends it.
type screen struct {
	text  strings.Builder
	kept  []string // lines left at the end
	lines []string // every state of the live line
}

func (s *screen) Write(p []byte) (int, error) { return s.text.Write(p) }

// check replays what was written; no live line may fill the width, or the
// terminal wraps it.
func (s *screen) check(t *testing.T, width int) {
	t.Helper()
	text := s.text.String()
	for _, code := range []string{"\x1b[0m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"} {
		text = strings.ReplaceAll(text, code, "")
	}
	for _, line := range strings.Split(text, "\n") {
		states := strings.Split(line, "\r\x1b[K")
		s.kept = append(s.kept, states[len(states)-1])
		s.lines = append(s.lines, states[:len(states)-1]...)
	}
	for _, l := range s.lines {
		if n := len([]rune(l)); n >= width {
			t.Errorf("a live line of %d columns: %s", n, l)
		}
	}
}

func (s *screen) showed(want string) bool {
	for _, l := range s.lines {
		if l == want {
			return true
		}
	}
	return false
}

func TestProgressGivesWayToAPrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, _ := newTestApp("")
		var s screen
		a.io.Err, a.io.ErrTTY = &s, true
		p := a.newProgress()
		p.Start(shipPlan)
		p.Event(durable.Event{Kind: durable.EventStep, Step: "inspect"})
		p.Hold()
		before := s.text.Len()
		time.Sleep(10500 * time.Millisecond) // between two ticks
		if s.text.Len() != before {
			t.Errorf("drawn over the prompt: %q", s.text.String()[before:])
		}
		p.Release()
		if s.text.Len() == before {
			t.Error("the live line did not come back")
		}
		p.Close()
	})
}

func TestProgressQuietAndJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, stderr := newTestApp("")
		a.flags.quiet = true
		tell(a.newProgress())
		if stderr.Len() > 0 {
			t.Errorf("-q printed %q", stderr.String())
		}
		a, _, stderr = newTestApp("")
		a.flags.logFormat = "json"
		tell(a.newProgress())
		want := `"msg":"retry","run":"run_1","step":"get-ship","try":1,"status":503,"wait_ms":1500}`
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("no %s in\n%s", want, stderr.String())
		}
	})
}

func TestNoLiveLineWhereItCannotBeTakenBack(t *testing.T) {
	for name, set := range map[string]func(*app){
		"no-color": func(a *app) { a.flags.noColor = true },
		"NO_COLOR": func(a *app) { a.io.Getenv = env("NO_COLOR", "1") },
		"dumb":     func(a *app) { a.io.Getenv = env("TERM", "dumb") },
		"verbose":  func(a *app) { a.flags.verbose = true },
		"pipe":     func(a *app) { a.io.ErrTTY = false },
	} {
		a, _, _ := newTestApp("")
		a.io.ErrTTY = true
		set(a)
		if a.newProgress().Live {
			t.Errorf("%s: live", name)
		}
	}
}

func env(name, value string) func(string) string {
	return func(n string) string {
		if n == name {
			return value
		}
		return ""
	}
}
