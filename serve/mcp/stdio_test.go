package mcp_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/serve/mcp"
)

// pipe runs the lines through a server's stdio to the end of the input, and
// gives the answers by id; those without one are under nil.
func pipe(t *testing.T, s *mcp.Server, lines ...string) map[any]dict {
	t.Helper()
	var out bytes.Buffer
	if err := s.Stdio(t.Context(), strings.NewReader(strings.Join(lines, "\n")), &out); err != nil {
		t.Fatal(err)
	}
	answers := map[any]dict{}
	for line := range strings.Lines(out.String()) {
		var m dict
		if err := json.Unmarshal([]byte(line), &m); err != nil || m["jsonrpc"] != "2.0" {
			t.Fatalf("stdout has %q", line)
		}
		answers[m["id"]] = m
	}
	return answers
}

const ready = `{"jsonrpc":"2.0","method":"notifications/initialized"}`

// Behaviour case mcp-stdio. The calls are written at once and the input ends:
// each is answered all the same.
func TestStdioAnswersLineByLine(t *testing.T) {
	got := pipe(t, newServer(t, only("seek", "add"), nil), hello, ready,
		`{"jsonrpc":"2.0","id":2,"method":"tools/list"}`,
		`{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"seek","arguments":{"text":"ü\n2"}}}`,
		`{"jsonrpc":"2.0","id":4,"method":"no/such"}`)
	has(t, "initialize", dict{"result": dict{"protocolVersion": "2025-06-18", "serverInfo": dict{"name": "calc"}, "capabilities": dict{"tools": present, "prompts": absent}}}, got[1.0])
	has(t, "list", dict{"result": dict{"tools": list{dict{"name": "seek"}, dict{"name": "add"}}}}, got[2.0])
	has(t, "call", dict{"result": dict{"structuredContent": dict{"text": "ü\n2"}}}, got[3.0])
	has(t, "unknown", dict{"error": dict{"code": -32601.0}}, got[4.0])
}

func TestStdioSpeaksTheModernEra(t *testing.T) {
	meta := `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`
	got := pipe(t, newServer(t, only("plain"), nil),
		`{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{`+meta+`}}`,
		`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"plain",`+meta+`}}`,
		`{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"nope",`+meta+`}}`,
		`{"jsonrpc":"2.0","id":4,"method":"ping","params":{`+meta+`}}`)
	has(t, "discover", dict{"result": dict{"supportedVersions": present, "resultType": "complete"}}, got[1.0])
	has(t, "call", dict{"result": dict{"resultType": "complete", "content": list{dict{"text": `{"x":"y"}`}}}}, got[2.0])
	has(t, "unknown tool", dict{"error": dict{"code": -32602.0}}, got[3.0])
	has(t, "ping", dict{"error": dict{"code": -32601.0}}, got[4.0])
}

func TestStdioSurvivesLinesThatAreNoMessages(t *testing.T) {
	for bad, code := range map[string]float64{"{nope": -32700, `"text"`: -32600, `[]`: -32600, `[` + ping + `]`: -32600, `{"id":1}`: -32600, strings.Repeat("x", 2000): -32600} {
		got := pipe(t, newServer(t, only("plain"), &mcp.Options{MaxBody: 1000}), hello, "", bad, ready, ping)
		has(t, bad, dict{"error": dict{"code": code}}, got[nil])
		has(t, "later", dict{"result": dict{}}, got[2.0])
	}
}

// A request that names a version which is not spoken gets the protocol's error under
// its id; the next is answered.
func TestStdioRefusesUnknownVersions(t *testing.T) {
	call := `{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2031-01-01"}}}`
	for _, lines := range [][]string{{hello, ready, call, ping}, {call, hello, ready, ping}} {
		got := pipe(t, newServer(t, only("plain"), nil), lines...)
		has(t, "unknown version", dict{"error": dict{"code": -32022.0, "data": dict{"requested": "2031-01-01", "supported": present}}}, got[7.0])
		has(t, "later", dict{"result": dict{}}, got[2.0])
	}
}

func TestStdioEndsWithItsContext(t *testing.T) {
	offer, began, ended := parked()
	ctx, cancel := context.WithCancel(t.Context())
	in, client := io.Pipe()
	answers, out := io.Pipe()
	over := make(chan error)
	go func() { over <- newServer(t, offer, nil).Stdio(ctx, in, out) }()
	go func() {
		for _, line := range []string{hello, ready, `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"wait"}}`} {
			_, _ = io.WriteString(client, line+"\n")
		}
	}()
	go func() { _, _ = io.Copy(io.Discard, answers) }()
	<-began
	cancel()
	<-ended
	if err := <-over; err != context.Canceled {
		t.Errorf("stdio ended with %v", err)
	}
}

// The person at a stdio client is asked in the middle of a call.
func TestStdioElicits(t *testing.T) {
	in, client := io.Pipe()
	answers, out := io.Pipe()
	over := make(chan error)
	go func() { over <- newServer(t, twice(), nil).Stdio(t.Context(), in, out) }()
	say := func(line string) { _, _ = io.WriteString(client, line+"\n") }
	go func() {
		say(strings.Replace(hello, `"capabilities":{}`, `"capabilities":{"elicitation":{}}`, 1))
		say(ready)
		say(`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"twice"}}`)
	}()
	lines := bufio.NewScanner(answers)
	for lines.Scan() {
		var m dict
		_ = json.Unmarshal(lines.Bytes(), &m)
		if m["method"] == "elicitation/create" {
			reply, _ := json.Marshal(dict{"jsonrpc": "2.0", "id": m["id"], "result": dict{"action": "accept", "content": dict{"text": "ok"}}})
			go say(string(reply))
		}
		if m["id"] == 2.0 && m["method"] == nil {
			has(t, "call", dict{"result": dict{"content": list{dict{"text": "run-1|ok|ok"}}}}, m)
			break
		}
	}
	_ = client.Close()
	if err := <-over; err != nil {
		t.Error(err)
	}
}
