package mcp

import (
	"context"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/serve/access"
)

// A call of a tool in a plain message begins before the SDK is asked, and one that
// is complete soon is answered without it: the SDK decodes a message up to seven
// times, each time with a buffer of 32 KiB, and makes a session for every message
// of the stateless era. The message of a call that takes longer, or that asks a
// person, is handed to the SDK as any other is; its handler then takes up the call
// that has begun (callTool) instead of calling the tool.

// briefly is how long the answer to a call is held back: one that is complete by
// then is plain JSON, later ones are streams.
const briefly = 200 * time.Millisecond

// earlyCall is a call that began before the SDK was asked.
type earlyCall struct {
	id     any // of its request, as the SDK has it
	offer  *snapshot
	tool   *served
	call   *ToolCall
	modern bool
	done   chan struct{} // closed once there is a result
	result *ToolResult
}

// earlyCalls knows the early calls of a server.
type earlyCalls struct {
	mu       sync.Mutex
	closed   bool
	requests sync.WaitGroup            // HTTP requests with such a call
	named    map[requestName]*exchange // in sessions, until the SDK knows of them
}

// requestName is the id of a request, an int64 or a string, within its session.
type requestName struct {
	session string
	id      any
}

// early begins the call of a plain message. It returns nil where there is none:
// then the SDK is to be asked.
func (g *gate) early(r *http.Request, body []byte) (x *exchange, end func()) {
	s := g.server
	c, ok := readPlain(body)
	if !ok {
		return nil, nil
	}
	early := &earlyCall{id: c.id, offer: s.current.Load(), modern: c.version != "", done: make(chan struct{})}
	early.tool = early.offer.tool(c.name)
	if early.tool == nil || !c.fits(r.Header, early.tool) {
		return nil, nil
	}
	arguments, twice := early.tool.arguments(c.arguments)
	if twice != "" {
		return nil, nil
	}
	if arguments == nil {
		arguments = map[string]any{}
	}
	early.call = &ToolCall{Arguments: arguments, canAsk: c.canAsk}
	unuse, id := func() {}, ""
	if !early.modern {
		var session *sdk.ServerSession
		id = r.Header.Get(sessionHeader)
		if session, unuse = s.sessions.use(id, access.Caller(r.Context()), true); session == nil {
			return nil, nil
		}
		early.call.canAsk = asksByForm(session.InitializeParams().Capabilities)
	}
	x = s.exchanges.begin(r.Context(), id)
	x.early = early
	if !s.early.add(x) {
		s.exchanges.left(x, false)
		unuse()
		return nil, nil
	}
	go func() {
		defer close(early.done)
		deepen()
		early.result = s.invoke(x.ctx, early.tool.Tool, early.call)
	}()
	return x, func() {
		s.early.taken(x)
		s.exchanges.left(x, r.Context().Err() != nil)
		unuse()
		s.early.requests.Done()
	}
}

// deepen gives a goroutine the stack that most calls need. A stack that grows four
// times beneath a call costs as much as all else that is done here.
//
//go:noinline
func deepen() {
	if never {
		var stack [16 << 10]byte
		runtime.KeepAlive(&stack)
	}
}

var never bool // which the compiler cannot know

// answered answers an early call that is soon complete. Where it is not, the
// message is to be handed to the SDK.
func (g *gate) answered(w http.ResponseWriter, r *http.Request, x *exchange) bool {
	soon := time.NewTimer(briefly)
	defer soon.Stop()
	left := r.Context().Done()
	for {
		select {
		case <-soon.C:
			if x.early.modern || g.server.sessions.live(x.session) {
				return false
			}
			continue // the SDK has no such session any more
		case <-left:
			x.cancel()
			left = nil
			continue
		case <-x.early.done:
		}
		break
	}
	if x.early.result.Ask != nil {
		return false
	}
	g.server.early.taken(x) // its id is free before the client has the answer
	x.early.answer(w)
	return true
}

// answer writes the answer as the SDK does.
func (c *earlyCall) answer(w http.ResponseWriter) {
	r := &request{offer: c.offer, modern: c.modern}
	res := r.called(c.tool.Tool, c.result)
	out := append(make([]byte, 0, 512+res.size()), `{"jsonrpc":"2.0","id":`...)
	switch id := c.id.(type) {
	case int64:
		out = strconv.AppendInt(out, id, 10)
	default:
		text, _ := jsonvalue.Marshal(id) // it was JSON
		out = append(out, text...)
	}
	out = append(out, `,"result":`...)
	out = append(res.append(out, c.offer.identity), '}')
	h := w.Header()
	h.Set("Cache-Control", "no-cache, no-transform")
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(out)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(out) // a client that is gone does not read it
}

// late reports that a call has begun and is not complete. x may be nil.
func (x *exchange) late() bool {
	if x == nil {
		return false
	}
	select {
	case <-x.early.done:
		return false
	default:
		return true
	}
}

// takeUp waits for the result of an early call, which ends with ctx.
func (x *exchange) takeUp(ctx context.Context) *ToolResult {
	defer context.AfterFunc(ctx, x.cancel)()
	<-x.early.done
	return x.early.result
}

// add notes a call. It fails once the server closes, and for an id that another
// call has.
func (e *earlyCalls) add(x *exchange) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	name := requestName{x.session, x.early.id}
	if e.closed || e.named[name] != nil {
		return false
	}
	if x.session != "" {
		if e.named == nil {
			e.named = map[requestName]*exchange{}
		}
		e.named[name] = x
	}
	e.requests.Add(1)
	return true
}

// taken forgets the name of a call.
func (e *earlyCalls) taken(x *exchange) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if name := (requestName{x.session, x.early.id}); e.named[name] == x {
		delete(e.named, name)
	}
}

// find returns the call with the id of a session's request, nil for none.
func (e *earlyCalls) find(session string, id any) *exchange {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.named[requestName{session, id}]
}

// close waits for the calls to end. There are none from then on.
func (e *earlyCalls) close() {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.requests.Wait()
}
