//go:build e2e

package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// What goes wrong for a moment is tried again, when that is safe.
func TestPassingFaults(t *testing.T) {
	for _, kind := range []string{"429", "503", "drop"} {
		for _, on := range []string{"GET /connections", "GET /directories", "GET /directory_users"} {
			t.Run(kind+" "+on, func(t *testing.T) {
				e, s := newEmulator(t), newShell(t)
				e.fault(t, on, kind)
				out := s.capstan(t, onboard(e, done)...)
				out.wantCode(t, 0)
				checkOnboarded(t, e, out, "Acme")
			})
		}
	}
}

// An outage in the middle of the waiting is sat out, though it outlasts the
// attempts of a single look.
func TestOutageWhilePolling(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	e.fault(t, "GET /connections", "503", map[string]any{"after": 1, "times": 6})
	out := s.capstan(t, onboard(e, done)...)
	out.wantCode(t, 0)
	checkOnboarded(t, e, out, "Acme")
}

// The answer to a write is lost after it took effect: it must not be sent again,
// and a person must be told how to go on. What a resume does then is in
// doubt_test.go.
func TestLostAnswer(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	e.fault(t, "POST /organizations", "lose", map[string]any{"times": 5})
	out := s.capstan(t, onboard(e, done)...)
	out.wantCode(t, 5)
	if doc := out.document(t); doc.Status != "in_doubt" {
		t.Errorf("status %q", doc.Status)
	}
	if n := len(sent(e.log(t), "POST /organizations")); n != 1 {
		t.Errorf("%d POSTs to /organizations, want 1", n)
	}
	out.wantStderr(t, "create-organization", "not sent again", "capstan resume")
}

// A write that nothing can look up is left to a person.
func TestLostAnswerOfAnUnsafeWrite(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	e.fault(t, "POST /portal/generate_link", "lose", map[string]any{"times": 5})
	out := s.capstan(t, onboard(e, done)...)
	out.wantCode(t, 5)
	out.wantStderr(t, "generate-admin-portal-link", "not sent again", "look in workos", "capstan runs resolve")
	run := out.document(t).Run
	again := s.resume(t, run)
	again.wantCode(t, 5)
	s.capstan(t, "runs", "resolve", run, "generate-admin-portal-link", "--did-not-happen").wantCode(t, 0)
	if n := len(sent(e.log(t), "POST /portal/generate_link")); n != 1 {
		t.Errorf("%d links were asked for before anybody said that there is none", n)
	}
}

// A write is not sent again on 503 either: the status does not say whether it
// took effect, so the run is in doubt.
func TestWriteIsNotRetried(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	e.fault(t, "POST /organizations", "503", map[string]any{"times": 5})
	out := s.capstan(t, onboard(e, done)...)
	out.wantCode(t, 5)
	if n := len(sent(e.log(t), "POST /organizations")); n != 1 {
		t.Errorf("%d POSTs to /organizations, want 1", n)
	}
}

// The API's own words and request id reach the person.
func TestRefusals(t *testing.T) {
	tests := []struct{ kind, on, message string }{
		{"401", "POST /organizations", "Unauthorized"},
		{"401", "GET /connections", "Unauthorized"},
		{"404", "GET /connections", "Organization not found."},
		{"422", "POST /portal/generate_link", "Validation failed"},
	}
	for _, test := range tests {
		t.Run(test.kind+" "+test.on, func(t *testing.T) {
			e, s := newEmulator(t), newShell(t)
			e.fault(t, test.on, test.kind, map[string]any{"times": 5})
			out := s.capstan(t, onboard(e, done)...)
			out.wantCode(t, 1)
			out.wantStderr(t, test.kind, test.message, "req_e2e_fault")
			doc := out.document(t)
			if doc.Status != "failed" || doc.Error == nil || !strings.Contains(doc.Error.Message, test.message) {
				t.Errorf("the run document does not tell\n%s", out)
			}
		})
	}
}

func TestWrongKey(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	const wrong = "sk_test_of_somebody_else"
	s.env = append(s.env, "WORKOS_API_KEY="+wrong)
	out := s.capstan(t, onboard(e, done, "-v")...)
	out.wantCode(t, 1)
	out.wantStderr(t, "401", "Unauthorized")
	if strings.Contains(out.stdout+out.stderr, wrong) {
		t.Errorf("the key was printed\n%s", out)
	}
}

// What is no proper answer is named for what it is.
func TestWrongAnswers(t *testing.T) {
	for kind, says := range map[string]string{
		"huge": "MiB", "invalid-json": "JSON", "html": "text/html",
	} {
		t.Run(kind, func(t *testing.T) {
			e, s := newEmulator(t), newShell(t)
			e.fault(t, "GET /connections", kind, map[string]any{"times": 9})
			out := s.capstan(t, onboard(e, done)...)
			out.wantCode(t, 1)
			out.wantStderr(t, "poll-connection-active", says)
			if len(out.stderr) > 20_000 {
				t.Errorf("%d bytes on stderr", len(out.stderr))
			}
		})
	}
}

func TestRedirectToAnotherHost(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	var reached atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer other.Close()
	e.fault(t, "GET /connections", "redirect", map[string]any{"to": other.URL + "/connections", "times": 9})
	out := s.capstan(t, onboard(e, done)...)
	out.wantCode(t, 1)
	out.wantStderr(t, "redirect", strings.TrimPrefix(other.URL, "http://"))
	if n := reached.Load(); n != 0 {
		t.Errorf("the other host was asked %d times", n)
	}
}

func TestSelfSignedTLS(t *testing.T) {
	s := newShell(t)
	var reached atomic.Int32
	upstream := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer upstream.Close()
	out := s.capstan(t, onboard(&emulator{URL: upstream.URL}, done)...)
	out.wantCode(t, 1)
	out.wantStderr(t, "certificate", "create-organization")
	if n := reached.Load(); n != 0 {
		t.Errorf("%d requests were sent over a connection nobody vouches for", n)
	}
}

// A credential does not travel in the clear.
func TestPlainHTTP(t *testing.T) {
	s := newShell(t)
	out := s.capstan(t, onboard(&emulator{URL: "http://workos.invalid"}, done)...)
	if out.code == 0 {
		t.Errorf("exit 0\n%s", out)
	}
	out.wantStderr(t, "https")
}

// A server that ignores the filter must not put another tenant's things into
// this one's outputs.
func TestForeignItemFailsTheRun(t *testing.T) {
	for _, list := range []struct{ on, step string }{
		{"GET /connections", "poll-connection-active"},
		{"GET /directories", "verify-directory"},
	} {
		t.Run(list.step, func(t *testing.T) {
			e, s := newEmulator(t), newShell(t)
			foreign := e.foreign(t)
			e.fault(t, list.on, "unfiltered", map[string]any{"times": 99})
			out := s.capstan(t, onboard(e, done)...)
			out.wantCode(t, 1)
			out.wantStderr(t, list.step)
			if !namesForeign(e.world(t), foreign, out.stderr) {
				t.Errorf("the foreign item is not named\n%s", out)
			}
			noneForeign(t, e.world(t), foreign, out.document(t).Outputs)
		})
	}
}

// The emulator as it is filters /directory_users by another name than the
// documented one, and so answers with everybody's users.
func TestRawEmulator(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	e.post(t, "mode", map[string]any{"mode": "raw"})
	foreign := e.foreign(t)
	out := s.capstan(t, onboard(e, done)...)
	out.wantCode(t, 0)
	checkOnboarded(t, e, out, "Acme")
	noneForeign(t, e.world(t), foreign, out.document(t).Outputs)
	out.wantStderr(t, "warning", "verify-directory-users")
}

func namesForeign(w world, org, text string) bool {
	for _, x := range append(of(w.Connections, org, ""), of(w.Directories, org, "")...) {
		if strings.Contains(text, x.ID) {
			return true
		}
	}
	return strings.Contains(text, org)
}

func noneForeign(t *testing.T, w world, org string, outputs map[string]any) {
	t.Helper()
	text, err := json.Marshal(outputs)
	if err != nil {
		t.Fatal(err)
	}
	if namesForeign(w, org, string(text)) {
		t.Errorf("outputs hold another tenant's things: %s", text)
	}
}
