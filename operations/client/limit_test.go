package client

import (
	"context"
	"net/http"
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

func TestDefaultRateIsGenerous(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &optest.Script{Outcomes: []any{200}}
		call := Limit(RateLimit{})(s.Call)
		for range 50 {
			call(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: "https://a"})
		}
		if s.At[49] != 0 {
			t.Errorf("a burst of 50 took %v", s.At[49])
		}
	})
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
		call := Limit(RateLimit{PerSecond: -1, Pause: -1})(s.Call)
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
