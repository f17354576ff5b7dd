package serve_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/stalltest"
	"github.com/capstan-run/capstan/serve"
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
  consumes:
  - {type: http, namespace: up, baseUri: "@UP", resources: {read: {path: /read, operations: {read: {method: GET}}}}}
`

// stalled serves a file whose API stalls in the phase.
func stalled(t *testing.T, phase stalltest.Phase, limit time.Duration) (base string, upstream *stalltest.Server, stop func() error) {
	t.Helper()
	upstream, err := phase.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(upstream.Close)
	ports := freePorts(t, 1)
	file := write(t, phase.URL(upstream.Host), ports, "face.yaml", stalledFace)
	service, err := engine.Open(t.Context(), file, &engine.Options{Project: "none", RequestTimeout: limit})
	if err != nil {
		t.Fatal(err)
	}
	o := &serve.Options{Drain: time.Millisecond}
	ends, err := serve.Exposures(t.Context(), service, o)
	if err != nil {
		t.Fatal(err)
	}
	s := serve.New(o)
	if err := s.Replace(ends); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("http://127.0.0.1:%d", ports[0]), upstream, run(t, s)
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
		base, _, _ := stalled(t, phase, 50*time.Millisecond)
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
		base, upstream, stop := stalled(t, phase, time.Hour)
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
