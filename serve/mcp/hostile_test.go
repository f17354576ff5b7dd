package mcp_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzHTTP sends what clients should not. Nothing may panic, answer 5xx, or
// answer with anything but JSON-RPC; and a good request is served after it.
func FuzzHTTP(f *testing.F) {
	meta := `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}`
	for _, body := range []string{
		hello, ping, `{nope`, `[]`, `[{}]`, `null`, `7`, `"x"`, `{"jsonrpc":"2.0"}`, `{"jsonrpc":"2.0","id":{},"method":"ping"}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call"}`, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":null}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[1]}`, `{"jsonrpc":"2.0","id":1,"method":7}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"seek","arguments":7,` + meta + `}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"seek","requestState":"a.b","inputResponses":{"answer":7},` + meta + `}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":{},` + meta + `}}`,
		`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"docs://files/../../etc/passwd",` + meta + `}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":7}}`, `{"jsonrpc":"2.0","id":1,"result":{}}`,
		`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{},` + meta + `}}`,
		strings.Repeat("[", 20000), `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":` + strings.Repeat(`{"a":`, 20000) + `1` + strings.Repeat(`}`, 20001),
	} {
		f.Add(body, modern, "tools/call", "seek")
		f.Add(body, "", "", "")
		f.Add(body, "2025-06-18", "tools/list", "=?base64?x?=")
	}
	s := newServer(f, everything(), nil)
	f.Fuzz(func(t *testing.T, body, version, method, name string) {
		if strings.Contains(body, "subscriptions/listen") && strings.Contains(body, "true") {
			t.Skip("a stream that does not end")
		}
		req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
		for header, value := range map[string]string{"Mcp-Protocol-Version": version, "Mcp-Method": method, "Mcp-Name": name} {
			if value != "" {
				req.Header.Set(header, value)
			}
		}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, req)
		if w.Code >= 500 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if w.Code >= 400 {
			var got struct{ Error *struct{ Code int } }
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Error == nil || got.Error.Code == 0 {
				t.Errorf("%d is no JSON-RPC error: %s", w.Code, w.Body)
			}
		}
	})
}
