package engine_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/capstan-run/capstan/engine"
)

// port is an API for tests of framework files: it answers from its routes and
// remembers what it was asked.
type port struct {
	url    string
	mu     sync.Mutex
	routes map[string]http.HandlerFunc // by "METHOD /path"
	asked  []asked
}

type asked struct {
	line   string // "METHOD /path?query", as it came
	header http.Header
	body   string
}

func newPort(t testing.TB, routes map[string]http.HandlerFunc) *port {
	t.Helper()
	p := &port{routes: routes}
	srv := httptest.NewServer(p)
	t.Cleanup(srv.Close)
	p.url = srv.URL
	return p
}

func (p *port) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	p.asked = append(p.asked, asked{r.Method + " " + r.RequestURI, r.Header.Clone(), string(body)})
	route := p.routes[r.Method+" "+r.URL.Path]
	if route == nil {
		route = p.routes["*"]
	}
	p.mu.Unlock()
	if route == nil {
		http.NotFound(w, r)
		return
	}
	route(w, r)
}

func (p *port) set(line string, h http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.routes[line] = h
}

// lines are the requests since the last time, in order.
func (p *port) lines() []string {
	out := []string{}
	for _, a := range p.take() {
		out = append(out, a.line)
	}
	return out
}

func (p *port) last() asked {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[len(p.asked)-1]
}

func (p *port) take() []asked {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := slices.Clone(p.asked)
	p.asked = nil
	return out
}

// gives answers 200 with a body.
func gives(media, body string) http.HandlerFunc { return fails(200, media, body) }

func givesJSON(body string) http.HandlerFunc { return gives("application/json", body) }

func fails(status int, media, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", media)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// file writes a framework file, and others beside it; @UP is the port's URL.
func (p *port) file(t testing.TB, text string, others ...string) string {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, "capability.yaml")
	files := append([]string{"capability.yaml", text}, others...)
	for i := 0; i < len(files); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, files[i]), []byte(strings.ReplaceAll(files[i+1], "@UP", p.url)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

// opened loads a framework file.
func opened(t testing.TB, file string, o *options) *service {
	t.Helper()
	if o == nil {
		o = &options{}
	}
	o.Project = "none"
	s, err := open(t.Context(), file, o)
	if err != nil {
		t.Fatalf("open:\n%v", err)
	}
	return s
}

func unit(t testing.TB, s *service, name string) *program {
	t.Helper()
	u, err := s.Unit(name)
	if err != nil {
		t.Fatal(err)
	}
	return u.Program
}

// called is the answer of a unit: shaped, or the JSON or text that is passed on.
func called(t *testing.T, p *program, in engine.Inputs) any {
	t.Helper()
	a, err := p.Call(t.Context(), in)
	if err != nil {
		t.Fatalf("call: %v", err)
	}
	return answered(t, a)
}

func answered(t *testing.T, a *engine.Answer) any {
	t.Helper()
	if a.Shaped || len(a.Body) == 0 {
		return asJSON(t, a.Value)
	}
	var v any
	if json.Unmarshal(a.Body, &v) == nil {
		return v
	}
	return string(a.Body)
}

// asJSON is a value as JSON has it, so that ints and floats compare.
func asJSON(t *testing.T, v any) any {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return fromJSON(t, string(data))
}

func fromJSON(t *testing.T, s string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return v
}

// capability is a file of the newest version with these consumed operations and
// tools, each YAML, indented as below their keys in flow or block form.
func capability(resources, tools string) string {
	return `ikanos: 1.0.0-beta5
info: {display: Port, description: A port}
binds:
- {namespace: env, keys: {PORT_TOKEN: PORT_TOKEN}}
capability:
  exposes:
  - type: mcp
    transport: http
    port: 3000
    namespace: desk
    tools:
` + indent(6, tools) + `
  consumes:
  - type: http
    namespace: port
    baseUri: "@UP/v1"
    authentication: {type: bearer, token: "{{PORT_TOKEN}}"}
    resources:
` + indent(6, resources) + "\n"
}

func indent(n int, s string) string {
	pad := strings.Repeat(" ", n)
	return pad + strings.ReplaceAll(strings.Trim(s, "\n"), "\n", "\n"+pad)
}
