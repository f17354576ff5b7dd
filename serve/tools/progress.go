package tools

import (
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/serve/mcp"
)

// progress reports a run's history to a client. Steps are done in the file's
// order, so how many are behind is where the last event stands; events
// within a step moves on by ever smaller pieces, since reports must grow.
type progress struct {
	tools *Tools
	call  *mcp.ToolCall

	place map[string]int // of each step in the file, from 0; nil before the first look
	after int64
	sent  float64
	notes map[string]int // by step
}

func (t *Tools) progressOf(call *mcp.ToolCall, told asked) *progress {
	return &progress{tools: t, call: call, after: told.After, sent: told.Sent, notes: map[string]int{}}
}

// report sends the news to the client.
func (p *progress) report(n durable.News) {
	if p.place == nil {
		p.place = map[string]int{}
		if prog := p.tools.live.Program(n.State.Capability); prog != nil {
			for i, step := range prog.Plan().Steps {
				p.place[step.ID] = i
			}
		}
	}
	for _, event := range n.Events {
		e := engine.EventOf(event)
		if e.Seq <= p.after { // another look of a poll
			continue
		}
		p.after = e.Seq
		step, _, _ := strings.Cut(e.Step, "[")
		place, known := p.place[step]
		text := note(e)
		if !known || text == "" {
			continue
		}
		p.notes[step]++
		at := float64(place) + 1 - 1/float64(p.notes[step]+1)
		if e.Kind == durable.EventDone && e.Step == step {
			at = float64(place + 1)
		}
		if at > p.sent {
			p.sent = at
			p.call.Progress(at, float64(len(p.place)), text)
		}
	}
}

// note describes an event for a person, "" for nothing.
func note(e durable.Event) string {
	switch e.Kind {
	case durable.EventDone:
		return fmt.Sprintf("step %q is done", e.Step)
	case durable.EventPoll:
		return fmt.Sprintf("step %q looks until it is so", e.Step)
	case durable.EventFailed:
		return fmt.Sprintf("step %q failed: %s", e.Step, e.Message)
	case durable.EventWaiting:
		return fmt.Sprintf("step %q waits", e.Step)
	case durable.EventRetry:
		return fmt.Sprintf("step %q is sent again after attempt %d failed: %s", e.Step, e.Attempt, e.Message)
	case durable.EventNotBefore, durable.EventTimer:
		return fmt.Sprintf("step %q waits for a time", e.Step)
	}
	return ""
}
