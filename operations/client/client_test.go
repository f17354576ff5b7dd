package client

import (
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
)

// The contract of the zero value: nothing set, and a call is retried, named
// and read.
func TestZeroClient(t *testing.T) {
	var asked atomic.Int32
	srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(503)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"ok":true}`)
	})
	resp, err := New(Options{})(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: srv.URL})
	if err != nil || resp.Status != 200 || resp.Attempts != 2 {
		t.Errorf("got %+v, %v", resp, err)
	}
}

// A POST reaches the server once, whatever it answers.
func TestZeroClientNeverRepeatsAPost(t *testing.T) {
	for _, status := range []int{429, 500, 502, 503, 504, 0} {
		var asked atomic.Int32
		srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			if status == 0 {
				hangUp(w)
				return
			}
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(status)
		})
		_, err := New(Options{})(t.Context(), &operations.Request{Op: optest.JSON("POST"), BaseURL: srv.URL, Body: 1})
		if asked.Load() != 1 || operations.IsInDoubt(err) != (status == 0) {
			t.Errorf("%d: sent %d times, %v", status, asked.Load(), err)
		}
	}
}

// A chain runs its first middleware outermost.
func TestChainOrder(t *testing.T) {
	var order string
	mark := func(name string) operations.Middleware {
		return func(next operations.Caller) operations.Caller {
			order = name + order // wrapping goes from the inside out
			return next
		}
	}
	operations.Chain(nil, mark("a"), mark("b"), mark("c"))
	if order != "abc" {
		t.Errorf("got %s", order)
	}
}
