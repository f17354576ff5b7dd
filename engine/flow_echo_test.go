package engine_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
)

const echo = `ikanos: "1.0.0-beta5"
info: {display: Echo, description: Echo}
binds:
- {namespace: keys, keys: {TOKEN: ECHO_TOKEN}}
capability:
  consumes:
  - type: http
    namespace: up
    baseUri: "@API@"
    authentication: {type: bearer, token: "{{TOKEN}}"}
    resources: {r: {path: /r, operations: {r: {method: GET}}}}
  exposes:
  - type: rest
    port: 9001
    namespace: face
    resources:
      f: {path: "/f/{path}", forward: {targetNamespace: up, trustedHeaders: [Accept]}}
      r: {path: /r, operations: {r: {method: GET, call: up.r}}}
`

// An API that repeats the credential in its error must not hand it to whoever
// called the served operation.
func TestWhatAnAPIRepeatsOfACredentialIsNotPassedOn(t *testing.T) {
	p := newPort(t, map[string]http.HandlerFunc{"GET /r": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Disposition", "attachment; filename=refused-"+r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "refused: "+r.Header.Get("Authorization"))
	}})
	file := filepath.Join(t.TempDir(), "echo.yaml")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(echo, "@API@", p.url)), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ECHO_TOKEN", "supersecret-123")
	s := opened(t, file, &engine.Options{Project: "none"})
	u, err := s.Unit("r")
	if err != nil {
		t.Fatal(err)
	}
	_, err = u.Program.Call(t.Context(), nil)
	var call *engine.CallError
	if !errors.As(err, &call) || call.Upstream == nil {
		t.Fatalf("error %v, want one with the API's answer", err)
	}
	forwarded, err := s.Forward(t.Context(), "up", engine.ForwardRequest{Method: http.MethodGet, Path: "r", Header: http.Header{}})
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"the error": call.Error(), "the API's answer": string(call.Upstream.Body), "a forwarded answer": string(forwarded.Body),
		"a header of the answer": call.Upstream.Header.Get("Content-Disposition"), "a forwarded header": forwarded.Header.Get("Content-Disposition"),
	} {
		if strings.Contains(text, "supersecret") || !strings.Contains(text, "refused") {
			t.Errorf("%s is %q, want it without the credential", what, text)
		}
	}
}
