package client

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/internal/stalltest"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
)

// eachStall runs a test for every phase in which a server can stall, reached
// without a network and by a fake clock.
func eachStall(t *testing.T, test func(t *testing.T, phase stalltest.Phase, o Options)) {
	for _, phase := range stalltest.Phases() {
		t.Run(string(phase), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := phase.Transport()
				o := Options{Transport: transport}
				test(t, phase, o)
				transport.CloseIdleConnections()
				time.Sleep(stalltest.GivesUp)
			})
		})
	}
}

// No phase of an exchange outlives the limit of one exchange.
func TestEveryPhaseEndsWithTheLimitOfAnExchange(t *testing.T) {
	eachStall(t, func(t *testing.T, phase stalltest.Phase, o Options) {
		for _, limit := range []time.Duration{0, 2 * time.Minute} {
			began := time.Now()
			req := &operations.Request{Op: optest.JSON("POST"), BaseURL: phase.URL("127.0.0.1"), Timeout: limit}
			_, err := once(o)(t.Context(), req)
			want, reason := limit, operations.ReasonTimeout
			if limit == 0 {
				want = operations.DefaultTimeout
			}
			if phase == stalltest.Switch { // known at once
				want, reason = 0, operations.ReasonNotHTTP
			}
			var failed *operations.CallError
			if !errors.As(err, &failed) || failed.Reason != reason || time.Since(began) != want {
				t.Errorf("limit %s: after %s: %v", limit, time.Since(began), err)
			}
			sent := phase != stalltest.Connect && phase != stalltest.TLS
			if operations.IsInDoubt(err) != sent {
				t.Errorf("in doubt: %v, want %v: %v", operations.IsInDoubt(err), sent, err)
			}
		}
	})
}

// No phase of an exchange outlives the context that it is sent under.
func TestEveryPhaseEndsWithItsContext(t *testing.T) {
	eachStall(t, func(t *testing.T, phase stalltest.Phase, o Options) {
		began := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(5*time.Second, cancel)
		_, err := New(o)(ctx, &operations.Request{Op: optest.JSON("GET"), BaseURL: phase.URL("127.0.0.1")})
		want, reason := 5*time.Second, operations.ReasonCancelled
		if phase == stalltest.Switch {
			want, reason = 0, operations.ReasonNotHTTP
		}
		var failed *operations.CallError
		if !errors.As(err, &failed) || failed.Reason != reason || time.Since(began) != want {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

// Asking for a token is part of the exchange that needs it, and so is finding
// where to ask.
func TestEveryPhaseOfATokenRequestEnds(t *testing.T) {
	schemes := map[string]operations.SecurityScheme{
		"token":    {Type: "oauth2", TokenURL: "/token"},
		"metadata": {Type: "oauth2"},
	}
	for name, scheme := range schemes {
		t.Run(name, func(t *testing.T) {
			eachStall(t, func(t *testing.T, phase stalltest.Phase, o Options) {
				op := optest.JSON("GET")
				if scheme.TokenURL == "" {
					scheme.AuthorizationServer = phase.URL("127.0.0.1")
				}
				op.Security = []operations.Requirement{{{Name: "oauth", Scheme: scheme}}}
				o.Credentials = func(context.Context, string, operations.SchemeUse) (Credential, bool, error) {
					return Credential{User: "id", Password: "secret"}, true, nil
				}
				began := time.Now()
				req := &operations.Request{Op: op, BaseURL: phase.URL("127.0.0.1"), Timeout: time.Minute}
				_, err := once(o)(t.Context(), req)
				want := time.Minute
				if phase == stalltest.Switch {
					want = 0
				}
				if err == nil || time.Since(began) != want {
					t.Errorf("after %s: %v", time.Since(began), err)
				}
			})
		})
	}
}
