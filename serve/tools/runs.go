package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/serve/access"
	"github.com/capstan-run/capstan/serve/mcp"
)

// schema is a JSON Schema, or a part of one.
type schema = map[string]any

// How many runs list_runs gives.
const (
	defaultLimit = 20
	maxLimit     = 100
)

// runTools work on runs of any capability.
func (t *Tools) runTools() []mcp.Tool {
	run := schema{"type": "string", "description": "The run's id, run_..."}
	reads := &mcp.Hints{ReadOnly: new(true), OpenWorld: new(false)}
	return []mcp.Tool{
		{
			Name: "get_run", Title: "Where a run stands",
			Description: "Tells where a run stands: status, steps, outputs, what it waits for. Use it to follow a run that was running or waiting.",
			InputSchema: takes(schema{
				"run":            run,
				"wait":           schema{"type": "integer", "minimum": 0, "maximum": int(t.o.Wait / time.Second), "description": "Stay with the run for so many seconds, or until it has ended or waits for somebody."},
				"show_sensitive": schema{"type": "boolean", "description": "Show sensitive values, which are [redacted] otherwise. Only when the person asked to see them: they stay in the conversation."},
			}, "run"),
			OutputSchema: document.RunSchema(nil), Hints: reads, Call: t.getRun,
		},
		{
			Name: "list_runs", Title: "The runs there are",
			Description: "Lists runs, newest first, with their status and what they wait for. Use it to find a run whose id is not known.",
			InputSchema: takes(schema{
				"status":     schema{"type": "string", "enum": document.Schemas("")["Status"].(schema)["enum"], "description": "Only runs with this status."},
				"capability": schema{"type": "string", "description": "Only runs of this capability."},
				"search":     schema{"type": "string", "description": "Only runs with this text in their title, labels, inputs or id, whatever its case."},
				"labels":     byName("Only runs with all of these labels."),
				"inputs":     byName("Only runs with all of these inputs, as text; of a list one item is enough."),
				"since":      schema{"type": "string", "format": "date-time", "description": "Only runs that were started then or later."},
				"waiting":    schema{"type": "string", "description": "Only runs that wait for this step, or for this reason: external, timer or in_doubt."},
				"limit":      schema{"type": "integer", "minimum": 1, "maximum": maxLimit, "default": defaultLimit},
			}),
			OutputSchema: schema{"type": "object", "required": []any{"runs"}, "properties": schema{"runs": schema{"type": "array", "items": schema{"type": "object"}}}},
			Hints:        reads, Call: t.listRuns,
		},
		{
			Name: "finish_step", Title: "Say what became of a step",
			Description: "Says that a step which a person or another system does is done, and goes on with its run. For a run in doubt it says whether the request whose answer was lost took effect. " +
				"Call it only when the person, or whoever does the step, has said so, never on a guess.",
			InputSchema: takes(schema{
				"run":      run,
				"step":     schema{"type": "string", "description": "The step; without it, the one that the run waits for."},
				"result":   schema{"description": "What came of the step, any JSON; later steps read it. For a request that took effect: the answer that was lost."},
				"happened": schema{"type": "boolean", "description": "Only for a run in doubt: whether the request took effect."},
			}, "run"),
			OutputSchema: document.RunSchema(nil),
			Hints:        &mcp.Hints{ReadOnly: new(false), Destructive: new(false), Idempotent: new(true), OpenWorld: new(true)}, Call: t.finishStep,
		},
		{
			Name: "retry_run", Title: "Try a run again",
			Description: "Takes a run that failed or timed out up again, from the step where it did. What was done is not done again. Find out why it failed first.",
			InputSchema: takes(schema{
				"run":    run,
				"inputs": schema{"type": "object", "description": "Inputs to correct, by name; null takes one back. Only those that no step has used which is done or was sent."},
			}, "run"),
			OutputSchema: document.RunSchema(nil),
			Hints:        &mcp.Hints{ReadOnly: new(false), Destructive: new(false), Idempotent: new(true), OpenWorld: new(true)}, Call: t.retryRun,
		},
		{
			Name: "cancel_run", Title: "End a run",
			Description:  "Ends a run for good. What its steps did stays as it is.",
			InputSchema:  takes(schema{"run": run}, "run"),
			OutputSchema: document.RunSchema(nil),
			Hints:        &mcp.Hints{ReadOnly: new(false), Destructive: new(true), Idempotent: new(true), OpenWorld: new(false)}, Call: t.cancelRun,
		},
	}
}

// byName is the schema of texts by name.
func byName(description string) schema {
	return schema{"type": "object", "additionalProperties": schema{"type": "string"}, "description": description}
}

func takes(properties schema, required ...any) schema {
	s := schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

func (t *Tools) getRun(ctx context.Context, call *mcp.ToolCall) (*mcp.ToolResult, error) {
	a := arguments{values: call.Arguments}
	id, wait, show := a.text("run", true), a.number("wait", 0, 0, int(t.o.Wait/time.Second)), a.flag("show_sensitive")
	if err := a.done(); err != nil {
		return nil, err
	}
	run, err := t.stay(ctx, t.progressOf(call, asked{}), id, time.Duration(wait)*time.Second)
	if err != nil {
		return nil, t.fault(err)
	}
	return result(sentence(run), documentOf(run, show != nil && *show), false), nil
}

func (t *Tools) listRuns(ctx context.Context, call *mcp.ToolCall) (*mcp.ToolResult, error) {
	a := arguments{values: call.Arguments}
	f := durable.Filter{
		Capability: a.text("capability", false), Text: a.text("search", false), Waiting: a.text("waiting", false),
		Labels: a.texts("labels"), Inputs: a.texts("inputs"), Since: a.time("since"), Limit: a.number("limit", defaultLimit, 1, maxLimit),
	}
	if status := durable.Status(a.text("status", false)); status != "" {
		f.Status = []durable.Status{status}
		if !slices.Contains(durable.RunStatuses, status) {
			a.bad("there is no status %q; a run is one of %v", status, durable.RunStatuses)
		}
	}
	if err := a.done(); err != nil {
		return nil, err
	}
	states, err := t.live.List(ctx, access.Caller(ctx), f)
	if err != nil {
		return nil, t.fault(err)
	}
	list := []document.Entry{}
	for _, s := range states {
		list = append(list, document.EntryOf(s))
	}
	text := fmt.Sprintf("runs found: %d", len(list))
	if len(list) == f.Limit {
		text = fmt.Sprintf("the newest %d runs; there may be more", len(list))
	}
	return result(text, schema{"runs": list}, false), nil
}

func (t *Tools) finishStep(ctx context.Context, call *mcp.ToolCall) (*mcp.ToolResult, error) {
	if call.State != "" {
		return t.goOn(ctx, call)
	}
	a := arguments{values: call.Arguments}
	id, said := a.text("run", true), engine.Signal{Step: a.text("step", false), Happened: a.flag("happened"), By: cmp.Or(access.Caller(ctx), "mcp")}
	value, hasResult := a.any("result")
	if hasResult && said.Happened != nil && !*said.Happened {
		a.bad("what did not happen has no result")
	}
	if err := a.done(); err != nil {
		return nil, err
	}
	s, err := t.live.State(ctx, access.Caller(ctx), id)
	if err != nil {
		return nil, t.fault(err)
	}
	if said.Step == "" {
		if s.Waiting == nil || s.Status.Ended() || s.Waiting.Reason == durable.ReasonTimer {
			return nil, fmt.Errorf("run %s waits for nobody: it is %s; name the step to finish it beforehand", id, s.Status)
		}
		said.Step = s.Waiting.Path
	}
	if hasResult {
		if said.Result, err = json.Marshal(value); err != nil {
			return nil, fmt.Errorf("the result is not JSON")
		}
	}
	if err := t.live.Signal(ctx, access.Caller(ctx), id, said); err != nil {
		return nil, t.fault(err)
	}
	return t.follow(ctx, call, id, asked{})
}

func (t *Tools) retryRun(ctx context.Context, call *mcp.ToolCall) (*mcp.ToolResult, error) {
	if call.State != "" {
		return t.goOn(ctx, call)
	}
	a := arguments{values: call.Arguments}
	id, inputs := a.text("run", true), a.object("inputs")
	if err := a.done(); err != nil {
		return nil, err
	}
	owner := access.Caller(ctx)
	if err := t.live.Correct(ctx, owner, id, inputs, cmp.Or(owner, "mcp")); err != nil {
		return nil, t.fault(err)
	}
	if err := t.live.Retry(ctx, owner, id); err != nil {
		return nil, t.fault(err)
	}
	return t.follow(ctx, call, id, asked{})
}

func (t *Tools) cancelRun(ctx context.Context, call *mcp.ToolCall) (*mcp.ToolResult, error) {
	a := arguments{values: call.Arguments}
	id := a.text("run", true)
	if err := a.done(); err != nil {
		return nil, err
	}
	if err := t.live.Cancel(ctx, access.Caller(ctx), id); err != nil {
		return nil, t.fault(err)
	}
	run, err := t.live.Inspect(ctx, access.Caller(ctx), id)
	if err != nil {
		return nil, t.fault(err)
	}
	text := sentence(run)
	if run.Status != durable.StatusCancelled { // some process is in the middle of a step
		text = fmt.Sprintf("run %s ends before its next step", id)
	}
	return result(text, documentOf(run, false), false), nil
}
