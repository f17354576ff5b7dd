package ownmux

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable/memory"
)

func TestMount(t *testing.T) {
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	defer rt.Close()
	mux := http.NewServeMux()
	stop, err := Mount(t.Context(), mux, engine.NewRunner(&engine.Options{
		Runtime: rt,
		Mock:    true, // in place of WorkOS
		Secrets: func(_ context.Context, name string) (string, bool, error) {
			return "desk_test_token", name == "DESK_TOKEN", nil
		},
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	server := httptest.NewServer(mux)
	defer server.Close()

	const hello = `{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}}`
	for _, test := range []struct {
		method, path, token, body string
		status                    int
		want                      string
	}{
		{"GET", "/desk/opening", "", "", 401, ""},
		{"GET", "/desk/opening", "desk_test_token", "", 200, `"opens":"09:00"`},
		{"POST", "/tools/", "", hello, 401, ""},
		{"POST", "/tools/", "desk_test_token", hello, 200, `"name":"tools"`},
		{"GET", "/ops/", "", "", 200, `src="page/main.js"`},
		{"GET", "/ops/page/main.js", "", "", 200, "import"},
		{"GET", "/ops/capabilities", "", "", 200, "b2b-enterprise-onboarding"},
		{"GET", "/ops/openapi.json", "", "", 200, `"url":"/ops"`},
		{"POST", "/ops/mcp", "", hello, 200, `"serverInfo"`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), test.method, server.URL+test.path, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
		if test.token != "" {
			req.Header.Set("Authorization", "Bearer "+test.token)
		}
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != test.status || !strings.Contains(string(body), test.want) {
			t.Errorf("%s %s answered %d %s, %v; want %d with %s", test.method, test.path, resp.StatusCode, body, err, test.status, test.want)
		}
	}
}

// Without the token that the file asks callers for, nothing is mounted.
func TestMountNeedsTheToken(t *testing.T) {
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	defer rt.Close()
	none := func(context.Context, string) (string, bool, error) { return "", false, nil }
	_, err := Mount(t.Context(), http.NewServeMux(), engine.NewRunner(&engine.Options{Runtime: rt, Secrets: none}))
	if err == nil || !strings.Contains(err.Error(), "DESK_TOKEN") {
		t.Errorf("mounted with %v", err)
	}
}
