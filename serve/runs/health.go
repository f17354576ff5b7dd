package runs

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/serve/internal/answer"
	"github.com/capstan-run/capstan/serve/internal/measure"
	"github.com/capstan-run/capstan/serve/live"
)

// metrics count requests, and the event streams that are open.
type metrics struct {
	requests measure.Requests
	streams  atomic.Int64
}

func newMetrics() *metrics {
	return &metrics{requests: measure.Requests{Prefix: "capstan_http", Label: "route", Bounds: []float64{0.005, 0.025, 0.1, 0.5, 1, 5, 30}}}
}

// mostCounted bounds how many open runs are read to be counted.
const mostCounted = 10000

// measured answers with the counts.
func (h *Handler) measured(w http.ResponseWriter, r *http.Request) {
	states, err := h.live.List(r.Context(), "", durable.Filter{Limit: mostCounted, Status: []durable.Status{
		durable.StatusRunning, durable.StatusWaiting, durable.StatusInDoubt,
	}})
	if err != nil {
		h.fail(w, r, err)
		return
	}
	var t measure.Text
	writeRuns(&t, states, h.live.Stats())
	t.Family("capstan_event_streams", "gauge", "Clients that follow a run.")
	t.Sample("capstan_event_streams", float64(h.metrics.streams.Load()))
	h.metrics.requests.Write(&t)
	answer.Body(w, r, http.StatusOK, measure.ContentType, t.Bytes())
}

func writeRuns(t *measure.Text, open []durable.State, stats live.Stats) {
	t.Family("capstan_runs", "gauge", fmt.Sprintf("Runs that are kept and have not ended, by status; at most %d are counted.", mostCounted))
	counts := map[durable.Status]int{durable.StatusRunning: 0, durable.StatusWaiting: 0, durable.StatusInDoubt: 0}
	for _, s := range open {
		counts[s.Status]++
	}
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		t.Sample("capstan_runs", float64(counts[status]), "status", string(status))
	}
	t.Family("capstan_runs_started_total", "counter", "Runs started by this server.")
	for _, name := range slices.Sorted(maps.Keys(stats.Started)) {
		t.Sample("capstan_runs_started_total", float64(stats.Started[name]), "capability", name)
	}
	t.Family("capstan_runs_ended_total", "counter", "Runs that this server executed to their end, by how they ended.")
	for _, o := range slices.SortedFunc(maps.Keys(stats.Ended), func(a, b live.Outcome) int {
		return cmp.Or(cmp.Compare(a.Capability, b.Capability), cmp.Compare(a.Status, b.Status))
	}) {
		t.Sample("capstan_runs_ended_total", float64(stats.Ended[o]), "capability", o.Capability, "status", string(o.Status))
	}
}

// alive reports that the process answers.
func (h *Handler) alive(w http.ResponseWriter, r *http.Request) {
	answer.JSON(w, r, http.StatusOK, map[string]string{"status": "ok"})
}

// ready reports whether runs can be started and go on.
func (h *Handler) ready(w http.ResponseWriter, r *http.Request) {
	if err := h.live.Ready(r.Context()); err != nil {
		h.log.Warn("not ready", "error", err)
		answer.Refuse(w, r, http.StatusServiceUnavailable, "runs cannot be started or go on now; the server's log says why")
		return
	}
	answer.JSON(w, r, http.StatusOK, map[string]string{"status": "ok"})
}
