//go:build e2e && unix

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// eras are the newest version of the protocol with sessions, and the first one
// without.
var eras = map[string]string{"legacy": "2025-11-25", "modern": modern}

const modern = "2026-07-28"

// agent is an MCP client, down to the JSON-RPC messages. Nothing of it is ours or
// an SDK's.
type agent struct {
	server  *server
	version string
	session string
	last    int
	// asked answers the questions that the server has for a person; without it
	// the agent says that it cannot ask.
	asked func(message string) (action string)
}

// agent connects.
func (v *server) agent(t *testing.T, version string, asked func(string) string) *agent {
	t.Helper()
	a := &agent{server: v, version: version, asked: asked}
	if version == modern {
		return a
	}
	res := a.request(t, "initialize", map[string]any{
		"protocolVersion": version, "capabilities": a.capabilities(), "clientInfo": map[string]any{"name": "e2e", "version": "1"},
	})
	if res["protocolVersion"] != version || a.session == "" {
		t.Fatalf("initialized %v in session %q", res, a.session)
	}
	a.notify(t, "notifications/initialized")
	return a
}

func (a *agent) capabilities() map[string]any {
	if a.asked == nil {
		return map[string]any{}
	}
	return map[string]any{"elicitation": map[string]any{"form": map[string]any{}}}
}

// call calls a tool and answers the questions it asks on the way.
func (a *agent) call(t *testing.T, tool string, arguments map[string]any) map[string]any {
	t.Helper()
	params := map[string]any{"name": tool, "arguments": arguments}
	res := a.request(t, "tools/call", params)
	for res["resultType"] == "input_required" {
		res = a.request(t, "tools/call", a.answered(t, params, res))
	}
	return res
}

// answered is the call again, with the answers that the server needs.
func (a *agent) answered(t *testing.T, params, needs map[string]any) map[string]any {
	t.Helper()
	answers := map[string]any{}
	questions, _ := needs["inputRequests"].(map[string]any)
	for name, q := range questions {
		message := q.(map[string]any)["params"].(map[string]any)["message"].(string)
		answers[name] = map[string]any{"action": a.asked(message), "content": map[string]any{}}
	}
	return map[string]any{"name": params["name"], "arguments": params["arguments"], "requestState": needs["requestState"], "inputResponses": answers}
}

// run calls a tool that answers with a run, which must not be an error.
func (a *agent) run(t *testing.T, tool string, arguments map[string]any) map[string]any {
	t.Helper()
	res := a.call(t, tool, arguments)
	run, ok := res["structuredContent"].(map[string]any)
	if res["isError"] == true || !ok {
		t.Fatalf("%s: %v", tool, res)
	}
	return run
}

// request sends a request and returns its result.
func (a *agent) request(t *testing.T, method string, params map[string]any) map[string]any {
	t.Helper()
	a.last++
	id := a.last
	msg := map[string]any{"jsonrpc": "2.0", "id": id, "method": method, "params": params}
	resp := a.post(t, msg, method)
	defer resp.Body.Close()
	if session := resp.Header.Get("Mcp-Session-Id"); session != "" {
		a.session = session
	}
	answer := a.read(t, resp, id)
	result, ok := answer["result"].(map[string]any)
	if !ok {
		t.Fatalf("%s: %d %v", method, resp.StatusCode, answer)
	}
	return result
}

// read returns the message that answers a request, and does what the server
// asks for before.
func (a *agent) read(t *testing.T, resp *http.Response, id int) map[string]any {
	t.Helper()
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return decoded(t, text)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || data == "" {
			continue
		}
		msg := decoded(t, []byte(data))
		switch {
		case msg["method"] == "elicitation/create":
			message := msg["params"].(map[string]any)["message"].(string)
			a.post(t, map[string]any{"jsonrpc": "2.0", "id": msg["id"], "result": map[string]any{"action": a.asked(message), "content": map[string]any{}}}, "").Body.Close()
		case msg["method"] == nil && fmt.Sprint(msg["id"]) == fmt.Sprint(id):
			return msg
		}
	}
	t.Fatalf("the stream ended without an answer: %v", lines.Err())
	return nil
}

func decoded(t *testing.T, text []byte) (msg map[string]any) {
	t.Helper()
	if err := json.Unmarshal(text, &msg); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return msg
}

func (a *agent) notify(t *testing.T, method string) {
	t.Helper()
	a.post(t, map[string]any{"jsonrpc": "2.0", "method": method}, method).Body.Close()
}

// post sends one message, as the version wants it.
func (a *agent) post(t *testing.T, msg map[string]any, method string) *http.Response {
	t.Helper()
	params, _ := msg["params"].(map[string]any)
	if a.version == modern {
		params["_meta"] = map[string]any{
			"io.modelcontextprotocol/protocolVersion":    modern,
			"io.modelcontextprotocol/clientInfo":         map[string]any{"name": "e2e", "version": "1"},
			"io.modelcontextprotocol/clientCapabilities": a.capabilities(),
		}
	}
	body, err := json.Marshal(msg)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", a.server.url+"/mcp", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	a.server.authorize(req)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	if method != "initialize" {
		req.Header.Set("Mcp-Protocol-Version", a.version)
	}
	if a.session != "" {
		req.Header.Set("Mcp-Session-Id", a.session)
	}
	if name, ok := params["name"].(string); ok && a.version == modern {
		req.Header.Set("Mcp-Name", name)
	}
	if a.version == modern {
		req.Header.Set("Mcp-Method", method)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}
