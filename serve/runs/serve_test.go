package runs_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/serve/internal/servetest"
	"github.com/capstan-run/capstan/serve/live"
	"github.com/capstan-run/capstan/serve/runs"
)

const onboarding = servetest.Onboarding

const acme = `{"inputs": {"organization_name": "Acme", "domains": ["acme.com"], "admin_email": "it@acme.com"}}`

// server serves the onboarding, answered by a mock.
type server struct {
	t    testing.TB
	h    *runs.Handler
	live *live.Runs
}

func serve(t *testing.T, o runs.Options) *server {
	t.Helper()
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	t.Cleanup(func() { rt.Close() })
	return serveWith(t, rt, &engine.Options{Mock: true}, live.Options{}, o)
}

// kept serves runs that stay in a directory.
func kept(t *testing.T, dir string, l live.Options) *server {
	t.Helper()
	return serveWith(t, servetest.Kept(t, dir), &engine.Options{Mock: true}, l, runs.Options{})
}

func serveWith(t testing.TB, rt durable.Runtime, e *engine.Options, l live.Options, o runs.Options) *server {
	t.Helper()
	p, err := engine.Load(t.Context(), onboarding, nil)
	if err != nil {
		t.Fatal(err)
	}
	e.Runtime = rt
	l.Programs, l.Runner = []*engine.Program{p}, engine.NewRunner(e)
	r, err := live.New(l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	h, err := runs.New(r, o)
	if err != nil {
		t.Fatal(err)
	}
	return &server{t, h, r}
}

// answer is what a request got.
type answer struct {
	status int
	header http.Header
	text   string
	doc    map[string]any
}

// ask sends a request. headers are names and values in turn.
func (s *server) ask(method, path, body string, headers ...string) answer {
	s.t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, path, content).WithContext(s.t.Context())
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	a := answer{status: w.Code, header: w.Header(), text: w.Body.String()}
	if strings.HasSuffix(strings.Split(w.Header().Get("Content-Type"), ";")[0], "json") && w.Body.Len() > 0 {
		if err := json.NewDecoder(bytes.NewReader(w.Body.Bytes())).Decode(&a.doc); err != nil {
			s.t.Errorf("%s %s: %v in %s", method, path, err, a.text)
		}
	}
	return a
}

// want fails the test unless the answer has a status.
func (a answer) want(t testing.TB, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("answered %d, want %d: %s", a.status, status, a.text)
	}
	return a
}

// begin starts a run and waits until it rests; it returns its path.
func (s *server) begin(headers ...string) string {
	s.t.Helper()
	a := s.ask("POST", "/capabilities/"+onboarding+"/runs", acme, append(headers, "Prefer", "wait=30")...).want(s.t, http.StatusAccepted)
	if a.doc["status"] != "waiting" {
		s.t.Fatalf("started, and not waiting: %s", a.text)
	}
	return a.header.Get("Location")
}

// at reads a value inside a document.
func (a answer) at(path ...string) any {
	var v any = a.doc
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}
