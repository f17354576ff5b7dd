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

// Command puts a command to copy behind a text, or below it where both are wider than a
// number of columns; 0 is no limit.
func Command(text, command string, width int) string {
	line := text + " " + command
	if width <= 0 || columns.Of(line) <= width {
		return line
	}
	return text + "\n" + columns.Hanging(text) + command
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

// Narrow is a column of a table that gives way where the terminal is narrow: it is cut
// to its least width, and then left out.
type Narrow struct{ Column, Least int }

// Layout is the widths of a table's columns; a column of width 0 is left out.
type Layout struct {
	widths []int
	cut    bool
}

// Lay lays rows out, two blanks apart, in a number of columns; 0 is no limit. The columns
// of give are cut in their order, then left out in their order; then the column keep is
// cut. All others stay whole.
func Lay(rows [][]string, limit, keep int, give ...Narrow) Layout {
	l := Layout{cut: limit > 0}
	for c := range rows[0] {
		l.widths = append(l.widths, Column(rows, func(row []string) string { return row[c] }))
	}
	if !l.cut {
		return l
	}
	whole := append([]int(nil), l.widths...)
	for _, n := range give {
		l.widths[n.Column] = max(min(l.widths[n.Column], n.Least), l.widths[n.Column]-l.over(limit))
	}
	for _, n := range give {
		if l.over(limit) > 0 {
			l.widths[n.Column] = 0
		}
	}
	l.widths[keep] = max(l.widths[keep]-max(l.over(limit), 0), 1)
	for i := len(give) - 1; i >= 0; i-- { // the room that was made may be more than was needed
		if c := give[i].Column; l.widths[c] > 0 {
			l.widths[c] = min(whole[c], l.widths[c]-l.over(limit))
		}
	}
	return l
}

// over is by how many columns the table is too wide.
func (l Layout) over(limit int) int {
	n := -2
	for _, w := range l.widths {
		if w > 0 {
			n += w + 2
		}
	}
	return n - limit
}

// Line lays out one row.
func (l Layout) Line(row []string) string {
	var line strings.Builder
	for c, w := range l.widths {
		if w == 0 {
			continue
		}
		if line.Len() > 0 {
			line.WriteString("  ")
		}
		cell := row[c]
		if l.cut {
			cell = columns.Cut(cell, w)
		}
		line.WriteString(Pad(cell, w))
	}
	return strings.TrimRight(line.String(), " ")
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
