package tools_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/serve/access"
	"github.com/capstan-run/capstan/serve/internal/servetest"
	"github.com/capstan-run/capstan/serve/live"
	"github.com/capstan-run/capstan/serve/mcp"
	"github.com/capstan-run/capstan/serve/tools"
)

const onboarding = servetest.Onboarding

// server serves the onboarding, answered by a mock.
type server struct {
	live *live.Runs
	url  string
}

func serve(t *testing.T, o tools.Options) *server {
	t.Helper()
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	t.Cleanup(func() { rt.Close() })
	return serveWith(t, rt, &engine.Options{Mock: true}, live.Options{}, o)
}

func serveWith(t *testing.T, rt durable.Runtime, e *engine.Options, l live.Options, o tools.Options) *server {
	t.Helper()
	handler, r, _ := handler(t, rt, e, l, o)
	h := httptest.NewServer(handler)
	t.Cleanup(h.Close)
	return &server{r, h.URL}
}

// handler serves runs that rt keeps until the test ends or stop is called.
func handler(t *testing.T, rt durable.Runtime, e *engine.Options, l live.Options, o tools.Options) (http.Handler, *live.Runs, func()) {
	t.Helper()
	quick := []string{"poll-connection-active.every=1ms", "verify-directory.every=1ms", "verify-directory-users.every=1ms"}
	p, err := engine.Load(t.Context(), onboarding, &engine.LoadOptions{Overrides: quick})
	if err != nil {
		t.Fatal(err)
	}
	e.Runtime = rt
	l.Programs, l.Runner = []*engine.Program{p}, engine.NewRunner(e)
	r, err := live.New(l)
	if err != nil {
		t.Fatal(err)
	}
	made := tools.New(r, o)
	s, err := mcp.New(made.Offer(), &mcp.Options{StateKey: []byte("0123456789abcdef0123456789abcdef"), Extensions: made.Extensions()})
	if err != nil {
		t.Fatal(err)
	}
	var stopped atomic.Bool
	stop := func() {
		if stopped.Swap(true) {
			return
		}
		s.Close()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	named := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		name := strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")
		s.Handler().ServeHTTP(w, req.WithContext(access.WithCaller(req.Context(), name)))
	})
	return named, r, stop
}

// started starts a run by itself and returns its id once it waits.
func (s *server) started(t *testing.T, owner string) string {
	t.Helper()
	id, err := s.live.Start(t.Context(), live.Start{Capability: onboarding, Inputs: servetest.Acme(), Owner: owner})
	if err != nil {
		t.Fatal(err)
	}
	s.await(t, id, durable.StatusWaiting)
	return id
}

func (s *server) await(t *testing.T, id string, want durable.Status) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	state, err := s.live.Wait(ctx, "", id)
	if err != nil || state.Status != want {
		t.Fatalf("the run is %s (%v), want %s", state.Status, err, want)
	}
}

// at reads a value inside a document.
func at(doc map[string]any, path ...string) any {
	var v any = doc
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}
