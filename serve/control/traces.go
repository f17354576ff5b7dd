package control

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/capstan-run/capstan/serve/internal/measure"
)

// Traces keep the latest requests: each with its route, its status, and the
// trace that it was part of. Neither queries nor headers nor bodies are kept.
// The zero value keeps 100. It is safe for concurrent use, and must not be
// copied.
type Traces struct {
	keep int

	mu     sync.Mutex
	ring   []request
	latest int // index into ring of the newest
}

// Bounds of how many requests are kept (ikanos schema, ObservabilityTracesLocalSpec).
const (
	standardKeep = 100
	mostKeep     = 10000
)

// NewTraces returns Traces that keep as many requests: 0 or less is 100, and
// more than 10,000 is that.
func NewTraces(keep int) *Traces { return &Traces{keep: keep} }

func (t *Traces) capacity() int {
	switch {
	case t == nil:
		return 0
	case t.keep <= 0:
		return standardKeep
	}
	return min(t.keep, mostKeep)
}

// request is one that was answered.
type request struct {
	span
	exposure string
	name     string // method, and pattern or path
	status   int
	began    time.Time
	took     time.Duration
}

// Watch keeps the answers of next under the name of an exposure. The trace comes
// from the request's traceparent header (W3C Trace Context), else it is new;
// the answer names it in traceresponse, and Traceparent in the calls of next. A
// request goes by the Pattern that next, a ServeMux for instance, sets on it,
// else by its path; see Named. A nil Traces returns next.
func (t *Traces) Watch(exposure string, next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen, began := measure.See(w), time.Now()
		s := spanOf(r.Header)
		w.Header().Set("Traceresponse", s.header())
		here := &current{span: s}
		r = r.WithContext(with(r.Context(), here))
		whole := false
		defer func() {
			here.name(r)
			t.add(request{
				span: s, exposure: exposure, name: methodName(r.Method) + " " + here.pattern,
				status: seen.Code(whole), began: began, took: time.Since(began),
			})
		}()
		next.ServeHTTP(seen, r)
		whole = true
	})
}

// Named gives Traces the Pattern that next sets on a request. It goes right
// around next, where a handler between Watch and next hands on a copy of the
// request, as authentication does: without it the path would be kept,
// with all it holds.
func Named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if here := from(r.Context()); here != nil {
			defer func() { here.pattern = pattern(r) }()
		}
		next.ServeHTTP(w, r)
	})
}

// name makes sure that there is one.
func (c *current) name(r *http.Request) {
	if c.pattern == "" {
		c.pattern = pattern(r)
	}
	if c.pattern == "" {
		c.pattern = r.URL.EscapedPath()
	}
	const most = 200 // bytes
	// A copy: the text is a part of the request's head, which would be kept with it.
	c.pattern = strings.Clone(strings.ToValidUTF8(c.pattern[:min(len(c.pattern), most)], ""))
}

// pattern is a request's Pattern without its method and host.
func pattern(r *http.Request) string {
	if i := strings.IndexByte(r.Pattern, '/'); i >= 0 {
		return r.Pattern[i:]
	}
	return ""
}

func (t *Traces) add(r request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.ring) < t.capacity() {
		t.ring = append(t.ring, r)
		t.latest = len(t.ring) - 1
		return
	}
	t.latest = (t.latest + 1) % len(t.ring)
	t.ring[t.latest] = r
}

// all are the kept requests, the newest first.
func (t *Traces) all() []request {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.ring) == 0 {
		return nil
	}
	out := slices.Concat(t.ring[t.latest+1:], t.ring[:t.latest+1])
	slices.Reverse(out)
	return out
}
