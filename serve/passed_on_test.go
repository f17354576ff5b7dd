package serve_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/capstan-run/capstan/serve/internal/servetest"
)

const passing = `
ikanos: 1.0.0-beta5
info: {display: Passing, description: What is passed on}
capability:
  exposes:
  - type: rest
    port: @1
    namespace: face
    resources:
      raw: {path: "/raw/{path}", forward: {targetNamespace: up}}
      r: {path: /r, operations: {r: {method: GET, call: up.r}}}
      twice:
        path: /twice
        operations:
          twice:
            method: GET
            steps: {a: {type: call, call: up.r}, b: {type: call, call: up.r}}
            mappings: [{target: id, value: $.b.id}]
  consumes:
  - type: http
    namespace: up
    baseUri: "@UP/v1"
    resources: {r: {path: /r, operations: {r: {method: GET}}}}
`

// fetch asks for a target as it is written, which a client would tidy.
func fetch(t *testing.T, port int, target string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/", port), nil)
	if err != nil {
		t.Fatal(err)
	}
	path, query, _ := strings.Cut(target, "?")
	r.URL.Opaque, r.URL.RawQuery = path, query
	resp, err := client(t).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// A caller that shall wait is told for how long, and a file keeps its name; no
// other header of an API's answer is anybody's business.
func TestHeadersThatConcernTheCallerArePassedOn(t *testing.T) {
	var status atomic.Int64
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, v := range map[string]string{
			"Retry-After": "7", "Content-Disposition": `attachment; filename="a.json"`, "Content-Type": "application/json", "X-Internal": "1", "Set-Cookie": "a=b",
		} {
			w.Header().Set(name, v)
		}
		w.WriteHeader(int(status.Load()))
		_, _ = io.WriteString(w, `{"id": 1}`)
	}))
	t.Cleanup(up.Close)
	ports := servetest.FreePorts(t, 1)
	running(t, write(t, up.URL, ports, "passing.yaml", passing), nil)
	for _, want := range []int{200, 429, 503} {
		status.Store(int64(want))
		for _, target := range []string{"/r", "/raw/r"} {
			resp, body := fetch(t, ports[0], target)
			if got := resp.Header; resp.StatusCode != want || got.Get("Retry-After") != "7" || got.Get("Content-Disposition") != `attachment; filename="a.json"` ||
				got.Get("X-Internal") != "" || got.Get("Set-Cookie") != "" {
				t.Errorf("%s when the API answers %d: %d %s with %v", target, want, resp.StatusCode, body, got)
			}
		}
	}
	if resp, _ := fetch(t, ports[0], "/twice"); resp.StatusCode != http.StatusBadGateway || resp.Header.Get("Retry-After") != "" {
		t.Errorf("the answer to a call in the middle is passed on: %d %v", resp.StatusCode, resp.Header)
	}
}

// What follows a forwarded path is sent as it came: slashes are part of it, and
// what may not stand raw in a query is encoded. No path leaves the API's base.
func TestForwardedTargetsArriveAsTheyCame(t *testing.T) {
	var arrived atomic.Value
	up := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { arrived.Store(r.RequestURI) }))
	t.Cleanup(up.Close)
	ports := servetest.FreePorts(t, 1)
	running(t, write(t, up.URL, ports, "passing.yaml", passing), nil)
	for target, want := range map[string]string{
		"/raw":                     "/v1",
		"/raw/":                    "/v1/",
		"/raw/a/b":                 "/v1/a/b",
		"/raw/a/b/":                "/v1/a/b/",
		"/raw/a/b//":               "/v1/a/b//",
		"/raw//a":                  "/v1//a",
		"/raw//evil.example/a":     "/v1//evil.example/a",
		"/raw/a//b?":               "/v1/a//b",
		"/raw/a%2Fb%20c":           "/v1/a%2Fb%20c",
		"/raw/%7Bx%7D":             "/v1/%7Bx%7D",
		"/raw/a?x=%7B1%7D&y=%2f":   "/v1/a?x=%7B1%7D&y=%2f",
		"/raw/a?filter={\"a\":1}":  "/v1/a?filter=%7B%22a%22:1%7D",
		"/raw/a?x={y}&z=<1>|\\^`":  "/v1/a?x=%7By%7D&z=%3C1%3E%7C%5C%5E%60",
		"/raw/a?x={{y}}&n=a[]=b/?": "/v1/a?x=%7B%7By%7D%7D&n=a[]=b/?",
		"/raw/../a":                "",
		"/raw/%2e%2e/a":            "",
		"/raw/a/..":                "",
		"/raw/a%2f..%2f..%2fb":     "",
		"/raw//../a":               "",
		"/raw/%252e%252e/a":        "",
	} {
		arrived.Store("")
		resp, body := fetch(t, ports[0], target)
		got := arrived.Load()
		if got != want || (want == "") != (resp.StatusCode == http.StatusBadRequest) {
			t.Errorf("%s was sent as %q, want %q (%d %s)", target, got, want, resp.StatusCode, body)
		}
	}
}
