package runs

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/serve/live"
)

// metrics count requests, for the text that Prometheus reads (exposition format
// 0.0.4).
type metrics struct {
	mu       sync.Mutex
	requests map[answered]int
	times    map[string]*histogram // by route
	streams  int
}

// answered is a kind of answer.
type answered struct{ route, class string }

// histogram of durations. A bucket counts those of its bound or less, the last
// one all.
type histogram struct {
	buckets [len(bounds) + 1]int
	sum     time.Duration
}

// bounds of a histogram's buckets, in seconds.
var bounds = [...]float64{0.005, 0.025, 0.1, 0.5, 1, 5, 30}

func newMetrics() *metrics {
	return &metrics{requests: map[answered]int{}, times: map[string]*histogram{}}
}

// request counts an answer. How long a stream lasts is the client's affair and
// not measured.
func (m *metrics) request(route string, status int, took time.Duration, stream bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests[answered{route, fmt.Sprintf("%dxx", status/100)}]++
	if stream {
		return
	}
	t := m.times[route]
	if t == nil {
		t = &histogram{}
		m.times[route] = t
	}
	t.sum += took
	for i, bound := range bounds {
		if took.Seconds() <= bound {
			t.buckets[i]++
		}
	}
	t.buckets[len(bounds)]++
}

func (m *metrics) stream(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.streams += n
}

// mostCounted bounds how many open runs are read to be counted.
const mostCounted = 10000

// measured answers with what was counted.
func (h *Handler) measured(w http.ResponseWriter, r *http.Request) {
	states, err := h.live.List(r.Context(), "", durable.Filter{Limit: mostCounted, Status: []durable.Status{
		durable.StatusRunning, durable.StatusWaiting, durable.StatusInDoubt,
	}})
	if err != nil {
		h.fail(w, r, err)
		return
	}
	var b bytes.Buffer
	writeRuns(&b, states, h.live.Stats())
	h.metrics.write(&b)
	send(w, r, http.StatusOK, "text/plain; version=0.0.4; charset=utf-8", b.Bytes())
}

func writeRuns(b *bytes.Buffer, open []durable.State, stats live.Stats) {
	head(b, "capstan_runs", "gauge", fmt.Sprintf("Runs that are kept and have not ended, by status; at most %d are counted.", mostCounted))
	counts := map[durable.Status]int{durable.StatusRunning: 0, durable.StatusWaiting: 0, durable.StatusInDoubt: 0}
	for _, s := range open {
		counts[s.Status]++
	}
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		sample(b, "capstan_runs", counts[status], "status", string(status))
	}
	head(b, "capstan_runs_started_total", "counter", "Runs started by this server.")
	for _, name := range slices.Sorted(maps.Keys(stats.Started)) {
		sample(b, "capstan_runs_started_total", stats.Started[name], "capability", name)
	}
	head(b, "capstan_runs_ended_total", "counter", "Runs that this server executed to their end, by how they ended.")
	for _, o := range slices.SortedFunc(maps.Keys(stats.Ended), func(a, b live.Outcome) int {
		return cmp.Or(cmp.Compare(a.Capability, b.Capability), cmp.Compare(a.Status, b.Status))
	}) {
		sample(b, "capstan_runs_ended_total", stats.Ended[o], "capability", o.Capability, "status", string(o.Status))
	}
}

func (m *metrics) write(b *bytes.Buffer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	head(b, "capstan_event_streams", "gauge", "Clients that follow a run.")
	sample(b, "capstan_event_streams", m.streams)
	head(b, "capstan_http_requests_total", "counter", "Requests answered, by route and class of status.")
	for _, a := range slices.SortedFunc(maps.Keys(m.requests), func(a, b answered) int {
		return cmp.Or(cmp.Compare(a.route, b.route), cmp.Compare(a.class, b.class))
	}) {
		sample(b, "capstan_http_requests_total", m.requests[a], "route", a.route, "status", a.class)
	}
	const name = "capstan_http_request_duration_seconds"
	head(b, name, "histogram", "How long requests took, streams left out.")
	for _, route := range slices.Sorted(maps.Keys(m.times)) {
		t := m.times[route]
		for i, bound := range bounds {
			sample(b, name+"_bucket", t.buckets[i], "route", route, "le", fmt.Sprint(bound))
		}
		all := t.buckets[len(bounds)]
		sample(b, name+"_bucket", all, "route", route, "le", "+Inf")
		sample(b, name+"_sum", t.sum.Seconds(), "route", route)
		sample(b, name+"_count", all, "route", route)
	}
}

func head(b *bytes.Buffer, name, kind, help string) {
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// sample writes one value. labels are names and values in turn.
func sample(b *bytes.Buffer, name string, value any, labels ...string) {
	b.WriteString(name)
	for i := 0; i < len(labels); i += 2 {
		b.WriteByte("{,"[min(i, 1)])
		fmt.Fprintf(b, `%s="%s"`, labels[i], labelText(labels[i+1]))
	}
	if len(labels) > 0 {
		b.WriteByte('}')
	}
	fmt.Fprintf(b, " %v\n", value)
}

// labelText escapes a label's value.
func labelText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s)
}
