package mcp

import (
	"context"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// exchanges ties a request to the HTTP request that carries it. The SDK runs
// requests of a session under the context of the one that opened the session, so
// that neither the caller's identity nor its vanishing would be seen. The link is
// a header, which is the only thing the SDK hands through.
//
// An exchange outlives its HTTP request where that was cut off and the client can
// resume its stream: the call goes on until the client is back, or too late.
type exchanges struct {
	linger time.Duration // how long a call waits for its client to come back
	replay replay

	mu     sync.Mutex
	last   uint64
	open   map[string]*exchange
	closed bool
}

type exchange struct {
	id      string
	session string
	ctx     context.Context // of the call: it has the values of the HTTP request
	cancel  context.CancelFunc
	early   *earlyCall                 // nil where the SDK begins the call
	stream  atomic.Pointer[streamName] // of the answer, once it has begun

	answer *alive      // of the HTTP request that carries it now, nil for none
	timer  *time.Timer // gives the call up, once nothing carried it
}

// exchangeHeader is no valid field name, so no client can send it.
const exchangeHeader = "capstan exchange"

// exchangeKey finds the exchange in the context of an HTTP request.
type exchangeKey struct{}

// begin notes an exchange of the HTTP request with this context, until it is left.
func (e *exchanges) begin(ctx context.Context, session string) *exchange {
	x := &exchange{session: session}
	x.ctx, x.cancel = context.WithCancel(context.WithoutCancel(ctx))
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.open == nil {
		e.open = map[string]*exchange{}
	}
	e.last++
	x.id = strconv.FormatUint(e.last, 36)
	e.open[x.id] = x
	return x
}

// carry gives the request to hand to the SDK in place of r.
func (e *exchanges) carry(x *exchange, r *http.Request, answer *alive) *http.Request {
	e.mu.Lock()
	x.answer = answer
	e.mu.Unlock()
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	r.Header = maps.Clone(r.Header)
	r.Header[exchangeHeader] = []string{x.id}
	return r
}

// left is called when the HTTP request that carried an exchange ends, cut off
// or answered.
func (e *exchanges) left(x *exchange, cut bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	x.answer = nil
	if cut && !e.closed && x.ctx.Err() == nil && e.open[x.id] == x && e.replay.resumable(x.name()) {
		x.timer = time.AfterFunc(e.linger, func() { e.giveUp(x) })
		return
	}
	e.drop(x)
}

// lingers reports whether an exchange is open although nothing carries it.
func (x *exchange) lingers() bool { return x.answer == nil && x.timer != nil }

// giveUp ends an exchange that its client did not come back for.
func (e *exchanges) giveUp(x *exchange) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if x.lingers() {
		e.drop(x)
	}
}

// drop forgets an exchange, and cancels its call.
func (e *exchanges) drop(x *exchange) {
	delete(e.open, x.id)
	x.cancel()
	e.replay.drop(x.name())
}

// name is that of the stream, the zero name before it has begun.
func (x *exchange) name() streamName {
	if name := x.stream.Load(); name != nil {
		return *name
	}
	return streamName{}
}

// resume has another HTTP request carry the exchange of the stream that it
// names by its last event. The result is called when that ends.
func (e *exchanges) resume(r *http.Request, session string, answer *alive) (end func()) {
	stream, _, _ := strings.Cut(r.Header.Get(lastEventHeader), "_")
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range e.open {
		if stream == "" || x.name() != (streamName{session, stream}) || !x.lingers() {
			continue
		}
		x.timer.Stop()
		x.answer = answer
		return func() { e.left(x, r.Context().Err() != nil) }
	}
	return nil
}

// end cancels the calls of a session that are in flight.
func (e *exchanges) end(session string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range e.open {
		if x.session != session || session == "" {
			continue
		}
		x.cancel()
		if x.lingers() {
			x.timer.Stop()
			e.drop(x)
		}
	}
}

// close cancels the calls of clients that are gone, now and from now on.
func (e *exchanges) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	for _, x := range e.open {
		if x.lingers() {
			x.timer.Stop()
			e.drop(x)
		}
	}
}

// find returns the exchange that a request belongs to, nil for none. linked
// reports that there was one.
func (e *exchanges) find(req sdk.Request) (x *exchange, linked bool) {
	extra := req.GetExtra()
	if extra == nil || len(extra.Header[exchangeHeader]) == 0 {
		return nil, false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.open[extra.Header[exchangeHeader][0]], true
}

// streams begins the answer of an exchange, if it is a stream.
func (e *exchanges) streams(x *exchange) {
	if x == nil {
		return
	}
	e.mu.Lock()
	answer := x.answer
	e.mu.Unlock()
	if answer != nil {
		answer.begin()
	}
}

// carrierKey finds the context that stdio runs under.
type carrierKey struct{}

// asked gives the context to serve a request in: it ends with the SDK's, which
// knows cancellations, and with the carrier's, and has the carrier's values. It is
// over where the client left before the request's turn came.
func (s *Server) asked(ctx context.Context, r *request) (context.Context, func()) {
	carrier, _ := ctx.Value(carrierKey{}).(context.Context)
	x, linked := s.exchanges.find(r.Request)
	switch {
	case x != nil:
		r.exchange, carrier = x, x.ctx
	case linked:
		gone, cancel := context.WithCancel(ctx)
		cancel()
		return gone, func() {}
	case carrier == nil:
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
