package serve_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/stalltest"
	"github.com/capstan-run/capstan/serve"
	"github.com/capstan-run/capstan/serve/internal/servetest"
)

// stalledFace is a file whose only API stalls.
const stalledFace = `
ikanos: 1.0.0-beta5
info: {display: Face, description: One face}
capability:
  exposes:
  - type: rest
    port: @1
    namespace: face
    resources:
      read: {path: /read, operations: {read: {method: GET, call: up.read}}}
      passed: {path: /passed, forward: {targetNamespace: up}}
  - type: mcp
    port: @2
    namespace: tools
    tools: [{name: read, description: Reads, call: up.read}]
  consumes:
  - {type: http, namespace: up, baseUri: "@UP", resources: {read: {path: /read, operations: {read: {method: GET}}}}}
`

// stalled serves a file whose API stalls in the phase.
func stalled(t *testing.T, phase stalltest.Phase, limit time.Duration) (rest, mcp string, upstream *stalltest.Server, stop func() error) {
	t.Helper()
	upstream, err := phase.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(upstream.Close)
	ports := servetest.FreePorts(t, 2)
	file := write(t, phase.URL(upstream.Host), ports, "face.yaml", stalledFace)
	f, err := engine.Open(t.Context(), file, &engine.LoadOptions{Project: "none"})
	if err != nil {
		t.Fatal(err)
	}
	o := &serve.Options{Drain: time.Millisecond}
	ends, err := serve.Exposures(t.Context(), engine.NewRunner(&engine.Options{RequestTimeout: limit}), f, o)
	if err != nil {
		t.Fatal(err)
	}
	s := serve.New(o)
	if err := s.Replace(ends); err != nil {
		t.Fatal(err)
	}
	at := func(port int) string { return fmt.Sprintf("http://127.0.0.1:%d", port) }
	return at(ports[0]), at(ports[1]), upstream, run(t, s)
}

// eachPhase runs a test for every phase that a server on loopback can stall in.
func eachPhase(t *testing.T, test func(t *testing.T, phase stalltest.Phase)) {
	for _, phase := range stalltest.Phases() {
		if phase == stalltest.Connect {
			continue
		}
		t.Run(string(phase), func(t *testing.T) {
			t.Parallel()
			test(t, phase)
		})
	}
}

// A served request whose API stalls is answered once the limit of an exchange is
// reached.
func TestServedRequestsAreAnsweredInEveryPhase(t *testing.T) {
	eachPhase(t, func(t *testing.T, phase stalltest.Phase) {
		base, _, _, _ := stalled(t, phase, 50*time.Millisecond)
		for _, path := range []string{"/read", "/passed"} {
			status, body, err := get(client(t), base+path)
			if err != nil || status < 500 || !strings.Contains(body, `"status"`) {
				t.Errorf("%s: %d %s %v", path, status, body, err)
			}
		}
	})
}

// A server stops although the APIs of requests in flight stall.
func TestStoppingEndsRequestsWhoseAPIStalls(t *testing.T) {
	eachPhase(t, func(t *testing.T, phase stalltest.Phase) {
		base, _, upstream, stop := stalled(t, phase, time.Hour)
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			resp, err := http.Get(base + "/read")
			if err == nil {
				resp.Body.Close()
			}
		}()
		<-upstream.Reached
		if err := stop(); err != nil {
			t.Error(err)
		}
		<-answered
	})
}

// callRead sends the messages of a call of the tool "read" in an era of MCP, and
// returns its answer, which begins at once.
func callRead(t *testing.T, url, version string) *http.Response {
	t.Helper()
	const (
		hello  = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`
		call   = `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"read"}}`
		modern = `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"read","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`
	)
	post := func(body string, headers map[string]string) *http.Response {
		r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json, text/event-stream")
		r.Header.Set("Mcp-Protocol-Version", version)
		for name, value := range headers {
			r.Header.Set(name, value)
		}
		resp, err := client(t).Do(r)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%v %v", resp, err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp
	}
	if version == "2026-07-28" {
		return post(modern, map[string]string{"Mcp-Method": "tools/call", "Mcp-Name": "read"})
	}
	opened := post(hello, nil)
	if _, err := io.Copy(io.Discard, opened.Body); err != nil { // the session is there once it has answered
		t.Fatal(err)
	}
	return post(call, map[string]string{"Mcp-Session-Id": opened.Header.Get("Mcp-Session-Id")})
}

// So it does where the requests are calls of tools, in both eras of MCP: a
// client of the first could resume its call, but not of a server that stops.
func TestStoppingEndsCallsWhoseAPIStalls(t *testing.T) {
	for _, version := range []string{"2025-11-25", "2026-07-28"} {
		eachPhase(t, func(t *testing.T, phase stalltest.Phase) {
			_, url, upstream, stop := stalled(t, phase, time.Hour)
			callRead(t, url, version)
			<-upstream.Reached
			if err := stop(); err != nil {
				t.Error(err)
			}
		})
	}
}
