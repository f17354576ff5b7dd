package limit

import (
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/capstan-run/capstan/serve/access"
	"github.com/capstan-run/capstan/serve/internal/answer"
)

// Rate is how often one caller may call. The zero value sets no bound.
type Rate struct {
	PerSecond float64 // requests a second in the long run; 0 or less is no bound
	Burst     int     // requests at once; 0 is one second's worth, at least 1
}

// Throttle lets each caller send requests to next at that rate, and answers the
// others with 429 and Retry-After. It counts by access.Caller, so it goes inside
// Require; without authentication it counts by the client's address (by the /64
// for IPv6). It remembers 10,000 callers; beyond that, newcomers share a count
// until others have been quiet.
func Throttle(rate Rate, next http.Handler) http.Handler {
	if rate.PerSecond <= 0 {
		return next
	}
	if rate.Burst <= 0 {
		rate.Burst = max(1, int(math.Ceil(rate.PerSecond)))
	}
	m := &meters{rate: rate, max: 10_000, full: map[string]time.Time{}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := access.Caller(r.Context())
		if who == "" {
			who = "from " + origin(r.RemoteAddr)
		}
		if wait := m.take(who, time.Now()); wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
			answer.Fault(w, r, answer.Problem{Status: http.StatusTooManyRequests, Detail: "too many requests from this caller; try again after the time in Retry-After"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// origin is the address that the requests of one client have in common.
func origin(remote string) string {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	ip := at.Addr().Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	network, _ := ip.Prefix(64)
	return network.String()
}

// meters keeps for each caller the moment when its whole burst is there again
// (a leaky bucket in one number). A moment in the past needs no memory.
type meters struct {
	rate Rate
	max  int

	mu    sync.Mutex
	full  map[string]time.Time
	swept time.Time
}

// take counts one request; if it comes too early it is not counted, and take
// returns how long to wait.
func (m *meters) take(who string, now time.Time) (wait time.Duration) {
	each := time.Duration(float64(time.Second) / m.rate.PerSecond)
	m.mu.Lock()
	defer m.mu.Unlock()
	full, known := m.full[who]
	if !known && !m.room(now) {
		who = "" // no caller has this name here
		full = m.full[who]
	}
	if full.Before(now) {
		full = now
	}
	full = full.Add(each)
	if wait = full.Sub(now) - time.Duration(m.rate.Burst)*each; wait > 0 {
		return wait
	}
	m.full[who] = full
	return 0
}

// room forgets callers that have been quiet, at most once a second, and reports
// whether there is room for one more.
func (m *meters) room(now time.Time) bool {
	if len(m.full) >= m.max && now.Sub(m.swept) >= time.Second {
		m.swept = now
		for who, full := range m.full {
			if !full.After(now) {
				delete(m.full, who)
			}
		}
	}
	return len(m.full) < m.max
}
