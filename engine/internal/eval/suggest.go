package eval

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxListed bounds how many names a hint lists.
const maxListed = 12

// suggest is the hint for word where one of names was meant: the nearest, or
// all of them after label, or nothing.
func suggest(word, label string, names []string) string {
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
		if d := distance([]rune(word), []rune(name)); d > 0 && d <= limit {
			best, limit = name, d-1
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours between a and b (optimal string alignment).
func distance(a, b []rune) int {
	before, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
