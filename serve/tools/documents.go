package tools

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/serve/mcp"
)

// documentOf makes the document of a run, with its needs as a call of a tool.
func documentOf(run *document.Run, show bool) *document.Run {
	return run.Served(show).Worded(nextText)
}

func nextText(next document.Next, hint string) string {
	switch next.Kind {
	case document.NextFinish:
		return "call finish_step once it is done"
	case document.NextWait:
		return "it goes on by itself"
	case document.NextRetry:
		return cmp.Or(hint, "call retry_run to try that step again")
	}
	return hint
}

// answer is a run as a tool's result: its state in a sentence, and as
// data, which is repeated as text for models that are shown nothing else.
func (t *Tools) answer(run *document.Run, show bool) *mcp.ToolResult {
	return result(sentence(run), documentOf(run, show), failed(run.Status))
}

func result(text string, doc any, isError bool) *mcp.ToolResult {
	return &mcp.ToolResult{Content: []mcp.Content{mcp.Text(text), mcp.Text(inline(doc))}, Structured: doc, IsError: isError}
}

func failed(s durable.Status) bool {
	return s == durable.StatusFailed || s == durable.StatusTimedOut || s == durable.StatusCancelled
}

// sentence describes a run's status, and the next call.
func sentence(run *document.Run) string {
	is := fmt.Sprintf("%s: run %s of %s", strings.ReplaceAll(string(run.Status), "_", " "), run.Run, run.Capability)
	switch {
	case run.Status == durable.StatusSucceeded:
		return is
	case run.Waiting != nil && run.Due != nil:
		return is + fmt.Sprintf(", step %q; it goes on by itself at %s, ask get_run then", run.Waiting.Step, run.Due.UTC().Format(time.RFC3339))
	case run.Waiting != nil:
		return is + fmt.Sprintf(", step %q: %s Once that is done, call finish_step", run.Waiting.Step, ended(run.Waiting.Description))
	case run.Status == durable.StatusInDoubt && run.Error != nil:
		return is + fmt.Sprintf(", step %q: %s; find out, then call finish_step with happened true (and the answer that was lost as result) or false", run.Error.Step, run.Error.Message)
	case run.Error != nil && run.Error.Step != "":
		return is + fmt.Sprintf(", step %q: %s", run.Error.Step, run.Error.Message)
	case run.Error != nil:
		return is + ": " + run.Error.Message
	case run.Status == durable.StatusRunning:
		return is + "; it goes on by itself, ask get_run for it"
	}
	return is
}

// documentSchema is the JSON Schema of a capability's runs.
func documentSchema(p *engine.Program) map[string]any {
	outputs := p.OutputSchema()
	properties, _ := outputs["properties"].(map[string]any)
	for _, o := range p.Plan().Outputs {
		if s := properties[o.Name]; o.Sensitive && s != nil {
			properties[o.Name] = map[string]any{"anyOf": []any{s, map[string]any{"const": document.Redacted}}}
		}
	}
	return document.RunSchema(outputs)
}

// inline writes a value for a person or a model: text as it is, else JSON.
func inline(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	return jsonvalue.Compact(v)
}

func sorted(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
