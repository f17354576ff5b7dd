package author

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/spec"
)

// text is the overlay as a file, nil where it has no action.
func (m *mending) text() []byte {
	steps := slices.DeleteFunc(slices.Clone(m.steps), func(a *mend) bool { return len(a.update) == 0 })
	if len(steps)+len(m.inputs)+len(m.outputs) == 0 {
		return nil
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line(modeline, "overlay")
	line("# What the composition leaves out. Each action acts on the values that were there when it")
	line("# was written (x-capstan-was): an edited one stands. `capstan plan` names those that acted.")
	line("overlay: 1.0.0\ninfo:\n  title: %s\n  version: 1.0.0", Scalar(m.Name+", completed"))
	line("x-capstan-applies-to:\n  name: %s\nactions:", Scalar(m.Name))
	at := func(a *mend) int {
		return slices.IndexFunc(m.Unit.Steps, func(s *spec.Step) bool { return s.ID.Value == a.name })
	}
	slices.SortStableFunc(steps, func(a, b *mend) int { return at(a) - at(b) })
	for _, a := range steps {
		a.write(line, stepTarget(a.name))
	}
	for i, in := range m.inputs {
		in.add(line, m.reasons[i], i == 0 && len(m.Unit.Inputs) == 0)
	}
	for _, a := range m.outputs {
		a.write(line, target("outputs", "name", a.name))
	}
	return []byte(b.String())
}

// add writes the action that adds an input; the first of a file without any adds the list.
func (in *input) add(line func(string, ...any), reason string, first bool) {
	to, indent := "$.inputs", "      "
	if first {
		to, indent = "$", "          "
	}
	line("  - target: %s\n    description: %s\n    x-capstan-needs:\n      %s: null\n    update:", to, Scalar(reason), Scalar(target("inputs", "name", in.name)))
	mark := ""
	if first {
		line("      inputs:")
		mark = "        - "
	}
	in.write(func(format string, args ...any) {
		text := fmt.Sprintf(format, args...)[len("  - "):]
		if mark != "" {
			text, mark = mark+text, ""
		} else {
			text = indent + text
		}
		line("%s", text)
	})
}

func stepTarget(id string) string { return target("steps", "id", id) }

// target is the JSONPath of the entry of a list with a name.
func target(list, key, name string) string {
	return fmt.Sprintf("$.%s[?@.%s == '%s']", list, key, name)
}

func (a *mend) write(line func(string, ...any), at string) {
	line("  - target: %s", Scalar(at))
	if len(a.reasons) > 0 {
		line("    description: %s", Scalar(strings.Join(a.reasons, " ")))
	}
	line("    x-capstan-was:")
	writeEntries(line, a.was, "      ")
	if len(a.needs) > 0 {
		line("    x-capstan-needs:")
		writeEntries(line, a.needs, "      ")
	}
	if a.remove {
		line("    remove: true")
		return
	}
	line("    update:")
	writeEntries(line, a.update, "      ")
}

func writeEntries(line func(string, ...any), entries []entry, indent string) {
	for _, e := range entries {
		switch v := e.value.(type) {
		case []entry:
			line("%s%s:", indent, Scalar(e.key))
			writeEntries(line, v, indent+"  ")
		default:
			line("%s%s: %s", indent, Scalar(e.key), flow(v))
		}
	}
}
