//go:build e2e && unix

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// hasty polls fast; a server takes no --override.
const hasty = `overlay: 1.0.0
info: {title: Polls fast, version: 1.0.0}
actions:
  - {target: "$.steps[?@.id == 'poll-connection-active']", update: {every: 50ms}}
  - {target: "$.steps[?@.id == 'verify-directory']", update: {every: 50ms}}
  - {target: "$.steps[?@.id == 'verify-directory-users']", update: {every: 50ms}}
`

// server is `capstan serve` of the onboarding, over REST and MCP.
type server struct {
	url   string
	key   string // sent as a bearer key, "" for none
	shell *shell
	args  []string
	now   *process
}

// serve serves the onboarding at a free address of its own.
func (s *shell) serve(t *testing.T, e *emulator, more ...string) *server {
	t.Helper()
	write(t, filepath.Join(s.dir, "hasty.yaml"), hasty)
	address := free(t)
	v := &server{url: "http://" + address, shell: s, args: append([]string{
		"serve", file, "--rest", address, "--mcp", address, "--base-url", e.URL, "--overlay", "hasty.yaml",
	}, more...)}
	v.up(t)
	t.Cleanup(func() { v.now.cancel() })
	return v
}

// free is an address nobody listens at, and that no system gives away by itself before
// the server is there, or while it is started again.
func free(t *testing.T) string {
	t.Helper()
	for range 1000 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

// up starts the server and waits until it is ready.
func (v *server) up(t *testing.T) {
	t.Helper()
	p := v.shell.start(t, "", v.args...)
	v.now = p
	for deadline := time.Now().Add(soon); ; time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(v.url + "/health/ready")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			_ = p.cmd.Process.Kill() // it may have ended by itself
			t.Fatalf("the server never came up\n%s", p.wait(t))
		}
	}
}

// killed kills the server as -9 does, and starts it again where it was.
func (v *server) killed(t *testing.T) {
	t.Helper()
	v.now.kill(t)
	v.up(t)
}

// as is the same server, asked with another key.
func (v *server) as(key string) *server {
	with := *v
	with.key = key
	return &with
}

// reply is what a request got.
type reply struct {
	status int
	header http.Header
	text   string
	doc    map[string]any
}

// ask sends a request. headers are names and values in turn.
func (v *server) ask(t *testing.T, method, path, body string, headers ...string) (a reply) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, v.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	v.authorize(req)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	a = reply{status: resp.StatusCode, header: resp.Header, text: string(text)}
	if strings.Contains(resp.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(text, &a.doc); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
	return a
}

func (v *server) authorize(req *http.Request) {
	if v.key != "" {
		req.Header.Set("Authorization", "Bearer "+v.key)
	}
}

func (a reply) want(t *testing.T, status int) reply {
	t.Helper()
	if a.status != status {
		t.Fatalf("answered %d, want %d: %s", a.status, status, a.text)
	}
	return a
}

const acme = `{"organization_name": "Acme", "domains": ["acme.com", "acme.org"], "admin_email": "it@acme.com"}`

const (
	starts  = "/capabilities/b2b-enterprise-onboarding/runs"
	patient = "wait=60"
)

// begin starts the onboarding over REST and returns its run, which waits for the
// person.
func (v *server) begin(t *testing.T) (run string) {
	t.Helper()
	a := v.ask(t, "POST", starts, `{"inputs": `+acme+`}`, "Prefer", patient).want(t, http.StatusAccepted)
	if a.doc["status"] != "waiting" {
		t.Fatalf("started, and not waiting: %s", a.text)
	}
	return a.doc["run"].(string)
}

// finish does the person's step over REST and returns the run's document.
func (v *server) finish(t *testing.T, run string) map[string]any {
	t.Helper()
	return v.ask(t, "POST", "/runs/"+run+"/steps/send-portal-link", `{"result": {"sent": true}}`, "Prefer", patient).want(t, http.StatusOK).doc
}

// ends waits for a run to end. One in doubt goes on by itself when its lookup is
// due.
func (v *server) ends(t *testing.T, run string) {
	t.Helper()
	until(t, "run "+run+" ends", func() bool {
		switch v.ask(t, "GET", "/runs/"+run, "").want(t, http.StatusOK).doc["status"] {
		case "succeeded", "failed", "cancelled", "timed_out":
			return true
		}
		return false
	})
}

// onboarded checks that the run onboarded Acme: the outputs, shown in clear to
// who asks and else hidden, are what the emulator holds, and it holds it once.
func (v *server) onboarded(t *testing.T, e *emulator, run string) {
	t.Helper()
	v.ends(t, run)
	if a := v.ask(t, "GET", "/runs/"+run, "").want(t, http.StatusOK); strings.Contains(a.text, "/portal/sso/") {
		t.Errorf("the portal link is shown to who did not ask for it: %s", a.text)
	}
	clear := v.ask(t, "GET", "/runs/"+run+"?show-sensitive=true", "").want(t, http.StatusOK)
	checkOnce(t, e, outcome{args: []string{"serve"}, stdout: clear.text})
	n := 0
	for _, o := range e.world(t).Organizations {
		if o.Name == "Acme" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the emulator holds %d organizations called Acme", n)
	}
	checkFilters(t, e.log(t), e.world(t).organization(t, "Acme").ID)
	checkNoCredential(t, v.shell.stateDir())
}

// soon bounds what has to come at once.
const soon = 30 * time.Second
