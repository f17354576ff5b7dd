package term

import (
	"strings"
	"unicode"

	"github.com/capstan-run/capstan/internal/columns"
	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// Paint colours text for a terminal, or leaves it as it is.
type Paint bool

func (p Paint) sgr(code, s string) string {
	if !p || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p Paint) Bold(s string) string   { return p.sgr("1", s) }
func (p Paint) Dim(s string) string    { return p.sgr("2", s) }
func (p Paint) Red(s string) string    { return p.sgr("31", s) }
func (p Paint) Green(s string) string  { return p.sgr("32", s) }
func (p Paint) Yellow(s string) string { return p.sgr("33", s) }

// Printable returns s fit for a terminal: text that an API or a file supplied
// must not move the cursor or pose as our own output. Line breaks stay.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, s)
}

// OneLine returns s with every run of white space as one blank.
func OneLine(s string) string { return Printable(strings.Join(strings.Fields(s), " ")) }

// Pad extends s with blanks to width columns.
func Pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-columns.Of(s), 0))
}

// Column returns the width of the longest of the texts.
func Column[T any](items []T, text func(T) string) int {
	w := 0
	for _, it := range items {
		w = max(w, columns.Of(text(it)))
	}
	return w
}

// Table lays rows out in columns as wide as their widest cells, two blanks apart.
func Table(rows [][]string) []string {
	lines := make([]string, len(rows))
	for c := 0; len(rows) > 0 && c < len(rows[0]); c++ {
		width := Column(rows, func(row []string) string { return row[c] })
		for i, row := range rows {
			if c > 0 {
				lines[i] += "  "
			}
			lines[i] += Pad(row[c], width)
		}
	}
	return lines
}

// Value shows a JSON-like value on one line: a clean string as it is, all
// else as JSON.
func Value(v any) string {
	if s, ok := v.(string); ok && Printable(s) == s && !strings.ContainsAny(s, "\n\t") {
		return s
	}
	return jsonvalue.Compact(v)
}

// Redacted stands where a sensitive value is not shown.
const Redacted = "[redacted]"
