package runs_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/serve/live"
	"github.com/capstan-run/capstan/serve/runs"
)

// FuzzRequests sends requests that nobody in their right mind would: none is
// answered with a 5xx, and nothing panics.
func FuzzRequests(f *testing.F) {
	s, end := bubble(f, live.Options{NoDrive: true}, runs.Options{MaxWait: time.Nanosecond})
	f.Cleanup(end)
	f.Add("GET", "/runs?status=waiting&cursor=eyJ9", "", "", "")
	f.Add("POST", "/capabilities/b2b-enterprise-onboarding/runs", acme, "application/json", "wait=0")
	f.Add("POST", "/runs/run_0/steps/a%2Fb%00", `{"happened": true, "result": 1e999}`, "application/json; charset=utf-8", "wait=x")
	f.Add("POST", "/runs/%2e%2e/cancel", "[[[[", "application/json", "")
	f.Add("OPTIONS", "//runs/../page/..%2f", "\x00", "text/plain", "")
	f.Fuzz(func(t *testing.T, method, target, body, contentType, prefer string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || method == "" || strings.ContainsAny(method, " \r\n\t") {
			t.Skip()
		}
		hostile(t, s, method, u, body, contentType, prefer)
	})
}

func hostile(t *testing.T, s *server, method string, u *url.URL, body, contentType, prefer string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if strings.Contains(u.Path, "events") {
		cancel() // nobody waits for an event
	}
	r := (&http.Request{Method: method, URL: u, Host: "example.com", Header: http.Header{}, Body: http.NoBody}).WithContext(ctx)
	if body != "" {
		r.Body = httptest.NewRequest("POST", "/", strings.NewReader(body)).Body
	}
	for name, value := range map[string]string{"Content-Type": contentType, "Prefer": prefer, "Last-Event-ID": prefer, "Idempotency-Key": prefer} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	if w.Code >= 500 {
		t.Errorf("%s %s %q: %d %s", method, u, body, w.Code, w.Body)
	}
}

func TestTenThousandHostileRequests(t *testing.T) {
	s, end := bubble(t, live.Options{NoDrive: true}, runs.Options{MaxWait: time.Nanosecond})
	defer end()
	run := s.ask("POST", "/capabilities/"+onboarding+"/runs", acme).want(t, 202).header.Get("Location")
	rnd := rand.New(rand.NewPCG(5, 1))
	pick := func(of ...string) string { return of[rnd.IntN(len(of))] }
	deep := strings.Repeat(`{"inputs":`, 20000)
	for range 10000 {
		path := pick(run, run+"/events", run+"/steps/send-portal-link", run+"/steps/%00", run+"/cancel/", "/runs", "/", "//", "/runs/"+strings.Repeat("a", 5000),
			"/runs/%ff", "/runs/../..", "/capabilities/"+onboarding+"/runs", "/capabilities/%2e%2e/graph.svg", "/openapi.json", "/page/%2e%2e", "/metrics", "/health/ready", "*")
		query := pick("", "?", "?status=", "?limit=99999999999999999999", "?cursor=bnVsbA", "?cursor="+strings.Repeat("A", 3000), "?show-sensitive=", "?a;b", "?%", "?after=9223372036854775807")
		body := pick("", "null", `""`, "0", "{}", `{"inputs":null}`, `{"inputs":[]}`, `{"inputs":{"domains":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+`}}`, deep, "\xff\xfe", `{"inputs":{"":{}}}`,
			`{"inputs":{"organization_name":"\u0000","domains":["`+"\x7f"+`"],"admin_email":"\ud800"}}`, `{"result":1e400}`, `{"happened":true,"result":{"a":18446744073709551616}}`)
		u, err := url.ParseRequestURI(path + query)
		if err != nil {
			continue
		}
		hostile(t, s, pick("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "get", "PROPFIND"), u, body,
			pick("application/json", "application/json;;;", "text/html", "", "multipart/form-data; boundary=x"),
			pick("", "wait=1", "wait=-0", ",,,=;", fmt.Sprint(rnd.Int64()), "\x80"))
	}
}
