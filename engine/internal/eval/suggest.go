package eval

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	spelling "github.com/capstan-run/capstan/internal/suggest"
)

// maxListed bounds how many names a hint lists.
const maxListed = 12

// Suggest is the hint for word where one of names was meant: the nearest, or
// all of them after label, or nothing.
func Suggest(word, label string, names []string) string {
	if near := nearest(word, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(names) == 0 {
		return ""
	}
	list := strings.Join(names[:min(len(names), maxListed)], ", ")
	if len(names) > maxListed {
		list += ", ..."
	}
	return label + ": " + list
}

// nearest returns the name with the fewest edits from word, "" when all are
// too far. Of equals the first wins.
func nearest(word string, names []string) string {
	size := len([]rune(word))
	best, limit := "", min(size/3+1, size-1)
	for _, name := range names {
		if d := spelling.Distance(word, name); d > 0 && d <= limit {
			best, limit = name, d-1
		}
	}
	return best
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
