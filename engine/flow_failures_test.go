package engine_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
)

const chainOps = `
steps:
  path: /x
  operations:
    one: {method: GET}
    two: {method: POST, inputParameters: {v: {in: body}}}
    three: {method: GET, inputParameters: {v: {in: query}}}
`

const chainTools = `
single: {description: T, call: port.one}
tells: {description: T, call: port.two, with: {v: "{{PORT_TOKEN}}"}}
chain:
  description: T
  steps:
    a: {type: call, call: port.one}
    b: {type: call, call: port.two, with: {v: "{{a.v}}"}}
    c: {type: call, call: port.three, with: {v: "{{b.v}}"}}
  mappings:
  - {target: v, value: $.c.v}
`

// An error of an API is never an answer, whichever step it comes from, for
// requests and for runs.
func TestUpstreamErrorsAreNeverMasked(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	for _, status := range []int{400, 401, 404, 409, 422, 429, 500, 502, 503} {
		for step, c := range map[string]struct{ unit, line string }{
			"single": {"single", "GET /v1/x"}, "a": {"chain", "GET /v1/x"}, "b": {"chain", "POST /v1/x"},
		} {
			p := newPort(t, map[string]http.HandlerFunc{"GET /v1/x": givesJSON(`{"v":"1"}`), "POST /v1/x": givesJSON(`{"v":"2"}`)})
			p.set(c.line, fails(status, "application/json", `{"message":"no luck"}`))
			prog := unit(t, opened(t, p.file(t, capability(chainOps, chainTools)), nil), c.unit)
			want := step
			if step == "single" {
				want = "one"
			}
			_, err := prog.Call(t.Context(), nil)
			var call *engine.CallError
			if !errors.As(err, &call) || call.Info.Step != want || call.Info.HTTPStatus != status || call.Upstream == nil || call.Upstream.Status != status {
				t.Errorf("%s answered %d: call gave %v", step, status, err)
			}
			if got := len(p.take()); got != map[string]int{"single": 1, "a": 1, "b": 2}[step] {
				t.Errorf("%s answered %d: a call sent %d requests", step, status, got)
			}
			if status == 429 || status >= 500 {
				continue // a run tries these again, which takes its time
			}
			res, err := prog.RunWith(t.Context(), nil, nil)
			var run *engine.RunError
			if !errors.As(err, &run) || res.Status != durable.StatusFailed || res.Error.HTTPStatus != status || res.Error.Step != want {
				t.Errorf("%s answered %d: run gave %v", step, status, err)
			}
		}
	}
}

func TestLastStepsErrorIsTheFlows(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	p := newPort(t, map[string]http.HandlerFunc{"POST /v1/x": givesJSON(`{"v":"2"}`)})
	p.set("GET /v1/x", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "" {
			fails(418, "text/plain", "teapot")(w, r)
			return
		}
		givesJSON(`{"v":"1"}`)(w, r)
	})
	prog := unit(t, opened(t, p.file(t, capability(chainOps, chainTools)), nil), "chain")
	_, err := prog.Call(t.Context(), nil)
	var call *engine.CallError
	if !errors.As(err, &call) || call.Info.Step != "c" || call.Upstream == nil || string(call.Upstream.Body) != "teapot" || call.Upstream.Media != "text/plain" {
		t.Errorf("call gave %v", err)
	}
	if res, err := prog.RunWith(t.Context(), nil, nil); err == nil || res.Error.Step != "c" {
		t.Errorf("run gave %v", err)
	}
}

// A write whose answer is lost leaves a run in doubt; settled, it goes on from
// there, without its files, and sends nothing again.
func TestLostWritesOfAFlowAreNotResent(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	p := newPort(t, map[string]http.HandlerFunc{"GET /v1/x": givesJSON(`{"v":"1"}`), "POST /v1/x": drop})
	file := p.file(t, capability(chainOps, chainTools))
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	t.Cleanup(func() { rt.Close() })
	o := &options{Runtime: rt}
	res, err := unit(t, opened(t, file, o), "chain").RunWith(t.Context(), nil, nil)
	if err == nil || res.Status != durable.StatusInDoubt {
		t.Fatalf("a run whose write was lost: %v, %+v", err, res)
	}
	if d := cmp.Diff([]string{"GET /v1/x", "POST /v1/x"}, p.lines()); d != "" {
		t.Errorf("sent (-want +got):\n%s", d)
	}
	if err := os.RemoveAll(filepath.Dir(file)); err != nil {
		t.Fatal(err)
	}
	again, err := resume(t.Context(), o.Runtime, res.Run, nil, nil)
	if err == nil || again.Status != durable.StatusInDoubt || len(p.lines()) > 0 {
		t.Errorf("resumed unsettled: %v, %+v", err, again)
	}
	if err := settle(t.Context(), o.Runtime, res.Run, "b", true, []byte(`{"v":"lost"}`)); err != nil {
		t.Fatal(err)
	}
	end, err := resume(t.Context(), o.Runtime, res.Run, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]any{"v": "1"}, end.Outputs); d != "" {
		t.Errorf("outputs (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"GET /v1/x?v=lost"}, p.lines()); d != "" {
		t.Errorf("sent after settling (-want +got):\n%s", d)
	}
}

// A run that failed is resumed from the step that did.
func TestResumedFlowsDoNotRepeatSteps(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	p := newPort(t, map[string]http.HandlerFunc{"GET /v1/x": givesJSON(`{"v":"1"}`), "POST /v1/x": fails(422, "application/json", `{}`)})
	rt := memory.NewRuntime(memory.RuntimeOptions{})
	t.Cleanup(func() { rt.Close() })
	o := &options{Runtime: rt}
	res, err := unit(t, opened(t, p.file(t, capability(chainOps, chainTools)), o), "chain").RunWith(t.Context(), nil, nil)
	if err == nil {
		t.Fatal("the run did not fail")
	}
	p.take()
	p.set("POST /v1/x", givesJSON(`{"v":"2"}`))
	end, err := resume(t.Context(), o.Runtime, res.Run, nil, nil)
	if err != nil || end.Outputs["v"] != "1" {
		t.Errorf("resumed: %v %+v", err, end)
	}
	if d := cmp.Diff([]string{"POST /v1/x", "GET /v1/x?v=2"}, p.lines()); d != "" {
		t.Errorf("sent after resuming (-want +got):\n%s", d)
	}
}

// One client's 429 is its own: the next request is sent at once.
func TestCallsDoNotWaitForEachOther(t *testing.T) {
	t.Setenv("PORT_TOKEN", "port-token-1")
	p := newPort(t, map[string]http.HandlerFunc{"GET /v1/x": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "3000")
		fails(429, "application/json", `{}`)(w, r)
	}})
	prog := unit(t, opened(t, p.file(t, capability(chainOps, chainTools)), nil), "single")
	for range 200 { // four times a run's burst
		var call *engine.CallError
		if _, err := prog.Call(t.Context(), nil); !errors.As(err, &call) || call.Upstream == nil || call.Upstream.Status != 429 {
			t.Fatalf("the API's 429 became %v", err)
		}
	}
	if got := len(p.take()); got != 200 {
		t.Errorf("%d requests were sent", got)
	}
}

// No error says a credential, wherever it travels and whatever the API echoes.
func TestFailuresOfFlowsHoldNoSecrets(t *testing.T) {
	const secret = `s3cr3t/tok"en+&x`
	t.Setenv("PORT_TOKEN", secret)
	spellings := []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), `s3cr3t/tok\"en+&x`, "s3cr3t", base64.StdEncoding.EncodeToString([]byte(secret)),
	}
	for place, auth := range map[string]string{
		"header": `{type: bearer, token: "{{PORT_TOKEN}}"}`,
		"query":  `{type: apikey, key: k, value: "{{PORT_TOKEN}}", placement: query}`,
		"key":    `{type: apikey, key: X-Key, value: "{{PORT_TOKEN}}", placement: header}`,
		"basic":  `{type: basic, username: u, password: "{{PORT_TOKEN}}"}`,
	} {
		echo := func(w http.ResponseWriter, r *http.Request) {
			fails(403, "application/json", fmt.Sprintf(`{"message":%q,"url":%q}`, "no entry with "+secret+" "+r.Header.Get("Authorization"), r.RequestURI))(w, r)
		}
		p := newPort(t, map[string]http.HandlerFunc{"GET /v1/x": echo})
		text := strings.Replace(capability(chainOps, chainTools), `{type: bearer, token: "{{PORT_TOKEN}}"}`, auth, 1)
		prog := unit(t, opened(t, p.file(t, text), nil), "single")
		clean := func(what, s string) {
			for _, spelled := range spellings {
				if strings.Contains(s, spelled) {
					t.Errorf("%s in %s: %q is in %s", place, what, spelled, s)
				}
			}
		}
		_, err := prog.Call(t.Context(), nil)
		clean("the call's error", err.Error())
		res, err := prog.RunWith(t.Context(), nil, nil)
		clean("the run's error", err.Error())
		clean("the run's document", fmt.Sprintf("%+v %+v", *res, *res.Error))
		p.set("POST /v1/x", func(w http.ResponseWriter, r *http.Request) {
			fails(400, "text/plain", p.last().body)(w, r)
		})
		_, err = unit(t, opened(t, p.file(t, text), nil), "tells").Call(t.Context(), nil)
		clean("the error of a body that is told back", err.Error())
		p.set("GET /v1/x", drop)
		_, err = prog.Call(t.Context(), nil)
		clean("the error of a lost answer", err.Error())
		p.set("GET /v1/x", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/?k="+url.QueryEscape(secret), http.StatusFound)
		})
		_, err = prog.Call(t.Context(), nil)
		clean("the error of a redirect", err.Error())
	}
}

// Every level of a deep answer holds all that is below it: listed together they
// would be millions of values, and are refused before anybody writes them down.
func TestWhatADeepAnswerUnfoldsToIsBounded(t *testing.T) {
	const n = 5000
	p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(strings.Repeat(`{"x":`, n) + "1" + strings.Repeat("}", n))})
	t.Setenv("PORT_TOKEN", "token")
	s := opened(t, p.file(t, capability(`r: {path: /r, operations: {get: {method: GET}}}`, `
t: {description: T, steps: {a: {type: call, call: port.get}}, mappings: [{target: all, value: $.a..x}]}`)), nil)
	if _, err := unit(t, s, "t").Call(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "too large to be shaped") {
		t.Errorf("got %v", err)
	}
	if _, err := unit(t, s, "t").Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "too large to be shaped") {
		t.Errorf("as a run: %v", err)
	}
}
