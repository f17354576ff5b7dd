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

// RateLimit bounds how fast one host is asked. The zero value only honours the
// pauses that hosts ask for.
type RateLimit struct {
	PerSecond float64 // 0 and less mean no bound
	Burst     int     // requests that may go at once; 0 means one second's worth
	// Pause bounds how long requests hold back for a host that answered 429 with
	// Retry-After; 0 means a minute, as retries wait at most, and negative that
	// they do not: each gets the host's own answer.
	Pause time.Duration
}

// Limit holds requests back so that each host is asked no faster than l allows,
// and not at all for as long as its last 429 asked with Retry-After.
func Limit(l RateLimit) operations.Middleware { return limit(l, &hostGates{}) }

func limit(l RateLimit, hosts *hostGates) operations.Middleware {
	if l.Burst == 0 {
		l.Burst = max(1, int(l.PerSecond))
	}
	if l.Pause == 0 {
		l.Pause = time.Minute
	}
	return func(next operations.Caller) operations.Caller {
		return func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
			server, err := req.Server()
			if err != nil {
				return next(ctx, req) // it will name the fault
			}
			g := hosts.of(server.Host, l)
			if err := g.wait(ctx); err != nil {
				return nil, limitError(ctx, req, err)
			}
			resp, err := next(ctx, req)
			g.learn(resp, l.Pause)
			return resp, err
		}
	}
}

// hostGates holds a gate for each host and limit. Hosts come from plans, so there
// are few.
type hostGates struct {
	mu    sync.Mutex
	gates map[gateKey]*gate
}

type gateKey struct {
	host string
	RateLimit
}

func (h *hostGates) of(host string, l RateLimit) *gate {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := gateKey{host, l}
	g := h.gates[key]
	if g == nil {
		if g = (&gate{}); l.PerSecond > 0 {
			g.limiter = rate.NewLimiter(rate.Limit(l.PerSecond), l.Burst)
		}
		if h.gates == nil {
			h.gates = map[gateKey]*gate{}
		}
		h.gates[key] = g
	}
	return g
}

// gate is the limit of one host.
type gate struct {
	limiter *rate.Limiter // nil for no bound
	mu      sync.Mutex
	until   time.Time // no request before this
}

// wait returns when a request may go. A pause may be prolonged while waiting.
func (g *gate) wait(ctx context.Context) error {
	for {
		g.mu.Lock()
		pause := time.Until(g.until)
		g.mu.Unlock()
		switch {
		case pause <= 0 && g.limiter != nil:
			return g.limiter.Wait(ctx)
		case pause <= 0:
			return ctx.Err()
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
