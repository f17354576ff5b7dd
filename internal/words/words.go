// Package words takes names apart: organizationId, organization-id and
// organization_id are one name. It also counts nouns, and makes names that the
// clients of models take. Start with [Split].
package words

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Snake turns "APIKey", "apiKey" and "api-key" into "api_key".
func Snake(s string) string { return strings.Join(Split(s, nil), "_") }

// Split splits a name into lower-case words at changes of case and at the
// separators; nil stands for all but letters and digits.
func Split(s string, separator func(rune) bool) []string {
	if separator == nil {
		separator = func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	}
	var out []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			out = append(out, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	runes := []rune(s)
	for i, r := range runes {
		switch {
		case separator(r):
			flush()
			continue
		case unicode.IsUpper(r) && i > 0 && !unicode.IsUpper(runes[i-1]):
			flush()
		case unicode.IsUpper(r) && i+1 < len(runes) && unicode.IsLower(runes[i+1]):
			flush() // the S of "HTTPServer"
		}
		word = append(word, r)
	}
	flush()
	return out
}

// Fold returns a name without the differences in which spellings of one name
// differ: case, "-" and "_".
func Fold(s string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(s))
}

// Shortened reports whether one of two names is the other with the ends of words cut off,
// and without words at its end that add little: "polyid" of "polygon_id", "start" of
// "start_date". Where leading is true words before may be left out, too: "height" of
// "vehicle_height".
func Shortened(a, b string, leading bool) bool {
	x, y := Split(a, nil), Split(b, nil)
	return shortens(x, y, leading) || shortens(y, x, leading)
}

func shortens(short, long []string, leading bool) bool {
	for i := range long {
		if (i == 0 || leading) && cutFrom(strings.Join(short, ""), long[i:]) {
			return true
		}
	}
	return false
}

// cutFrom reports whether a text is made of words, or of their first letters, in order.
func cutFrom(text string, words []string) bool {
	if text == "" || len(words) == 0 {
		return text == "" && !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(fillers[:], w) })
	}
	for n := len(words[0]); n >= min(shortest, len(words[0])); n-- {
		if rest, ok := strings.CutPrefix(text, words[0][:n]); ok && cutFrom(rest, words[1:]) {
			return true
		}
	}
	return false
}

// fillers are words that add little at the end of a name.
var fillers = [...]string{"id", "name", "date", "time", "at", "number", "value"}

// shortest bounds how much may be cut off a word.
const shortest = 3

// Singular returns the singular of an English plural, by rule.
func Singular(s string) string {
	switch {
	case strings.HasSuffix(s, "ies") && len(s) > 4:
		return s[:len(s)-3] + "y"
	case hasAnySuffix(s, "sses", "shes", "ches", "xes", "zes"):
		return s[:len(s)-2]
	case strings.HasSuffix(s, "s") && !hasAnySuffix(s, "ss", "us", "is"):
		return s[:len(s)-1]
	}
	return s
}

// Plural returns the plural of an English noun, by rule.
func Plural(s string) string {
	switch {
	case strings.HasSuffix(s, "y") && len(s) > 2 && !strings.ContainsRune("aeiou", rune(s[len(s)-2])):
		return s[:len(s)-1] + "ies"
	case strings.HasSuffix(s, "s"), strings.HasSuffix(s, "x"), strings.HasSuffix(s, "sh"), strings.HasSuffix(s, "ch"):
		return s + "es"
	}
	return s + "s"
}

// Count returns "1 page" or "2 pages".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func hasAnySuffix(s string, suffixes ...string) bool {
	return slices.ContainsFunc(suffixes, func(suffix string) bool { return strings.HasSuffix(s, suffix) })
}
