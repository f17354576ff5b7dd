package serve_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/serve"
	"github.com/capstan-run/capstan/serve/access"
	"github.com/capstan-run/capstan/serve/internal/servetest"
	"github.com/capstan-run/capstan/serve/limit"
	"github.com/capstan-run/capstan/serve/mcp/mcptest"
)

// composed serves compositions, answered by a mock.
type composed struct {
	t         *testing.T
	c         *serve.Compositions
	rest, mcp string // addresses, without a slash at the end
	stop      func()
}

func compose(t *testing.T, rt durable.Runtime, o serve.CompositionOptions) *composed {
	t.Helper()
	return composeOf(t, composition(t, servetest.Onboarding), &engine.Options{Mock: true, Runtime: rt}, o)
}

// composeOf serves one composition.
func composeOf(t *testing.T, p *engine.Program, e *engine.Options, o serve.CompositionOptions) *composed {
	t.Helper()
	o.Programs, o.Runner = []*engine.Program{p}, engine.NewRunner(e)
	o.REST, o.MCP = "127.0.0.1:0", "127.0.0.1:0"
	c, err := serve.NewCompositions(o)
	if err != nil {
		t.Fatal(err)
	}
	s := serve.New(&serve.Options{Drain: time.Second})
	if err := s.Replace(c.Endpoints()); err != nil {
		t.Fatal(err)
	}
	out := &composed{t: t, c: c}
	for _, e := range c.Endpoints() {
		url := strings.TrimSuffix(s.URL(e), "/")
		if e.Type == "rest" {
			out.rest = url
		} else {
			out.mcp = url
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	out.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(out.stop)
	return out
}

func composition(t *testing.T, name string) *engine.Program {
	t.Helper()
	p, err := engine.Load(t.Context(), name, &engine.LoadOptions{Project: "none"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func inMemory(t *testing.T) durable.Runtime {
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	t.Cleanup(func() { rt.Close() })
	return rt
}

// ask sends a request. headers are names and values in turn.
func (s *composed) ask(method, path string, body any, headers ...string) (int, http.Header, map[string]any) {
	s.t.Helper()
	var content io.Reader
	if body != nil {
		data, _ := json.Marshal(body)
		content = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.rest+path, content)
	if err != nil {
		s.t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	var doc map[string]any
	if strings.Contains(res.Header.Get("Content-Type"), "json") {
		if err := json.NewDecoder(res.Body).Decode(&doc); err != nil && method != http.MethodHead {
			s.t.Errorf("%s %s: %v", method, path, err)
		}
	}
	return res.StatusCode, res.Header, doc
}

// begun starts a run over REST and returns its id once it waits.
func (s *composed) begun(headers ...string) string {
	s.t.Helper()
	status, _, doc := s.ask("POST", "/capabilities/"+servetest.Onboarding+"/runs", map[string]any{"inputs": servetest.Acme()}, append(headers, "Prefer", "wait=30")...)
	if status != http.StatusAccepted || doc["status"] != "waiting" {
		s.t.Fatalf("answered %d %v", status, doc)
	}
	return doc["run"].(string)
}

// What one face starts another one finishes, after the server was stopped and
// started again, and beside another process that shares the runs.
func TestOneRunBehindEveryFace(t *testing.T) {
	startREST := func(s *composed) string { return s.begun() }
	startMCP := func(s *composed) string {
		res := mcptest.Connect(t, s.mcp, mcptest.Options{}).Call(servetest.Onboarding, servetest.Acme())
		if res.Structured["status"] != "waiting" {
			t.Fatal(res.Text)
		}
		return res.Structured["run"].(string)
	}
	overMCP := func(s *composed, id, _ string) any {
		return mcptest.Connect(t, s.mcp, mcptest.Options{}).Call("finish_step", map[string]any{"run": id}).Structured["status"]
	}
	overREST := func(s *composed, id, _ string) any {
		_, _, doc := s.ask("POST", "/runs/"+id+"/steps/send-portal-link", map[string]any{"result": nil}, "Prefer", "wait=30")
		return doc["status"]
	}
	elsewhere := func(s *composed, id, dir string) any {
		_, err := engine.NewRunner(&engine.Options{Runtime: servetest.Kept(t, dir)}).Resume(t.Context(), id, &engine.RunOptions{Done: map[string]json.RawMessage{"send-portal-link": nil}})
		if err != nil && !errors.Is(err, durable.ErrBusy) { // the server may be quicker
			t.Error(err)
		}
		return mcptest.Connect(t, s.mcp, mcptest.Options{}).Call("get_run", map[string]any{"run": id, "wait": 30}).Structured["status"]
	}
	for name, tt := range map[string]struct {
		start  func(*composed) string
		finish func(s *composed, id, dir string) any
	}{
		"rest, mcp": {startREST, overMCP}, "mcp, rest": {startMCP, overREST},
		"rest, another process": {startREST, elsewhere}, "mcp, another process": {startMCP, elsewhere},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			rt := servetest.Kept(t, dir)
			first := compose(t, rt, serve.CompositionOptions{})
			id := tt.start(first)
			first.stop()
			rt.Close()
			second := compose(t, servetest.Kept(t, dir), serve.CompositionOptions{})
			if status := tt.finish(second, id, dir); status != "succeeded" {
				t.Errorf("finished as %v", status)
			}
			status, _, doc := second.ask("GET", "/runs", nil)
			if list, _ := doc["runs"].([]any); status != 200 || len(list) != 1 {
				t.Errorf("there are the runs %v", doc)
			}
		})
	}
}

func keyFile(t *testing.T, lines ...string) *access.Keys {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	keys, err := access.KeyFile(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

const (
	adaKey = "ada-key-0123456789abcdef0123456789"
	bobKey = "bob-key-0123456789abcdef0123456789"
)

// Everything but the page's files and the health of the server asks for a key.
func TestNothingIsAnsweredWithoutAKey(t *testing.T) {
	s := compose(t, inMemory(t), serve.CompositionOptions{Access: serve.Access{Scheme: keyFile(t, "ada:"+adaKey)}})
	with := []string{"Authorization", "Bearer " + adaKey}
	status, _, doc := s.ask("GET", "/openapi.json", nil, with...)
	paths, _ := doc["paths"].(map[string]any)
	if status != 200 || len(paths) < 8 {
		t.Fatalf("answered %d with %d paths", status, len(paths))
	}
	open := []string{"/", "/health/live", "/health/ready"}
	tried := map[string][]string{"/": {"GET"}, "/openapi.json": {"GET"}, "/mcp": {"GET", "POST", "DELETE"}, "/mcp/": {"POST"}}
	fill := strings.NewReplacer("{id}", "run_1", "{run}", "run_1", "{step}", "x", "{name}", servetest.Onboarding)
	for path, methods := range paths {
		for method := range methods.(map[string]any) {
			tried[fill.Replace(path)] = append(tried[fill.Replace(path)], strings.ToUpper(method))
		}
	}
	for path, methods := range tried {
		for _, method := range methods {
			var body any
			if method == "POST" {
				body = map[string]any{}
			}
			for _, key := range []string{"", "Bearer wrong", "Bearer " + adaKey + "x", "Basic " + adaKey} {
				status, header, _ := s.ask(method, path, body, "Authorization", key)
				switch {
				case slices.Contains(open, path) && status != 200:
					t.Errorf("%s %s answered %d", method, path, status)
				case !slices.Contains(open, path) && (status != 401 || header.Get("WWW-Authenticate") == ""):
					t.Errorf("%s %s with the key %q answered %d", method, path, key, status)
				}
			}
		}
	}
}

func TestAKeysRunsAreInvisibleToOthersOnEveryFace(t *testing.T) {
	s := compose(t, inMemory(t), serve.CompositionOptions{Access: serve.Access{Scheme: keyFile(t, "ada:"+adaKey, "bob:"+bobKey)}})
	id := s.begun("Authorization", "Bearer "+adaKey)
	if res := mcptest.Connect(t, s.mcp, mcptest.Options{Key: bobKey}).Call("get_run", map[string]any{"run": id}); !res.IsError {
		t.Errorf("bob sees it over mcp: %s", res.Text)
	}
	if status, _, _ := s.ask("GET", "/runs/"+id, nil, "Authorization", "Bearer "+bobKey); status != 404 {
		t.Errorf("bob sees it over rest: %d", status)
	}
	if res := mcptest.Connect(t, s.mcp, mcptest.Options{Key: adaKey}).Call("finish_step", map[string]any{"run": id}); res.Structured["status"] != "succeeded" {
		t.Errorf("ada cannot finish it over mcp: %s", res.Text)
	}
}

func TestAddressesThatOthersReachNeedAKey(t *testing.T) {
	runner := engine.NewRunner(&engine.Options{Mock: true, Runtime: inMemory(t)})
	for address, ok := range map[string]bool{
		"127.0.0.1:0": true, "[::1]:0": true, "localhost:0": true, "stdio": true,
		":0": false, "0.0.0.0:0": false, "[::]:0": false, "192.0.2.1:80": false, "localhost.example:80": false,
	} {
		o := serve.CompositionOptions{Runner: runner, MCP: address}
		c, err := serve.NewCompositions(o)
		if ok != (err == nil) || !ok && !errors.Is(err, serve.ErrUnguarded) {
			t.Errorf("%s: %v", address, err)
		}
		if c != nil {
			c.Close()
		}
		o.Access.Open = true
		if c, err = serve.NewCompositions(o); err != nil {
			t.Errorf("%s, although it is meant: %v", address, err)
			continue
		}
		c.Close()
	}
	if _, err := serve.NewCompositions(serve.CompositionOptions{Runner: runner, REST: "8080"}); err == nil || !strings.Contains(err.Error(), "HOST:PORT") {
		t.Errorf("a port alone: %v", err)
	}
}

// In a mux of the program's own, the address of the options is not where it is reached.
func TestAHandlerThatOthersReachNeedsAKey(t *testing.T) {
	list := `{"jsonrpc": "2.0", "id": 1, "method": "ping"}`
	for _, tt := range []struct {
		address    net.Addr
		open, lets bool
	}{
		{&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}, false, false},
		{&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}, true, true},
		{&net.TCPAddr{IP: net.IPv6loopback, Port: 80}, false, true},
		{&net.UnixAddr{Name: "/run/fleet.sock", Net: "unix"}, false, true},
	} {
		c, err := serve.NewCompositions(serve.CompositionOptions{
			Runner: engine.NewRunner(&engine.Options{Mock: true, Runtime: inMemory(t)}),
			REST:   "127.0.0.1:8080", MCP: "127.0.0.1:8080", Access: serve.Access{Open: tt.open},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range c.Endpoints() {
			r := httptest.NewRequestWithContext(context.WithValue(t.Context(), http.LocalAddrContextKey, tt.address), "GET", "http://localhost/runs", nil)
			if e.Type == "mcp" {
				r = httptest.NewRequestWithContext(r.Context(), "POST", "http://localhost/mcp", strings.NewReader(list))
				r.Header.Set("Accept", "application/json, text/event-stream")
				r.Header.Set("Content-Type", "application/json")
			}
			w := httptest.NewRecorder()
			e.Handler().ServeHTTP(w, r)
			if tt.lets != (w.Code == 200) || !tt.lets && (w.Code != 403 || !strings.Contains(w.Body.String(), "only to callers on its machine")) {
				t.Errorf("%s at %s, open %v: %d %s", e.Type, tt.address, tt.open, w.Code, w.Body)
			}
		}
		c.Close()
	}
}

func TestPagesOfOthersAreKeptOut(t *testing.T) {
	s := compose(t, inMemory(t), serve.CompositionOptions{Access: serve.Access{Origins: []string{"https://console.example"}, Hosts: []string{"capstan.example"}}})
	list := map[string]any{"jsonrpc": "2.0", "id": 1, "method": "ping"}
	for _, tt := range []struct {
		header, value string
		refused       bool
	}{
		{"Host", "evil.example", true}, {"Origin", "https://evil.example", true}, {"Origin", "null", true},
		{"Host", "capstan.example", false}, {"Origin", "https://console.example", false},
	} {
		if status, _, _ := s.ask("GET", "/runs", nil, tt.header, tt.value); (status == 403) != tt.refused {
			t.Errorf("%s %s: rest answered %d", tt.header, tt.value, status)
		}
		status, header, _ := s.ask("POST", "/mcp", list, tt.header, tt.value, "Accept", "application/json, text/event-stream")
		if (status == 403) != tt.refused {
			t.Errorf("%s %s: mcp answered %d", tt.header, tt.value, status)
		}
		if allowed := header.Get("Access-Control-Allow-Origin"); (allowed != "") != (tt.value == "https://console.example") {
			t.Errorf("%s %s: pages are allowed to read: %q", tt.header, tt.value, allowed)
		}
	}
}

// A client that has no token is told where to get one, on both faces.
func TestProtectedResourceMetadataIsOpen(t *testing.T) {
	scheme, err := access.OAuth2(access.OAuth2Options{Issuer: "https://login.example", Resource: "http://127.0.0.1/mcp"})
	if err != nil {
		t.Fatal(err)
	}
	s := compose(t, inMemory(t), serve.CompositionOptions{Access: serve.Access{Scheme: scheme}})
	status, header, _ := s.ask("POST", "/mcp", map[string]any{})
	if status != 401 || !strings.Contains(header.Get("WWW-Authenticate"), "resource_metadata") {
		t.Errorf("answered %d, %v", status, header)
	}
	for _, path := range []string{scheme.MetadataPath(), "/.well-known/oauth-protected-resource"} {
		status, _, doc := s.ask("GET", path, nil)
		if status != 200 || doc["resource"] != "http://127.0.0.1/mcp" {
			t.Errorf("%s answered %d %v", path, status, doc)
		}
	}
}

// Other capabilities take the place of those served: clients stay connected, and
// runs under way go on.
func TestCapabilitiesAreReplaced(t *testing.T) {
	rt := inMemory(t)
	s := compose(t, rt, serve.CompositionOptions{})
	client := mcptest.Connect(t, s.mcp, mcptest.Options{Version: "2025-11-25"})
	id := s.begun()
	if err := s.c.Replace([]*engine.Program{composition(t, servetest.Onboarding), composition(t, servetest.Onboarding)}); err == nil {
		t.Error("two of one name were accepted")
	}
	if err := s.c.Replace([]*engine.Program{composition(t, "audit-everything-to-siem")}); err != nil {
		t.Fatal(err)
	}
	tools := client.Tools()
	if tools[servetest.Onboarding] != nil || tools["audit-everything-to-siem"] == nil {
		t.Errorf("tools are %d", len(tools))
	}
	if status, _, _ := s.ask("GET", "/capabilities/"+servetest.Onboarding, nil); status != 404 {
		t.Errorf("the old one is still described: %d", status)
	}
	if res := client.Call("finish_step", map[string]any{"run": id}); res.Structured["status"] != "succeeded" {
		t.Errorf("the run under way: %s", res.Text)
	}
}

func TestCallersAreBounded(t *testing.T) {
	s := compose(t, inMemory(t), serve.CompositionOptions{Access: serve.Access{Rate: limit.Rate{PerSecond: 0.001, Burst: 2}}})
	last := 0
	for range 3 {
		last, _, _ = s.ask("GET", "/runs", nil)
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the third request got %d", last)
	}
}

func TestAnMCPServerByItselfTellsItsHealth(t *testing.T) {
	rt := inMemory(t)
	c, err := serve.NewCompositions(serve.CompositionOptions{Runner: engine.NewRunner(&engine.Options{Runtime: rt}), MCP: "127.0.0.1:0", Access: serve.Access{Scheme: keyFile(t, adaKey)}})
	if err != nil {
		t.Fatal(err)
	}
	s := serve.New(nil)
	if err := s.Replace(c.Endpoints()); err != nil {
		t.Fatal(err)
	}
	at := &composed{t: t, rest: strings.TrimSuffix(s.URL(c.Endpoints()[0]), "/mcp")}
	for path, want := range map[string]int{"/health/live": 200, "/health/ready": 200, "/mcp": 401, "/": 401, "/runs": 401} {
		if status, _, _ := at.ask("POST", path, map[string]any{}); want == 401 && status != want {
			t.Errorf("%s answered %d", path, status)
		}
		if status, _, _ := at.ask("GET", path, nil); status != want {
			t.Errorf("%s answered %d", path, status)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Run(ctx); err != nil {
		t.Error(err)
	}
}
