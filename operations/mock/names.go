package mock

import (
	"strings"

	"github.com/capstan-run/capstan/internal/words"
)

func plural(s string) string {
	switch {
	case strings.HasSuffix(s, "y") && len(s) > 2 && !strings.ContainsRune("aeiou", rune(s[len(s)-2])):
		return s[:len(s)-1] + "ies"
	case strings.HasSuffix(s, "s"), strings.HasSuffix(s, "x"), strings.HasSuffix(s, "sh"), strings.HasSuffix(s, "ch"):
		return s + "es"
	}
	return s + "s"
}

func isPlural(s string) bool { return words.Singular(s) != s }

// aliases lists the field names under which a parameter's value may stand in
// an item, likeliest first.
func aliases(param string) []string {
	p := words.Snake(param)
	names := []string{p}
	add := func(n string) {
		for _, have := range names {
			if have == n {
				return
			}
		}
		names = append(names, n)
	}
	add(p + "_id")
	if stem, ok := strings.CutSuffix(p, "_id"); ok {
		add(stem)
	}
	add(words.Singular(p))
	add(words.Singular(p) + "_id")
	add(plural(p))
	return names
}

// lookup finds a key of m by any of the names, comparing them as [words.Snake] does.
func lookup(m map[string]any, names ...string) (key string, ok bool) {
	for _, n := range names {
		if _, ok := m[n]; ok {
			return n, true
		}
		for k := range m {
			if words.Snake(k) == n {
				return k, true
			}
		}
	}
	return "", false
}
