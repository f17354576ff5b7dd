package load

import (
	"testing"

	"github.com/capstan-run/capstan/diag"
)

// A text is parsed once for all files that it is for, and again when it has changed.
func TestSettingsAreParsedOnce(t *testing.T) {
	var numbers recent[parsed[int]]
	kept, parses := &Documents{}, 0
	parse := func(d *Documents, name, text string) int {
		n, problems := once(d, func(*Documents) *recent[parsed[int]] { return &numbers }, name, []byte(text), func() (int, diag.List) {
			parses++
			return parses, diag.List{{Code: "empty-file"}}
		})
		if len(problems) != 1 {
			t.Errorf("%s: %v", name, problems)
		}
		return n
	}
	for _, tt := range []struct {
		kept       *Documents
		name, text string
		want       int
	}{{kept, "a", "1", 1}, {kept, "a", "1", 1}, {kept, "b", "1", 2}, {kept, "a", "2", 3}, {kept, "a", "1", 1}, {nil, "a", "1", 4}} {
		if got := parse(tt.kept, tt.name, tt.text); got != tt.want {
			t.Errorf("%s %s is parse %d, not %d", tt.name, tt.text, got, tt.want)
		}
	}
}
