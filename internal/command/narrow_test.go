package command

import (
	"fmt"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/internal/columns"
)

// On a narrow terminal no line of a run that waits is wider than it, but for a command to
// copy, which has a line of its own.
func TestNarrowTerminal(t *testing.T) {
	const width = 48
	person := newTerminal(t)
	person.streams.Width = func() int { return width }
	ended := person.start(moor...)
	person.await("done? ")
	fmt.Fprintln(person, "what")
	person.await("done? ")
	fmt.Fprintln(person, "w")
	person.await("Ctrl-C leaves")
	if code, out := person.elsewhere("runs", "cancel", "run_"); code != exitDone {
		t.Fatalf("exit %d: %s", code, out)
	}
	<-ended
	person.mu.Lock()
	defer person.mu.Unlock()
	commands := 0
	for line := range strings.Lines(person.shown.String()) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "  capstan resume run_") {
			commands++
			continue
		}
		if after, asked := strings.CutPrefix(line, "done? [y]es  [s]how hidden values  [j]son result  [w]ait: "); asked {
			line = after
		}
		if columns.Of(line) > width {
			t.Errorf("%d columns: %q", columns.Of(line), line)
		}
	}
	if commands != 1 {
		t.Errorf("%d commands on a line of their own, want 1:\n%s", commands, person.shown.String())
	}
}
