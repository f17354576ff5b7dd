package measure

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Requests count answered requests by group (an exposure, a route), method and
// class of status, and how long they took. Set the fields before the first use;
// it is safe for concurrent use after that.
type Requests struct {
	Prefix string    // of the metrics' names: "capstan_http"
	Label  string    // of the groups: "route"
	Bounds []float64 // of the histogram's buckets, in seconds, ascending

	mu       sync.Mutex
	answered map[answered]int
	took     map[string]*histogram // by group
}

type answered struct {
	group, method string
	class         int
}

// histogram counts durations. A bucket counts those within its bound and above
// the one before; the last one counts the rest.
type histogram struct {
	buckets []int
	sum     time.Duration
}

// Add counts a request of a group. The method "" is not shown. How long a stream
// lasts is up to the client and not measured.
func (q *Requests) Add(group, method string, class int, took time.Duration, stream bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.answered == nil {
		q.answered, q.took = map[answered]int{}, map[string]*histogram{}
	}
	q.answered[answered{group, method, class}]++
	t := q.took[group]
	if t == nil {
		t = &histogram{buckets: make([]int, len(q.Bounds)+1)}
		q.took[group] = t
	}
	if stream {
		return
	}
	i, _ := slices.BinarySearch(q.Bounds, took.Seconds())
	t.buckets[i]++
	t.sum += max(took, 0)
}

// Write adds the counts to a text.
func (q *Requests) Write(t *Text) {
	q.mu.Lock()
	defer q.mu.Unlock()
	total, duration := q.Prefix+"_requests_total", q.Prefix+"_request_duration_seconds"
	t.Family(total, "counter", "Requests answered, by "+q.Label+" and class of status.")
	for _, a := range slices.SortedFunc(maps.Keys(q.answered), func(a, b answered) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.method, b.method), cmp.Compare(a.class, b.class))
	}) {
		labels := []string{q.Label, a.group}
		if a.method != "" {
			labels = append(labels, "method", a.method)
		}
		t.Sample(total, float64(q.answered[a]), append(labels, "status", className(a.class))...)
	}
	t.Family(duration, "histogram", "How long requests took, streams left out.")
	for _, group := range slices.Sorted(maps.Keys(q.took)) {
		h, within := q.took[group], 0
		for i, n := range h.buckets {
			within += n
			bound := "+Inf"
			if i < len(q.Bounds) {
				bound = number(q.Bounds[i])
			}
			t.Sample(duration+"_bucket", float64(within), q.Label, group, "le", bound)
		}
		t.Sample(duration+"_sum", h.sum.Seconds(), q.Label, group)
		t.Sample(duration+"_count", float64(within), q.Label, group)
	}
}

func className(class int) string {
	if class == 0 {
		return "other"
	}
	return strconv.Itoa(class) + "xx"
}
