package mcp

import (
	"context"
	"maps"
	"net/http"
	"strconv"
	"sync"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// exchanges ties a request inside a session to the HTTP request that carries
// it. The SDK runs such requests under the context of the one that opened the
// session, so that neither the caller's identity nor its vanishing would be
// seen. The link is a header, which is the only thing the SDK hands through.
type exchanges struct {
	mu   sync.Mutex
	last uint64
	open map[string]exchange
}

type exchange struct {
	ctx     context.Context
	cancel  context.CancelFunc
	session string
}

// exchangeHeader is no valid field name, so no client can send it.
const exchangeHeader = "capstan exchange"

// begin gives the request to hand to the SDK in place of r, and the function
// that ends the exchange.
func (e *exchanges) begin(r *http.Request, session string) (*http.Request, func()) {
	ctx, cancel := context.WithCancel(r.Context())
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.open == nil {
		e.open = map[string]exchange{}
	}
	e.last++
	id := strconv.FormatUint(e.last, 36)
	e.open[id] = exchange{ctx, cancel, session}
	r = r.WithContext(ctx)
	r.Header = maps.Clone(r.Header)
	r.Header[exchangeHeader] = []string{id}
	return r, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.open, id)
		cancel()
	}
}

// end cancels what a session has in flight.
func (e *exchanges) end(session string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range e.open {
		if x.session == session {
			x.cancel()
		}
	}
}

func (e *exchanges) find(id string) context.Context {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.open[id].ctx
}

// carrierKey finds the context that stdio runs under.
type carrierKey struct{}

// asked gives the context to serve req in: it ends with the SDK's, which knows
// cancellations, and with the carrier's, whose values it has.
func (s *Server) asked(ctx context.Context, req sdk.Request) (context.Context, func()) {
	carrier, _ := ctx.Value(carrierKey{}).(context.Context)
	if extra := req.GetExtra(); extra != nil {
		if id := extra.Header[exchangeHeader]; len(id) == 1 {
			if carrier = s.exchanges.find(id[0]); carrier == nil {
				gone, cancel := context.WithCancel(ctx) // the client left before its turn came
				cancel()
				return gone, func() {}
			}
		}
	}
	if carrier == nil {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(carrier, cancel)
	return carried{ctx, carrier}, func() { stop(); cancel() }
}

// carried is a context with another's values before its own.
type carried struct {
	context.Context
	values context.Context
}

func (c carried) Value(key any) any {
	if v := c.values.Value(key); v != nil {
		return v
	}
	return c.Context.Value(key)
}
