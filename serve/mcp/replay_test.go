package mcp

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func newReplay(max int) *replay { return &replay{max: max, gone: func(string) {}} }

func (s *replay) read(session, stream string, after int) (events []string, err error) {
	for data, err := range s.After(context.Background(), session, stream, after) {
		if err != nil {
			return events, err
		}
		events = append(events, string(data))
	}
	return events, nil
}

func opened(t *testing.T, s *replay, streams ...string) {
	t.Helper()
	for _, stream := range streams {
		if err := s.Open(t.Context(), "s", stream); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEventsAreReplayedFromTheOneThatWasSeen(t *testing.T) {
	s := newReplay(100)
	opened(t, s, "c")
	for _, e := range []string{"", "a", "b"} {
		if err := s.Append(t.Context(), "s", "c", []byte(e)); err != nil {
			t.Fatal(err)
		}
	}
	for after, want := range map[int]string{-1: ",a,b", 0: "a,b", 1: "b", 2: "", 9: ""} {
		if got, err := s.read("s", "c", after); err != nil || strings.Join(got, ",") != want {
			t.Errorf("after %d: %q, %v", after, got, err)
		}
	}
	if _, err := s.read("s", "other", 0); !errors.Is(err, errNotKept) {
		t.Errorf("an unknown stream: %v", err)
	}
	if _, err := s.read("s", "", -1); err != nil {
		t.Errorf("a session's own stream: %v", err)
	}
}

// What is kept is bounded, and given back.
func TestKeptEventsAreBounded(t *testing.T) {
	s := newReplay(10)
	opened(t, s, "", "big", "late")
	if err := s.Append(t.Context(), "s", "big", []byte("0123456789")); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), "s", "late", []byte("x")); err == nil || s.resumable(streamName{"s", "late"}) {
		t.Errorf("more than the bound is kept: %v", err)
	}
	if _, err := s.read("s", "late", -1); !errors.Is(err, errNotKept) {
		t.Errorf("a broken stream: %v", err)
	}
	s.drop(streamName{"s", "big"})
	if err := s.Append(t.Context(), "s", "big", []byte("x")); err == nil {
		t.Error("an event of a stream that was forgotten is kept")
	}
	if s.bytes != 0 || len(s.logs["s"]) != 2 {
		t.Errorf("%d bytes in %d streams", s.bytes, len(s.logs["s"]))
	}
	for range 3 * mostNotices {
		if err := s.Append(t.Context(), "s", "", nil); err != nil {
			t.Fatal(err)
		}
	}
	if events, err := s.read("s", "", 3*mostNotices-3); err != nil || len(events) != 2 || len(s.logs["s"][""].events) != mostNotices {
		t.Errorf("%d events, %v", len(events), err)
	}
	if err := s.SessionClosed(t.Context(), "s"); err != nil || s.bytes != 0 || len(s.logs) != 0 {
		t.Errorf("%d bytes, %d sessions, %v", s.bytes, len(s.logs), err)
	}
}

// A call that was answered leaves nothing behind in its session.
func TestAnsweredCallsLeaveNothing(t *testing.T) {
	s, err := New(&Offer{Name: "t", Tools: []Tool{{Name: "plain", Call: func(context.Context, *ToolCall) (*ToolResult, error) {
		return &ToolResult{Content: []Content{Text("done")}}, nil
	}}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	post := func(session, body string) string {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json, text/event-stream")
		r.Header.Set("Mcp-Protocol-Version", "2025-11-25")
		if session != "" {
			r.Header.Set(sessionHeader, session)
		}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return w.Header().Get(sessionHeader)
	}
	id := post("", `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
	for range 100 {
		post(id, `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"plain"}}`)
	}
	x := &s.exchanges
	x.mu.Lock()
	x.replay.mu.Lock()
	delete(x.replay.logs[id], "") // the session's own stream, which stays
	if len(x.open) != 0 || x.replay.bytes != 0 || len(x.replay.logs[id]) > 0 {
		t.Errorf("%d exchanges, %d bytes, streams %v", len(x.open), x.replay.bytes, x.replay.logs)
	}
	x.replay.mu.Unlock()
	x.mu.Unlock()
	if s.Close(); len(x.replay.logs) != 0 {
		t.Errorf("%v", x.replay.logs)
	}
}
