package plan

import (
	"strings"
	"unicode"
)

// words splits a name written in snake, kebab or camel case into lower-case
// words: "organization_name", "organization-name" and "organizationName" are
// the same name.
func words(name string) []string {
	var out []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			out = append(out, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	rs := []rune(name)
	for i, r := range rs {
		switch {
		case r == '_' || r == '-' || r == '.' || r == ' ':
			flush()
			continue
		case unicode.IsUpper(r) && i > 0:
			prevLower := unicode.IsLower(rs[i-1]) || unicode.IsDigit(rs[i-1])
			nextLower := i+1 < len(rs) && unicode.IsLower(rs[i+1])
			if prevLower || nextLower && unicode.IsUpper(rs[i-1]) {
				flush()
			}
		}
		word = append(word, r)
	}
	flush()
	return out
}

// canon is the spelling in which names are compared.
func canon(name string) string { return strings.Join(words(name), "_") }
