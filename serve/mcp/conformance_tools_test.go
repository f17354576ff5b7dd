package mcp_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/capstan-run/capstan/serve/mcp"
)

// conformanceTools are those that the protocol's conformance suite calls by
// name, as its documentation describes them.
func conformanceTools() []mcp.Tool {
	embedded := mcp.Embed(mcp.Contents{URI: "test://embedded-resource", MIMEType: "text/plain", Text: "This is an embedded resource content."})
	return []mcp.Tool{
		{Name: "test_simple_text", Description: "Text", Call: answers(mcp.Text("This is a simple text response for testing."))},
		{Name: "test_image_content", Description: "Image", Call: answers(mcp.Image(png, "image/png"))},
		{Name: "test_audio_content", Description: "Audio", Call: answers(mcp.Audio([]byte("RIFF"), "audio/wav"))},
		{Name: "test_embedded_resource", Description: "Resource", Call: answers(embedded)},
		{Name: "test_multiple_content_types", Description: "Mixed", Call: answers(mcp.Text("Multiple content types test:"), mcp.Image(png, "image/png"), embedded)},
		{Name: "test_error_handling", Description: "Fails", Call: func(context.Context, *mcp.ToolCall) (*mcp.ToolResult, error) {
			return nil, errors.New("This tool intentionally returns an error for testing")
		}},
		{Name: "test_tool_with_progress", Description: "Progress", Call: func(_ context.Context, c *mcp.ToolCall) (*mcp.ToolResult, error) {
			for _, done := range []float64{0, 50, 100} {
				c.Progress(done, 100, fmt.Sprintf("Completed step %v of 100", done))
			}
			return &mcp.ToolResult{Content: []mcp.Content{mcp.Text("done")}}, nil
		}},
		{
			Name: "json_schema_2020_12_tool", Description: "Tool with JSON Schema 2020-12 features",
			InputSchema: map[string]any{
				"$schema": "https://json-schema.org/draft/2020-12/schema",
				"type":    "object",
				"$defs": map[string]any{"address": map[string]any{"type": "object", "properties": map[string]any{
					"street": map[string]any{"type": "string"}, "city": map[string]any{"type": "string"},
				}}},
				"properties":           map[string]any{"name": map[string]any{"type": "string"}, "address": map[string]any{"$ref": "#/$defs/address"}},
				"additionalProperties": false,
			},
			Call: answers(mcp.Text("ok")),
		},
		asking("test_elicitation", "", map[string]any{"username": text("User's response"), "email": text("User's email address")}),
		asking("test_elicitation_sep1034_defaults", "Please review and update the form fields with defaults", map[string]any{
			"name":     map[string]any{"type": "string", "default": "John Doe"},
			"age":      map[string]any{"type": "integer", "default": 30},
			"score":    map[string]any{"type": "number", "default": 95.5},
			"status":   map[string]any{"type": "string", "enum": []any{"active", "inactive", "pending"}, "default": "active"},
			"verified": map[string]any{"type": "boolean", "default": true},
		}),
		asking("test_elicitation_sep1330_enums", "Please select options from the enum fields", map[string]any{
			"untitledSingle": map[string]any{"type": "string", "enum": []any{"option1", "option2", "option3"}},
			"titledSingle":   map[string]any{"type": "string", "oneOf": titled("value1", "value2", "value3")},
			"legacyEnum":     map[string]any{"type": "string", "enum": []any{"opt1", "opt2", "opt3"}, "enumNames": []any{"One", "Two", "Three"}},
			"untitledMulti":  map[string]any{"type": "array", "items": map[string]any{"type": "string", "enum": []any{"option1", "option2", "option3"}}},
			"titledMulti":    map[string]any{"type": "array", "items": map[string]any{"anyOf": titled("value1", "value2", "value3")}},
		}),
	}
}

// asking is a tool that asks a person once and says what they answered.
func asking(name, message string, properties map[string]any) mcp.Tool {
	return mcp.Tool{
		Name: name, Description: "Asks a person",
		InputSchema: object(map[string]any{"message": text("What to ask")}),
		Call: func(_ context.Context, c *mcp.ToolCall) (*mcp.ToolResult, error) {
			if c.Answer == nil {
				if asked, ok := c.Arguments["message"].(string); ok && message == "" {
					message = asked
				}
				return &mcp.ToolResult{Ask: &mcp.Ask{Message: message, Schema: object(properties), State: "asked"}}, nil
			}
			said := fmt.Sprintf("Elicitation completed: action=%s, content=%v, state=%s", c.Answer.Action, c.Answer.Values, c.State)
			return &mcp.ToolResult{Content: []mcp.Content{mcp.Text(said)}}, nil
		},
	}
}

func titled(values ...string) []any {
	var all []any
	for _, v := range values {
		all = append(all, map[string]any{"const": v, "title": "The " + v})
	}
	return all
}
