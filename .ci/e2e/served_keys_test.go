//go:build e2e && unix

package e2e

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

const (
	annas = "anna-k-7f1d2c9b55e04c1aa8"
	bents = "bent-k-0b6e8d3377aa4f52b1"
)

// guarded serves to Anna and Bent, who have a key each.
func (s *shell) guarded(t *testing.T, e *emulator) (nobody, anna, bent *server) {
	t.Helper()
	keys := filepath.Join(s.dir, "keys")
	write(t, keys, "anna:"+annas+"\nbent:"+bents+"\n")
	v := s.serve(t, e, "--api-key-file", keys)
	return v, v.as(annas), v.as(bents)
}

// Without a key, or with a wrong one, there is nothing but the page's own files
// and whether the server is up.
func TestServedNothingWorksWithoutAKey(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	nobody, anna, _ := s.guarded(t, e)
	run := anna.begin(t)
	sentSoFar := len(e.log(t))
	for _, stranger := range []*server{nobody, nobody.as("wrong"), nobody.as(strings.ToUpper(annas)), nobody.as(annas + "x")} {
		for _, path := range documented(t, anna) {
			method, path, _ := strings.Cut(path, " ")
			path = strings.NewReplacer("{id}", run, "{step}", "send-portal-link", "{name}", "b2b-enterprise-onboarding").Replace(path)
			want := http.StatusUnauthorized
			if strings.HasPrefix(path, "/health/") {
				want = http.StatusOK
			}
			body := ""
			if method == "POST" {
				body = "{}"
			}
			if a := stranger.ask(t, method, path, body); a.status != want || want == 401 && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("%s %s with the key %q answered %d %v: %s", method, path, stranger.key, a.status, a.header, a.text)
			}
		}
		for _, method := range []string{"initialize", "tools/list", "tools/call", "resources/list", "server/discover"} {
			a := stranger.ask(t, "POST", "/mcp", `{"jsonrpc": "2.0", "id": 1, "method": "`+method+`", "params": {}}`, "Accept", "application/json, text/event-stream")
			if a.status != http.StatusUnauthorized {
				t.Errorf("%s over MCP with the key %q answered %d: %s", method, stranger.key, a.status, a.text)
			}
		}
	}
	if status := anna.ask(t, "GET", "/runs/"+run, "").want(t, http.StatusOK).doc["status"]; status != "waiting" {
		t.Errorf("the run is %v after strangers asked", status)
	}
	if n := len(e.log(t)) - sentSoFar; n != 0 {
		t.Errorf("%d requests were sent for strangers", n)
	}
	if err := anna.now.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if out := anna.now.wait(t); strings.Contains(out.stdout+out.stderr, annas) {
		t.Errorf("the key was printed\n%s", out)
	}
}

// documented are the methods and paths of the server's own OpenAPI document.
func documented(t *testing.T, v *server) (all []string) {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(v.ask(t, "GET", "/openapi.json", "").want(t, http.StatusOK).text), &doc); err != nil {
		t.Fatal(err)
	}
	for path, methods := range doc.Paths {
		for method := range methods {
			all = append(all, strings.ToUpper(method)+" "+path)
		}
	}
	if len(all) < 10 {
		t.Fatalf("the document has %q only", all)
	}
	return all
}

// One key's runs do not exist for another, on any face, also after a restart.
func TestServedRunsOfAnotherKeyAreInvisible(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	_, anna, bent := s.guarded(t, e)
	run := anna.begin(t)
	anna.killed(t)
	bent.now = anna.now

	for _, request := range []string{"GET /runs/" + run, "GET /runs/" + run + "/events", "POST /runs/" + run + "/steps/send-portal-link", "POST /runs/" + run + "/cancel"} {
		method, path, _ := strings.Cut(request, " ")
		body := map[string]string{"POST": "{}"}[method]
		theirs := bent.ask(t, method, path, body).want(t, http.StatusNotFound)
		none := bent.ask(t, method, strings.Replace(path, run, "run_00000000000000000000000000", 1), body).want(t, http.StatusNotFound)
		if a, b := theirs.doc["detail"], none.doc["detail"]; strings.ReplaceAll(a.(string), run, "") != strings.ReplaceAll(b.(string), "run_00000000000000000000000000", "") {
			t.Errorf("%s tells somebody else's run (%v) from none (%v)", request, a, b)
		}
	}
	if a := bent.ask(t, "GET", "/runs", "").want(t, http.StatusOK); strings.Contains(a.text, run) {
		t.Errorf("listed: %s", a.text)
	}
	for _, version := range eras {
		agent := bent.agent(t, version, nil)
		for _, tool := range []string{"get_run", "finish_step", "cancel_run"} {
			if res := agent.call(t, tool, map[string]any{"run": run}); res["isError"] != true {
				t.Errorf("%s of another's run over MCP %s: %v", tool, version, res)
			}
		}
		if res := agent.call(t, "list_runs", map[string]any{}); strings.Contains(decodedText(t, res), run) {
			t.Errorf("listed over MCP %s: %v", version, res)
		}
	}
	sameKey := bent.ask(t, "POST", starts, `{"inputs": `+acme+`}`, "Idempotency-Key", "k").want(t, http.StatusAccepted).doc["run"]
	if again := anna.ask(t, "POST", starts, `{"inputs": `+acme+`}`, "Idempotency-Key", "k").want(t, http.StatusAccepted).doc["run"]; again == sameKey {
		t.Error("an idempotency key of one caller leads another to its run")
	}
	if doc := anna.agent(t, modern, nil).run(t, "get_run", map[string]any{"run": run}); doc["status"] != "waiting" {
		t.Errorf("its own run, to its owner: %v", doc)
	}
	if _, err := anna.follow(t, run, 0).until("waiting"); err != nil {
		t.Error(err)
	}
}

func decodedText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A session of one key is nobody else's: a client that learns its id cannot use it.
func TestServedSessionsBelongToTheirKey(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	_, anna, bent := s.guarded(t, e)
	theirs := anna.agent(t, eras["legacy"], nil)
	a := bent.ask(t, "POST", "/mcp", `{"jsonrpc": "2.0", "id": 2, "method": "tools/list"}`,
		"Accept", "application/json, text/event-stream", "Mcp-Session-Id", theirs.session, "Mcp-Protocol-Version", eras["legacy"])
	if a.status < 400 {
		t.Errorf("answered %d: %.200s", a.status, a.text)
	}
}

// Keys are taken away while the server runs.
func TestServedKeyIsTakenAway(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	_, anna, bent := s.guarded(t, e)
	anna.ask(t, "GET", "/runs", "").want(t, http.StatusOK)
	write(t, filepath.Join(s.dir, "keys"), "bent:"+bents+"\n")
	until(t, "the key counts no more", func() bool { return anna.ask(t, "GET", "/runs", "").status == http.StatusUnauthorized })
	bent.ask(t, "GET", "/runs", "").want(t, http.StatusOK)
}

// Nobody opens a server to others by accident.
func TestServedToOthersOnlyWithKeys(t *testing.T) {
	out := newShell(t).capstan(t, "serve", file, "--mock", "--rest", "0.0.0.0:0")
	if out.code == 0 {
		t.Fatalf("served to everybody\n%s", out)
	}
	out.wantStderr(t, "--api-key-file")
}
