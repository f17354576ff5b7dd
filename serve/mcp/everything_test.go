package mcp_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/serve/mcp"
)

// everything offers one of each: what the behaviour cases of the framework
// dialect serve, and under test_* what the protocol's own conformance suite
// (npm @modelcontextprotocol/conformance) asks for by name.
func everything() *mcp.Offer {
	yes, no := true, false
	return &mcp.Offer{
		Name: "calc", Version: "3.2.1", Instructions: "A tiny calculator.",
		Tools: append([]mcp.Tool{
			{
				Name: "seek", Description: "Seek",
				InputSchema: object(map[string]any{"text": text("Words")}, "text"),
				Call: func(_ context.Context, c *mcp.ToolCall) (*mcp.ToolResult, error) {
					return &mcp.ToolResult{Structured: c.Arguments}, nil
				},
			},
			{
				Name: "add", Title: "Add up", Description: "Adds",
				InputSchema: object(map[string]any{"a": map[string]any{"type": "number", "description": "First"}, "b": map[string]any{"type": "integer", "description": "Second"}}, "a"),
				Hints:       &mcp.Hints{ReadOnly: &yes, OpenWorld: &no},
				Call: func(_ context.Context, c *mcp.ToolCall) (*mcp.ToolResult, error) {
					return &mcp.ToolResult{Structured: map[string]any{"sum": fmt.Sprint(c.Arguments["a"], "+", c.Arguments["b"])}}, nil
				},
			},
			{
				Name: "forget", Description: "Drop it", Hints: &mcp.Hints{ReadOnly: &no, Destructive: &yes},
				Call: func(context.Context, *mcp.ToolCall) (*mcp.ToolResult, error) {
					return nil, errors.New("nothing to forget")
				},
			},
			{Name: "plain", Description: "No inputs", Call: answers(mcp.Text(`{"x":"y"}`))},
			{Name: "pic", Description: "Picture", Call: answers(mcp.Image(png, "image/png"))},
			{Name: "doc", Description: "Document", Call: answers(mcp.Embed(mcp.Contents{URI: "media:doc", MIMEType: "application/pdf", Blob: []byte("%PDF-1.4\xff")}))},
			{Name: "crash", Description: "Panics", Call: func(context.Context, *mcp.ToolCall) (*mcp.ToolResult, error) { panic("boom") }},
		}, conformanceTools()...),
		Resources: []mcp.Resource{
			docs(),
			{URI: "data://users/admin", Name: "admin", Title: "Administrator", Description: "The administrator", MIMEType: "application/json", Read: holds(`{"name":"Root"}`)},
			{URI: "test://static-text", Name: "static text", MIMEType: "text/plain", Read: holds("This is the content of the static text resource.")},
			{URI: "test://static-binary", Name: "static binary", MIMEType: "image/png", Read: func(context.Context, string) (*mcp.Contents, error) {
				return &mcp.Contents{Blob: png}, nil
			}},
		},
		Templates: []mcp.Template{
			{URITemplate: "data://users/{userId}/profile", Name: "user", Title: "A user", Description: "One user", MIMEType: "application/json", Read: func(_ context.Context, _ string, vars map[string]string) (*mcp.Contents, error) {
				return &mcp.Contents{Text: fmt.Sprintf(`{"user":%q}`, vars["userId"])}, nil
			}},
			{URITemplate: "test://template/{id}/data", Name: "template", MIMEType: "application/json", Read: func(_ context.Context, _ string, vars map[string]string) (*mcp.Contents, error) {
				return &mcp.Contents{Text: fmt.Sprintf(`{"id":%q,"templateTest":true,"data":"Data for ID: %s"}`, vars["id"], vars["id"])}, nil
			}},
		},
		Prompts: prompts(),
	}
}

// docs is a directory of three files.
func docs() mcp.Resource {
	files := map[string]mcp.Contents{
		"docs://files/guide.md":      {MIMEType: "text/markdown", Text: "# Guide\n"},
		"docs://files/logo.png":      {MIMEType: "image/png", Blob: png},
		"docs://files/sub/data.json": {MIMEType: "application/json", Text: `{"a": 1}`},
	}
	return mcp.Resource{
		URI: "docs://files", Name: "docs", Title: "Documents", Description: "All documents",
		List: func(context.Context) ([]mcp.Resource, error) {
			var all []mcp.Resource
			for _, uri := range []string{"docs://files/guide.md", "docs://files/logo.png", "docs://files/sub/data.json"} {
				all = append(all, mcp.Resource{URI: uri, Name: "docs", Title: "Documents", MIMEType: files[uri].MIMEType})
			}
			return all, nil
		},
		Read: func(_ context.Context, uri string) (*mcp.Contents, error) {
			c, ok := files[uri]
			if !ok {
				return nil, fmt.Errorf("%s: %w", uri, fs.ErrNotExist)
			}
			return &c, nil
		},
	}
}

func prompts() []mcp.Prompt {
	fill := func(template string, args map[string]string) string {
		var pairs []string
		for name, value := range args {
			pairs = append(pairs, "{{"+name+"}}", value)
		}
		return strings.NewReplacer(pairs...).Replace(template)
	}
	says := func(contents ...mcp.Content) func(context.Context, map[string]string) (*mcp.PromptResult, error) {
		return func(context.Context, map[string]string) (*mcp.PromptResult, error) {
			res := &mcp.PromptResult{}
			for _, c := range contents {
				res.Messages = append(res.Messages, mcp.Message{Role: "user", Content: c})
			}
			return res, nil
		}
	}
	return []mcp.Prompt{
		{
			Name: "sum-up", Title: "Sum up", Description: "Sum up data",
			Arguments: []mcp.Argument{{Name: "data", Description: "The data", Required: true}, {Name: "style", Title: "Style", Description: "The style"}},
			Get: func(_ context.Context, args map[string]string) (*mcp.PromptResult, error) {
				return &mcp.PromptResult{Messages: []mcp.Message{
					{Role: "user", Content: mcp.Text(fill("As {{style}}: {{data}}", args))},
					{Role: "assistant", Content: mcp.Text("Gladly.")},
				}}, nil
			},
		},
		{Name: "test_simple_prompt", Description: "Simple", Get: says(mcp.Text("This is a simple prompt for testing."))},
		{
			Name: "test_prompt_with_arguments", Description: "Arguments",
			Arguments: []mcp.Argument{{Name: "arg1", Description: "First", Required: true}, {Name: "arg2", Description: "Second", Required: true}},
			Get: func(_ context.Context, args map[string]string) (*mcp.PromptResult, error) {
				message := fill("Prompt with arguments: arg1='{{arg1}}', arg2='{{arg2}}'", args)
				return &mcp.PromptResult{Messages: []mcp.Message{{Role: "user", Content: mcp.Text(message)}}}, nil
			},
		},
		{
			Name: "test_prompt_with_embedded_resource", Description: "Resource",
			Arguments: []mcp.Argument{{Name: "resourceUri", Description: "Address", Required: true}},
			Get: func(_ context.Context, args map[string]string) (*mcp.PromptResult, error) {
				return &mcp.PromptResult{Messages: []mcp.Message{
					{Role: "user", Content: mcp.Embed(mcp.Contents{URI: args["resourceUri"], MIMEType: "text/plain", Text: "Embedded resource content for testing."})},
					{Role: "user", Content: mcp.Text("Please process the embedded resource above.")},
				}}, nil
			},
		},
		{Name: "test_prompt_with_image", Description: "Image", Get: says(mcp.Image(png, "image/png"), mcp.Text("Please analyze the image above."))},
	}
}

var png = []byte("\x89PNG\r\n\x1a\n\x00\x0f\xfe\x80")

func object(properties map[string]any, required ...string) map[string]any {
	schema := map[string]any{"type": "object", "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

func text(description string) map[string]any {
	return map[string]any{"type": "string", "description": description}
}

func answers(contents ...mcp.Content) func(context.Context, *mcp.ToolCall) (*mcp.ToolResult, error) {
	return func(context.Context, *mcp.ToolCall) (*mcp.ToolResult, error) {
		return &mcp.ToolResult{Content: contents}, nil
	}
}

func holds(text string) func(context.Context, string) (*mcp.Contents, error) {
	return func(context.Context, string) (*mcp.Contents, error) { return &mcp.Contents{Text: text}, nil }
}

func newServer(t testing.TB, offer *mcp.Offer, opts *mcp.Options) *mcp.Server {
	t.Helper()
	s, err := mcp.New(offer, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// listen serves an offer over HTTP until the test ends.
func listen(t testing.TB, s *mcp.Server) (url string) {
	t.Helper()
	return listenHandler(t, s, s.Handler())
}

func listenHandler(t testing.TB, s *mcp.Server, handler http.Handler) (url string) {
	t.Helper()
	h := httptest.NewServer(handler)
	t.Cleanup(func() {
		s.Close()
		h.Close()
	})
	return h.URL
}

func answersWith(structured any) func(context.Context, *mcp.ToolCall) (*mcp.ToolResult, error) {
	return func(context.Context, *mcp.ToolCall) (*mcp.ToolResult, error) {
		return &mcp.ToolResult{Structured: structured}, nil
	}
}
