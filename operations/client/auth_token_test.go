package client

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
)

// Twenty calls at once fetch one token, which is renewed before it ends; a fetch that
// failed is not kept.
func TestATokenIsFetchedOnceAndRenewedBeforeItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		endpoint := roundTrip(func(*http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			if n := asked.Add(1); n > 2 { // a client may send its secret in two ways: both are tried
				return jsonResponse(200, fmt.Sprintf(`{"access_token":"tok%d","token_type":"bearer","expires_in":60}`, n)), nil
			}
			return jsonResponse(503, `{"error":"temporarily_unavailable"}`), nil
		})
		op := optest.Get("/a")
		op.Security = []operations.Requirement{{{Name: "oauth", Scheme: operations.SecurityScheme{Type: "oauth2", TokenURL: "/oauth/token"}}}}
		var mu sync.Mutex
		sent := map[string]int{}
		call := Auth(Options{Credentials: fixed(Credential{User: "me", Password: "s3cret"}), Transport: endpoint})(func(_ context.Context, req *operations.Request) (*operations.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			sent[req.Header.Get("Authorization")]++
			return &operations.Response{Status: 200}, nil
		})
		_, err := call(t.Context(), &operations.Request{Op: op})
		optest.WantCallError(t, err, operations.NotSent, operations.ReasonCredential, "answered 503")
		for _, step := range []struct {
			after  time.Duration
			bearer string
		}{{0, "tok3"}, {48 * time.Second, "tok3"}, {3 * time.Second, "tok4"}, {time.Hour, "tok5"}} {
			time.Sleep(step.after)
			clear(sent)
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					if _, err := call(t.Context(), &operations.Request{Op: op}); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if len(sent) != 1 || sent["Bearer "+step.bearer] != 20 {
				t.Errorf("after %s: sent %v, want %s", step.after, sent, step.bearer)
			}
		}
		if got := asked.Load(); got != 5 {
			t.Errorf("the endpoint was asked %d times", got)
		}
	})
}
