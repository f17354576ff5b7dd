package limit

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/serve/access"
)

var accepted = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

func TestThrottleCountsByCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := Throttle(Rate{PerSecond: 0.5, Burst: 3}, accepted)
		call := func(caller, address string) *httptest.ResponseRecorder {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = address
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r.WithContext(access.WithCaller(r.Context(), caller)))
			return w
		}
		check := func(caller, address string, want ...int) {
			t.Helper()
			for n, status := range want {
				if got := call(caller, address).Code; got != status {
					t.Errorf("request %d of %q at %s: status %d, want %d", n, caller, address, got, status)
				}
			}
		}
		check("ana", "192.0.2.1:1", 200, 200, 200, 429, 429)
		check("ana", "192.0.2.2:1", 429) // a caller is the same anywhere
		check("bob", "192.0.2.1:1", 200) // and nobody else
		if got := call("ana", "192.0.2.1:1").Header().Get("Retry-After"); got != "2" {
			t.Errorf("retry after %q, want 2", got)
		}
		time.Sleep(2 * time.Second)
		check("ana", "192.0.2.1:1", 200, 429)
		time.Sleep(time.Hour)
		check("ana", "192.0.2.1:1", 200, 200, 200, 429) // quiet hours are not saved up

		check("", "192.0.2.9:1", 200, 200, 200)
		check("", "192.0.2.9:2", 429)
		check("", "[2001:db8::1]:1", 200, 200, 200)
		check("", "[2001:db8::ffff]:1", 429)
		check("", "[2001:db8:0:1::1]:1", 200)
	})
}

func TestThrottleMemoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &meters{rate: Rate{PerSecond: 1, Burst: 2}, max: 100, full: map[string]time.Time{}}
		for n := range 1000 {
			m.take(fmt.Sprint("caller ", n), time.Now())
		}
		if len(m.full) > 101 {
			t.Errorf("%d callers are remembered, want 100 and the one for the others", len(m.full))
		}
		if m.take("caller 5", time.Now()) > 0 {
			t.Error("a flood of others takes a known caller's turn")
		}
		if m.take("somebody new", time.Now()) == 0 {
			t.Error("newcomers beyond the bound have no count at all")
		}
		time.Sleep(time.Hour)
		if m.take("somebody new", time.Now()) > 0 {
			t.Error("there is no room for newcomers after a quiet hour")
		}
	})
}

func TestNoRateIsNoThrottle(t *testing.T) {
	h := Throttle(Rate{}, accepted)
	for range 1000 {
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil)); w.Code != 200 {
			t.Fatalf("status %d", w.Code)
		}
	}
}
