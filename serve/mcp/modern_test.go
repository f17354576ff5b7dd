package mcp_test

import (
	"strings"
	"testing"
	"time"
)

// The requests and answers here are those of the behaviour cases mcp-modern-*,
// mcp-resources, mcp-prompts and binary-answers.

func TestModernListsCarryCacheDataAndServerInfo(t *testing.T) {
	offer := only("plain")
	offer.Prompts, offer.TTL, offer.CacheScope = prompts()[:1], 4*time.Second, "public"
	url := listen(t, newServer(t, offer, nil))
	info := dict{"io.modelcontextprotocol/serverInfo": dict{"name": "calc", "version": "3.2.1"}}

	found := ask(t, url, "server/discover", nil)
	if found.status != 200 || found.header.Get("Mcp-Session-Id") != "" || !strings.HasPrefix(found.header.Get("Content-Type"), "application/json") {
		t.Errorf("discover answered %d %v", found.status, found.header)
	}
	has(t, "discover", dict{
		"supportedVersions": list{"2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"},
		"capabilities":      dict{"tools": present, "prompts": present, "resources": absent, "logging": absent},
		"instructions":      "A tiny calculator.", "resultType": "complete", "ttlMs": 4000.0, "cacheScope": "public", "_meta": info,
	}, found.result())
	has(t, "tools", dict{
		"tools":      list{dict{"name": "plain", "description": "No inputs", "inputSchema": dict{"type": "object"}, "annotations": absent}},
		"resultType": "complete", "ttlMs": 4000.0, "cacheScope": "public", "_meta": info,
	}, ask(t, url, "tools/list", nil).result())
	has(t, "prompts", dict{"prompts": list{dict{"name": "sum-up", "title": "Sum up"}}, "resultType": "complete", "ttlMs": 4000.0}, ask(t, url, "prompts/list", nil).result())
	has(t, "call", dict{
		"content": list{dict{"type": "text", "text": `{"x":"y"}`}}, "isError": false,
		"resultType": "complete", "_meta": info, "ttlMs": absent,
	}, ask(t, url, "tools/call", dict{"name": "plain"}).result())
}

func TestModernListsAreNotKeptByDefault(t *testing.T) {
	url := listen(t, newServer(t, only("plain"), nil))
	has(t, "tools", dict{"ttlMs": 0.0, "cacheScope": "private"}, ask(t, url, "tools/list", nil).result())
}

func TestModernRequestsAreCheckedAgainstTheirHeaders(t *testing.T) {
	url := listen(t, newServer(t, only("plain"), nil))
	call := `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"plain","arguments":{},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`
	lists := strings.Replace(call, "tools/call", "tools/list", 1)
	head := func(pairs ...string) map[string]string {
		h := map[string]string{"Mcp-Protocol-Version": modern}
		for i := 0; i < len(pairs); i += 2 {
			h[pairs[i]] = pairs[i+1]
		}
		return h
	}
	tests := []struct {
		name, body string
		headers    map[string]string
		status     int
		want       dict
	}{
		{"name in base64", call, head("Mcp-Method", "tools/call", "Mcp-Name", "=?base64?cGxhaW4=?="), 200, dict{"id": 2.0, "result": dict{"resultType": "complete"}}},
		{"name is not base64", call, head("Mcp-Method", "tools/call", "Mcp-Name", "=?base64?!?="), 400, dict{"id": 2.0, "error": dict{"code": -32020.0}}},
		{"name contradicts the body", call, head("Mcp-Method", "tools/call", "Mcp-Name", "other"), 400, dict{"id": 2.0, "error": dict{"code": -32020.0}}},
		{"name is missing", call, head("Mcp-Method", "tools/call"), 400, dict{"id": 2.0, "error": dict{"code": -32020.0}}},
		{"method contradicts the body", lists, head("Mcp-Method", "tools/call", "Mcp-Name", "plain"), 400, dict{"error": dict{"code": -32020.0}}},
		{"version contradicts the body", lists, map[string]string{"Mcp-Protocol-Version": "2025-06-18", "Mcp-Method": "tools/list"}, 400, dict{"error": dict{"code": -32020.0}}},
		{"version is missing", lists, map[string]string{"Mcp-Method": "tools/list"}, 400, dict{"error": dict{"code": -32020.0}}},
		{"version is nowhere", `{"jsonrpc":"2.0","id":2,"method":"tools/list"}`, map[string]string{"Mcp-Method": "tools/list"}, 400, dict{"error": dict{"code": -32020.0}}},
		{
			"unknown version", strings.Replace(lists, modern, "2031-01-01", 1), map[string]string{"Mcp-Protocol-Version": "2031-01-01", "Mcp-Method": "tools/list"}, 400,
			dict{"error": dict{"code": -32022.0, "data": dict{"requested": "2031-01-01", "supported": present}}},
		},
		{
			"unknown version in the request alone", strings.Replace(lists, modern, "1999-01-01", 1), nil, 400,
			dict{"id": 2.0, "error": dict{"code": -32022.0, "data": dict{"requested": "1999-01-01", "supported": present}}},
		},
		{"unknown old version", lists, map[string]string{"Mcp-Protocol-Version": "1999-01-01"}, 400, dict{"error": dict{"code": -32020.0}}},
		{"unknown method", strings.Replace(call, "tools/call", "no/such", 1), head("Mcp-Method", "no/such"), 404, dict{"id": 2.0, "error": dict{"code": -32601.0}}},
		{"removed method", strings.Replace(call, "tools/call", "ping", 1), head("Mcp-Method", "ping"), 404, dict{"error": dict{"code": -32601.0}}},
		{"unknown tool", strings.Replace(call, `"plain"`, `"nope"`, 1), head("Mcp-Method", "tools/call", "Mcp-Name", "nope"), 400, dict{"error": dict{"code": -32602.0, "message": `there is no tool "nope"`}}},
		{"arguments are a list", strings.Replace(call, "{},", "[],", 1), head("Mcp-Method", "tools/call", "Mcp-Name", "plain"), 400, dict{"error": dict{"code": -32602.0}}},
		{"no JSON", "{nope", nil, 400, dict{"id": nil, "error": dict{"code": -32700.0}}},
		{"no JSON-RPC", `{"id":1}`, nil, 400, dict{"error": dict{"code": -32600.0}}},
		{"empty", "", nil, 400, dict{"error": dict{"code": -32700.0}}},
		{"batch", "[" + call + "]", head(), 400, dict{"error": dict{"code": -32600.0}}},
		{"empty batch", "[]", nil, 400, dict{"error": dict{"code": -32600.0}}},
		{"other page", call, head("Mcp-Method", "tools/call", "Mcp-Name", "plain", "Origin", "https://evil.example"), 403, dict{"error": present}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := post(t, url, test.body, test.headers)
			if got.status != test.status {
				t.Errorf("status %d, want %d; %v", got.status, test.status, got.body)
			}
			has(t, "answer", test.want, got.body)
		})
	}
}

func TestModernNotificationsAreAccepted(t *testing.T) {
	url := listen(t, newServer(t, only("plain"), nil))
	for _, method := range []string{"notifications/cancelled", "notifications/no-such"} {
		got := post(t, url, `{"jsonrpc":"2.0","method":"`+method+`","params":{"requestId":1}}`, map[string]string{"Mcp-Protocol-Version": modern, "Mcp-Method": method})
		if got.status != 202 {
			t.Errorf("%s got %d %v", method, got.status, got.body)
		}
	}
}

func TestContentKinds(t *testing.T) {
	url := listen(t, newServer(t, everything(), nil))
	call := func(tool string) dict { return ask(t, url, "tools/call", dict{"name": tool}).result() }
	has(t, "pic", dict{"isError": false, "content": list{dict{"type": "image", "data": "iVBORw0KGgoAD/6A", "mimeType": "image/png"}}}, call("pic"))
	has(t, "doc", dict{"isError": false, "content": list{dict{"type": "resource", "resource": dict{"blob": "JVBERi0xLjT/", "mimeType": "application/pdf", "uri": "media:doc", "text": absent}}}}, call("doc"))
	has(t, "forget", dict{"isError": true, "content": list{dict{"type": "text", "text": "nothing to forget"}}}, call("forget"))
	has(t, "crash", dict{"isError": true, "content": list{dict{"type": "text", "text": `internal error in tool "crash"`}}}, call("crash"))
	has(t, "seek", dict{
		"structuredContent": dict{"text": "{{room}}", "n": 3.0},
		"content":           list{dict{"type": "text", "text": `{"n":3,"text":"{{room}}"}`}},
	}, ask(t, url, "tools/call", dict{"name": "seek", "arguments": dict{"text": "{{room}}", "n": 3}}).result())
}

func TestHintsAreSaidOnlyIfKnown(t *testing.T) {
	url := listen(t, newServer(t, only("add", "forget", "plain"), nil))
	has(t, "tools", dict{"tools": list{
		dict{"name": "add", "annotations": dict{"title": "Add up", "readOnlyHint": true, "openWorldHint": false, "destructiveHint": absent, "idempotentHint": absent}},
		dict{"name": "forget", "annotations": dict{"title": absent, "readOnlyHint": false, "destructiveHint": true}},
		dict{"name": "plain", "annotations": absent},
	}}, ask(t, url, "tools/list", nil).result())
}

func TestResources(t *testing.T) {
	url := listen(t, newServer(t, everything(), nil))
	read := func(uri string) *answer { return ask(t, url, "resources/read", dict{"uri": uri}) }
	has(t, "list", dict{"resources": list{
		dict{"uri": "docs://files/guide.md", "name": "docs", "title": "Documents", "mimeType": "text/markdown"},
		dict{"uri": "docs://files/logo.png", "mimeType": "image/png"},
		dict{"uri": "docs://files/sub/data.json", "mimeType": "application/json"},
		dict{"uri": "data://users/admin", "name": "admin", "title": "Administrator", "description": "The administrator", "mimeType": "application/json"},
		dict{"uri": "test://static-text"}, dict{"uri": "test://static-binary"},
	}}, ask(t, url, "resources/list", nil).result())
	has(t, "templates", dict{"resourceTemplates": list{
		dict{"uriTemplate": "data://users/{userId}/profile", "name": "user", "title": "A user", "description": "One user", "mimeType": "application/json"},
		dict{"uriTemplate": "test://template/{id}/data"},
	}}, ask(t, url, "resources/templates/list", nil).result())
	has(t, "file", dict{"ttlMs": 0.0, "contents": list{dict{"uri": "docs://files/guide.md", "mimeType": "text/markdown", "text": "# Guide\n", "blob": absent}}}, read("docs://files/guide.md").result())
	has(t, "blob", dict{"contents": list{dict{"mimeType": "image/png", "blob": "iVBORw0KGgoAD/6A", "text": absent}}}, read("docs://files/logo.png").result())
	has(t, "fixed", dict{"contents": list{dict{"uri": "data://users/admin", "mimeType": "application/json", "text": `{"name":"Root"}`}}}, read("data://users/admin").result())
	has(t, "template", dict{"contents": list{dict{"uri": "data://users/u%207/profile", "mimeType": "application/json", "text": `{"user":"u 7"}`}}}, read("data://users/u%207/profile").result())
	for _, uri := range []string{"docs://files/none", "docs://other", "nope"} {
		got := read(uri)
		has(t, uri, dict{"code": -32602.0, "data": dict{"uri": uri}}, got.fault())
		if got.status != 400 {
			t.Errorf("%s: status %d", uri, got.status)
		}
	}
	has(t, "old code", dict{"code": -32002.0}, open(t, url, "2025-06-18").send("resources/read", dict{"uri": "docs://files/none"}).fault())
}

func TestPrompts(t *testing.T) {
	url := listen(t, newServer(t, everything(), nil))
	get := func(name string, args dict) *answer {
		return ask(t, url, "prompts/get", dict{"name": name, "arguments": args})
	}
	listed := ask(t, url, "prompts/list", nil).result()["prompts"].([]any)
	has(t, "list", dict{"name": "sum-up", "title": "Sum up", "description": "Sum up data", "arguments": list{
		dict{"name": "data", "description": "The data", "required": true}, dict{"name": "style", "title": "Style", "required": false},
	}}, listed[0])
	has(t, "get", dict{"resultType": "complete", "messages": list{
		dict{"role": "user", "content": dict{"type": "text", "text": "As a list: 1 {{style}} $0"}},
		dict{"role": "assistant", "content": dict{"type": "text", "text": "Gladly."}},
	}}, get("sum-up", dict{"data": "1 {{style}} $0", "style": "a list"}).result())
	has(t, "unknown", dict{"code": -32602.0, "message": `there is no prompt "nope"`}, get("nope", nil).fault())
	has(t, "incomplete", dict{"code": -32602.0, "message": `prompt "sum-up" needs the argument "data"`}, get("sum-up", nil).fault())
}
