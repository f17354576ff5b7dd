package charset

import (
	"slices"
	"unicode/utf8"
)

// maxDepth is the depth from which on a value counts as cyclic. It is that of
// encoding/json, so that no value that was read is deeper.
const maxDepth = 10_000

// Valid reports whether all text in a JSON-like value is UTF-8. A cyclic value is
// left to what encodes it.
func Valid(v any) bool { return valid(v, 0) }

func valid(v any, depth int) bool {
	if depth > maxDepth {
		return true
	}
	switch v := v.(type) {
	case string:
		return utf8.ValidString(v)
	case []any:
		return !slices.ContainsFunc(v, func(item any) bool { return !valid(item, depth+1) })
	case map[string]any:
		for name, field := range v {
			if !utf8.ValidString(name) || !valid(field, depth+1) {
				return false
			}
		}
	}
	return true
}
