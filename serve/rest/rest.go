// Package rest serves the REST exposures of framework capability files: their
// declared routes, each a flow behind a method, or passed on to an API. Start
// with New; the Handler is plain net/http.
package rest

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/serve/internal/answer"
	"github.com/capstan-run/capstan/spec"
)

// Options shape a Handler. The zero value works.
type Options struct {
	// Log hears of failed calls, without secrets; nil is silent.
	Log *slog.Logger
	// MaxBody bounds the body of a request that is read here, in bytes; 0 means
	// 10 MiB.
	MaxBody int64
}

// Handler serves one REST exposure. It is immutable and safe for concurrent use.
type Handler struct {
	runner *engine.Runner
	file   *engine.File
	opts   Options
	log    *slog.Logger
	routes []*route
	max    int64 // bytes of a binary answer, 0 for no bound
}

// New readies the routes of an exposure of a file: of operations that stand at one
// method and path the first. The error lists the paths that no request could be held
// against.
func New(r *engine.Runner, f *engine.File, e *spec.Exposure, o *Options) (*Handler, error) {
	h := &Handler{runner: r, file: f, max: e.MaxBinary, opts: *cmp.Or(o, &Options{})}
	h.log = cmp.Or(h.opts.Log, slog.New(slog.DiscardHandler))
	if h.opts.MaxBody <= 0 {
		h.opts.MaxBody = 10 << 20
	}
	var errs []error
	for _, r := range e.Routes {
		errs = append(errs, h.add(r))
	}
	slices.SortStableFunc(h.routes, bySpecificity)
	return h, errors.Join(errs...)
}

// add makes the route of a resource, joining those of one path.
func (h *Handler) add(r *spec.Route) error {
	pattern, err := parsePattern(r.Path.Value)
	if err != nil {
		return fmt.Errorf("%s: %w", r.Path.Pos, err)
	}
	if r.Forward != nil {
		pattern = pattern.withTail()
	}
	i := slices.IndexFunc(h.routes, func(x *route) bool {
		return x.pattern.String() == pattern.String() && (x.forward == nil) == (r.Forward == nil)
	})
	if i < 0 {
		i = len(h.routes)
		h.routes = append(h.routes, &route{pattern: pattern, forward: r.Forward, methods: map[string]*operation{}})
	}
	at := h.routes[i]
	for _, op := range r.Operations {
		if p := h.file.Program(op.Unit); p != nil && at.methods[op.Method.Value] == nil {
			at.methods[op.Method.Value] = newOperation(op, p, pattern)
		}
	}
	return nil
}

// ServeHTTP answers a request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	path := r.URL.EscapedPath()
	allowed := map[string]bool{}
	for _, route := range h.routes {
		values, tail, ok := route.pattern.match(path)
		if !ok {
			continue
		}
		r.Pattern = route.pattern.String()
		if route.forward != nil {
			h.forward(w, r, route.forward, tail)
			return
		}
		if op := route.method(r.Method); op != nil {
			h.call(w, r, op, values)
			return
		}
		for m := range route.methods {
			allowed[m] = true
		}
	}
	h.refuse(w, r, allowed)
}

// refuse answers a path or method that nothing stands behind.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, allowed map[string]bool) {
	if len(allowed) == 0 {
		answer.Refuse(w, r, http.StatusNotFound, "nothing is served at this path")
		return
	}
	if allowed[http.MethodGet] {
		allowed[http.MethodHead] = true
	}
	allowed[http.MethodOptions] = true
	answer.Otherwise(w, r, slices.Sorted(maps.Keys(allowed))...)
}
