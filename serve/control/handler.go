// Package control serves the control exposure of a framework capability: health,
// readiness, a description, metrics and traces of requests, and, where the author
// allows it, a reload of the changed file. Start with
// New; a Seen has only the requests that go through its Watch.
package control

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/capstan-run/capstan/serve/internal/answer"
	"github.com/capstan-run/capstan/spec"
)

// Options shape a Handler. The zero value works.
type Options struct {
	// Spec is the file's choice of features. Nil is a control exposure that declares
	// nothing: health, metrics and traces.
	Spec *spec.Control
	// Adapters are the exposures and how they are now. It is called for every
	// question, by several goroutines. Nil is none.
	Adapters func() []Adapter
	Info     Info
	Seen     *Seen // nil is an empty one
	// Reload reads the file again and serves its new content; an error gives
	// the client why the former goes on. It runs once at a time. Nil where
	// reloading is not possible.
	Reload func(context.Context) error
	// Validate looks at the file as it is now and returns its problems, as
	// JSON. Nil where that is not possible.
	Validate func(context.Context) any
	// Config returns the declarations of the file, as JSON, without secrets. Nil
	// serves none.
	Config func() any
	// Log hears of reloads. Nil is silent.
	Log *slog.Logger
}

// Adapter is one exposure.
type Adapter struct {
	Type      string `json:"type"` // rest, mcp, skill or control
	Namespace string `json:"namespace,omitempty"`
	Port      int    `json:"port,omitempty"`
	State     string `json:"state"`            // "started" when it answers; any other word is the reason
	Detail    string `json:"detail,omitempty"` // without secrets
}

// Info is a capability's description of itself.
type Info struct {
	Name        string // of the capability
	Version     string // its own
	SpecVersion string // of the format that its file is written in
	File        string // that is served
	Engine      string // version of the program
}

// Handler serves the features that the file turns on, and not found for the rest:
//
//	GET  /health/live      the process answers
//	GET  /health/ready     every exposure answers, else 503
//	GET  /status           name, version and exposures (management.info)
//	GET  /config           the declarations of the file (management.info)
//	GET  /metrics          for Prometheus (observability.metrics.local)
//	GET  /traces           the latest requests, the newest first; ?operation= and ?status= select
//	GET  /traces/{id}      one of them, by the id of its trace
//	POST /config/reload    take up the file as it is now (management.reload); also /reload
//	POST /config/validate  the problems of it (management.validate); also /validate
//
// Errors are problem documents (RFC 9457). A page of another site cannot POST.
// A Handler is safe for concurrent use.
type Handler struct {
	o         Options
	routes    map[string]route
	foreign   *http.CrossOriginProtection
	reloading sync.Mutex
}

// route is one thing that can be asked.
type route struct {
	method string // GET, which includes HEAD, or POST
	serve  http.HandlerFunc
}

// New returns a handler for a control exposure.
func New(o Options) *Handler {
	if o.Spec == nil {
		o.Spec = &spec.Control{Health: true, Metrics: true, Traces: true, TraceBuffer: 100}
	}
	if o.Seen == nil {
		o.Seen = NewSeen()
	}
	o.Seen.bound(o.Spec.TraceBuffer)
	if o.Adapters == nil {
		o.Adapters = func() []Adapter { return nil }
	}
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	h := &Handler{o: o, routes: map[string]route{}, foreign: http.NewCrossOriginProtection()}
	h.add(o.Spec.Health, "GET", h.live, "/health/live")
	h.add(o.Spec.Health, "GET", h.ready, "/health/ready")
	h.add(o.Spec.Info, "GET", h.status, "/status")
	h.add(o.Spec.Info && o.Config != nil, "GET", h.config, "/config")
	h.add(o.Spec.Metrics, "GET", h.metrics, "/metrics")
	h.add(o.Spec.Traces, "GET", h.traces, "/traces")
	h.add(o.Spec.Reload, "POST", h.reload, "/config/reload", "/reload")
	h.add(o.Spec.Validate, "POST", h.validate, "/config/validate", "/validate")
	return h
}

func (h *Handler) add(on bool, method string, serve http.HandlerFunc, paths ...string) {
	if !on {
		return
	}
	for _, path := range paths {
		h.routes[path] = route{method, serve}
	}
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	rt, ok := h.routes[r.URL.Path]
	if id, under := strings.CutPrefix(r.URL.Path, "/traces/"); under && h.o.Spec.Traces {
		rt, ok = route{"GET", func(w http.ResponseWriter, r *http.Request) { h.trace(w, r, id) }}, true
	}
	if !ok {
		answer.Refuse(w, r, http.StatusNotFound, "there is nothing here; the control exposure of the file says what is served")
		return
	}
	switch {
	case r.Method == rt.method, r.Method == http.MethodHead && rt.method == http.MethodGet:
		if h.foreign.Check(r) != nil {
			answer.Refuse(w, r, http.StatusForbidden, "a page of another site asked for this, which none may")
			return
		}
		rt.serve(w, r)
	case rt.method == http.MethodGet:
		answer.Otherwise(w, r, "GET", "HEAD", "OPTIONS")
	default:
		answer.Otherwise(w, r, rt.method, "OPTIONS")
	}
}

func (h *Handler) config(w http.ResponseWriter, r *http.Request) {
	answer.JSON(w, r, http.StatusOK, h.o.Config())
}
