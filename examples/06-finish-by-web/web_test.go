package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
)

const file = "../../capabilities/workos/b2b-enterprise-onboarding.yaml"

// fast looks often, which a test may and WorkOS would not like.
var fast = []string{"poll-connection-active.every=1ms", "verify-directory.every=1ms", "verify-directory-users.every=1ms"}

// site is the program with its runs in a directory, until stop.
type site struct {
	*httptest.Server
	reached <-chan durable.State // where a run ended or parked
	stop    func()
}

func open(t *testing.T, dir string) *site {
	t.Helper()
	rt, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	prog, err := engine.Load(t.Context(), file, &engine.LoadOptions{Overrides: fast})
	if err != nil {
		t.Fatal(err)
	}
	runner := engine.NewRunner(&engine.Options{Mock: true, Runtime: rt})
	ctx, cancel := context.WithCancel(t.Context())
	reached := make(chan durable.State, 100)
	served := make(chan error)
	go func() {
		served <- runner.Serve(ctx, durable.ServeOptions{Ended: func(s durable.State) { reached <- s }})
	}()
	server := httptest.NewServer(handler(prog, runner, rt))
	return &site{server, reached, func() {
		server.Close()
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := rt.Close(); err != nil {
			t.Error(err)
		}
	}}
}

// await waits until the run stands at a status.
func (s *site) await(t *testing.T, status durable.Status) {
	t.Helper()
	for state := range s.reached {
		if state.Status == status {
			return
		}
		if state.Status.Ended() {
			t.Fatalf("the run %s: %s", state.Status, state.Doc)
		}
	}
}

// A run starts on one page and waits; the program is stopped and started again;
// the person finishes the step, and the outputs appear.
func TestFinishByWeb(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	page, at := s.post(t, "/runs", url.Values{
		"organization_name": {"Acme"}, "domains": {"acme.com"}, "admin_email": {"it@acme.com"},
	}, http.StatusOK)
	if !strings.HasPrefix(at, "/runs/run_") {
		t.Fatalf("started, and led to %s:\n%s", at, page)
	}
	s.await(t, durable.StatusWaiting)
	s.stop()

	s = open(t, dir)
	defer s.stop()
	page = s.get(t, at, http.StatusOK)
	for _, want := range []string{"send-portal-link", "Email the Admin Portal link", "it@acme.com"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of a waiting run lacks %q:\n%s", want, page)
		}
	}
	finish := url.Values{"step": {"send-portal-link"}, "note": {"sent"}}
	s.post(t, at+"/done", finish, http.StatusOK)
	s.post(t, at+"/done", finish, http.StatusOK)                                                         // pressed twice
	s.post(t, at+"/done", url.Values{"step": {"send-portal-link"}, "note": {"no"}}, http.StatusConflict) // said differently
	s.await(t, durable.StatusSucceeded)
	if page = s.get(t, at, http.StatusOK); !strings.Contains(page, "connection_id") {
		t.Errorf("the page of a run that succeeded shows no outputs:\n%s", page)
	}
	if page = s.get(t, "/", http.StatusOK); !strings.Contains(page, "succeeded") {
		t.Errorf("the list of runs is:\n%s", page)
	}
}

func TestMistakes(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.stop()
	if page, _ := s.post(t, "/runs", url.Values{"domains": {"acme.com"}}, http.StatusUnprocessableEntity); !strings.Contains(page, "organization_name") {
		t.Errorf("missing inputs are told as: %s", page)
	}
	s.get(t, "/runs/run_nothing", http.StatusNotFound)
	s.post(t, "/runs/run_nothing/done", url.Values{"step": {"send-portal-link"}}, http.StatusNotFound)
}

func (s *site) get(t *testing.T, path string, status int) string {
	t.Helper()
	res, err := http.Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	page, _ := read(t, res, status)
	return page
}

func (s *site) post(t *testing.T, path string, form url.Values, status int) (page, at string) {
	t.Helper()
	res, err := http.PostForm(s.URL+path, form)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, res, status)
}

// read returns a page and where redirects led.
func read(t *testing.T, res *http.Response, status int) (page, at string) {
	t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != status {
		t.Fatalf("%s answered %s, want %d: %s", res.Request.URL.Path, res.Status, status, body)
	}
	return string(body), res.Request.URL.Path
}
