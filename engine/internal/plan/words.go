package plan

import (
	"slices"
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

// related reports whether one name ends in the other, word by word: "domains"
// and "domain_data" share a word, "organization_name" ends in "name".
func related(a, b string) bool {
	x, y := words(a), words(b)
	if len(x) == 0 || len(y) == 0 {
		return false
	}
	singular := func(s string) string { return strings.TrimSuffix(s, "s") }
	return slices.ContainsFunc(x, func(w string) bool {
		return slices.ContainsFunc(y, func(v string) bool { return len(w) > 3 && singular(w) == singular(v) })
	})
}

// mentions reports whether text names the input as a word.
func mentions(text, input string) bool {
	for rest := text; ; {
		i := strings.Index(rest, input)
		if i < 0 {
			return false
		}
		before, after := rest[:i], rest[i+len(input):]
		if !endsInWord(before) && !startsWithWord(after) {
			return true
		}
		rest = after
	}
}

func wordByte(c byte) bool {
	return c == '_' || c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}
func endsInWord(s string) bool     { return s != "" && wordByte(s[len(s)-1]) }
func startsWithWord(s string) bool { return s != "" && wordByte(s[0]) }
