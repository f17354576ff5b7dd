package serve_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/capstan-run/capstan/serve"
	"github.com/capstan-run/capstan/serve/internal/servetest"
)

// everyFace is a file with an exposure of every kind.
const everyFace = `
ikanos: 1.0.0-beta5
info: {display: Harbour, description: Every face}
capability:
  exposes:
  - type: rest
    port: @1
    namespace: desk
    resources:
      ship:
        path: /ships/{imo}
        operations:
          get-ship:
            method: GET
            inputParameters: {imo: {in: path, type: string}, lang: {in: query, type: string}, n: {in: query, type: integer}}
            call: registry.get-ship
            with: {imo: desk.imo, lang: desk.lang}
          set-ship:
            method: POST
            inputParameters: {imo: {in: path, type: string}, name: {in: body, type: string}, tags: {in: body, type: array}}
            call: registry.set-ship
            with: {imo: desk.imo, name: desk.name, tags: desk.tags}
            outputParameters: [{type: object, properties: {id: {type: string, mapping: $.id}}}]
          steps:
            method: PUT
            inputParameters: {imo: {in: path, type: string}}
            steps:
              a: {type: call, call: registry.get-ship, with: {imo: desk.imo}}
              b: {type: call, call: registry.get-ship, with: {imo: "{{a.id}}"}}
            mappings: [{target: id, value: $.b.id}]
      raw: {path: "/raw/{path}", forward: {targetNamespace: registry, trustedHeaders: [X-Trust]}}
  - type: mcp
    transport: http
    port: @2
    namespace: tools
    tools:
      get-ship:
        description: A ship
        inputParameters: {imo: {type: string}}
        call: registry.get-ship
        with: {imo: tools.imo}
    resources:
      docs: {display: Documents, uri: "docs://files", description: All, location: "./docs"}
      ship: {display: A ship, uri: "ships://{imo}/card", description: One, mimeType: application/json, call: registry.get-ship, with: {imo: tools.imo}}
    prompts:
      ask: {description: Ask, arguments: {who: {description: Who, required: true}}, template: [{role: user, content: "Ask {{who}}"}]}
  - type: skill
    port: @3
    namespace: skills
    description: Skills
    skills:
      ships:
        description: Working with ships
        location: "./docs"
        tools: {how-to: {description: Guide, instruction: guide.md}}
  - type: control
    port: @4
    management: {health: true, info: true}
  consumes:
  - type: http
    namespace: registry
    baseUri: "@UP"
    resources:
      ship:
        path: "/ships/{{imo}}"
        operations:
          get-ship: {method: GET, inputParameters: {imo: {in: path, required: true}, lang: {in: query}}}
          set-ship: {method: POST, inputParameters: {imo: {in: path, required: true}, name: {in: body}, tags: {in: body}}}
`

// outside lies beside the folders that are served, and must never be read.
const outside = "outside-of-what-is-served"

func everyFaceIn(t testing.TB, upstream string) (file string, ports []int) {
	ports = servetest.FreePorts(t, 4)
	file = write(t, upstream, ports, "harbour.yaml", everyFace, "docs/guide.md", "# Guide\n", "docs/sub/more.txt", "more\n", "docs/.hidden", outside, "secret.txt", outside)
	if err := os.Symlink("../secret.txt", filepath.Join(filepath.Dir(file), "docs", "link.txt")); err != nil {
		t.Log("no links here:", err)
	}
	return file, ports
}

// moody is an API that answers anything.
func moody(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	switch rand.IntN(8) {
	case 0:
		http.Error(w, "no", 400+rand.IntN(3))
	case 1:
		http.Error(w, `{"message":"down"}`, 501+rand.IntN(3)) // so that a 500 is ours
	case 2:
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{\"id\": ")
	case 3:
		panic(http.ErrAbortHandler)
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"7","name":"Petrel"}`)
	}
}

// faults counts what the server says of itself that it should not.
type faults struct {
	panics atomic.Int64
}

type faultLog struct{ f *faults }

func (l faultLog) Write(b []byte) (int, error) {
	if strings.Contains(string(b), "panic") {
		l.f.panics.Add(1)
	}
	return len(b), nil
}

func countFaults() (*slog.Logger, *faults) {
	f := &faults{}
	return slog.New(slog.NewTextHandler(faultLog{f}, nil)), f
}

// usage is what a process holds.
type usage struct {
	goroutines int
	heap       int64
}

// settled is the usage once garbage is gone and goroutines that are about to end
// have ended: there are no more than want then. A minute is for those that do not.
func settled(want int) usage {
	var m runtime.MemStats
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		runtime.GC()
		runtime.GC() // pools are empty after the second
		if runtime.NumGoroutine() <= want || time.Since(began) > time.Minute {
			break
		}
	}
	runtime.ReadMemStats(&m)
	return usage{runtime.NumGoroutine(), int64(m.HeapAlloc)}
}

func TestTenThousandHostileRequests(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	before := settled(math.MaxInt)
	up := httptest.NewUnstartedServer(http.HandlerFunc(moody))
	up.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	up.Start()
	log, found := countFaults()
	file, ports := everyFaceIn(t, up.URL)
	o := &serve.Options{Log: log}
	o.Limits.Log = log
	_, stop := running(t, file, o)

	var group sync.WaitGroup
	statuses := [600]atomic.Int64{}
	for worker := range 8 {
		group.Go(func() {
			h := &hostile{t: t, ports: ports, rnd: rand.New(rand.NewPCG(4, uint64(worker)))}
			for range 1250 {
				statuses[h.one()].Add(1)
			}
		})
	}
	group.Wait()
	if statuses[200].Load() < 150 || statuses[404].Load() < 300 || statuses[400].Load() < 300 {
		t.Errorf("the requests were not what they should be: 200 %d, 400 %d, 404 %d", statuses[200].Load(), statuses[400].Load(), statuses[404].Load())
	}
	if n := found.panics.Load(); n > 0 {
		t.Errorf("%d requests made the server panic", n)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	up.Close()
	after := settled(before.goroutines + 2)
	if after.goroutines > before.goroutines+2 {
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines before, %d after:\n%s", before.goroutines, after.goroutines, buf[:runtime.Stack(buf, true)])
	}
	if after.heap > before.heap+16<<20 {
		t.Errorf("%d bytes were in use before, %d after", before.heap, after.heap)
	}
}

// hostile makes requests that mean harm, byte by byte as they go on the wire.
type hostile struct {
	t     *testing.T
	ports []int
	rnd   *rand.Rand
}

func (h *hostile) pick(of ...string) string { return of[h.rnd.IntN(len(of))] }

func (h *hostile) junk(n int) string {
	b := make([]byte, h.rnd.IntN(n))
	for i := range b {
		b[i] = byte(h.rnd.IntN(256))
	}
	return string(b)
}

// one sends a request on a connection of its own and returns the status of the
// answer, 0 when there was none.
func (h *hostile) one() int {
	port := h.rnd.IntN(len(h.ports))
	message := h.message(port)
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", h.ports[port]))
	if err != nil {
		h.t.Errorf("the server is gone: %v", err)
		return 0
	}
	defer c.Close()
	_, _ = io.WriteString(c, message) // it may have been refused before its end
	_ = c.(*net.TCPConn).CloseWrite()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	h.check(port, message, resp, string(body))
	return resp.StatusCode
}

func (h *hostile) check(port int, message string, resp *http.Response, body string) {
	switch status := resp.StatusCode; {
	case strings.Contains(body, outside):
		h.t.Errorf("%.300q was answered with a file outside the folder", message)
	case strings.Contains(body, "goroutine ") || strings.Contains(body, ".go:"):
		h.t.Errorf("%.300q was answered with a stack: %s", message, body)
	case status == http.StatusNotImplemented || status == http.StatusHTTPVersionNotSupported: // of the protocol itself
	case status >= 500 && (port != 0 || status == http.StatusInternalServerError):
		h.t.Errorf("%.300q was answered %d %s", message, status, body)
	}
}

func (h *hostile) message(port int) string {
	if h.rnd.IntN(12) == 0 {
		return h.junk(400)
	}
	path := h.path(port)
	method := h.pick("GET", "GET", "POST", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "CONNECT", "get", "PROPFIND", "TRACE", "")
	body, media := h.body(port)
	if port == 1 && h.rnd.IntN(4) > 0 {
		method, path = "POST", "/mcp"
	}
	head := fmt.Sprintf("%s %s %s\r\nHost: %s\r\n", method, path, h.pick("HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/9.9", "HTTX"), h.pick("localhost", "localhost", "127.0.0.1", "localhost", "[::1]:80", "localhost:1", "evil.example", ""))
	if media != "" {
		head += "Content-Type: " + media + "\r\n"
	}
	for range h.rnd.IntN(3) {
		head += h.pick(
			"Accept: application/json, text/event-stream", "Accept: */*;q=x", "Mcp-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: get-ship",
			"Mcp-Protocol-Version: 2026-07-28\r\nMcp-Method: resources/read", "Mcp-Protocol-Version: 1", "Mcp-Session-Id: "+h.pick("x", strings.Repeat("s", 3000)), "Last-Event-ID: 99999999999",
			"Transfer-Encoding: chunked", "Transfer-Encoding: xx", "Content-Encoding: gzip", "Expect: 100-continue", "Expect: nothing", "Origin: https://evil.example",
			"Cookie: "+strings.Repeat("a=b; ", 500), "X-Trust: \x01", "Range: bytes=5-1,-", "If-None-Match: *", "Connection: upgrade\r\nUpgrade: h2c", "X: "+strings.Repeat("y", 70000),
			"traceparent: 00-ffffffffffffffffffffffffffffffff-zzzzzzzzzzzzzzzz-01", "imo: x", "X-\x00: 1", " folded", "Content-Length: -1", "Content-Length: 5\r\nContent-Length: 6",
		) + "\r\n"
	}
	if strings.Contains(head, "chunked") {
		return head + "\r\n" + h.pick("5\r\nhello\r\n0\r\n\r\n", "ffffffffffffffff\r\n", "zz\r\n", "5\r\nhe", "0\r\n\r\n")
	}
	return head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body)+h.rnd.IntN(8)/7*10, body)
}

func (h *hostile) path(port int) string {
	up := h.pick("..", "%2e%2e", "%2E.", "..%2f..", "..\\..", "%2e%2e%5c", ".%00.", "....//", "%252e%252e")
	wild := h.pick("/", "//", "*", "", "/%", "/%zz", "/\x00", "/"+up+"/etc/passwd", "/"+strings.Repeat("a/", 2000), "/"+strings.Repeat("%2f", 500), "http://evil.example/", "/?"+strings.Repeat("a=b&", 2000), "/\xff\xfe", "?", "/#x", h.junk(40))
	own := [][]string{
		{"/ships/7", "/ships/7?lang=en&n=1", "/ships/" + up, "/ships/7?n=1e999", "/ships/7?n=" + strings.Repeat("9", 400), "/ships/7?lang=%0d%0aX:1", "/ships/7?%", "/ships/%00", "/ships//", "/raw/ships/7", "/raw/" + up + "/x", "/raw/x?a=%0a{b}", "/raw/%7bx%7d", "/raw/a%23b", "/ships/{{imo}}", "/ships/" + strings.Repeat("x", 9000)},
		{"/mcp", "/", "/mcp/" + up},
		{"/skills", "/skills/ships", "/skills/" + up, "/skills/ships/contents/guide.md", "/skills/ships/contents/" + up + "/secret.txt", "/skills/ships/contents/link.txt", "/skills/ships/contents/.hidden", "/skills/ships/contents/sub/" + up + "/" + up + "/secret.txt", "/skills/ships/download", "/skills/%00/contents/%00"},
		{"/health/live", "/health/ready", "/metrics", "/traces", "/status", "/info", "/health/" + up, "/config"},
	}[port]
	if h.rnd.IntN(3) == 0 {
		return wild
	}
	return h.pick(own...)
}

func (h *hostile) body(port int) (body, media string) {
	media = h.pick("application/json", "application/json", "application/json", "", "text/html", "application/json; charset=utf-7", "multipart/form-data", "application/x-www-form-urlencoded", ";;;", "a/b; c=\"")
	deep := strings.Repeat("[", 20000)
	if port == 1 && h.rnd.IntN(5) > 0 {
		return h.rpc(), media
	}
	return h.pick("", "null", "0", `""`, "{}", "[]", "{", `{"name":"x","tags":["a"]}`, `{"name":{"a":1},"tags":1}`, `{"name":null}`, deep, `{"name":`+deep, strings.Repeat(`{"name":`, 5000), "\xff\xfe\x00", `{"name":"\ud800"}`,
		`{"name":1e999}`, `{"name":"{{imo}}"}`, "name=a&name=b&%zz", "name=%00", h.junk(300), `{"name":"`+strings.Repeat("x", 100000)+`"}`, `{"name":1}{"name":2}`), media
}

// rpc is a JSON-RPC message, or nearly one.
func (h *hostile) rpc() string {
	uri := h.pick("docs://files/guide.md", "docs://files/../secret.txt", "docs://files/%2e%2e/secret.txt", "docs://files/link.txt", "docs://files/.hidden", "docs://files/sub/../../secret.txt", "docs://files//etc/passwd", "docs://files/\x00", "docs://files", "docs://files/", "docs://filesx/guide.md", "file:///etc/passwd",
		"ships://7/card", "ships://../card", "ships://{{imo}}/card", "ships://a/b/card", "ships:///card", strings.Repeat("docs://", 1000))
	method := h.pick("tools/call", "tools/call", "resources/read", "resources/read", "resources/read", "tools/list", "resources/list", "prompts/get", "initialize", "ping", "server/discover", "subscriptions/listen", "completion/complete", "logging/setLevel", "", "notifications/cancelled", "no/such", strings.Repeat("m", 5000))
	params := h.pick(
		`{"name":"get-ship","arguments":{"imo":"7"}}`, `{"name":"get-ship","arguments":[]}`, `{"name":"get-ship","arguments":{"imo":{"a":[1]}}}`, `{"name":"get-ship","arguments":{"imo":"../../x"}}`, `{"name":"get-ship","arguments":{"x":1}}`, `{"name":7}`, `[]`, `null`, `{}`, `"x"`,
		fmt.Sprintf(`{"uri":%q}`, uri), fmt.Sprintf(`{"uri":%q}`, uri), `{"uri":7}`, `{"name":"ask","arguments":{"who":"{{who}}"}}`, `{"name":"ask"}`, `{"protocolVersion":"`+h.pick("2025-06-18", "x", "2024-11-05")+`","capabilities":{},"clientInfo":{"name":"t","version":"1"}}`,
		`{"cursor":"x"}`, `{"_meta":{"progressToken":`+h.pick("1", "{}", "null")+`}}`, `{"a":`+strings.Repeat("[", 3000)+strings.Repeat("]", 3000)+`}`)
	if h.rnd.IntN(2) == 0 {
		params = strings.TrimSuffix(params, "}") + `,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}`
	}
	return fmt.Sprintf(`{"jsonrpc":"%s","id":%s,"method":%q,"params":%s}`, h.pick("2.0", "2.0", "2.0", "1.0", ""), h.pick("1", `"a"`, "null", "{}", "1e99", "[]"), method, params)
}
