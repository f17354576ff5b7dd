package command

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// upstream serves a stub file, sets $UPSTREAM to the server's URL, and logs
// every request to NAME.requests, one a line: method, path with query, body.
//
// A stub file is a list of exchanges, in curl's notation:
//
//	> GET /ships/1        the request; without a query any query matches
//	< 200                 the status, or "drop" to close the connection
//	< hold                keep the answer back until "release"
//	< Retry-After: 1      headers
//	{"id": 1}             the body, up to the next exchange
//
// Lines before the first exchange are a comment. Of several exchanges for one
// request each answers once, in order, and the last goes on answering. What
// matches nothing is a 404.
func upstream(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: upstream NAME.stub")
	}
	s := ts.Value(stubKey{}).(*stubServer)
	s.load(parseStub(ts.ReadFile(args[0])), ts.MkAbs(strings.TrimSuffix(args[0], ".stub")+".requests"))
	server := httptest.NewServer(s)
	ts.Defer(server.Close)
	ts.Setenv("UPSTREAM", server.URL)
}

// requested waits until the upstream has been sent a request that begins with
// the given text, such as "GET /berths".
func requested(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: requested 'METHOD /PATH'")
	}
	ts.Value(stubKey{}).(*stubServer).await(args[0])
}

// release lets the answers that are held back go.
func release(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: release")
	}
	close(ts.Value(stubKey{}).(*stubServer).released)
}

// stubKey finds a script's server among its values.
type stubKey struct{}

// exchange is a request and its answer.
type exchange struct {
	method, path, query string
	status              int // 0 drops the connection
	held                bool
	header              http.Header
	body                string
}

func parseStub(text string) []*exchange {
	var all []*exchange
	for _, line := range strings.SplitAfter(text, "\n") {
		bare := strings.TrimSpace(line)
		if request, ok := strings.CutPrefix(bare, "> "); ok {
			e := &exchange{header: http.Header{}}
			e.method, e.path, _ = strings.Cut(request, " ")
			e.path, e.query, _ = strings.Cut(e.path, "?")
			all = append(all, e)
			continue
		}
		if len(all) == 0 {
			continue
		}
		e := all[len(all)-1]
		answer, ok := strings.CutPrefix(bare, "< ")
		name, value, isHeader := strings.Cut(answer, ": ")
		switch {
		case !ok:
			e.body += line
		case answer == "hold":
			e.held = true
		case isHeader:
			e.header.Add(name, value)
		default:
			e.status, _ = strconv.Atoi(answer) // "drop" is 0
		}
	}
	return all
}

// stubServer is the upstream of one script, with one stub file at a time.
type stubServer struct {
	mu        sync.Mutex
	arrived   *sync.Cond
	log       string
	exchanges []*exchange
	requests  []string
	released  chan struct{}
}

func newStubServer() *stubServer {
	s := &stubServer{released: make(chan struct{})}
	s.arrived = sync.NewCond(&s.mu)
	return s
}

func (s *stubServer) load(exchanges []*exchange, log string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exchanges, s.log, s.requests, s.released = exchanges, log, nil, make(chan struct{})
}

func (s *stubServer) await(prefix string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !slices.ContainsFunc(s.requests, func(r string) bool { return strings.HasPrefix(r, prefix) }) {
		s.arrived.Wait()
	}
}

func (s *stubServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	e, released, err := s.take(r, body)
	if e != nil && e.held {
		select {
		case <-released:
		case <-r.Context().Done():
			return
		}
	}
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	case e == nil:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, `{"message": "no stub for %s %s"}`, r.Method, r.URL.Path)
	case e.status == 0:
		panic(http.ErrAbortHandler)
	default:
		w.Header().Set("Content-Type", "application/json")
		for name, values := range e.header {
			w.Header()[name] = values
		}
		w.WriteHeader(e.status)
		_, _ = io.WriteString(w, e.body) // the client may have gone away
	}
}

// take logs the request and finds its answer, with what it waits for where it is held.
func (s *stubServer) take(r *http.Request, body []byte) (*exchange, <-chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	line := strings.TrimSpace(r.Method + " " + r.URL.RequestURI() + " " + string(body))
	if _, err := fmt.Fprintln(f, line); err != nil {
		return nil, nil, err
	}
	s.requests = append(s.requests, line)
	s.arrived.Broadcast()
	matches := func(e *exchange) bool {
		return e.method == r.Method && e.path == r.URL.Path && (e.query == "" || e.query == r.URL.RawQuery)
	}
	i := slices.IndexFunc(s.exchanges, matches)
	if i < 0 {
		return nil, nil, nil
	}
	e := s.exchanges[i]
	if slices.ContainsFunc(s.exchanges[i+1:], matches) {
		s.exchanges = slices.Delete(s.exchanges, i, i+1)
	}
	return e, s.released, nil
}

func TestParseStub(t *testing.T) {
	got := parseStub("a comment\n> GET /ships?imo=1\n< 429\n< Retry-After: 1\n{\n}\n> POST /ships\n< drop\n")
	want := []*exchange{
		{method: "GET", path: "/ships", query: "imo=1", status: 429, header: http.Header{"Retry-After": {"1"}}, body: "{\n}\n"},
		{method: "POST", path: "/ships", header: http.Header{}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(exchange{})); diff != "" {
		t.Errorf("exchanges (-want +got):\n%s", diff)
	}
}

// A script may go on to its next stub file while a request of the one before is held
// (for the race detector).
func TestStubsChangeWhileARequestIsHeld(t *testing.T) {
	s := newStubServer()
	stub, log := "> GET /ships\n< hold\n< 200\n", t.TempDir()+"/log"
	s.load(parseStub(stub), log)
	ctx, leave := context.WithCancel(t.Context())
	held := make(chan struct{})
	go func() {
		defer close(held)
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/ships", nil))
	}()
	s.await("GET /ships")
	s.load(parseStub(stub), log)
	leave()
	<-held
}
