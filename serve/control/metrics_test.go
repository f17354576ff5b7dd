package control_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/serve/control"
	"github.com/capstan-run/capstan/spec"
)

func TestRequestsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := control.NewSeen()
		slow := m.Watch("ships", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(30 * time.Millisecond)
			_, _ = w.Write([]byte("ok"))
		}))
		ask(slow, "GET", "/a")
		ask(slow, "GET", "/b?x=1")
		ask(slow, "POST", "/a")
		ask(m.Watch("ships", answer(404)), "GET", "/c") // goes on counting
		ask(m.Watch(`a"b`, answer(204)), "PROPFIND", "/")
		ask(m.Watch("silent", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})), "GET", "/")
		got := strings.Join(measured(m), "\n")
		for _, want := range []string{
			`capstan_requests_total{exposure="ships",method="GET",status="2xx"} 2`,
			`capstan_requests_total{exposure="ships",method="GET",status="4xx"} 1`,
			`capstan_requests_total{exposure="ships",method="POST",status="2xx"} 1`,
			`capstan_requests_total{exposure="a\"b",method="other",status="2xx"} 1`,
			`capstan_requests_total{exposure="silent",method="GET",status="2xx"} 1`,
			`capstan_requests_in_flight{exposure="ships"} 0`,
			`capstan_request_duration_seconds_bucket{exposure="ships",le="0.001"} 1`,
			`capstan_request_duration_seconds_bucket{exposure="ships",le="0.025"} 1`,
			`capstan_request_duration_seconds_bucket{exposure="ships",le="0.05"} 4`,
			`capstan_request_duration_seconds_bucket{exposure="ships",le="+Inf"} 4`,
			`capstan_request_duration_seconds_sum{exposure="ships"} 0.09`,
			`capstan_request_duration_seconds_count{exposure="ships"} 4`,
			`capstan_ready 1`,
		} {
			if !strings.Contains("\n"+got+"\n", "\n"+want+"\n") {
				t.Errorf("no %s in\n%s", want, got)
			}
		}
	})
}

func TestLabelsAreBounded(t *testing.T) {
	m := control.NewSeen()
	h := m.Watch("ships", answer(200))
	ask(h, "GET", "/")
	ask(h, "M", "/")
	before := len(measured(m))
	for i := range 1000 {
		ask(h, fmt.Sprintf("M%d", i), fmt.Sprintf("/%d?q=%d", i, i))
	}
	if after := len(measured(m)); after != before {
		t.Errorf("%d samples became %d", before, after)
	}
}

func TestPanicCountsAsFailure(t *testing.T) {
	m := control.NewSeen()
	h := m.Watch("ships", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	func() {
		defer func() {
			if recover() != http.ErrAbortHandler {
				t.Error("the panic did not go on")
			}
		}()
		ask(h, "GET", "/")
	}()
	got := strings.Join(measured(m), "\n")
	for _, want := range []string{`status="5xx"} 1`, `in_flight{exposure="ships"} 0`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

// TestStreamsFlush looks at an event stream while it lasts: its events arrive,
// and its length does not count.
func TestStreamsFlush(t *testing.T) {
	m, end := control.NewSeen(), make(chan bool)
	stream := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte("data: 1\n\n"))
		w.(http.Flusher).Flush()
		<-end
		if err := http.NewResponseController(w).SetWriteDeadline(time.Time{}); err != nil {
			t.Errorf("the controls of the connection are out of reach: %v", err)
		}
	})
	s := httptest.NewServer(m.Watch("ships", stream))
	defer s.Close()
	res, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 9)
	if _, err := res.Body.Read(got); err != nil || string(got) != "data: 1\n\n" {
		t.Errorf("%q, %v", got, err)
	}
	if text := strings.Join(measured(m), "\n"); !strings.Contains(text, `in_flight{exposure="ships"} 1`) {
		t.Errorf("the stream is not open:\n%s", text)
	}
	close(end)
	_ = res.Body.Close()
	s.Close()
	if text := strings.Join(measured(m), "\n"); !strings.Contains(text, `seconds_count{exposure="ships"} 0`) || !strings.Contains(text, `status="2xx"} 1`) {
		t.Errorf("the stream was timed, or not counted:\n%s", text)
	}
}

func TestNothingIsSeenYet(t *testing.T) {
	h := control.New(control.Options{})
	want := map[string]any{"traces": []any{}, "bufferSize": 100.0, "bufferUsed": 0.0}
	if diff := cmp.Diff(want, decode(t, ask(h, "GET", "/traces"))); diff != "" {
		t.Error(diff)
	}
	if text := ask(h, "GET", "/metrics").Body.String(); strings.Contains(text, "requests") {
		t.Error(text)
	}
}

func TestConcurrentRequests(t *testing.T) {
	m := control.NewSeen()
	h := m.Watch("ships", answer(200))
	look := control.New(control.Options{Seen: m, Spec: &spec.Control{Metrics: true, Traces: true, TraceBuffer: 10}})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				ask(h, "GET", "/a")
				ask(look, "GET", "/metrics")
				ask(look, "GET", "/traces")
			}
		})
	}
	wg.Wait()
	if text := strings.Join(measured(m), "\n"); !strings.Contains(text, `method="GET",status="2xx"} 1600`) {
		t.Error(text)
	}
}
