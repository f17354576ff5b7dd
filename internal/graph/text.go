package graph

import (
	"strings"
	"unicode"
)

// columns is the width of s in a monospaced font, where East Asian characters
// and emoji take two columns and combining marks none (Unicode Standard Annex
// 11, coarsely: a column too many only widens a box).
func columns(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case r >= 0x1100 && (r < 0x1160 || r >= 0x2E80 && r < 0xD7A4 || r >= 0xF900 && r < 0xFB00 || r >= 0xFE30 && r < 0xFE70 || r >= 0xFF00 && r < 0xFF61 || r >= 0x1F300):
			n += 2
		default:
			n++
		}
	}
	return n
}

// cut shortens s to width columns, with an ellipsis for the rest.
func cut(s string, width int) string {
	if columns(s) <= width {
		return s
	}
	var b strings.Builder
	room := width - 1
	for _, r := range s {
		if room -= columns(string(r)); room < 0 {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimRight(b.String(), " ") + "…"
}

// wrap breaks s at spaces into lines of at most width columns, and at most
// three of them; a word that is too long is cut.
func wrap(s string, width int) []string {
	const most = 3
	var lines []string
	line := ""
	words := strings.Fields(s)
	for i, word := range words {
		switch {
		case line == "":
			line = word
		case columns(line)+1+columns(word) <= width:
			line += " " + word
		case len(lines) == most-1:
			return append(lines, cut(line+" "+strings.Join(words[i:], " "), width))
		default:
			lines = append(lines, cut(line, width))
			line = word
		}
	}
	if line != "" {
		lines = append(lines, cut(line, width))
	}
	return lines
}
