package rest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/serve/rest"
)

// An API behind a tunnel is not called past it unless its fallback is direct: a
// route answers 503, a run fails, and nothing reaches the server.
func TestNoCallGoesPastATunnel(t *testing.T) {
	for fallback, direct := range map[string]bool{"": false, "fallback: fail": false, "fallback: direct": true} {
		t.Run(fallback, func(t *testing.T) {
			var reached atomic.Int32
			up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				reached.Add(1)
				fmt.Fprint(w, `{}`)
			}))
			defer up.Close()
			file, err := engine.Open(t.Context(), "crane.yaml", &engine.LoadOptions{Source: fmt.Appendf(nil, `
ikanos: 1.0.0-beta5
info: {display: Crane, description: A crane in the yard}
capability:
  consumes:
  - type: http
    namespace: crane
    baseUri: %s
    tunnel: {type: ziti, service: crane-api, identity: ./id.json, %s}
    resources: {jobs: {path: /jobs, operations: {list-jobs: {method: GET}, add-job: {method: POST}}}}
  exposes:
  - type: rest
    port: 9001
    namespace: yard
    resources:
      jobs: {path: /jobs, operations: {list: {method: GET, call: crane.list-jobs}, add: {method: POST, call: crane.add-job}}}
      all: {path: /all, forward: {targetNamespace: crane}}
`, up.URL, fallback)})
			if err != nil {
				t.Fatal(err)
			}
			if d := file.Report().Diagnostics; len(d) != 1 || d[0].Code != "no-effect" {
				t.Errorf("diagnostics: %v", d)
			}
			runner := engine.NewRunner(nil)
			h, err := rest.New(runner, file, file.Spec().Exposures[0], nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, ask := range []string{"GET /jobs", "POST /jobs", "GET /all/jobs"} {
				method, path, _ := strings.Cut(ask, " ")
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
				if direct && w.Code != http.StatusOK || !direct && (w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), `the tunnel to \"crane-api\" is not open`)) {
					t.Errorf("%s: %d %s", ask, w.Code, w.Body)
				}
			}
			unit, err := file.Unit("yard.list")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := runner.Run(t.Context(), unit.Program, nil, nil); (err == nil) != direct {
				t.Errorf("run: %v", err)
			}
			if got := reached.Load(); got > 0 != direct {
				t.Errorf("%d requests reached the server", got)
			}
		})
	}
}
