package control

import (
	"maps"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/capstan-run/capstan/serve/internal/answer"
	"github.com/capstan-run/capstan/serve/internal/measure"
)

// methods that are counted apart; the others are "other".
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// bounds of the histogram's buckets, in seconds.
var bounds = []float64{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}

// gauge is how many requests of an exposure are being answered.
func (s *Seen) gauge(exposure string) *atomic.Int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[exposure] == nil {
		s.open[exposure] = &atomic.Int64{}
	}
	return s.open[exposure]
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
	h.o.Seen.write(&t)
	ready := 0.0
	if overall(h.o.Adapters()) == up {
		ready = 1
	}
	t.Family("capstan_ready", "gauge", "Whether every exposure answers.")
	t.Sample("capstan_ready", ready)
	t.Family("capstan_start_time_seconds", "gauge", "When this server was started, since the epoch.")
	t.Sample("capstan_start_time_seconds", float64(h.o.Seen.started.UnixMilli())/1000)
	answer.Body(w, r, http.StatusOK, measure.ContentType, t.Bytes())
}

func (s *Seen) write(t *measure.Text) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) == 0 {
		return
	}
	s.requests.Write(t)
	t.Family("capstan_requests_in_flight", "gauge", "Requests that are being answered, streams included.")
	for _, name := range slices.Sorted(maps.Keys(s.open)) {
		t.Sample("capstan_requests_in_flight", float64(s.open[name].Load()), "exposure", name)
	}
}
