package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// task is what an external step asks somebody to do.
type task struct {
	description string
	with        map[string]any
	sensitive   []string // names in with that are not to be shown unasked
}

// revealsByFlag is how a hidden value is seen where nobody is asked anything.
const revealsByFlag = "--show-sensitive shows it"

// write shows the task and the values it needs, hidden ones with a hint of how
// to see them.
func (t task) write(w io.Writer, show bool, hint string, width int) {
	const indent = "  "
	for _, line := range wrap(t.description, max(width-len(indent), 0)) {
		if line != "" {
			fmt.Fprintln(w, indent+line)
		}
	}
	names := slices.Sorted(maps.Keys(t.with))
	col := column(names, func(s string) string { return s })
	for _, name := range names {
		value := valueText(t.with[name])
		if t.hides(name) && !show {
			value = redacted + "  (" + hint + ")"
		}
		fmt.Fprintf(w, "%s%s  %s\n", indent, pad(printable(name), col), value)
	}
}

// reveal shows the hidden values.
func (t task) reveal(w io.Writer) {
	for _, name := range slices.Sorted(maps.Keys(t.with)) {
		if t.hides(name) {
			fmt.Fprintf(w, "  %s  %s\n", printable(name), valueText(t.with[name]))
		}
	}
}

// hides reports whether a value is a secret; that there is none is no secret.
func (t task) hides(name string) bool {
	return t.with[name] != nil && slices.Contains(t.sensitive, name)
}
