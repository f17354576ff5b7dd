package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/serve/access"
	"github.com/capstan-run/capstan/serve/live"
	"github.com/capstan-run/capstan/serve/mcp"
)

// follow stays with a run until it has ended, needs a person, or has taken too
// long for one call, and answers with where it stands. Where a person at the
// client can be asked, a step that waits for a person becomes a question.
func (t *Tools) follow(ctx context.Context, call *mcp.ToolCall, id string, told asked) (*mcp.ToolResult, error) {
	p := t.progressOf(call, told)
	run, err := t.stay(ctx, p, id, t.o.Wait)
	if err != nil {
		return nil, t.fault(err)
	}
	if w := run.Waiting; w != nil && run.Due == nil && call.CanAsk() {
		return &mcp.ToolResult{Ask: t.question(run, asked{run.Run, w.Step, p.after, p.sent})}, nil
	}
	return t.answer(run, false), nil
}

// stay returns a run once it has ended or needs a person, and at the latest when
// the time is up, the client leaves or the server shuts down.
func (t *Tools) stay(ctx context.Context, p *progress, id string, wait time.Duration) (*document.Run, error) {
	owner := access.Caller(ctx)
	watching, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	news, err := t.live.Watch(watching, owner, id, p.after)
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(wait)
	for rests := false; !rests; {
		select {
		case n, more := <-news:
			if n.Err != nil {
				return nil, n.Err
			}
			if more {
				p.report(n)
			}
			rests = !more || n.State.Status.Ended() || live.NeedsSignal(n.State) || !n.State.Driven && n.State.Due.After(deadline)
		case <-t.live.Closed():
			rests = true
		}
	}
	return t.live.Inspect(context.WithoutCancel(ctx), owner, id)
}

// asked is the state of a question until its answer comes.
type asked struct {
	Run  string `json:"run"`
	Step string `json:"step"`
	// After and Sent mark the last report to the client: later events are news.
	After int64   `json:"after"`
	Sent  float64 `json:"sent"`
}

// question asks the person at the client to do a step.
func (t *Tools) question(run *document.Run, keep asked) *mcp.Ask {
	w := run.Waiting.Redacted()
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s) waits for you to do the step %q: %s", run.Capability, run.Run, w.Step, ended(w.Description))
	for _, name := range sorted(w.With) {
		fmt.Fprintf(&b, "\n  %s: %s", name, inline(w.With[name]))
	}
	if len(w.Sensitive) > 0 {
		b.WriteString("\nWhat is [redacted] is shown by get_run with show_sensitive, where you ask for it.")
	}
	b.WriteString("\nAccept once it is done. Decline, and the run keeps waiting.")
	state, _ := json.Marshal(keep) // texts and numbers have a JSON form
	return &mcp.Ask{Message: b.String(), Schema: t.resultSchema(run.Capability, w.Step), State: string(state)}
}

// resultSchema asks for a step's result where a later step or an output reads
// it; nil asks for a plain confirmation.
func (t *Tools) resultSchema(capability, step string) map[string]any {
	p := t.live.Program(capability)
	if p == nil || !resultIsRead(p.Plan(), step) {
		return nil
	}
	return map[string]any{"type": "object", "properties": map[string]any{"result": map[string]any{
		"type": "string", "title": "Result", "description": "What came of it, as text or JSON: later steps read it.",
	}}}
}

func resultIsRead(p *document.Plan, step string) bool {
	return slices.ContainsFunc(p.Steps, func(s document.Step) bool { return slices.Contains(s.Needs, step) }) ||
		slices.ContainsFunc(p.Outputs, func(o document.Output) bool {
			return slices.ContainsFunc(o.Reads, func(r document.Read) bool { return r.Step == step })
		})
}

// goOn takes the answer to a question and goes on with its run.
func (t *Tools) goOn(ctx context.Context, call *mcp.ToolCall) (*mcp.ToolResult, error) {
	var a asked
	if json.Unmarshal([]byte(call.State), &a) != nil || a.Run == "" {
		return nil, errors.New("this answers no question of a run: ask get_run where it stands")
	}
	switch {
	case call.Answer == nil: // the client came back without an answer
	case call.Answer.Action != "accept":
		run, err := t.live.Inspect(ctx, access.Caller(ctx), a.Run)
		if err != nil {
			return nil, t.fault(err)
		}
		return t.answer(run, false), nil
	default:
		err := t.live.Signal(ctx, access.Caller(ctx), a.Run, engine.Signal{Step: a.Step, Result: given(call.Answer.Values["result"]), By: cmp.Or(access.Caller(ctx), "mcp")})
		// Another answer may have been quicker, or may have ended the run: where it
		// stands is the answer then.
		if err != nil && !errors.Is(err, durable.ErrConflict) && !errors.Is(err, durable.ErrEnded) {
			return nil, t.fault(err)
		}
	}
	return t.follow(ctx, call, a.Run, a)
}

// given is the result that a person wrote: JSON where it is JSON, else text.
func given(v any) json.RawMessage {
	text, ok := v.(string)
	if !ok || strings.TrimSpace(text) == "" {
		return nil
	}
	if _, err := jsonvalue.Decode([]byte(text)); err == nil {
		return json.RawMessage(text)
	}
	data, _ := json.Marshal(text) // a text has a JSON form
	return data
}
