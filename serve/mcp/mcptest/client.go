// Package mcptest is an MCP client for tests: that of the protocol's Go SDK,
// reduced to the needs of tests of served tools. Start with [Connect].
package mcptest

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// Eras are the newest version of each era of the protocol.
func Eras() []string { return []string{"2025-11-25", "2026-07-28"} }

// Options describe the client. The zero value speaks the newest version, sends no
// key and has no person to ask.
type Options struct {
	Version string
	Key     string // sent as a bearer key
	// Person answers questions: "accept", "decline" or "cancel", with the values
	// that were accepted. Nil is a client that cannot ask.
	Person func(message string) (action string, values map[string]any)
	// Progress hears how far calls are; nil does not ask for it.
	Progress func(done, total float64, message string)
}

// Client is a connected client. It is for one goroutine.
type Client struct {
	t       testing.TB
	session *sdk.ClientSession
	o       Options
}

// Result is the result of a call.
type Result struct {
	Text       string // of all pieces of content, one a line
	Structured map[string]any
	IsError    bool
}

// Connect connects to the server at url until the test ends.
func Connect(t testing.TB, url string, o Options) *Client {
	t.Helper()
	if o.Version == "" {
		o.Version = Eras()[1]
	}
	opts := &sdk.ClientOptions{}
	if o.Person != nil {
		opts.ElicitationHandler = func(_ context.Context, r *sdk.ElicitRequest) (*sdk.ElicitResult, error) {
			action, values := o.Person(r.Params.Message)
			return &sdk.ElicitResult{Action: action, Content: values}, nil
		}
	}
	if o.Progress != nil {
		opts.ProgressNotificationHandler = func(_ context.Context, r *sdk.ProgressNotificationClientRequest) {
			o.Progress(r.Params.Progress, r.Params.Total, r.Params.Message)
		}
	}
	transport := &sdk.StreamableClientTransport{Endpoint: url, MaxRetries: -1, HTTPClient: &http.Client{Transport: keyed(o.Key)}}
	client := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, opts)
	s, err := client.Connect(t.Context(), transport, &sdk.ClientSessionOptions{ProtocolVersion: o.Version})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // the server may be gone
	if got := s.InitializeResult().ProtocolVersion; got != o.Version {
		t.Fatalf("the client speaks %s, want %s", got, o.Version)
	}
	return &Client{t, s, o}
}

// Call calls a tool; a call that the protocol refuses fails the test.
func (c *Client) Call(tool string, arguments map[string]any) Result {
	c.t.Helper()
	params := &sdk.CallToolParams{Name: tool, Arguments: arguments}
	if c.o.Progress != nil {
		params.SetProgressToken(tool)
	}
	res, err := c.session.CallTool(c.t.Context(), params)
	if err != nil {
		c.t.Fatalf("%s: %v", tool, err)
	}
	out := Result{IsError: res.IsError}
	for _, piece := range res.Content {
		if text, ok := piece.(*sdk.TextContent); ok {
			out.Text += text.Text + "\n"
		}
	}
	out.Structured, _ = res.StructuredContent.(map[string]any)
	return out
}

// Tools lists the tools as they are on the wire, by name.
func (c *Client) Tools() map[string]map[string]any {
	c.t.Helper()
	out := map[string]map[string]any{}
	for tool, err := range c.session.Tools(c.t.Context(), nil) {
		if err != nil {
			c.t.Fatal(err)
		}
		data, err := json.Marshal(tool)
		if err != nil {
			c.t.Fatal(err)
		}
		var wire map[string]any
		if err := json.Unmarshal(data, &wire); err != nil {
			c.t.Fatal(err)
		}
		out[tool.Name] = wire
	}
	return out
}

// keyed sends a bearer key with every request.
type keyed string

func (k keyed) RoundTrip(r *http.Request) (*http.Response, error) {
	if k != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+string(k))
	}
	return http.DefaultTransport.RoundTrip(r)
}
