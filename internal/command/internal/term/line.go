package term

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/columns"
	"github.com/capstan-run/capstan/internal/words"
)

// sentence returns the line that stays on the screen for an event, "" for none.
func (p *Progress) sentence(e durable.Event) string {
	switch e.Kind {
	case durable.EventStarted:
		return p.beginning(e.Run)
	case durable.EventDone:
		return p.finished("✓", p.Paint.Green, e)
	case durable.EventSkipped:
		p.current = nil
		return p.mark("-", p.Paint.Dim) + e.Step + ": skipped" + because(e.Message)
	case durable.EventFailed:
		return p.finished("✗", p.Paint.Red, e)
	case durable.EventWarning:
		return p.mark("!", p.Paint.Yellow) + prefix(e.Step) + "warning: " + OneLine(e.Message)
	case durable.EventRetry:
		if p.Live {
			return ""
		}
		return p.mark("!", p.Paint.Yellow) + prefix(e.Step) + retryCause(e) + ", trying again in " + Duration(e.Wait)
	case durable.EventPoll:
		if !p.shows(p.current.looks) {
			return ""
		}
		return p.mark("…", p.Paint.Dim) + e.Step + ": " + p.waitingFor(e.Step) + ", " +
			words.Count(p.current.looks, "look", "looks") + ", next in " + Duration(e.Wait)
	}
	return ""
}

// beginning names the run, and its steps that were done before.
func (p *Progress) beginning(run string) string {
	switch {
	case len(p.Before) > 0:
		return p.Paint.Dim("run " + run + " goes on after " + strings.Join(p.Before, ", "))
	case p.Named:
		return p.Paint.Dim("run " + run)
	}
	return ""
}

func (p *Progress) mark(s string, color func(string) string) string { return color(s) + " " }

func prefix(step string) string {
	if step == "" {
		return ""
	}
	return step + ": "
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ", " + OneLine(reason)
}

// finished is the last line of a step: the request, the status, and how long it
// took.
func (p *Progress) finished(mark string, color func(string) string, e durable.Event) string {
	line := p.mark(mark, color) + e.Step
	s, known := p.plan[StepID(e.Step)]
	switch {
	case known && s.Method != "":
		line += "  " + p.Paint.Dim(s.Method+" "+s.Path)
	case known && s.Method == "":
		line += "  " + p.Paint.Dim(s.Kind) // external, lookup, ...
	}
	if e.HTTPStatus > 0 {
		line += fmt.Sprintf("  %d", e.HTTPStatus)
	}
	if p.current != nil && p.current.path == e.Step {
		if looks := p.current.looks; looks > 0 {
			if e.Kind == durable.EventDone {
				looks++ // the last one was no miss
			}
			line += "  " + words.Count(looks, "look", "looks")
		}
		line += "  " + Duration(time.Since(p.current.since))
	}
	p.current = nil
	return line
}

// waitingFor describes the wait of a polling step.
func (p *Progress) waitingFor(path string) string {
	if s := p.plan[StepID(path)]; s.Until != "" {
		return "waiting until " + OneLine(s.Until)
	}
	return "waiting"
}

// draw puts the live line on the screen, cut to its width: a line that wraps
// cannot be taken back.
func (p *Progress) draw() {
	if !p.Live || p.held || p.current == nil {
		return
	}
	_, _ = io.WriteString(p.Out, "\r\x1b[K"+p.Paint.Dim(columns.Cut(p.liveLine(), p.Width()-1)))
	p.drawn = true
}

func (p *Progress) erase() {
	if p.drawn {
		_, _ = io.WriteString(p.Out, "\r\x1b[K")
		p.drawn = false
	}
}

// liveLine puts the times before the reasons, so that a narrow terminal cuts the
// less urgent.
func (p *Progress) liveLine() string {
	c, now := p.current, time.Now()
	parts := []string{Duration(now.Sub(c.since).Truncate(time.Second))}
	if c.looks > 0 {
		parts = append(parts, words.Count(c.looks, "look", "looks"))
	}
	if !c.next.IsZero() {
		parts = append(parts, "next in "+Duration(max(c.next.Sub(now), 0).Round(time.Second)))
	}
	line := "… " + c.path + "  " + strings.Join(parts, ", ")
	switch {
	case c.note != "":
		line += "  trying again: " + c.note
	case c.looks > 0:
		line += "  " + p.waitingFor(c.path)
	}
	return line
}

// Duration rounds for a person: 40ms, 1.2s, 3m10s, 71h0m.
func Duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	case d < time.Hour:
		return d.Round(time.Second).String()
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}

func Status(code int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code)))
}
