package plan

import (
	wordsof "github.com/capstan-run/capstan/internal/words"

	"slices"
	"strings"
)

// words splits a name written in snake, kebab or camel case: "organization_name",
// "organization-name" and "organizationName" are the same name.
func words(name string) []string {
	return wordsof.Split(name, func(r rune) bool { return strings.ContainsRune("_-. ", r) })
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
