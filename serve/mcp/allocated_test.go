// The race detector allocates itself, so this is counted without it.

//go:build !race

package mcp_test

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
)

// A call of a tool that is complete at once is decoded once and needs no session or
// stream of its own. Each time that the SDK decodes a part costs 32 KiB.
func TestAllocationsOfACall(t *testing.T) {
	synctest.Test(t, allocations) // no call takes 0.2 seconds, however slow the machine is
}

func allocations(t *testing.T) {
	s := newServer(t, only("plain"), nil)
	defer s.Close()
	session := direct(s, "", hello).Header().Get("Mcp-Session-Id")
	const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"plain","arguments":{"directory":"directory_01JQ7Z3M5T9W2K4X6B8N0PRVCE"}META}}`
	for era, tt := range map[string]struct {
		meta    string
		headers map[string]string
	}{
		modern: {
			`,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}`,
			map[string]string{"Mcp-Protocol-Version": modern, "Mcp-Method": "tools/call", "Mcp-Name": "plain"},
		},
		"2025-11-25": {"", map[string]string{"Mcp-Protocol-Version": "2025-11-25", "Mcp-Session-Id": session}},
	} {
		body := strings.Replace(call, "META", tt.meta, 1)
		serve := func() {
			req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Accept", "application/json, text/event-stream")
			for name, value := range tt.headers {
				req.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			if s.Handler().ServeHTTP(w, req); w.Code != http.StatusOK {
				t.Fatalf("%s: %d %s", era, w.Code, w.Body)
			}
		}
		times := testing.AllocsPerRun(100, serve)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 100 {
			serve()
		}
		runtime.ReadMemStats(&after)
		bytes := (after.TotalAlloc - before.TotalAlloc) / 100
		t.Logf("%s: %v allocations, %d bytes", era, times, bytes)
		if times > 90 || bytes > 16<<10 {
			t.Errorf("%s: %v allocations, %d bytes", era, times, bytes)
		}
	}
}
