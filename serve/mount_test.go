package serve_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/serve"
	"github.com/capstan-run/capstan/serve/access"
	"github.com/capstan-run/capstan/serve/internal/servetest"
	"github.com/capstan-run/capstan/serve/mcp/mcptest"
)

// mounted serves the onboarding below a prefix of a mux.
func mounted(t *testing.T, mux *http.ServeMux, prefix string, a serve.Access) (*serve.Compositions, error) {
	c, err := serve.Mount(mux, prefix, serve.CompositionOptions{
		Programs: []*engine.Program{composition(t, servetest.Onboarding)},
		Runner:   engine.NewRunner(&engine.Options{Mock: true, Runtime: inMemory(t)}), Access: a,
	})
	if err == nil {
		t.Cleanup(c.Close)
	}
	return c, err
}

// Everything that a client follows stays below the prefix: the page's files, the server in
// the OpenAPI document, Location, Link, the requests that documents name, event
// streams. MCP is beside it, with the same runs.
func TestMountedBelowAPrefix(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "the program's own", http.StatusTeapot) })
	c, err := mounted(t, mux, "/ops/", serve.Access{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s := &composed{t: t, c: c, rest: server.URL + "/ops", mcp: server.URL + "/ops/mcp"}

	root, err := url.Parse(s.rest + "/")
	if err != nil {
		t.Fatal(err)
	}
	for _, named := range regexp.MustCompile(`(?:href|src)="([^"#]+)"`).FindAllStringSubmatch(text(t, root.String()), -1) {
		at, err := root.Parse(named[1])
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(at.Path, "/ops/") {
			t.Errorf("the page names %s", named[1])
		}
		text(t, at.String())
	}
	_, _, doc := s.ask("GET", "/openapi.json", nil)
	if servers, _ := doc["servers"].([]any); len(servers) != 1 || servers[0].(map[string]any)["url"] != "/ops" {
		t.Errorf("the document's servers: %v", doc["servers"])
	}
	status, header, doc := s.ask("POST", "/capabilities/"+servetest.Onboarding+"/runs", map[string]any{"inputs": servetest.Acme()}, "Prefer", "wait=30")
	run := doc["run"].(string)
	if at := header.Get("Location"); status != http.StatusAccepted || at != "/ops/runs/"+run {
		t.Fatalf("answered %d with the run at %q", status, at)
	}
	if whole := fmt.Sprint(doc); !strings.Contains(whole, "POST /ops/runs/"+run+"/steps/send-portal-link") {
		t.Errorf("how the run goes on: %s", whole)
	}
	_, _, doc = s.ask("GET", "/capabilities/"+servetest.Onboarding, nil)
	for name, at := range doc["links"].(map[string]any) {
		if !strings.HasPrefix(at.(string), "/ops/") {
			t.Errorf("the link %s: %s", name, at)
		}
	}
	s.begun()
	if _, header, _ = s.ask("GET", "/runs?limit=1", nil); !strings.HasPrefix(header.Get("Link"), "</ops/runs?") {
		t.Errorf("the next runs: %q", header.Get("Link"))
	}
	if status, _, _ := s.ask("GET", "/../elsewhere", nil); status != http.StatusTeapot {
		t.Errorf("beside the prefix: %d", status)
	}

	stream := fetched(t, s.rest+"/runs/"+run+"/events", "Accept", "text/event-stream")
	events := bufio.NewScanner(stream.Body)
	client := mcptest.Connect(t, s.mcp, mcptest.Options{})
	if got := client.Call("finish_step", map[string]any{"run": run, "step": "send-portal-link"}); got.IsError {
		t.Fatalf("finished over MCP: %s", got.Text)
	}
	ended := false
	for !ended && events.Scan() {
		ended = strings.Contains(events.Text(), `"ended"`)
	}
	if !ended {
		t.Errorf("the stream ended with %v, without the run's end", events.Err())
	}
}

// fetched is an answer, which must be a success.
func fetched(t *testing.T, at string, headers ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", at, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	if res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s answered %s", at, res.Status)
	}
	return res
}

func text(t *testing.T, at string) string {
	t.Helper()
	var all strings.Builder
	if _, err := bufio.NewReader(fetched(t, at).Body).WriteTo(&all); err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// With OAuth 2, a client learns at the root of the program's mux where to get a token, for
// as many prefixes as there are.
func TestMountedWithOAuth(t *testing.T) {
	scheme, err := access.OAuth2(access.OAuth2Options{Issuer: "https://login.example", Resource: "http://127.0.0.1/ops/mcp"})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for _, prefix := range []string{"/ops", "/admin/"} {
		if _, err := mounted(t, mux, prefix, serve.Access{Scheme: scheme}); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	if doc := text(t, server.URL+"/.well-known/oauth-protected-resource/ops/mcp"); !strings.Contains(doc, "https://login.example") {
		t.Errorf("the metadata: %s", doc)
	}
	for _, path := range []string{"/ops/runs", "/admin/runs", "/ops/mcp", "/admin/mcp"} {
		res, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusUnauthorized || !strings.Contains(res.Header.Get("WWW-Authenticate"), "/.well-known/oauth-protected-resource/ops/mcp") {
			t.Errorf("%s without a token: %s, %s", path, res.Status, res.Header.Get("WWW-Authenticate"))
		}
	}
}

// What cannot be mounted leaves the mux as it is.
func TestMountRefuses(t *testing.T) {
	for _, prefix := range []string{"", "ops", "//", "/ops//", "/a/../b/", "GET /ops/", "/{x}/", "/a b/"} {
		mux := http.NewServeMux()
		if _, err := mounted(t, mux, prefix, serve.Access{}); err == nil || !strings.Contains(err.Error(), "such as /ops/") {
			t.Errorf("%q: %v", prefix, err)
		}
		if _, pattern := mux.Handler(httptest.NewRequest("GET", "/ops/", nil)); pattern != "" {
			t.Errorf("%q: the mux has %q", prefix, pattern)
		}
	}
	taken := http.NewServeMux()
	taken.Handle("/ops/mcp", http.NotFoundHandler())
	runner := engine.NewRunner(&engine.Options{Mock: true, Runtime: inMemory(t)})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a pattern that the mux has was mounted")
			}
		}()
		_, err := serve.Mount(taken, "/ops/", serve.CompositionOptions{Programs: []*engine.Program{composition(t, servetest.Onboarding)}, Runner: runner})
		t.Errorf("mounted with %v", err)
	}()
	_, err := serve.Mount(http.NewServeMux(), "/", serve.CompositionOptions{REST: "127.0.0.1:0"})
	if err == nil || !strings.Contains(err.Error(), "leave REST and MCP empty") {
		t.Errorf("with an address: %v", err)
	}
}
