package mcp

import "context"

// Tool is one function that a model may call.
//
// Name and the names of the arguments may be any. Clients that take fewer
// characters are served others, and Call has them as they are here.
type Tool struct {
	Name        string
	Title       string // for people; optional
	Description string // for the model: its effect, and when to use it

	// InputSchema is a JSON Schema (2020-12) of type object for the arguments;
	// nil takes anything. Arguments are not checked against it: Call does that
	// its own way, and answers with an error a model can act on.
	InputSchema map[string]any
	// OutputSchema is a JSON Schema for ToolResult.Structured; nil is none.
	// Clients up to 2025-11-25 know only schemas of type object and get no others.
	OutputSchema map[string]any

	Hints *Hints // optional

	// Call does the work, once per request and concurrently. Its error, and a
	// panic, reach the model as the text of a failed result, so they must be in
	// the user's words and hold no secret. ctx ends when the client cancels,
	// and when no client can receive the answer any more; its values are those of
	// the HTTP request that asked. A client that was cut off may come back for
	// the answer, see Options.Linger.
	Call func(ctx context.Context, call *ToolCall) (*ToolResult, error)
}

// Hints describe to a client how a tool acts on the world. nil is unsaid.
type Hints struct {
	ReadOnly    *bool `json:"readOnlyHint,omitempty"`    // changes nothing
	Destructive *bool `json:"destructiveHint,omitempty"` // may delete or overwrite
	Idempotent  *bool `json:"idempotentHint,omitempty"`  // calling twice is as calling once
	OpenWorld   *bool `json:"openWorldHint,omitempty"`   // reaches beyond this server
}

// ToolCall is one call of a tool. It is valid until Call returns.
type ToolCall struct {
	// Arguments are as the client sent them: bool, int, float64, string, []any,
	// map[string]any. Never nil.
	Arguments map[string]any
	// State and Answer are set when the client comes back after an Ask: the state
	// of that Ask, and the person's answer. Answer is nil on a first call.
	State  string
	Answer *Answer

	canAsk   bool
	progress func(done, total float64, message string)
}

// CanAsk reports whether the client can put a question to a person. If it
// cannot, a tool that needs an answer must do without, for instance by naming
// another way to give it.
func (c *ToolCall) CanAsk() bool { return c.canAsk }

// Progress reports to the client how far the call is, if it asked for that; done
// must grow from one report to the next. A total of zero is unknown.
func (c *ToolCall) Progress(done, total float64, message string) {
	if c.progress != nil {
		c.progress(done, total, message)
	}
}

// ToolResult is the result of a call: content, or a question.
type ToolResult struct {
	// Content is for the model. Without any, the JSON text of Structured
	// stands in.
	Content []Content
	// Structured is the result as data, marshalled as JSON; nil is none.
	// Clients up to 2025-11-25 get it only if it is an object.
	Structured any
	// IsError marks a failed call, which Content explains.
	IsError bool

	// Ask, if set, asks a person something; the rest is ignored. The tool is
	// called again with the answer, in the same request or, from 2026-07-28 on,
	// in a later one, perhaps by another process that shares
	// Options.StateKey.
	Ask *Ask
}

// Ask is a question to the person at the client (elicitation in form mode). Do not ask for secrets: the client shows and may keep the answer.
type Ask struct {
	Message string
	// Schema describes the answer: a JSON Schema of type object with properties
	// that are all text, numbers, booleans or enums. nil asks for a plain
	// confirmation.
	Schema map[string]any
	// State comes back with the answer, as ToolCall.State. It travels through
	// the client, which can read it but not alter it, nor use it with another
	// tool.
	State string
}

// Answer is a person's answer to an Ask. Values hold to Ask.Schema only as far as the
// client saw to it: check them.
type Answer struct {
	Action string         // "accept", "decline" (refused) or "cancel" (closed unanswered)
	Values map[string]any // set when accepted
}
