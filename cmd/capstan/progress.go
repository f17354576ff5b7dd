package main

import (
	"io"
	"log/slog"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/capstan-run/capstan/engine"
)

// progress shows a run while it goes on: one line a step. On a terminal the
// line of the step at work is live and says what it waits for, since when, how
// often it looked and when it looks next; elsewhere a line is printed when
// something happened. Its methods may be called from any goroutine.
type progress struct {
	out   io.Writer
	live  bool
	paint paint
	width func() int
	now   func() time.Time
	log   *slog.Logger // JSON records instead of text; nil for text
	plan  map[string]engine.PlanStep

	named  bool     // the run's id is worth a line at the start
	before []string // steps that earlier executions of the run did

	mu      sync.Mutex
	current *activeStep
	held    bool // a prompt has the terminal
	drawn   bool // the live line is on the screen
	ticking chan struct{}
	ended   sync.WaitGroup
}

// activeStep is the step whose line is live.
type activeStep struct {
	path  string
	since time.Time
	looks int
	next  time.Time // of the next look or attempt; zero when none is due
	note  string
}

// newProgress returns the progress for -q, for a terminal, for a pipe or for
// --log-format json.
func (a *app) newProgress() *progress {
	p := &progress{out: a.io.Err, width: a.io.Width, now: time.Now}
	switch {
	case a.flags.quiet:
		p.out = io.Discard
	case a.flags.logFormat == "json":
		p.log = a.records()
	default:
		p.paint = paint(a.color(a.io.ErrTTY))
		p.live = bool(p.paint) && !a.flags.verbose // -v prints lines of its own
	}
	return p
}

// start readies the display for a program, or for nil: a run whose capability is
// not known. Call close when the run has ended.
func (p *progress) start(plan *engine.Plan) {
	p.plan = map[string]engine.PlanStep{}
	if plan != nil {
		for _, s := range plan.Steps {
			p.plan[s.ID] = s
		}
	}
	if p.live {
		p.ticking = make(chan struct{})
		p.ended.Go(p.tick)
	}
}

// tick keeps the times in the live line moving.
func (p *progress) tick() {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			p.mu.Lock()
			p.draw()
			p.mu.Unlock()
		case <-p.ticking:
			return
		}
	}
}

// close removes the live line and stops redrawing it.
func (p *progress) close() {
	if p.ticking != nil {
		close(p.ticking)
		p.ended.Wait()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	p.current = nil
}

// hold gives the terminal to somebody else until release.
func (p *progress) hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	p.held = true
}

func (p *progress) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = false
	p.draw()
}

// event takes in what happened.
func (p *progress) event(e engine.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.Contains(p.before, e.Step) {
		return // its result is read, nothing is done
	}
	p.follow(e)
	line := p.sentence(e)
	if p.log != nil {
		p.record(e)
		return
	}
	if line != "" {
		p.erase()
		_, _ = io.WriteString(p.out, line+"\n") // a run does not end because nobody watches it
	}
	p.draw()
}

// follow keeps the state that the live line shows.
func (p *progress) follow(e engine.Event) {
	if e.Kind == engine.EventStepStarted || e.Step != "" && (p.current == nil || p.current.path != e.Step) {
		p.current = &activeStep{path: e.Step, since: p.now()}
	}
	if p.current == nil {
		return
	}
	p.current.next = time.Time{}
	switch e.Kind {
	case engine.EventPolled:
		p.current.looks = max(p.current.looks+1, e.Try)
		p.current.next = p.now().Add(e.Wait)
		p.current.note = ""
	case engine.EventRetry:
		p.current.next = p.now().Add(e.Wait)
		p.current.note = retryCause(e)
	}
}

// writing returns the step whose request may be changing something now, "" for
// none. Of a step that the plan does not tell about this is taken to be so.
func (p *progress) writing() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil || p.current.looks > 0 {
		return ""
	}
	if s, known := p.plan[stepID(p.current.path)]; known && (s.Effect == "read" || s.Kind == "external") {
		return ""
	}
	return p.current.path
}

// record writes an event as a log record.
func (p *progress) record(e engine.Event) {
	args := []any{"run", e.Run}
	if e.Step != "" {
		args = append(args, "step", e.Step)
	}
	if e.Try > 0 {
		args = append(args, "try", e.Try)
	}
	if e.Status > 0 {
		args = append(args, "status", e.Status)
	}
	if e.Wait > 0 {
		args = append(args, "wait_ms", e.Wait.Milliseconds())
	}
	if e.Message != "" {
		args = append(args, "message", e.Message)
	}
	if e.Err != nil {
		args = append(args, "error", e.Err.Error())
	}
	p.log.Info(string(e.Kind), args...)
}

// shows reports whether a pipe gets a line for this look: the first, second,
// fourth, eighth and so on, so that three days of looking fit a screen.
func (p *progress) shows(look int) bool {
	return !p.live && bits.OnesCount(uint(look)) == 1
}

func retryCause(e engine.Event) string {
	switch {
	case e.Message != "":
		return oneLine(e.Message)
	case e.Err != nil:
		return oneLine(e.Err.Error())
	case e.Status > 0:
		return statusText(e.Status)
	}
	return "no answer"
}

// stepID returns the step a path belongs to: "invite[3]" is of "invite".
func stepID(path string) string {
	id, _, _ := strings.Cut(path, "[")
	return id
}
