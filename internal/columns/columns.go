// Package columns measures and shortens text for output in a monospaced font, on a
// terminal or in a drawing. Start with [Of].
package columns

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Rune returns the columns of r: 2 for East Asian wide and fullwidth characters
// and emoji (Unicode Standard Annex 11), 0 for combining marks and joiners, else 1.
func Rune(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// Of returns the columns of s.
func Of(s string) int {
	n := 0
	for _, r := range s {
		n += Rune(r)
	}
	return n
}

// Cut shortens s to a number of columns, ending in "…"; 0 is no limit.
func Cut(s string, limit int) string {
	if limit <= 0 || Of(s) <= limit {
		return s
	}
	room := limit - 1
	end := strings.IndexFunc(s, func(r rune) bool {
		room -= Rune(r)
		return room < 0
	})
	return strings.TrimRight(s[:end], " ") + "…"
}

// OneLine puts s on one line, with single blanks. Characters that a terminal or a
// reader would obey become blanks: controls, the formats of Unicode but for
// joiners, and those that are none.
func OneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		format := unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d'
		if format || unicode.IsControl(r) || unicode.Is(unicode.Noncharacter_Code_Point, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(s), " ")
}

// Wrap breaks s at blanks into lines of at most a number of columns; 0 is no
// limit. A longer word has a line of its own.
func Wrap(s string, limit int) []string {
	words := strings.Fields(s)
	if limit <= 0 {
		return []string{strings.Join(words, " ")}
	}
	var lines []string
	line := ""
	for _, word := range words {
		switch {
		case line == "":
			line = word
		case Of(line)+1+Of(word) <= limit:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
