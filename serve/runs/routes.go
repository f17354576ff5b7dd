package runs

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/capstan-run/capstan/serve/internal/answer"
	"github.com/capstan-run/capstan/serve/internal/measure"
)

// route is one thing that can be asked.
type route struct {
	method, path string
	serve        http.HandlerFunc
	open         bool // needs no key: holds no caller's data
}

func (h *Handler) table() []route {
	return []route{
		{method: "GET", path: "/{$}", serve: h.page, open: true},
		{method: "GET", path: "/page/{file}", serve: h.pageFile, open: true},
		{method: "GET", path: "/capabilities", serve: h.capabilities},
		{method: "GET", path: "/capabilities/{name}", serve: h.capability},
		{method: "GET", path: "/capabilities/{name}/graph.svg", serve: h.graph},
		{method: "POST", path: "/capabilities/{name}/runs", serve: h.start},
		{method: "GET", path: "/runs", serve: h.list},
		{method: "GET", path: "/runs/{id}", serve: h.run},
		{method: "GET", path: "/runs/{id}/graph.svg", serve: h.graphOfRun},
		{method: "GET", path: "/runs/{id}/timeline", serve: h.timeline},
		{method: "GET", path: "/runs/{id}/events", serve: h.events},
		{method: "POST", path: "/runs/{id}/steps/{step}", serve: h.step},
		{method: "POST", path: "/runs/{id}/cancel", serve: h.cancel},
		{method: "POST", path: "/runs/{id}/retry", serve: h.retry},
		{method: "GET", path: "/openapi.json", serve: h.openapi},
		{method: "GET", path: "/health/live", serve: h.alive, open: true},
		{method: "GET", path: "/health/ready", serve: h.ready, open: true},
		{method: "GET", path: "/metrics", serve: h.measured},
	}
}

// register fills the mux.
func (h *Handler) register() {
	for _, rt := range h.table() {
		pattern := rt.method + " " + rt.path
		h.routes[pattern] = &rt
		var serve http.Handler = rt.serve
		if h.o.Guard != nil && !rt.open {
			serve = h.o.Guard(serve)
		}
		h.mux.Handle(pattern, serve)
	}
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	seen := measure.See(w)
	name, whole := "other", false
	defer func() {
		h.metrics.requests.Add(name, "", seen.Class(whole), time.Since(began), seen.Stream)
	}()
	harden(seen.Header())
	path, under := strings.CutPrefix(r.URL.Path, h.o.Base)
	switch {
	case h.o.Base != "" && path == "" && under:
		http.Redirect(seen, r, h.o.Base+"/", http.StatusPermanentRedirect)
		return
	case !under || !strings.HasPrefix(path, "/"):
		answer.Refuse(seen, r, http.StatusNotFound, "there is nothing here")
		return
	}
	r = h.stripped(r)
	handler, pattern := h.mux.Handler(r)
	rt := h.routes[pattern]
	if rt == nil {
		h.noRoute(seen, r, handler)
		return
	}
	name = pattern
	if rt.method == http.MethodPost && h.foreign.Check(r) != nil {
		answer.Refuse(seen, r, http.StatusForbidden, "a page of another site asked for this; only this server's own page may")
		return
	}
	h.mux.ServeHTTP(seen, r)
	whole = true
}

// stripped is r without the base path.
func (h *Handler) stripped(r *http.Request) *http.Request {
	if h.o.Base == "" {
		return r
	}
	u := *r.URL
	u.Path = strings.TrimPrefix(u.Path, h.o.Base)
	u.RawPath = strings.TrimPrefix(u.RawPath, h.o.Base)
	with := *r
	with.URL = &u
	return &with
}

// noRoute answers a request for which the mux has no handler of ours: the wrong method, a
// path written differently, or nothing that exists.
func (h *Handler) noRoute(w http.ResponseWriter, r *http.Request, refuse http.Handler) {
	said := &refusal{header: http.Header{}}
	refuse.ServeHTTP(said, r)
	switch to := said.header.Get("Location"); {
	case to != "":
		w.Header().Set("Location", h.url(to))
		w.WriteHeader(said.status)
	case said.status == http.StatusMethodNotAllowed:
		allow := strings.Split(said.header.Get("Allow"), ", ")
		if !slices.Contains(allow, http.MethodOptions) {
			allow = append(allow, http.MethodOptions)
		}
		answer.Otherwise(w, r, allow...)
	default:
		answer.Refuse(w, r, http.StatusNotFound, "there is nothing here; what there is stands in "+h.url("/openapi.json"))
	}
}

// refusal records the mux's own answer.
type refusal struct {
	header http.Header
	status int
}

func (r *refusal) Header() http.Header         { return r.header }
func (r *refusal) WriteHeader(status int)      { r.status = status }
func (r *refusal) Write(p []byte) (int, error) { return len(p), nil }

// harden sets the headers for browsers of every answer.
func harden(header http.Header) {
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
}
