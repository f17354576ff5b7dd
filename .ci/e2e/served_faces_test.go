//go:build e2e && unix

package e2e

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// Started over REST, its server killed, finished over MCP, followed from the last
// event known.
func TestServedStartedOverRESTFinishedOverMCP(t *testing.T) {
	for _, era := range slices.Sorted(maps.Keys(eras)) {
		t.Run(era, func(t *testing.T) {
			e, s := newEmulator(t), newShell(t)
			e.foreign(t)
			v := s.serve(t, e)
			run := v.begin(t)
			before := v.follow(t, run, 0)
			seen, err := before.until("waiting")
			if err != nil {
				t.Fatal(err)
			}
			v.killed(t)

			rest := v.follow(t, run, last(seen)).later()
			doc := v.agent(t, eras[era], nil).run(t, "finish_step", map[string]any{"run": run, "result": map[string]any{"sent": true}})
			if doc["run"] != run || doc["status"] != "succeeded" {
				t.Errorf("finished over MCP: %v", doc)
			}
			checkGoneOn(t, <-rest, last(seen))
			v.onboarded(t, e, run)
		})
	}
}

// Started over MCP by a client that cannot ask its person, its server killed,
// finished over REST.
func TestServedStartedOverMCPFinishedOverREST(t *testing.T) {
	for _, era := range slices.Sorted(maps.Keys(eras)) {
		t.Run(era, func(t *testing.T) {
			e, s := newEmulator(t), newShell(t)
			e.foreign(t)
			v := s.serve(t, e)
			doc := v.agent(t, eras[era], nil).run(t, "b2b-enterprise-onboarding", decoded(t, []byte(acme)))
			waiting, _ := doc["waiting"].(map[string]any)
			if doc["status"] != "waiting" || waiting["step"] != "send-portal-link" {
				t.Fatalf("started over MCP: %v", doc)
			}
			run := doc["run"].(string)
			v.killed(t)

			if doc := v.finish(t, run); doc["status"] != "succeeded" {
				t.Errorf("finished over REST: %v", doc)
			}
			got := v.agent(t, eras[era], nil).run(t, "get_run", map[string]any{"run": run})
			if got["status"] != "succeeded" {
				t.Errorf("looked at over MCP: %v", got)
			}
			v.onboarded(t, e, run)
		})
	}
}

// A client that can ask its person does so, in one call that goes on to the end.
func TestServedAsksThePerson(t *testing.T) {
	for _, era := range slices.Sorted(maps.Keys(eras)) {
		t.Run(era, func(t *testing.T) {
			e, s := newEmulator(t), newShell(t)
			v := s.serve(t, e)
			var asked []string
			doc := v.agent(t, eras[era], func(message string) string {
				asked = append(asked, message)
				return "accept"
			}).run(t, "b2b-enterprise-onboarding", decoded(t, []byte(acme)))
			if doc["status"] != "succeeded" || len(asked) != 1 || !strings.Contains(asked[0], "send-portal-link") {
				t.Errorf("%v after asking %q", doc, asked)
			}
			if strings.Contains(strings.Join(asked, ""), "/portal/sso/") {
				t.Errorf("the question carries the portal link: %q", asked)
			}
			v.onboarded(t, e, doc["run"].(string))
		})
	}
}

// The question outlives the server: its client carries what is needed to answer.
func TestServedKilledWhileThePersonIsAsked(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	v := s.serve(t, e)
	doc := v.agent(t, modern, func(string) string {
		v.killed(t)
		return "accept"
	}).run(t, "b2b-enterprise-onboarding", decoded(t, []byte(acme)))
	if doc["status"] != "succeeded" {
		t.Errorf("%v", doc)
	}
	v.onboarded(t, e, doc["run"].(string))
}

// A person at the command line finishes what a server keeps; one of the two goes
// on with it.
func TestServedFinishedAtTheCommandLine(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	v := s.serve(t, e)
	run := v.begin(t)
	seen, err := v.follow(t, run, 0).until("waiting")
	if err != nil {
		t.Fatal(err)
	}
	rest := v.follow(t, run, last(seen)).later()
	out := s.resume(t, run, done)
	if out.code != 0 && !strings.Contains(out.stderr, "another process drives the run") {
		t.Errorf("exit %d\n%s", out.code, out)
	}
	checkGoneOn(t, <-rest, last(seen))
	v.onboarded(t, e, run)
	if status := s.show(t, run).Status; status != "succeeded" {
		t.Errorf("runs show says %q", status)
	}
}

// A server that is killed in the middle of a run goes on with it by itself when
// it is back, and sends nothing twice that must not be.
func TestServedGoesOnByItself(t *testing.T) {
	tests := map[string]struct{ request, fault string }{
		"killed while it creates the organization": {"POST /organizations", "hang"},
		"killed while it polls":                    {"GET /connections", "hold"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e, s := newEmulator(t), newShell(t)
			v := s.serve(t, e)
			e.fault(t, test.request, test.fault)
			a := v.ask(t, "POST", starts, `{"inputs": `+acme+`}`, "Idempotency-Key", "the-one").want(t, http.StatusAccepted)
			run := a.doc["run"].(string)
			said := v.ask(t, "POST", "/runs/"+run+"/steps/send-portal-link", `{"result": null}`) // before it is asked for
			said.want(t, http.StatusOK)
			waitFor(t, e, test.request)
			v.killed(t)

			again := v.ask(t, "POST", starts, `{"inputs": `+acme+`}`, "Idempotency-Key", "the-one")
			if again.doc["run"] != run {
				t.Errorf("asked again, the server started another run: %s", again.text)
			}
			v.onboarded(t, e, run)
		})
	}
}

// Two servers with one state directory are one: what one starts the other
// finishes, both tell of it, and each request is sent once.
func TestServedTwiceFromOneState(t *testing.T) {
	e, s := newEmulator(t), newShell(t)
	one := s.serve(t, e)
	two := s.serve(t, e)
	run := one.begin(t)
	seen, err := two.follow(t, run, 0).until("waiting")
	if err != nil {
		t.Fatal(err)
	}
	rest := []<-chan goneOn{one.follow(t, run, last(seen)).later(), two.follow(t, run, last(seen)).later()}
	if doc := two.finish(t, run); doc["status"] != "succeeded" {
		t.Errorf("finished at the other server: %v", doc)
	}
	for _, r := range rest {
		checkGoneOn(t, <-r, last(seen))
	}
	one.onboarded(t, e, run)
	one.now.kill(t)
	if doc := two.agent(t, modern, nil).run(t, "get_run", map[string]any{"run": run}); doc["status"] != "succeeded" {
		t.Errorf("once the first is gone: %v", doc)
	}
}
