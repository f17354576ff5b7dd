package term

import (
	"fmt"
	"github.com/capstan-run/capstan/internal/columns"
	"io"
	"maps"
	"slices"
)

// Task is the work of an external step.
type Task struct {
	Description string
	With        map[string]any
	Sensitive   []string // names in with that are not to be shown unasked
}

// RevealsByFlag is the hint at a hidden value where no question is asked.
const RevealsByFlag = "--show-sensitive shows it"

// Write shows the task and the values it needs, hidden ones with a hint of how
// to see them.
func (t Task) Write(w io.Writer, show bool, hint string, width int) {
	const indent = "  "
	for _, line := range columns.Wrap(OneLine(t.Description), max(width-len(indent), 0)) {
		if line != "" {
			fmt.Fprintln(w, indent+line)
		}
	}
	names := slices.Sorted(maps.Keys(t.With))
	col := Column(names, func(s string) string { return s })
	for _, name := range names {
		value := Value(t.With[name])
		if t.hides(name) && !show {
			value = Redacted + "  (" + hint + ")"
		}
		fmt.Fprintf(w, "%s%s  %s\n", indent, Pad(Printable(name), col), value)
	}
}

// reveal shows the hidden values.
func (t Task) reveal(w io.Writer) {
	for _, name := range slices.Sorted(maps.Keys(t.With)) {
		if t.hides(name) {
			fmt.Fprintf(w, "  %s  %s\n", Printable(name), Value(t.With[name]))
		}
	}
}

// hides reports whether a value is a secret; that there is none is no secret.
func (t Task) hides(name string) bool {
	return t.With[name] != nil && slices.Contains(t.Sensitive, name)
}
