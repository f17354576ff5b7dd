package client

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/capstan-run/capstan/operations"
	"golang.org/x/time/rate"
)

// RateLimit bounds how fast one host is asked. The zero value means 50 requests
// a second with a burst of 50.
type RateLimit struct {
	PerSecond float64 // negative means no bound
	Burst     int     // requests that may go at once; 0 means one second's worth
	// Pause bounds how long requests hold back for a host that answered 429 with
	// Retry-After; 0 means a minute, as retries wait at most, and negative that
	// they do not: each gets the host's own answer.
	Pause time.Duration
}

// Limit holds requests back so that each host is asked no faster than l allows,
// and not at all for as long as its last 429 asked with Retry-After.
func Limit(l RateLimit) operations.Middleware {
	if l.PerSecond == 0 {
		l.PerSecond = 50
	}
	if l.Burst == 0 {
		l.Burst = max(1, int(l.PerSecond))
	}
	if l.Pause == 0 {
		l.Pause = time.Minute
	}
	hosts := &hostGates{limit: l, gates: map[string]*gate{}}
	return func(next operations.Caller) operations.Caller {
		return func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
			server, err := req.Server()
			if err != nil {
				return next(ctx, req) // it will name the fault
			}
			g := hosts.of(server.Host)
			if err := g.wait(ctx); err != nil {
				return nil, limitError(ctx, req, err)
			}
			resp, err := next(ctx, req)
			g.learn(resp, l.Pause)
			return resp, err
		}
	}
}

// hostGates holds a gate for each host. Hosts come from plans, so there are few.
type hostGates struct {
	limit RateLimit
	mu    sync.Mutex
	gates map[string]*gate
}

func (h *hostGates) of(host string) *gate {
	h.mu.Lock()
	defer h.mu.Unlock()
	g := h.gates[host]
	if g == nil {
		g = &gate{limiter: rate.NewLimiter(rate.Limit(h.limit.PerSecond), h.limit.Burst)}
		if h.limit.PerSecond < 0 {
			g.limiter = rate.NewLimiter(rate.Inf, 0)
		}
		h.gates[host] = g
	}
	return g
}

// gate is the limit of one host.
type gate struct {
	limiter *rate.Limiter
	mu      sync.Mutex
	until   time.Time // no request before this
}

// wait returns when a request may go. A pause may be prolonged while waiting.
func (g *gate) wait(ctx context.Context) error {
	for {
		g.mu.Lock()
		pause := time.Until(g.until)
		g.mu.Unlock()
		if pause <= 0 {
			return g.limiter.Wait(ctx)
		}
		if !sleep(ctx, pause) {
			return ctx.Err()
		}
	}
}

// learn takes a pause from a 429, of at most longest.
func (g *gate) learn(resp *operations.Response, longest time.Duration) {
	if longest < 0 || resp == nil || resp.Status != http.StatusTooManyRequests {
		return
	}
	wait, asked := retryAfter(resp)
	if !asked {
		return
	}
	until := time.Now().Add(min(wait, longest))
	g.mu.Lock()
	defer g.mu.Unlock()
	if until.After(g.until) {
		g.until = until
	}
}

// limitError is the error of a request for which ctx ended, or would have ended,
// before its turn came.
func limitError(ctx context.Context, req *operations.Request, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return operations.NewError(req, operations.ReasonCancelled, ctx.Err(), "cancelled while waiting for the rate limit")
	}
	return operations.NewError(req, operations.ReasonHeld, errors.Join(context.DeadlineExceeded, err), "the time for the whole call is too short for the rate limit")
}
