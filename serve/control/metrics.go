package control

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Metrics count what is asked of exposures: requests by exposure, method and
// class of status, how long they took, and how many are being answered. The
// zero value is empty and ready. It is safe for concurrent use; what it takes
// grows with the exposures, not with the requests.
type Metrics struct {
	mu        sync.Mutex
	exposures map[string]*counts
}

// counts are those of one exposure.
type counts struct {
	answered [len(methods) + 1][6]atomic.Uint64 // by method and by status/100; 0 is any other
	took     [len(bounds) + 1]atomic.Uint64     // those within a bound and above the one before
	nanos    atomic.Uint64
	open     atomic.Int64
}

// methods that are told apart; the others are "other".
var methods = [...]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// bounds of the histogram's buckets, in seconds.
var bounds = [...]float64{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}

// Watch counts what next answers under the name of an exposure. Watching a name
// again goes on counting. Streams flush, and last, as they do without it. A nil
// Metrics returns next.
func (m *Metrics) Watch(exposure string, next http.Handler) http.Handler {
	if m == nil {
		return next
	}
	c := m.of(exposure)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen, began := see(w), time.Now()
		c.open.Add(1)
		whole := false
		defer func() {
			c.open.Add(-1)
			c.answered[methodIndex(r.Method)][seen.class(whole)].Add(1)
			if !seen.stream { // how long one lasts is the client's affair
				c.measure(time.Since(began))
			}
		}()
		next.ServeHTTP(seen, r)
		whole = true
	})
}

func (m *Metrics) of(exposure string) *counts {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.exposures == nil {
		m.exposures = map[string]*counts{}
	}
	c := m.exposures[exposure]
	if c == nil {
		c = &counts{}
		m.exposures[exposure] = c
	}
	return c
}

func (c *counts) measure(took time.Duration) {
	i, _ := slices.BinarySearch(bounds[:], took.Seconds())
	c.took[i].Add(1)
	c.nanos.Add(uint64(max(took, 0)))
}

func methodIndex(method string) int {
	if i := slices.Index(methods[:], method); i >= 0 {
		return i
	}
	return len(methods)
}

func methodName(i int) string {
	if i < len(methods) {
		return methods[i]
	}
	return "other"
}

// metrics answers with what was counted, in the text that Prometheus reads
// (exposition format 0.0.4).
func (h *Handler) metrics(w http.ResponseWriter, r *http.Request) {
	var b bytes.Buffer
	h.o.Metrics.write(&b)
	ready := "0"
	if overall(h.o.Adapters()) == up {
		ready = "1"
	}
	head(&b, "capstan_ready", "gauge", "Whether every exposure answers.")
	sample(&b, "capstan_ready", ready)
	if !h.o.Info.Started.IsZero() {
		head(&b, "capstan_start_time_seconds", "gauge", "When this server was started, since the epoch.")
		sample(&b, "capstan_start_time_seconds", number(float64(h.o.Info.Started.UnixMilli())/1000))
	}
	write(w, r, http.StatusOK, "text/plain; version=0.0.4; charset=utf-8", b.Bytes())
}

func (m *Metrics) write(b *bytes.Buffer) {
	if m == nil {
		return
	}
	m.mu.Lock()
	all := maps.Clone(m.exposures)
	m.mu.Unlock()
	names := slices.Sorted(maps.Keys(all))

	head(b, "capstan_requests_total", "counter", "Requests answered, by exposure, method and class of status.")
	for _, name := range names {
		for i := range all[name].answered {
			for class := range all[name].answered[i] {
				if n := all[name].answered[i][class].Load(); n > 0 {
					sample(b, "capstan_requests_total", strconv.FormatUint(n, 10), "exposure", name, "method", methodName(i), "status", className(class))
				}
			}
		}
	}
	head(b, "capstan_requests_in_flight", "gauge", "Requests that are being answered, streams included.")
	for _, name := range names {
		sample(b, "capstan_requests_in_flight", strconv.FormatInt(all[name].open.Load(), 10), "exposure", name)
	}
	const took = "capstan_request_duration_seconds"
	head(b, took, "histogram", "How long requests took, streams left out.")
	for _, name := range names {
		c, within := all[name], uint64(0)
		for i := range c.took {
			bound := math.Inf(1)
			if i < len(bounds) {
				bound = bounds[i]
			}
			within += c.took[i].Load()
			sample(b, took+"_bucket", strconv.FormatUint(within, 10), "exposure", name, "le", number(bound))
		}
		sample(b, took+"_sum", number(time.Duration(c.nanos.Load()).Seconds()), "exposure", name)
		sample(b, took+"_count", strconv.FormatUint(within, 10), "exposure", name)
	}
}

func className(class int) string {
	if class == 0 {
		return "other"
	}
	return strconv.Itoa(class) + "xx"
}

func number(f float64) string {
	if math.IsInf(f, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

func head(b *bytes.Buffer, name, kind, help string) {
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// sample writes one value. labels are names and values in turn.
func sample(b *bytes.Buffer, name, value string, labels ...string) {
	b.WriteString(name)
	for i := 0; i < len(labels); i += 2 {
		b.WriteByte("{,"[min(i, 1)])
		fmt.Fprintf(b, `%s="%s"`, labels[i], strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(labels[i+1]))
	}
	if len(labels) > 0 {
		b.WriteByte('}')
	}
	fmt.Fprintf(b, " %s\n", value)
}
