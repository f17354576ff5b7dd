package control

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/capstan-run/capstan/serve/internal/measure"
)

// Seen is the account of the requests of exposures: how many there were and how long
// they took, and the latest ones, each with its route, its status, and the trace that it
// was part of. Neither queries nor headers nor bodies are kept. It is safe for
// concurrent use; its size grows with the exposures, not with the requests.
type Seen struct {
	started  time.Time
	requests measure.Requests

	mu     sync.Mutex
	open   map[string]*atomic.Int64 // requests being answered, by exposure
	keep   int                      // the most requests in ring
	ring   []request
	latest int // index into ring of the newest
}

// mostKeep bounds how many requests are kept.
const mostKeep = 10000

// NewSeen returns an account that begins now.
func NewSeen() *Seen {
	return &Seen{
		started: time.Now(), requests: measure.Requests{Prefix: "capstan", Label: "exposure", Bounds: bounds},
		open: map[string]*atomic.Int64{}, keep: 100,
	}
}

// bound keeps as many requests from now on.
func (s *Seen) bound(keep int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.newest()
	s.keep = min(max(keep, 1), mostKeep)
	s.ring = kept[:min(len(kept), s.keep)]
	slices.Reverse(s.ring)
	s.latest = len(s.ring) - 1
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

// Watch records the answers of next under the name of an exposure. Watching a name
// again goes on counting. The trace of a request comes from its traceparent header (W3C
// Trace Context), else it is new; the answer names it in traceresponse. A
// request goes by the Pattern that next, a ServeMux for instance, sets on it,
// else by its path; see Named.
func (s *Seen) Watch(exposure string, next http.Handler) http.Handler {
	open := s.gauge(exposure)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen, began := measure.See(w), time.Now()
		here := &current{span: spanOf(r.Header)}
		w.Header().Set("Traceresponse", here.header())
		r = r.WithContext(with(r.Context(), here))
		open.Add(1)
		whole := false
		defer func() {
			open.Add(-1)
			took := time.Since(began)
			s.requests.Add(exposure, methodName(r.Method), seen.Class(whole), took, seen.Stream)
			here.name(r)
			s.add(request{
				span: here.span, exposure: exposure, name: methodName(r.Method) + " " + here.pattern,
				status: seen.Code(whole), began: began, took: took,
			})
		}()
		next.ServeHTTP(seen, r)
		whole = true
	})
}

// Named gives Watch the Pattern that next sets on a request. It goes right
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

func (s *Seen) add(r request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ring) < s.keep {
		s.ring = append(s.ring, r)
		s.latest = len(s.ring) - 1
		return
	}
	s.latest = (s.latest + 1) % len(s.ring)
	s.ring[s.latest] = r
}

// all are the kept requests, the newest first, and how many may be kept.
func (s *Seen) all() (kept []request, keep int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newest(), s.keep
}

func (s *Seen) newest() []request {
	if len(s.ring) == 0 {
		return nil
	}
	out := slices.Concat(s.ring[s.latest+1:], s.ring[:s.latest+1])
	slices.Reverse(out)
	return out
}
