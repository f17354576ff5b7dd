//go:build e2e && unix

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// killedAt starts capstan and kills it, as -9 does, once the emulator has seen
// one more request of a kind.
func (s *shell) killedAt(t *testing.T, e *emulator, request string, args ...string) {
	t.Helper()
	before := len(sent(e.log(t), request))
	p := s.start(t, "", args...)
	until(t, request+" is sent", func() bool { return len(sent(e.log(t), request)) > before })
	p.kill(t)
}

func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.wait(t)
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came about that %s", what)
		}
	}
}

// One onboarding is killed at every one of its steps. It takes half a minute:
// the organization is looked up no earlier than its request may still be on its
// way.
func TestKilledAtEveryStep(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	e.foreign(t)

	// A write that can be looked up: it took effect, and its answer was lost.
	e.fault(t, "POST /organizations", "hang")
	s.killedAt(t, e, "POST /organizations", onboard(e)...)
	run := s.only(t)

	// A write that cannot: a person has to look.
	e.fault(t, "POST /portal/generate_link", "hang")
	s.killedAt(t, e, "POST /portal/generate_link", "resume", run)
	if n := len(sent(e.log(t), "GET /organizations/external_id/"+run)); n != 1 {
		t.Errorf("the organization was looked up %d times", n)
	}
	doubt := s.resume(t, run)
	doubt.wantCode(t, 5)
	if doc := doubt.document(t); doc.Status != "in_doubt" || doc.Error == nil || doc.Error.Step != "generate-admin-portal-link" {
		t.Fatalf("the run should be in doubt about the link\n%s", doubt)
	}
	link, err := json.Marshal(map[string]any{"link": e.URL + "/portal/sso/" + e.world(t).organization(t, "Acme").ID})
	if err != nil {
		t.Fatal(err)
	}
	s.capstan(t, "runs", "resolve", run, "generate-admin-portal-link", "--happened="+string(link)).wantCode(t, 0)

	// A command that does the person's step.
	begun := filepath.Join(s.dir, "begun")
	p := s.start(t, "", "resume", run, "--on-external", "send-portal-link=exec:touch begun; exec sleep 60")
	until(t, "the command runs", func() bool { return exists(begun) })
	p.kill(t)
	waits := s.resume(t, run)
	waits.wantCode(t, 5)

	// Reads, which are simply sent again. The first resume says that the person
	// is done; the later ones find that kept.
	more := []string{done}
	for _, request := range []string{"GET /connections", "GET /directories", "GET /directory_users"} {
		e.fault(t, request, "hold")
		s.killedAt(t, e, request, append([]string{"resume", run}, more...)...)
		more = nil
	}
	checkOnce(t, e, s.resume(t, run))
	checkFilters(t, e.log(t), e.world(t).organization(t, "Acme").ID)
	checkNoCredential(t, s.stateDir())
}

// Killed between two requests, wherever that happens to be: nothing that is done
// is done again.
func TestKilledAnywhere(t *testing.T) {
	for _, reached := range []string{"POST /portal/generate_link", "GET /connections", "GET /directories", "GET /directory_users"} {
		t.Run(reached, func(t *testing.T) {
			e, s := newEmulator(t), newShell(t)
			s.killedAt(t, e, reached, onboard(e, done)...)
			run := s.only(t)
			out := s.resume(t, run)
			if doc := out.document(t); doc.Status == "in_doubt" && doc.Error.Step == "generate-admin-portal-link" {
				s.capstan(t, "runs", "resolve", run, doc.Error.Step,
					`--happened={"link": "`+e.URL+"/portal/sso/"+e.world(t).organization(t, "Acme").ID+`"}`).wantCode(t, 0)
				out = s.resume(t, run)
			}
			checkOnce(t, e, out)
		})
	}
}
