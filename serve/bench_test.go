package serve_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/capstan-run/capstan/serve"
	"github.com/capstan-run/capstan/serve/internal/servetest"
)

const benchFile = `
ikanos: 1.0.0-beta5
info: {display: Bench, description: One call}
binds:
- {namespace: env, keys: {BENCH_TOKEN: BENCH_TOKEN}}
capability:
  exposes:
  - type: rest
    port: @1
    namespace: ships
    resources:
      ship:
        path: /ships/{imo}
        operations:
          get-ship:
            method: GET
            inputParameters:
              imo: {in: path, type: string}
              lang: {in: query, type: string}
            call: registry.get-ship
            with: {imo: ships.imo, lang: ships.lang}
      owners:
        path: /owners/{imo}
        operations:
          owners:
            method: GET
            inputParameters:
              imo: {in: path, type: string}
              lang: {in: query, type: string}
            call: registry.get-ship
            with: {imo: ships.imo, lang: ships.lang}
            outputParameters:
            - type: object
              properties:
                ship: {type: string, mapping: $.name}
                owners: {type: array, mapping: $.owners, items: {type: object, properties: {name: {type: string, mapping: $.name}}}}
  - type: mcp
    transport: http
    port: @2
    namespace: ship-tools
    tools:
      get-ship:
        description: A ship
        inputParameters:
          imo: {type: string, required: true}
          lang: {type: string}
        call: registry.get-ship
        with: {imo: ship-tools.imo, lang: ship-tools.lang}
  consumes:
  - type: http
    namespace: registry
    baseUri: "@UP"
    authentication: {type: bearer, token: "{{BENCH_TOKEN}}"}
    resources:
      ship:
        path: "/ships/{{imo}}"
        operations:
          get-ship: {method: GET, inputParameters: {imo: {in: path, required: true}, lang: {in: query}}}
`

const (
	ownersURL = "/owners/9321483?lang=en"
	shipURL   = "/ships/9321483?lang=en"
	shipTool  = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get-ship","arguments":{"imo":"9321483","lang":"en"},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`
)

// BenchmarkServed compares a served call with a reverse proxy of Go's own that
// makes the same call to the same upstream. Both take turns, so that whatever
// else the machine does hits both. ns/op is that of the served call; "of-proxy"
// is its requests a second as a part of the proxy's.
func BenchmarkServed(b *testing.B) {
	b.Setenv("BENCH_TOKEN", "bench-token")
	ship := []byte(`{"imo":"9321483","name":"Petrel","flag":"PT","built":2006,"owners":[` + strings.Repeat(`{"name":"Harbour Lines","share":0.25},`, 20) + `null]}`)
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/ships/9321483" || r.URL.RawQuery != "lang=en" || r.Header.Get("Authorization") != "Bearer bench-token" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(ship)
	}))
	b.Cleanup(upstream.Close)
	ports := servetest.FreePorts(b, 2)
	running(b, write(b, upstream.URL, ports, "bench.yaml", benchFile), &serve.Options{})
	target, err := url.Parse(upstream.URL)
	if err != nil {
		b.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	proxy := httptest.NewServer(&httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Header.Set("Authorization", "Bearer bench-token")
	}})
	b.Cleanup(proxy.Close)

	load := &load{b: b, client: client(b)}
	plain := func() *http.Request { return load.request(http.MethodGet, proxy.URL+shipURL, "") }
	b.Run("rest", func(b *testing.B) {
		at := fmt.Sprintf("http://127.0.0.1:%d", ports[0])
		load.compare(b, func() *http.Request { return load.request(http.MethodGet, at+shipURL, "") }, plain)
	})
	b.Run("rest-shaped", func(b *testing.B) {
		at := fmt.Sprintf("http://127.0.0.1:%d", ports[0])
		load.compare(b, func() *http.Request { return load.request(http.MethodGet, at+ownersURL, "") }, plain)
	})
	b.Run("mcp", func(b *testing.B) {
		at := fmt.Sprintf("http://127.0.0.1:%d/mcp", ports[1])
		load.compare(b, func() *http.Request {
			r := load.request(http.MethodPost, at, shipTool)
			for name, v := range toolHeaders() {
				r.Header.Set(name, v)
			}
			return r
		}, plain)
	})
}

// toolHeaders go with shipTool.
func toolHeaders() map[string]string {
	return map[string]string{
		"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "get-ship",
	}
}

// load sends requests from several clients at once.
type load struct {
	b      *testing.B
	client *http.Client
}

func (l *load) request(method, url, body string) *http.Request {
	r, err := http.NewRequestWithContext(l.b.Context(), method, url, strings.NewReader(body))
	if err != nil {
		l.b.Fatal(err)
	}
	return r
}

// turn is how many requests go to one side before it is the other's turn.
const turn = 400

func (l *load) compare(b *testing.B, served, proxied func() *http.Request) {
	l.send(b, turn, served)
	l.send(b, turn, proxied)
	var own, others time.Duration
	sent := 0
	for sent < b.N {
		n := min(turn, b.N-sent)
		sent += n
		b.StopTimer()
		others += l.send(b, n, proxied)
		b.StartTimer()
		own += l.send(b, n, served)
	}
	b.ReportMetric(float64(sent)/own.Seconds(), "req/s")
	b.ReportMetric(float64(sent)/others.Seconds(), "proxy-req/s")
	b.ReportMetric(others.Seconds()/own.Seconds(), "of-proxy")
}

// send makes n requests and returns how long they took together.
func (l *load) send(b *testing.B, n int, request func() *http.Request) time.Duration {
	began := time.Now()
	var group sync.WaitGroup
	next := make(chan struct{}, n)
	for range n {
		next <- struct{}{}
	}
	close(next)
	for range 8 * runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for range next {
				l.one(b, request())
			}
		})
	}
	group.Wait()
	return time.Since(began)
}

func (l *load) one(b *testing.B, r *http.Request) {
	resp, err := l.client.Do(r)
	if err != nil {
		b.Error(err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("Petrel")) {
		b.Errorf("answered %d %s (%v)", resp.StatusCode, body, err)
	}
}
