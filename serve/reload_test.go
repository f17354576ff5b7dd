package serve_test

import (
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/serve"
	"github.com/capstan-run/capstan/serve/internal/servetest"
)

// oneFace is a file with a REST exposure that says which version it is, and
// one that waits for the API.
const oneFace = `
ikanos: 1.0.0-beta5
info: {display: Face, description: One face}
capability:
  exposes:
  - type: rest
    port: @1
    namespace: face
    resources:
      version: {path: /version, operations: {version: {method: GET, outputParameters: {v: {type: string, value: "VERSION"}}}}}
      slow: {path: /slow, operations: {slow: {method: GET, call: up.slow}}}
  consumes:
  - {type: http, namespace: up, baseUri: "@UP", resources: {slow: {path: /slow, operations: {slow: {method: GET}}}}}
`

// gate is an API whose answers wait until it is opened.
type gate struct {
	*httptest.Server
	came   chan struct{}
	opened chan struct{}
}

func newGate(t testing.TB, room int) *gate {
	g := &gate{came: make(chan struct{}, room), opened: make(chan struct{})}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.came <- struct{}{}
		<-g.opened
		_, _ = io.WriteString(w, `"late"`)
	}))
	t.Cleanup(g.Close)
	return g
}

func get(c *http.Client, url string) (int, string, error) {
	resp, err := c.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

// Whatever is replaced, every request is answered by one version or the next.
func TestReplacingLosesNoRequest(t *testing.T) {
	ports := servetest.FreePorts(t, 1)
	files := []string{}
	for _, v := range []string{"one", "two"} {
		files = append(files, write(t, "http://127.0.0.1:1", ports, "face.yaml", strings.Replace(oneFace, "VERSION", v, 1)))
	}
	s, stop := running(t, files[0], nil)
	url := fmt.Sprintf("http://127.0.0.1:%d/version", ports[0])
	var seen [2]atomic.Int64
	var done atomic.Bool
	var group sync.WaitGroup
	for range 8 {
		c := client(t)
		group.Go(func() {
			for !done.Load() {
				switch status, body, err := get(c, url); {
				case err != nil || status != 200:
					t.Errorf("answered %d %s %v", status, body, err)
					return
				case body == `{"v":"one"}`:
					seen[0].Add(1)
				case body == `{"v":"two"}`:
					seen[1].Add(1)
				default:
					t.Errorf("answered %s", body)
				}
			}
		})
	}
	for i := range 40 {
		at := (i + 1) % 2
		if err := s.Replace(endpoints(t, files[at], &serve.Options{})); err != nil {
			t.Error(err)
		}
		for from := seen[at].Load(); seen[at].Load() == from && !t.Failed(); { // until it answers
			if _, _, err := get(client(t), url); err != nil {
				t.Error(err)
			}
		}
	}
	done.Store(true)
	group.Wait()
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// Connections to APIs end with the endpoints that opened them, replaced or stopped, and
// not when they have been idle for long.
func TestReplacingClosesConnectionsToAPIs(t *testing.T) {
	closed := make(chan struct{}, 10)
	up := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `"late"`) }))
	up.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			closed <- struct{}{}
		}
	}
	up.Start()
	t.Cleanup(up.Close)
	ports := servetest.FreePorts(t, 1)
	file := write(t, up.URL, ports, "face.yaml", oneFace)
	s, stop := running(t, file, nil)
	replace := func() error { return s.Replace(endpoints(t, file, &serve.Options{})) }
	for i, end := range []func() error{replace, stop} {
		if status, body, err := get(client(t), fmt.Sprintf("http://127.0.0.1:%d/slow", ports[0])); err != nil || status != 200 {
			t.Fatalf("%d %s %v", status, body, err)
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-closed:
		case <-time.After(30 * time.Second): // an idle one is closed after 50
			t.Errorf("end %d left its connection open", i)
		}
	}
}

// What cannot be served does not take away what is.
func TestWhatCannotBeServedKeepsTheOld(t *testing.T) {
	ports := servetest.FreePorts(t, 2)
	file := write(t, "http://127.0.0.1:1", ports, "face.yaml", strings.Replace(oneFace, "VERSION", "good", 1))
	s, _ := running(t, file, nil)
	url := fmt.Sprintf("http://127.0.0.1:%d/version", ports[0])
	taken, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", ports[1]))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	clash := write(t, "http://127.0.0.1:1", []int{ports[1]}, "face.yaml", strings.Replace(oneFace, "VERSION", "clash", 1))
	if err := s.Replace(endpoints(t, clash, &serve.Options{})); err == nil || !strings.Contains(err.Error(), fmt.Sprint(ports[1])) || !strings.Contains(err.Error(), `"face"`) {
		t.Errorf("an address that is taken: %v", err)
	}
	both := append(endpoints(t, file, &serve.Options{}), endpoints(t, file, &serve.Options{})...)
	if err := s.Replace(both); err == nil || !strings.Contains(err.Error(), "give one of the two another port") {
		t.Errorf("two at one address: %v", err)
	}
	bad := writeIn(t, t.TempDir(), "", ports, "face.yaml", strings.Replace(oneFace, "call: up.slow", "call: up.slaw", 1))
	if f, err := engine.Open(t.Context(), bad, &engine.LoadOptions{Project: "none"}); err == nil && f.Err() == nil {
		t.Error("a call of nothing loads")
	}
	if status, body, err := get(client(t), url); err != nil || status != 200 || body != `{"v":"good"}` {
		t.Errorf("afterwards: %d %s %v", status, body, err)
	}
	if n := len(s.Endpoints()); n != 1 {
		t.Errorf("%d endpoints are left", n)
	}
}

// Requests in flight are finished: when their exposure is replaced, when its
// address goes away, and when the server stops.
func TestRequestsInFlightAreFinished(t *testing.T) {
	for _, event := range []string{"replaced", "removed", "stopped"} {
		t.Run(event, func(t *testing.T) {
			g := newGate(t, 10)
			ports := servetest.FreePorts(t, 2)
			file := write(t, g.URL, ports, "face.yaml", strings.Replace(oneFace, "VERSION", "one", 1))
			s, stop := running(t, file, nil)
			url := fmt.Sprintf("http://127.0.0.1:%d/slow", ports[0])
			answers := make(chan string, 10)
			for range cap(answers) {
				c := client(t)
				go func() {
					status, body, err := get(c, url)
					answers <- fmt.Sprint(status, " ", body, " ", err)
				}()
			}
			for range cap(answers) {
				<-g.came
			}
			ended := make(chan error, 1)
			switch event {
			case "replaced":
				ended <- s.Replace(endpoints(t, file, &serve.Options{}))
			case "removed":
				other := write(t, g.URL, ports[1:], "face.yaml", oneFace)
				ended <- s.Replace(endpoints(t, other, &serve.Options{}))
			case "stopped":
				go func() { ended <- stop() }()
			}
			close(g.opened)
			for range cap(answers) {
				if got := <-answers; got != `200 "late" <nil>` {
					t.Errorf("answered %s", got)
				}
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if event == "replaced" {
				return
			}
			for err := error(nil); err == nil; { // its listener is closed in the background
				_, _, err = get(client(t), url)
			}
		})
	}
}

// A thousand connections with a request each are held at once and all answered;
// nothing is left of them.
func TestThousandConnections(t *testing.T) {
	const n = 1000
	before := settled(math.MaxInt)
	g := newGate(t, n)
	ports := servetest.FreePorts(t, 1)
	_, stop := running(t, write(t, g.URL, ports, "face.yaml", strings.Replace(oneFace, "VERSION", "one", 1)), nil)
	url := fmt.Sprintf("http://127.0.0.1:%d/slow", ports[0])
	tr := &http.Transport{DisableKeepAlives: true}
	c := &http.Client{Transport: tr}
	answers := make(chan string, n)
	for range n {
		go func() {
			status, body, err := get(c, url)
			answers <- fmt.Sprint(status, " ", body, " ", err)
		}()
	}
	for range n {
		<-g.came
	}
	close(g.opened)
	for range n {
		if got := <-answers; got != `200 "late" <nil>` {
			t.Fatalf("answered %s", got)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	g.Close()
	if after := settled(before.goroutines + 2); after.goroutines > before.goroutines+2 || after.heap > before.heap+16<<20 {
		t.Errorf("%+v before, %+v after", before, after)
	}
}
