package mcp

import (
	"context"
	"encoding/json"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// Prompt is a text that a person chooses to start with, with blanks to fill.
type Prompt struct {
	Name        string     `json:"name"`
	Title       string     `json:"title,omitempty"` // for people
	Description string     `json:"description,omitempty"`
	Arguments   []Argument `json:"arguments,omitempty"`

	// Get fills the blanks. A required argument is there; others may be. The text
	// of its error reaches the client. Calls are concurrent.
	Get func(ctx context.Context, args map[string]string) (*PromptResult, error) `json:"-"`
}

// Argument is a blank of a Prompt.
type Argument struct {
	Name        string `json:"name"`
	Title       string `json:"title,omitempty"` // for people
	Description string `json:"description,omitempty"`
	Required    bool   `json:"required"`
}

// PromptResult is a filled prompt.
type PromptResult struct {
	Description string // optional
	Messages    []Message
}

// Message is one turn of a conversation.
type Message struct {
	Role    string  `json:"role"` // "user" or "assistant"
	Content Content `json:"content"`
}

// Content is one piece of a tool's result or of a prompt. Make one with Text,
// Image, Audio or Embed.
type Content struct{ wire any }

// MarshalJSON returns the content as the protocol has it.
func (c Content) MarshalJSON() ([]byte, error) { return json.Marshal(c.wire) }

// append appends the JSON of the content.
func (c Content) append(to []byte) []byte {
	text, ok := c.wire.(*sdk.TextContent)
	if !ok {
		data, _ := json.Marshal(c.wire) // it has a JSON form
		return append(to, data...)
	}
	to, _ = jsonvalue.Append(append(to, `{"type":"text","text":`...), text.Text) // any text has a JSON form
	return append(to, '}')
}

// Text is plain text.
func Text(text string) Content { return Content{&sdk.TextContent{Text: text}} }

// Image is a picture, for instance of type image/png.
func Image(data []byte, mimeType string) Content {
	return Content{&sdk.ImageContent{Data: data, MIMEType: mimeType}}
}

// Audio is sound, for instance of type audio/wav. Clients before 2025-03-26 do
// not know it.
func Audio(data []byte, mimeType string) Content {
	return Content{&sdk.AudioContent{Data: data, MIMEType: mimeType}}
}

// Embed carries a document, text or bytes, with its address.
func Embed(c Contents) Content {
	return Content{struct {
		Type     string   `json:"type"`
		Resource Contents `json:"resource"`
	}{"resource", c}}
}
