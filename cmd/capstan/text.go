package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"
)

// color reports whether a stream may carry colour: it is a terminal that knows
// it, and nobody asked for none (https://no-color.org).
func (a *app) color(tty bool) bool {
	return tty && !a.flags.noColor && a.io.Getenv("NO_COLOR") == "" && a.io.Getenv("TERM") != "dumb"
}

// textWidth returns the columns to fit text into, 0 for no limit: what goes
// into a pipe or a file is never cut.
func (a *app) textWidth(tty bool) int {
	if !tty {
		return 0
	}
	return a.io.Width()
}

// paint colours text for a terminal, or leaves it as it is.
type paint bool

func (p paint) sgr(code, s string) string {
	if !p || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p paint) bold(s string) string   { return p.sgr("1", s) }
func (p paint) dim(s string) string    { return p.sgr("2", s) }
func (p paint) red(s string) string    { return p.sgr("31", s) }
func (p paint) green(s string) string  { return p.sgr("32", s) }
func (p paint) yellow(s string) string { return p.sgr("33", s) }

// printable returns s fit for a terminal: text that an API or a file supplied
// must not move the cursor or pose as our own output. Line breaks stay.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, s)
}

// oneLine returns s with every run of white space as one blank.
func oneLine(s string) string { return printable(strings.Join(strings.Fields(s), " ")) }

// clip shortens s to width columns, ending in "…"; 0 is no limit. Wide runes
// are counted as one column, which cuts a little late at worst.
func clip(s string, width int) string {
	if width <= 0 || utf8.RuneCountInString(s) <= width {
		return s
	}
	runes := []rune(s)
	return string(runes[:max(width-1, 0)]) + "…"
}

// wrap breaks s at blanks into lines of at most width columns; 0 is no limit.
func wrap(s string, width int) []string {
	s = oneLine(s)
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

// pad extends s with blanks to width columns.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 0))
}

// column returns the width of the longest of the texts.
func column[T any](items []T, text func(T) string) int {
	w := 0
	for _, it := range items {
		w = max(w, utf8.RuneCountInString(text(it)))
	}
	return w
}

// valueText shows a JSON-like value on one line: a clean string as it is, all
// else as JSON.
func valueText(v any) string {
	if s, ok := v.(string); ok && printable(s) == s && !strings.ContainsAny(s, "\n\t") {
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
