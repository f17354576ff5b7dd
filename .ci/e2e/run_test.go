//go:build e2e

package e2e

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

func TestOnboardingSucceeds(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	e.foreign(t)

	out := s.capstan(t, onboard(e, done)...)
	out.wantCode(t, 0)
	checkOnboarded(t, e, out, "Acme")

	w := e.world(t)
	org := w.organization(t, "Acme")
	if domains := of(w.Domains, org.ID, "pending"); len(domains) != 2 || domains[0].Domain != "acme.com" || domains[1].Domain != "acme.org" {
		t.Errorf("domains of the organization: %v, want acme.com and acme.org, both pending", domains)
	}
	log := e.log(t)
	if n := len(sent(log, "POST /organizations")); n != 1 {
		t.Errorf("%d organizations were created, want 1", n)
	}
	checkFilters(t, log, org.ID)
	for _, r := range log {
		if !r.Headers.Authorized {
			t.Errorf("%s %s was sent without the API key", r.Method, r.Path)
		}
	}
}

// checkOnboarded compares the four outputs with what the emulator holds for
// the organization of that name, and for no other.
func checkOnboarded(t *testing.T, e *emulator, out outcome, name string) {
	t.Helper()
	w := e.world(t)
	org := w.organization(t, name)
	active, linked := of(w.Connections, org.ID, "active"), of(w.Directories, org.ID, "linked")
	if len(active) != 1 || len(linked) != 1 {
		t.Fatalf("emulator holds %d active connections and %d linked directories for %s, want one each", len(active), len(linked), name)
	}
	want := map[string]string{
		"organization_id":   org.ID,
		"admin_portal_link": e.URL + "/portal/sso/" + org.ID,
		"connection_id":     active[0].ID,
		"directory_id":      linked[0].ID,
	}
	doc := out.document(t)
	if doc.Status != "succeeded" || len(doc.Outputs) != len(want) {
		t.Errorf("status %q with %d outputs\n%s", doc.Status, len(doc.Outputs), out)
	}
	for k, v := range want {
		if doc.Outputs[k] != v {
			t.Errorf("output %s = %v, want %s", k, doc.Outputs[k], v)
		}
	}
}

// checkFilters checks that every list request said whose things it wants.
func checkFilters(t *testing.T, log []logged, org string) {
	t.Helper()
	for key, param := range map[string]string{
		"GET /connections": "organization_id", "GET /directories": "organization_id", "GET /directory_users": "directory",
	} {
		requests := sent(log, key)
		if len(requests) == 0 {
			t.Errorf("%s was never sent", key)
		}
		for _, r := range requests {
			got := r.param(t, param)
			if got == "" || param == "organization_id" && got != org {
				t.Errorf("%s?%s: filter %s is %q", key, r.Query, param, got)
			}
		}
	}
}

func TestInputsFromFiles(t *testing.T) {
	for _, how := range []string{"file", "stdin"} {
		t.Run(how, func(t *testing.T) {
			e, s := newEmulator(t), newShell(t)
			text := `{"organization_name": "Acme", "domains": ["acme.com"], "admin_email": "it@acme.com"}`
			name := filepath.Join(s.dir, "inputs.json")
			write(t, name, text)
			args := append([]string{"run", file, "--base-url", e.URL, "-o", "json", done}, fast()...)
			var out outcome
			if how == "file" {
				out = s.capstan(t, append(args, "--input-file", name)...)
			} else {
				out = s.start(t, text, append(args, "--input-file", "-")...).wait(t)
			}
			out.wantCode(t, 0)
			checkOnboarded(t, e, out, "Acme")
		})
	}
}

func TestWithoutThePersonItWaits(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	out := s.capstan(t, onboard(e)...)
	out.wantCode(t, 5)
	doc := out.document(t)
	if doc.Status != "waiting" || doc.Waiting == nil || doc.Waiting.Step != "send-portal-link" {
		t.Fatalf("the run should wait for send-portal-link\n%s", out)
	}
	if doc.Waiting.With["admin_email"] != "it@acme.com" {
		t.Errorf("the person is not told the address: %v", doc.Waiting.With)
	}
	if n := len(sent(e.log(t), "GET /connections")); n != 0 {
		t.Errorf("%d looks at the connections before the person was done", n)
	}
}

func TestPersonByCommand(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	got := filepath.Join(s.dir, "step.json")
	out := s.capstan(t, onboard(e, "--on-external", "send-portal-link=exec:cat > step.json; echo '{\"sent\": true}'")...)
	out.wantCode(t, 0)
	var step struct {
		Step string
		With map[string]any
	}
	if err := json.Unmarshal([]byte(read(t, got)), &step); err != nil {
		t.Fatal(err)
	}
	if step.Step != "send-portal-link" || step.With["admin_email"] != "it@acme.com" || !strings.Contains(step.With["link"].(string), "/portal/sso/org_") {
		t.Errorf("the command was told %+v", step)
	}
}

func TestNeverActive(t *testing.T) {
	for name, how := range map[string][]string{
		"run":  {"--timeout", "2s"},
		"step": {"--override", "poll-connection-active.timeout=1s"},
	} {
		t.Run(name, func(t *testing.T) {
			e, s := newEmulator(t), newShell(t)
			e.story(t, map[string]any{"looksUntilActive": 1 << 30})
			out := s.capstan(t, onboard(e, append(how, done)...)...)
			out.wantCode(t, 6)
			if doc := out.document(t); doc.Status != "timed_out" {
				t.Errorf("status %q", doc.Status)
			}
			out.wantStderr(t, "poll-connection-active")
		})
	}
}

func TestDirectoryThatFails(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	e.story(t, map[string]any{"directoryState": "invalid_credentials"})
	out := s.capstan(t, onboard(e, done)...)
	out.wantCode(t, 1)
	out.wantStderr(t, "verify-directory")
}

func TestTwoRunsAtOnce(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	e.foreign(t)
	names := []string{"Acme", "Bolt"}
	var started []*process
	for _, name := range names {
		args := append([]string{"run", file, "--base-url", e.URL, "-o", "json", done}, inputs(name)...)
		started = append(started, s.start(t, "", append(args, fast()...)...))
	}
	runs := map[string]bool{}
	for i, p := range started {
		out := p.wait(t)
		out.wantCode(t, 0)
		checkOnboarded(t, e, out, names[i])
		runs[out.document(t).Run] = true
	}
	if len(runs) != len(names) {
		t.Errorf("run ids %v are not distinct", runs)
	}
}
