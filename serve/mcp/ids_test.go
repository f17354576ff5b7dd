package mcp_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/serve/mcp"
)

// numberIDs are numbers that the SDK's floating-point ids would change, and some
// that they would not.
var numberIDs = []string{"9007199254740993", "18446744073709551617", "-9223372036854775809", "1.5", "1.0", "1e400", "12", "-3", "0"}

// told is a tool that reports progress once and answers with its argument.
func told() *mcp.Offer {
	return &mcp.Offer{Name: "told", Tools: []mcp.Tool{{
		Name: "tell",
		Call: func(_ context.Context, c *mcp.ToolCall) (*mcp.ToolResult, error) {
			c.Progress(1, 2, "half")
			return &mcp.ToolResult{Structured: map[string]any{"n": c.Arguments["n"]}}, nil
		},
	}}}
}

// stream returns the text of an answer as it came.
func stream(t *testing.T, url, body string, headers map[string]string) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func wantParts(t *testing.T, answer string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(answer, part) {
			t.Errorf("the answer lacks %s:\n%s", part, answer)
		}
	}
}

// JSON-RPC ids, progress tokens and arguments come back as they are written.
func TestNumbersOfMessagesKeepTheirDigits(t *testing.T) {
	const meta = `"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},`
	url := listen(t, newServer(t, told(), nil))
	older := open(t, url, "2025-11-25").headers()
	newer := map[string]string{"Mcp-Protocol-Version": modern, "Mcp-Method": "tools/call", "Mcp-Name": "tell"}
	for _, n := range numberIDs {
		call := fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":"tools/call","params":{"name":"tell","arguments":{"n":%s},"_meta":{%%s"progressToken":%s}}}`, n, n, n)
		parts := []string{`"id":` + n + `,`, `"progressToken":` + n, `"structuredContent":{"n":` + n + `}`}
		wantParts(t, stream(t, url, fmt.Sprintf(call, ""), older), parts...)
		wantParts(t, stream(t, url, fmt.Sprintf(call, meta), newer), parts...)

		lost := fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":"no/such","params":{}}`, n)
		wantParts(t, stream(t, url, lost, older), `"id":`+n+`,`, `-32601`)

		var out bytes.Buffer
		in := strings.NewReader(strings.Join([]string{hello, ready, fmt.Sprintf(call, "")}, "\n"))
		if err := newServer(t, told(), nil).Stdio(t.Context(), in, &out); err != nil {
			t.Fatal(err)
		}
		wantParts(t, out.String(), parts...)
	}
}

// A number names the same call in the request that cancels it.
func TestACallWithALongNumberIsCancelled(t *testing.T) {
	offer, began, ended := parked()
	s := newServer(t, offer, nil)
	in, feed := io.Pipe()
	served := make(chan error, 1)
	go func() { served <- s.Stdio(t.Context(), in, io.Discard) }()
	fmt.Fprintf(feed, "%s\n%s\n", hello, ready)
	fmt.Fprintln(feed, `{"jsonrpc":"2.0","id":18446744073709551617,"method":"tools/call","params":{"name":"wait"}}`)
	<-began
	fmt.Fprintln(feed, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":18446744073709551617}}`)
	<-ended
	feed.Close()
	if err := <-served; err != nil {
		t.Fatal(err)
	}
}
