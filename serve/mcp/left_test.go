package mcp_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/serve/mcp"
)

// direct calls the handler without a network, so that time can be synthetic.
func direct(s *mcp.Server, session, body string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	if session != "" {
		req.Header.Set("Mcp-Session-Id", session)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, req)
	return w
}

const (
	hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`
	ping  = `{"jsonrpc":"2.0","id":2,"method":"ping"}`
)

// A bubble that ends while goroutines remain fails the test: nothing is left of
// a session that nobody closed.
func TestIdleSessionsAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, only("plain"), &mcp.Options{Idle: time.Minute})
		var ids []string
		for range 20 {
			ids = append(ids, direct(s, "", hello).Header().Get("Mcp-Session-Id"))
		}
		time.Sleep(59 * time.Second)
		if w := direct(s, ids[0], ping); w.Code != http.StatusOK {
			t.Errorf("after 59 s the session answers %d %s", w.Code, w.Body)
		}
		time.Sleep(59 * time.Second)
		if w := direct(s, ids[0], ping); w.Code != http.StatusOK {
			t.Errorf("59 s after a request the session answers %d %s", w.Code, w.Body)
		}
		for _, id := range ids[1:] {
			if w := direct(s, id, ping); w.Code != http.StatusNotFound {
				t.Errorf("an idle session answers %d %s", w.Code, w.Body)
			}
		}
		time.Sleep(time.Minute + time.Second)
	})
}

func TestCloseEndsSessionsAndStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, only("plain"), nil)
		id := direct(s, "", hello).Header().Get("Mcp-Session-Id")
		ended := make(chan struct{}, 2)
		go func() { // a stream of the session era
			req := httptest.NewRequest(http.MethodGet, "/", nil)
			req.Header.Set("Accept", "text/event-stream")
			req.Header.Set("Mcp-Session-Id", id)
			s.Handler().ServeHTTP(httptest.NewRecorder(), req)
			ended <- struct{}{}
		}()
		go func() { // and one of the other
			req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Accept", "application/json, text/event-stream")
			req.Header.Set("Mcp-Protocol-Version", modern)
			req.Header.Set("Mcp-Method", "subscriptions/listen")
			s.Handler().ServeHTTP(httptest.NewRecorder(), req)
			ended <- struct{}{}
		}()
		synctest.Wait()
		if len(ended) != 0 {
			t.Fatal("a stream ended by itself")
		}
		s.Close()
		<-ended
		<-ended
		if w := direct(s, "", hello); w.Code != http.StatusServiceUnavailable {
			t.Errorf("a closed server answers %d %s", w.Code, w.Body)
		}
	})
}
