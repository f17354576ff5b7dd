package measure_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/serve/internal/measure"
)

func TestRequests(t *testing.T) {
	q := measure.Requests{Prefix: "x", Label: "route", Bounds: []float64{0.1, 1}}
	q.Add(`GET /"a"`, "", 2, 100*time.Millisecond, false)
	q.Add(`GET /"a"`, "", 2, 2*time.Second, false)
	q.Add("b", "PUT", 0, time.Hour, true)
	var got measure.Text
	q.Write(&got)
	want := `# HELP x_requests_total Requests answered, by route and class of status.
# TYPE x_requests_total counter
x_requests_total{route="GET /\"a\"",status="2xx"} 2
x_requests_total{route="b",method="PUT",status="other"} 1
# HELP x_request_duration_seconds How long requests took, streams left out.
# TYPE x_request_duration_seconds histogram
x_request_duration_seconds_bucket{route="GET /\"a\"",le="0.1"} 1
x_request_duration_seconds_bucket{route="GET /\"a\"",le="1"} 1
x_request_duration_seconds_bucket{route="GET /\"a\"",le="+Inf"} 2
x_request_duration_seconds_sum{route="GET /\"a\""} 2.1
x_request_duration_seconds_count{route="GET /\"a\""} 2
x_request_duration_seconds_bucket{route="b",le="0.1"} 0
x_request_duration_seconds_bucket{route="b",le="1"} 0
x_request_duration_seconds_bucket{route="b",le="+Inf"} 0
x_request_duration_seconds_sum{route="b"} 0
x_request_duration_seconds_count{route="b"} 0
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestSeen(t *testing.T) {
	for name, test := range map[string]struct {
		serve  http.HandlerFunc
		whole  bool
		status int
		stream bool
	}{
		"silent":   {func(http.ResponseWriter, *http.Request) {}, true, 200, false},
		"panicked": {func(http.ResponseWriter, *http.Request) {}, false, 500, false},
		"written":  {func(w http.ResponseWriter, _ *http.Request) { w.Write(nil) }, true, 200, false},
		"first": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusTeapot)
		}, true, 418, false},
		"stream": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.(http.Flusher).Flush()
		}, false, 200, true},
	} {
		seen := measure.See(httptest.NewRecorder())
		test.serve(seen, httptest.NewRequest("GET", "/", nil))
		if seen.Code(test.whole) != test.status || seen.Stream != test.stream {
			t.Errorf("%s: %d, stream %v", name, seen.Code(test.whole), seen.Stream)
		}
	}
}
