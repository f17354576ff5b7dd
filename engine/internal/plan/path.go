package plan

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
)

// Path names a place in a step's result: "link", "data[].token". List indexes
// are left out, so that a path covers every item.
type Path []string

// ParsePath reads a path as `sensitive` has it.
func ParsePath(s string) Path {
	var out Path
	for part := range strings.SplitSeq(s, ".") {
		if i := strings.IndexByte(part, '['); i >= 0 {
			part = part[:i]
		}
		if part != "" {
			out = append(out, part)
		}
	}
	return out
}

func (p Path) String() string { return strings.Join(p, ".") }

// in returns the type found at the path, stepping through lists.
func (p Path) in(t eval.Type) (eval.Type, bool) {
	for _, name := range p {
		for t.Kind() == "array" {
			t = t.Elem()
		}
		if t.IsAny() {
			return t, true
		}
		next, ok := t.Field(name)
		if !ok {
			return eval.Any(), false
		}
		t = next
	}
	return t, true
}

// overlaps reports whether one path lies on the way to the other: reading a
// parent reads the secret in it.
func (p Path) overlaps(q Path) bool {
	n := min(len(p), len(q))
	return slices.Equal(p[:n], q[:n])
}
