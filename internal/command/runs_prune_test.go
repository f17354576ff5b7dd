package command

import (
	"strings"
	"testing"
)

// On a terminal nothing is forgotten or cancelled that was not named before a yes.
func TestAskedBeforeRunsAreLost(t *testing.T) {
	person := newTerminal(t)
	start := []string{"run", "b2b-enterprise-onboarding", "--mock", "-i", "organization_name=Acme", "-i", "domains=acme.com", "-i", "admin_email=it@acme.com"}
	if code, out := person.elsewhere(start...); code != exitWaiting {
		t.Fatalf("exit %d: %s", code, out)
	}
	for _, tt := range []struct {
		command []string
		ask     string
		answers []string
		left    string // what the list has after the last answer
	}{
		{[]string{"runs", "cancel", "--status", "waiting"}, "cancel 1 run? [y/N] ", []string{"n", "", "y"}, "cancelled"},
		{[]string{"runs", "prune", "--older-than", "1ms"}, "forget 1 run? [y/N] ", []string{"no", "yes"}, "no runs"},
	} {
		for i, answer := range tt.answers {
			_, before := person.elsewhere("runs", "list")
			ended := person.start(tt.command...)
			person.await("run_")
			person.await(tt.ask)
			if _, err := person.Write([]byte(answer + "\n")); err != nil {
				t.Fatal(err)
			}
			if code := <-ended; code != exitDone {
				t.Errorf("%v, answered %q: exit %d", tt.command, answer, code)
			}
			_, after := person.elsewhere("runs", "list")
			if last := i == len(tt.answers)-1; !last && statusIn(after) != statusIn(before) || last && !strings.Contains(after, tt.left) {
				t.Errorf("%v, answered %q: the list was\n%s, is\n%s", tt.command, answer, before, after)
			}
		}
	}
}

// statusIn is the status of the one run in a list.
func statusIn(list string) string {
	lines := strings.Split(strings.TrimSpace(list), "\n")
	if fields := strings.Fields(lines[len(lines)-1]); len(fields) > 1 {
		return fields[1]
	}
	return ""
}
