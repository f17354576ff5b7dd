package engine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable/memory"
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
	s := opened(t, file, &options{Project: "none"})
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

// An API that repeats the credential in a successful answer does not hand it to
// the caller of a served operation either, be the answer passed on as it came, or
// forwarded, or kept; and a bind that says whose data is asked for stays.
func TestACredentialInASuccessfulAnswerIsHiddenAndOtherDataStays(t *testing.T) {
	const secret, tenant = `super"secret\123/`, "tenant-7788"
	p := newPort(t, map[string]http.HandlerFunc{"*": func(w http.ResponseWriter, r *http.Request) {
		key := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Disposition", "attachment; filename="+url.QueryEscape(key))
		inner, _ := json.Marshal(map[string]string{"key": key})
		_ = json.NewEncoder(w).Encode(map[string]any{"key": key, "inner": string(inner), "tenant": strings.TrimPrefix(r.URL.Path, "/r/")})
	}})
	text := strings.NewReplacer("@API@", p.url, "path: /r, operations: {r: {method: GET}}", `path: "/r/{{tenant}}", operations: {r: {method: GET, inputParameters: [{name: tenant, in: path, value: "{{TENANT}}"}]}}`, "{TOKEN: ECHO_TOKEN}", "{TOKEN: ECHO_TOKEN, TENANT: ECHO_TENANT}").Replace(echo)
	file := filepath.Join(t.TempDir(), "echo.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ECHO_TOKEN", secret)
	t.Setenv("ECHO_TENANT", tenant)
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	s := opened(t, file, &options{Project: "none", Runtime: rt})
	u, err := s.Unit("r")
	if err != nil {
		t.Fatal(err)
	}
	answer, err := u.Program.Call(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	forwarded, err := s.Forward(t.Context(), "up", engine.ForwardRequest{Method: http.MethodGet, Path: "r/" + tenant, Header: http.Header{}})
	if err != nil {
		t.Fatal(err)
	}
	res, err := u.Program.Run(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	history, err := rt.History(t.Context(), res.Run, 0)
	if err != nil {
		t.Fatal(err)
	}
	kept := ""
	for _, e := range history {
		kept += fmt.Sprintf("%s%s%+v", e.Detail.Input, e.Detail.Result, e)
	}
	for what, shown := range map[string]string{
		"the answer": fmt.Sprintf("%s %v %v", answer.Body, answer.Value, answer.Header), "what is forwarded": fmt.Sprintf("%s %v", forwarded.Body, forwarded.Header),
		"the outputs": fmt.Sprint(res.Outputs), "the journal": kept,
	} {
		if strings.Contains(shown, "secret") || !strings.Contains(shown, "[redacted]") || !strings.Contains(shown, tenant) {
			t.Errorf("%s: %s", what, shown)
		}
	}
}
