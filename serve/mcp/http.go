package mcp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/capstan-run/capstan/internal/charset"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/serve/access"
)

const (
	versionHeader = "Mcp-Protocol-Version"
	methodHeader  = "Mcp-Method"
	nameHeader    = "Mcp-Name"
	sessionHeader = "Mcp-Session-Id"
	// lastEventHeader names the last event that a client saw of a stream.
	lastEventHeader = "Last-Event-Id"
)

// gate is the HTTP face: it reads a request, decides its era, refuses a wrong one
// as JSON-RPC, and hands the rest to the SDK.
type gate struct {
	server  *Server
	origin  *http.CrossOriginProtection
	session http.Handler // up to 2025-11-25
	answer  http.Handler // from 2026-07-28 on, answered as JSON
	stream  http.Handler // the same, answered as an event stream
	closed  atomic.Bool
}

func (g *gate) open(s *Server) error {
	g.server = s
	g.origin = http.NewCrossOriginProtection()
	for _, origin := range s.opts.Origins {
		if err := g.origin.AddTrustedOrigin(origin); err != nil {
			return fmt.Errorf("the origin %q cannot be trusted: %w", origin, err)
		}
	}
	handler := func(o sdk.StreamableHTTPOptions) http.Handler {
		o.Logger = slog.New(quiet{s.log.Handler()})
		o.DisableLocalhostProtection = true // the gate sees to that
		o.MaxRequestBodyBytes = -1          // the gate has read it
		return sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return s.sdk }, &o)
	}
	g.session = handler(sdk.StreamableHTTPOptions{EventStore: &s.exchanges.replay})
	g.answer = handler(sdk.StreamableHTTPOptions{Stateless: true, PropagateRequestCancellation: true, JSONResponse: true})
	g.stream = handler(sdk.StreamableHTTPOptions{Stateless: true, PropagateRequestCancellation: true})
	return nil
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	plain := w
	w = g.server.ids.writer(w)
	if g.closed.Load() {
		refuse(w, http.StatusServiceUnavailable, nil, codeServer, "the server is shutting down")
		return
	}
	if err := g.origin.Check(r); err != nil {
		refuse(w, http.StatusForbidden, nil, codeServer, "requests from pages of other sites are refused")
		return
	}
	if !g.server.opts.AnyHost && rebound(r) {
		refuse(w, http.StatusForbidden, nil, codeServer, fmt.Sprintf("the Host header names another machine, %q", r.Host))
		return
	}
	if r.Method != http.MethodPost {
		g.serveOther(w, r)
		return
	}
	body, ok := g.read(w, r)
	if !ok {
		return
	}
	x, end := g.early(r, body)
	if x != nil {
		defer end()
		if g.answered(plain, r, x) {
			return
		}
	}
	m, fault := readMessage(g.server.ids.in(body))
	if fault != nil {
		refuse(w, http.StatusBadRequest, m.id(), fault.Code, fault.Message)
		return
	}
	m.exchange = x
	if modern, fault := m.era(r.Header); fault != nil {
		refuseWith(w, http.StatusBadRequest, m.id(), fault)
	} else if modern {
		g.serveModern(w, r, m)
	} else {
		g.serveSession(w, r, m)
	}
}

// read returns the body, or refuses the request.
func (g *gate) read(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, g.server.opts.MaxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		refuse(w, http.StatusRequestEntityTooLarge, nil, jsonrpc.CodeInvalidRequest, "the request is too large")
	case err != nil:
		refuse(w, http.StatusBadRequest, nil, jsonrpc.CodeInvalidRequest, "the request could not be read")
	}
	if err != nil {
		return nil, false
	}
	text, err := charset.UTF8(body, charset.Of(r.Header.Get("Content-Type")))
	switch {
	case errors.Is(err, charset.ErrUnknown):
		refuse(w, http.StatusUnsupportedMediaType, nil, jsonrpc.CodeParseError, "the request cannot be read: "+err.Error())
	case err != nil:
		refuse(w, http.StatusBadRequest, nil, jsonrpc.CodeParseError, "the request cannot be read: "+err.Error())
	}
	return text, err == nil
}

func (g *gate) serveModern(w http.ResponseWriter, r *http.Request, m *message) {
	known := m.request == nil || g.knows(m.request.Method)
	if !known && !m.request.IsCall() { // accepted and dropped, as JSON-RPC has it
		w.WriteHeader(http.StatusAccepted)
		return
	}
	r = r.Clone(r.Context())
	if fault := plainName(r.Header); fault != nil {
		refuseWith(w, http.StatusBadRequest, m.id(), fault)
		return
	}
	m.fillCapabilities()
	next := g.answer
	if m.wantsStream() {
		next = g.stream
	}
	g.pass(w, r, m, "", next)
}

func (g *gate) serveSession(w http.ResponseWriter, r *http.Request, m *message) {
	id := r.Header.Get(sessionHeader)
	caller := access.Caller(r.Context())
	session, done := g.server.sessions.use(id, caller, true)
	defer done()
	known := m.request == nil || g.knows(m.request.Method)
	switch {
	case id != "" && session == nil:
		refuse(w, http.StatusNotFound, m.id(), codeNoSession, "there is no such session; initialize a new one")
		return
	case !known && !m.request.IsCall():
		w.WriteHeader(http.StatusAccepted)
		return
	case !known:
		refuse(w, http.StatusOK, m.id(), jsonrpc.CodeMethodNotFound, "there is no method \""+m.request.Method+"\"")
		return
	case m.exchange == nil && m.request != nil && g.server.early.find(id, m.id()) != nil: // as the SDK has it
		refuse(w, http.StatusBadRequest, m.id(), jsonrpc.CodeInvalidRequest, fmt.Sprintf("duplicate in-flight request ID %v", m.id()))
		return
	case id == "" && !g.server.sessions.room(caller):
		w.Header().Set("Retry-After", "10")
		refuse(w, http.StatusServiceUnavailable, m.id(), codeServer, "too many sessions are open; try again later")
		return
	}
	g.cancelEarly(id, m)
	g.pass(w, r, m, id, g.session)
	if id == "" { // this request may have opened a session
		g.server.sessions.unuse(w.Header().Get(sessionHeader), true)
	}
}

// cancelEarly cancels the call that a message names, if the SDK does not know it.
func (g *gate) cancelEarly(session string, m *message) {
	if m.request == nil || m.request.Method != "notifications/cancelled" {
		return
	}
	params, _ := jsonvalue.Decode(m.request.Params) // it was JSON
	of, _ := params.(map[string]any)
	if id, ok := plainID(of["requestId"]); ok {
		if x := g.server.early.find(session, id); x != nil {
			x.cancel()
		}
	}
}

// serveOther serves GET, the stream of a session, and DELETE, its end.
func (g *gate) serveOther(w http.ResponseWriter, r *http.Request) {
	answer := &alive{ResponseWriter: w}
	defer answer.end()
	out := &spoken{ResponseWriter: answer}
	defer out.finish()
	if r.Header.Get(versionHeader) >= modernVersion {
		g.answer.ServeHTTP(out, r)
		return
	}
	id := r.Header.Get(sessionHeader)
	session, done := g.server.sessions.use(id, access.Caller(r.Context()), false)
	defer done()
	if id != "" && session == nil {
		refuse(w, http.StatusNotFound, nil, codeNoSession, "there is no such session; initialize a new one")
		return
	}
	switch r.Method {
	case http.MethodDelete:
		g.server.exchanges.end(id)
	case http.MethodGet:
		if end := g.server.exchanges.resume(r, id, answer); end != nil {
			defer end()
			answer.Header().Set("Content-Type", "text/event-stream")
			answer.Header().Set("Cache-Control", "no-cache, no-transform")
			answer.begin() // the SDK is silent before the next event
		}
	}
	g.session.ServeHTTP(out, r)
}

// knows reports whether there is such a method in the protocol or an extension.
func (g *gate) knows(method string) bool {
	return knownMethod(method) || g.server.extended(method) != nil
}

// pass hands a message on to the SDK.
func (g *gate) pass(w http.ResponseWriter, r *http.Request, m *message, session string, next http.Handler) {
	x := m.exchange
	brief := session == "" && next != g.session && m.meta["progressToken"] == nil && !x.late()
	answer := &alive{ResponseWriter: w, brief: brief}
	defer answer.end()
	if x == nil {
		x = g.server.exchanges.begin(r.Context(), session)
		defer func() { g.server.exchanges.left(x, r.Context().Err() != nil) }()
	}
	r = g.server.exchanges.carry(x, r, answer)
	r.Body = io.NopCloser(bytes.NewReader(m.body))
	r.ContentLength = int64(len(m.body))
	out := &spoken{ResponseWriter: answer, id: m.id()}
	defer out.finish()
	next.ServeHTTP(out, r)
}
