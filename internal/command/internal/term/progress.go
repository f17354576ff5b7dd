package term

import (
	"io"
	"log/slog"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/columns"
)

// Progress shows a run while it goes on: one line a step. On a terminal the
// line of the step at work is live, with its condition, since when it waits, how
// often it looked and when it looks next; elsewhere a line is printed when
// something happened. Its methods may be called from any goroutine; the fields
// are set before Start.
type Progress struct {
	Out    io.Writer
	Live   bool
	Paint  Paint
	Width  func() int   // the terminal's columns; nil where Out is none
	Log    *slog.Logger // JSON records instead of text; nil for text
	Named  bool         // the run's id is worth a line at the start
	Before []string     // steps that earlier executions of the run did

	plan    map[string]document.Step
	mu      sync.Mutex
	current *activeStep
	held    bool // a prompt has the terminal
	drawn   bool // the live line is on the screen
	ticking chan struct{}
	ended   sync.WaitGroup
}

// activeStep is the step with the live line.
type activeStep struct {
	path  string
	since time.Time
	looks int
	next  time.Time // of the next look or attempt; zero when none is due
	note  string
}

// Start readies the display for a program, or for nil: a run of an unknown
// capability. Call close when the run has ended.
func (p *Progress) Start(plan *document.Plan) {
	p.plan = map[string]document.Step{}
	if plan != nil {
		for _, s := range plan.Steps {
			p.plan[s.ID] = s
		}
	}
	if p.Live {
		p.ticking = make(chan struct{})
		p.ended.Go(p.tick)
	}
}

// tick keeps the times in the live line moving.
func (p *Progress) tick() {
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

// Close removes the live line and stops redrawing it.
func (p *Progress) Close() {
	if p.ticking != nil {
		close(p.ticking)
		p.ended.Wait()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	p.current = nil
}

// Hold gives the terminal away until Release.
func (p *Progress) Hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	p.held = true
}

func (p *Progress) Release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = false
	p.draw()
}

// Event takes in an event.
func (p *Progress) Event(e durable.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.Contains(p.Before, e.Step) {
		return // its result is read, nothing is done
	}
	p.follow(e)
	line := p.sentence(e)
	if p.Log != nil {
		p.record(e)
		return
	}
	if line != "" {
		p.erase()
		_, _ = io.WriteString(p.Out, p.fold(line)+"\n") // a run goes on unwatched
	}
	p.draw()
}

func (p *Progress) fold(line string) string {
	if p.Width == nil {
		return line
	}
	return columns.Fold(line, p.Width())
}

// follow keeps the state that the live line shows.
func (p *Progress) follow(e durable.Event) {
	if e.Kind == durable.EventStep || e.Step != "" && (p.current == nil || p.current.path != e.Step) {
		p.current = &activeStep{path: e.Step, since: time.Now()}
	}
	if p.current == nil {
		return
	}
	p.current.next = time.Time{}
	switch e.Kind {
	case durable.EventPoll:
		p.current.looks = max(p.current.looks+1, e.Tries)
		p.current.next = time.Now().Add(e.Wait)
		p.current.note = ""
	case durable.EventRetry:
		p.current.next = time.Now().Add(e.Wait)
		p.current.note = retryCause(e)
	}
}

// Writing returns the step with a request that may be changing something now, ""
// for none. A step that the plan does not have is taken for one.
func (p *Progress) Writing() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil || p.current.looks > 0 {
		return ""
	}
	if s, known := p.plan[StepID(p.current.path)]; known && (s.Effect == "read" || s.Kind == "external") {
		return ""
	}
	return p.current.path
}

// record writes an event as a log record.
func (p *Progress) record(e durable.Event) {
	args := []any{"run", e.Run}
	if e.Step != "" {
		args = append(args, "step", e.Step)
	}
	if try := max(e.Attempt, e.Tries); try > 0 {
		args = append(args, "try", try)
	}
	if e.HTTPStatus > 0 {
		args = append(args, "status", e.HTTPStatus)
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
	p.Log.Info(e.Kind, args...)
}

// shows reports whether a pipe gets a line for this look: the first, second,
// fourth, eighth and so on, so that three days of looking fit a screen.
func (p *Progress) shows(look int) bool {
	return !p.Live && bits.OnesCount(uint(look)) == 1
}

func retryCause(e durable.Event) string {
	switch {
	case e.Message != "":
		return OneLine(e.Message)
	case e.Err != nil:
		return OneLine(e.Err.Error())
	case e.HTTPStatus > 0:
		return Status(e.HTTPStatus)
	}
	return "no answer"
}

// StepID returns the step a path belongs to: "invite[3]" is of "invite".
func StepID(path string) string {
	id, _, _ := strings.Cut(path, "[")
	return id
}
