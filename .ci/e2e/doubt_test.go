//go:build e2e && unix

package e2e

import (
	"strings"
	"testing"
)

// The answer to POST /organizations is lost. Whatever became of the request, the
// run looks it up and ends with one organization. All of them wait at once for
// the half minute in which the request may still be on its way.
func TestLostOrganizationIsLookedUp(t *testing.T) {
	e := newEmulator(t)
	lost := []struct {
		name, kind string
		killed     bool
		posts      int
	}{
		{"Answer lost", "lose", false, 1},
		{"Killed after", "hang", true, 1},
		{"Killed before", "hold", true, 2},
	}
	var started []*process
	var runs []string
	for _, l := range lost {
		s := newShell(t)
		e.fault(t, "POST /organizations", l.kind)
		args := append(append([]string{"run", file, "--base-url", e.URL, "-o", "json", done}, inputs(l.name)...), fast()...)
		if l.killed {
			s.killedAt(t, e, "POST /organizations", args...)
		} else {
			out := s.capstan(t, args...)
			out.wantCode(t, 5)
			if status := out.document(t).Status; status != "in_doubt" {
				t.Errorf("status %q", status)
			}
			out.wantStderr(t, "not sent again", "OrganizationsController_getByExternalId")
		}
		run := s.only(t)
		runs = append(runs, run)
		started = append(started, s.start(t, "", "resume", run, "-o", "json"))
	}
	for i, l := range lost {
		out := started[i].wait(t)
		out.wantCode(t, 0)
		checkOnboarded(t, e, out, l.name)
		log, posts := e.log(t), 0
		for _, r := range sent(log, "POST /organizations") {
			if strings.Contains(r.Body, runs[i]) {
				posts++
			}
		}
		looks := len(sent(log, "GET /organizations/external_id/"+runs[i]))
		if posts != l.posts || looks != 1 {
			t.Errorf("%s: sent %d times and looked up %d times, want %d and 1", l.name, posts, looks, l.posts)
		}
	}
	if n := len(e.world(t).Organizations); n != len(lost) {
		t.Errorf("%d organizations, want %d", n, len(lost))
	}
}
