package serve_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/serve"
	"github.com/capstan-run/capstan/serve/internal/servetest"
)

const doubting = `
ikanos: 1.0.0-beta5
info: {display: Doubting, description: What a gateway answers}
capability:
  exposes:
  - type: rest
    port: @1
    namespace: face
    resources:
      r: {path: /r, operations: {r: {method: POST, call: up.r}}}
  - type: mcp
    port: @2
    namespace: tools
    tools:
      make: {description: Makes one, call: up.r}
  consumes:
  - type: http
    namespace: up
    baseUri: "@UP/v1"
    resources: {r: {path: /r, operations: {r: {method: POST}}}}
`

// A gateway's answer to a served write is passed on as it came, and recorded as
// what it is.
func TestAServedWriteThatAGatewayAnswersIsInDoubt(t *testing.T) {
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "try later")
	}))
	t.Cleanup(up.Close)
	ports := servetest.FreePorts(t, 2)
	log := &servetest.Log{}
	running(t, write(t, up.URL, ports, "doubting.yaml", doubting), &serve.Options{Log: slog.New(slog.NewTextHandler(log, nil))})

	resp, err := client(t).Post(fmt.Sprintf("http://127.0.0.1:%d/r", ports[0]), "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != "7" || string(body) != "try later" {
		t.Errorf("REST passes on %d %q: %v", resp.StatusCode, body, err)
	}
	if text := log.String(); !strings.Contains(text, "a write is in doubt") || !strings.Contains(text, "status=503") {
		t.Errorf("the log is\n%s", text)
	}

	const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"make","arguments":{},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/mcp", ports[1]), strings.NewReader(call))
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]string{
		"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "make",
	} {
		req.Header.Set(name, v)
	}
	resp, err = client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	for _, want := range []string{`"isError":true`, "not known whether the request took effect", "answered 503", "look in up"} {
		if !strings.Contains(string(body), want) {
			t.Errorf("MCP answers without %q: %s (%v)", want, body, err)
		}
	}
}
