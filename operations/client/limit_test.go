package client

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
)

func TestRateIsHeldPerHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &optest.Script{Outcomes: []any{200}}
		call := Limit(RateLimit{PerSecond: 2, Burst: 1})(s.Call)
		for range 5 {
			if _, err := call(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: "https://a"}); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.At[4]; got < 1900*time.Millisecond || got > 2100*time.Millisecond {
			t.Errorf("the fifth request went after %v", got)
		}
		before := time.Now()
		if _, err := call(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: "https://b"}); err != nil || time.Since(before) != 0 {
			t.Errorf("another host waited %v, %v", time.Since(before), err)
		}
	})
}

func TestNothingIsHeldBackWithoutARate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &optest.Script{Outcomes: []any{200}}
		call := Limit(RateLimit{})(s.Call)
		for range 10_000 {
			call(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: "https://a"})
		}
		if last := s.At[len(s.At)-1]; last != 0 || len(s.At) != 10_000 {
			t.Errorf("%d requests took %v", len(s.At), last)
		}
	})
}

// Clients that share connections share a host's pace and its pauses, and the
// connections themselves.
func TestConnectionsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		started := time.Now()
		tr := roundTrip(func(*http.Request) (*http.Response, error) {
			at = append(at, time.Since(started))
			return jsonResponse(200, `{}`), nil
		})
		o := Options{Connections: NewConnections(tr), RateLimit: RateLimit{PerSecond: 1}}
		one, other := New(o), New(o)
		for _, call := range []operations.Caller{one, other, one, other} {
			if _, err := call(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: "https://a"}); err != nil {
				t.Fatal(err)
			}
		}
		if len(at) != 4 || at[3] != 3*time.Second {
			t.Errorf("requests went at %v", at)
		}
	})
}

func TestConnectionsAreKeptAndClosed(t *testing.T) {
	opened, closed := make(chan net.Conn, 9), make(chan net.Conn, 9)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{}`))
	}))
	srv.Config.ConnState = func(c net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			opened <- c
		case http.StateClosed:
			closed <- c
		}
	}
	srv.Start()
	defer srv.Close()
	shared := NewConnections(nil)
	for range 3 { // files of one Runner
		call := New(Options{Connections: shared})
		if _, err := call(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: srv.URL}); err != nil {
			t.Fatal(err)
		}
	}
	if len(opened) != 1 {
		t.Errorf("%d connections were opened", len(opened))
	}
	shared.Close()
	if c := <-closed; c != <-opened {
		t.Error("another connection was closed")
	}
}

func TestRetryAfterPausesTheHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &optest.Script{Outcomes: []any{"429 5", 200, "429 7200", 200}}
		call := Limit(RateLimit{})(s.Call)
		req := &operations.Request{Op: optest.JSON("POST"), BaseURL: "https://a"}
		for range 4 {
			call(t.Context(), req)
		}
		if s.At[1] != 5*time.Second {
			t.Errorf("the request after a 429 went at %v", s.At[1])
		}
		// An hour's wait is the caller's to plan; others try again in a minute.
		if got := s.At[3] - s.At[2]; got != time.Minute {
			t.Errorf("a long pause held others back for %v", got)
		}
	})
}

func TestWaitingForTheRateCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &optest.Script{Outcomes: []any{&operations.CallError{}}}
		call := Limit(RateLimit{PerSecond: 0.01, Burst: 1})(s.Call)
		req := &operations.Request{Op: optest.JSON("POST"), BaseURL: "https://a"}
		call(t.Context(), req)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			time.Sleep(time.Second)
			cancel()
		}()
		_, err := call(ctx, req)
		optest.WantCallError(t, err, operations.NotSent, operations.ReasonCancelled, "while waiting for the rate limit")
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = call(short, req)
		optest.WantCallError(t, err, operations.NotSent, operations.ReasonHeld, "too short for the rate limit")
		if len(s.At) != 1 {
			t.Errorf("%d requests were sent", len(s.At))
		}
	})
}

// The whole stack on one clock: a pause that one call learned holds the other
// back too, and both succeed.
func TestClientUnderA429(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		tr := roundTrip(func(*http.Request) (*http.Response, error) {
			if sent++; sent == 1 {
				r := jsonResponse(429, `"Ratelimited"`)
				r.Header.Set("Retry-After", "1")
				return r, nil
			}
			return jsonResponse(200, `{}`), nil
		})
		started := time.Now()
		resp, err := New(Options{Transport: tr})(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: "https://a"})
		if err != nil || resp.Status != 200 || resp.Attempts != 2 || time.Since(started) != time.Second {
			t.Errorf("%+v, %v after %v", resp, err, time.Since(started))
		}
	})
}

// A server's own callers are not made to wait for what one of them was told.
func TestPausesCanBeLeftToTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &optest.Script{Outcomes: []any{"429 30", 200}}
		call := Limit(RateLimit{Pause: -1})(s.Call)
		for range 100 {
			if _, err := call(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: "https://a"}); err != nil {
				t.Fatal(err)
			}
		}
		if s.At[99] != 0 {
			t.Errorf("the last request waited %v", s.At[99])
		}
	})
}
