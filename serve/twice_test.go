package serve_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/serve/internal/servetest"
)

const twiceFace = `
ikanos: 1.0.0-beta5
info: {display: Twice, description: Values that are given twice}
capability:
  consumes:
  - type: http
    namespace: up
    baseUri: "@UP"
    resources:
      ships:
        path: /ships
        operations:
          drop:
            method: DELETE
            inputParameters: {owner: {in: query, required: true}, tags: {in: query}}
  exposes:
  - type: rest
    port: @1
    namespace: face
    resources:
      query:
        path: /query
        operations:
          by-query:
            method: DELETE
            inputParameters: {owner: {in: query, type: string, description: Owner}, tags: {in: query, type: array, description: Tags}}
            call: up.drop
            with: {owner: face.owner, tags: face.tags}
      header:
        path: /header
        operations:
          by-header:
            method: DELETE
            inputParameters: {owner: {in: header, type: string, description: Owner}}
            call: up.drop
            with: {owner: face.owner}
      body:
        path: /body
        operations:
          by-body:
            method: POST
            inputParameters: {owner: {in: body, type: string, description: Owner}}
            call: up.drop
            with: {owner: face.owner}
  - type: mcp
    port: @2
    namespace: tools
    description: Tools
    tools:
      drop:
        description: Drop ships
        inputParameters: {owner: {type: string, description: Owner}}
        call: up.drop
        with: {owner: tools.owner}
`

// A caller that gives one value twice may mean either, and what stands between it
// and the server may have checked the other: nothing is sent.
func TestAValueThatACallerGivesTwiceIsRefused(t *testing.T) {
	var sent []string
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.URL.RawQuery)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(upstream.Close)
	ports := servetest.FreePorts(t, 2)
	running(t, write(t, upstream.URL, ports, "twice.yaml", twiceFace), nil)
	for name, tt := range map[string]struct {
		method, path, body string
		owners             []string // in headers
		status             int
		says               string
	}{
		"query":       {"DELETE", "/query?owner=a&owner=b", "", nil, 400, `"owner" is given more than once`},
		"header":      {"DELETE", "/header", "", []string{"a", "b"}, 400, `"owner" is given more than once`},
		"body":        {"POST", "/body", `{"owner": "a", "owner": "b"}`, nil, 400, `the key "owner" twice`},
		"deep body":   {"POST", "/body", `{"owner": {"x": 1, "x": 2}}`, nil, 400, `the key "x" twice`},
		"form":        {"POST", "/body", `owner=a&owner=b`, nil, 400, `"owner" is given more than once`},
		"a list":      {"DELETE", "/query?owner=a&tags=x&tags=y", "", nil, 204, ""},
		"one header":  {"DELETE", "/header", "", []string{"a"}, 204, ""},
		"one in JSON": {"POST", "/body", `{"owner": "a"}`, nil, 204, ""},
	} {
		t.Run(name, func(t *testing.T) {
			sent = nil
			req, err := http.NewRequestWithContext(t.Context(), tt.method, fmt.Sprintf("http://127.0.0.1:%d%s", ports[0], tt.path), strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header["Owner"] = tt.owners
			if strings.HasPrefix(tt.body, "owner=") {
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			text, _ := io.ReadAll(resp.Body)
			if ok := resp.StatusCode/100 == tt.status/100; !ok || !strings.Contains(strings.ReplaceAll(string(text), `\"`, `"`), tt.says) {
				t.Errorf("got %d %s", resp.StatusCode, text)
			}
			if refused := tt.status == 400; refused != (len(sent) == 0) {
				t.Errorf("the API was sent %q", sent)
			}
		})
	}
	s := &composed{t: t, mcp: fmt.Sprintf("http://127.0.0.1:%d/mcp", ports[1])}
	sent = nil
	if got := string(s.replied("drop", `{"owner": "a", "owner": "b"}`)); len(sent) > 0 || !strings.Contains(strings.ReplaceAll(got, `\"`, `"`), `"owner" twice`) {
		t.Errorf("MCP: got %s, sent %q", got, sent)
	}
}
