package client

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
)

// dropping answers /warm, which leaves a connection to be used again, and
// drops the connection under the first requests for anything else, after having
// read them.
func dropping(t *testing.T, first int32, sends *atomic.Int32) string {
	t.Helper()
	srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/warm/things" {
			return
		}
		io.Copy(io.Discard, r.Body)
		if sends.Add(1) <= first {
			hangUp(w)
		}
	})
	return srv.URL
}

// net/http sends a request again by itself when a kept connection dies, if it
// takes it for replayable. Whether to send again is for Retry to say.
func TestTransportNeverRepeatsARequest(t *testing.T) {
	keyed := http.Header{"Idempotency-Key": {"k"}}
	tests := []struct {
		name string
		req  operations.Request
	}{
		{"GET", operations.Request{Op: optest.JSON("GET")}},
		{"HEAD", operations.Request{Op: optest.JSON("HEAD")}},
		{"POST", operations.Request{Op: optest.JSON("POST"), Body: map[string]any{}}},
		{"POST without a body", operations.Request{Op: optest.JSON("POST")}},
		{"POST with a key nobody vouched for", operations.Request{Op: optest.JSON("POST"), Body: 1, Header: keyed}},
		{"the same without a body", operations.Request{Op: optest.JSON("POST"), Header: http.Header{"X-Idempotency-Key": {"k"}}}},
		{"POST with a key", operations.Request{Op: optest.JSON("POST"), Body: 1, Header: keyed, Resend: true}},
		{"PUT", operations.Request{Op: optest.JSON("PUT"), Body: 1}},
		{"PATCH", operations.Request{Op: optest.JSON("PATCH"), Body: 1}},
	}
	for _, tt := range tests {
		for name, tr := range map[string]http.RoundTripper{"own transport": nil, "given transport": &http.Transport{}} {
			t.Run(tt.name+", "+name, func(t *testing.T) {
				var sends atomic.Int32
				server := dropping(t, 2, &sends)
				call := New(Options{Transport: tr})
				if _, err := call(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: server + "/warm"}); err != nil {
					t.Fatal(err)
				}
				req := tt.req
				req.BaseURL, req.Attempts = server, 1
				_, err := call(t.Context(), &req)
				optest.WantCallError(t, err, operations.Sent, operations.ReasonReset, "closed the connection")
				if got := sends.Load(); got != 1 {
					t.Errorf("the server got the request %d times, want once", got)
				}
			})
		}
	}
}

// That the test above can fail: net/http alone does send again.
func TestPlainTransportRepeats(t *testing.T) {
	var sends atomic.Int32
	server := dropping(t, 1, &sends)
	plain := &http.Client{Transport: &http.Transport{}}
	for _, path := range []string{"/warm/things", "/things"} {
		resp, err := plain.Get(server + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	if got := sends.Load(); got != 2 {
		t.Errorf("the server got the request %d times", got)
	}
}

func TestAttemptsAreTrueOnADeadConnection(t *testing.T) {
	var sends atomic.Int32
	server := dropping(t, 2, &sends)
	call := New(Options{Retry: RetryPolicy{First: time.Millisecond}})
	if _, err := call(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: server + "/warm"}); err != nil {
		t.Fatal(err)
	}
	resp, err := call(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: server})
	if err != nil || resp.Attempts != 3 || sends.Load() != 3 {
		t.Errorf("got %+v, %v; the server got %d requests", resp, err, sends.Load())
	}
}

// A redirect that is followed on the kept connection is another request.
func TestSendOnceLetsRedirectsThrough(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/things" {
				http.Redirect(w, r, "/end", http.StatusFound)
				return
			}
			io.WriteString(w, r.Proto)
		}))
		srv.EnableHTTP2 = http2
		srv.StartTLS()
		defer srv.Close()
		call := once(Options{Transport: srv.Client().Transport})
		want := map[bool]string{false: "HTTP/1.1", true: "HTTP/2.0"}[http2]
		for range 2 {
			resp, err := call(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: srv.URL})
			if err != nil || string(resp.Body) != want {
				t.Errorf("got %+v, %v", resp, err)
			}
		}
	}
}

func TestSendOnceKeepsTheProxy(t *testing.T) {
	proxy := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `"through the proxy to `+r.URL.Host+`"`)
	})
	at, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{Proxy: http.ProxyURL(at)}
	resp, err := once(Options{Transport: tr})(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: "http://api.test"})
	if err != nil || string(resp.Body) != `"through the proxy to api.test"` {
		t.Errorf("got %+v, %v", resp, err)
	}
	if got, err := tr.Proxy(httptest.NewRequest("GET", "/", nil)); err != nil || got != at {
		t.Errorf("the given transport was changed: %v, %v", got, err)
	}
}
