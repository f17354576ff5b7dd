package mcp

import "context"

// Prompt is a text that a person chooses to start with, with blanks to fill.
type Prompt struct {
	Name        string
	Title       string // for people; optional
	Description string
	Arguments   []Argument

	// Get fills the blanks. A required argument is there; others may be. Its
	// error's text reaches the client. Calls are concurrent.
	Get func(ctx context.Context, args map[string]string) (*PromptResult, error)
}

// Argument is a blank of a Prompt.
type Argument struct {
	Name        string
	Title       string // for people; optional
	Description string
	Required    bool
}

// PromptResult is a filled prompt.
type PromptResult struct {
	Description string // optional
	Messages    []Message
}

// Message is one turn of a conversation.
type Message struct {
	Role    string // "user" or "assistant"
	Content Content
}
