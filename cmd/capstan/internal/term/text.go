package term

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
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

// Clip shortens s to width columns, ending in "…"; 0 is no limit. Wide runes
// are counted as one column, which cuts a little late at worst.
func Clip(s string, width int) string {
	if width <= 0 || utf8.RuneCountInString(s) <= width {
		return s
	}
	runes := []rune(s)
	return string(runes[:max(width-1, 0)]) + "…"
}

// Wrap breaks s at blanks into lines of at most width columns; 0 is no limit.
func Wrap(s string, width int) []string {
	s = OneLine(s)
	if width <= 0 {
		return []string{s}
	}
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// Pad extends s with blanks to width columns.
func Pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 0))
}

// Column returns the width of the longest of the texts.
func Column[T any](items []T, text func(T) string) int {
	w := 0
	for _, it := range items {
		w = max(w, utf8.RuneCountInString(text(it)))
	}
	return w
}

// Value shows a JSON-like value on one line: a clean string as it is, all
// else as JSON.
func Value(v any) string {
	if s, ok := v.(string); ok && Printable(s) == s && !strings.ContainsAny(s, "\n\t") {
		return s
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "(a value that is no JSON)"
	}
	return strings.TrimSpace(b.String())
}

// Count returns "1 problem" or "3 problems".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Redacted stands where a sensitive value is not shown.
const Redacted = "[redacted]"
