package control

import (
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/capstan-run/capstan/serve/internal/answer"
	"github.com/capstan-run/capstan/serve/internal/measure"
)

// Metrics count the requests of exposures: by exposure, method and class of
// status, how long they took, and how many are being answered. The zero value
// is empty and ready. It is safe for concurrent use; its size grows with the
// exposures, not with the requests.
type Metrics struct {
	mu       sync.Mutex
	requests *measure.Requests
	open     map[string]*atomic.Int64 // by exposure
}

// methods that are counted apart; the others are "other".
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// bounds of the histogram's buckets, in seconds.
var bounds = []float64{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}

// Watch counts the answers of next under the name of an exposure. Watching a name
// again goes on counting. Streams flush, and last, as they do without it. A nil
// Metrics returns next.
func (m *Metrics) Watch(exposure string, next http.Handler) http.Handler {
	if m == nil {
		return next
	}
	requests, open := m.of(exposure)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen, began := measure.See(w), time.Now()
		open.Add(1)
		whole := false
		defer func() {
			open.Add(-1)
			requests.Add(exposure, methodName(r.Method), seen.Class(whole), time.Since(began), seen.Stream)
		}()
		next.ServeHTTP(seen, r)
		whole = true
	})
}

func (m *Metrics) of(exposure string) (*measure.Requests, *atomic.Int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.requests == nil {
		m.requests = &measure.Requests{Prefix: "capstan", Label: "exposure", Bounds: bounds}
		m.open = map[string]*atomic.Int64{}
	}
	if m.open[exposure] == nil {
		m.open[exposure] = &atomic.Int64{}
	}
	return m.requests, m.open[exposure]
}

func methodName(method string) string {
	if slices.Contains(methods, method) {
		return method
	}
	return "other"
}

// metrics answers with the counts.
func (h *Handler) metrics(w http.ResponseWriter, r *http.Request) {
	var t measure.Text
	h.o.Metrics.write(&t)
	ready := 0.0
	if overall(h.o.Adapters()) == up {
		ready = 1
	}
	t.Family("capstan_ready", "gauge", "Whether every exposure answers.")
	t.Sample("capstan_ready", ready)
	if !h.o.Info.Started.IsZero() {
		t.Family("capstan_start_time_seconds", "gauge", "When this server was started, since the epoch.")
		t.Sample("capstan_start_time_seconds", float64(h.o.Info.Started.UnixMilli())/1000)
	}
	answer.Body(w, r, http.StatusOK, measure.ContentType, t.Bytes())
}

func (m *Metrics) write(t *measure.Text) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.requests == nil {
		return
	}
	m.requests.Write(t)
	t.Family("capstan_requests_in_flight", "gauge", "Requests that are being answered, streams included.")
	for _, name := range slices.Sorted(maps.Keys(m.open)) {
		t.Sample("capstan_requests_in_flight", float64(m.open[name].Load()), "exposure", name)
	}
}
