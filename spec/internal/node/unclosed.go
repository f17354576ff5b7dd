package node

import (
	"bytes"
	"fmt"
	"strings"

	exact "go.yaml.in/yaml/v4"

	"github.com/capstan-run/capstan/diag"
)

// unclosed finds the quote or bracket that is not closed. The parser
// stumbles much later, often where the next quote closes the first; the
// mistake is where the text opens.
func unclosed(c *Cursor, at *exact.LoadError) (diag.Diagnostic, bool) {
	if open, closed := runaway(c, at.Mark.Line, at.Mark.Column); open >= 0 {
		pos := c.Place(closed)
		d := unclosedAt(c.Place(open), fmt.Sprintf("the quote that opens here is closed only in line %d", pos.Line), closeQuote)
		d.Related = []diag.Related{{Pos: pos, Message: "the quote that closes it"}}
		return d, true
	}
	open := c.seek(at.ContextMark.Line, at.ContextMark.Column)
	if open < 0 || open >= len(c.Text) {
		return diag.Diagnostic{}, false
	}
	switch quote := c.Text[open]; {
	case (quote == '"' || quote == '\'') && strings.Contains(at.Message, "end of stream"):
		return unclosedAt(c.Place(open), "the quote that opens here is not closed", closeQuote), true
	case (quote == '[' || quote == '{') && outside(c, at):
		hint := fmt.Sprintf("put %q where it ends", map[byte]string{'[': "]", '{': "}"}[quote])
		return unclosedAt(c.Place(open), "the bracket that opens here is not closed", hint), true
	}
	return diag.Diagnostic{}, false
}

const closeQuote = "put the quote that closes it where the text ends"

func unclosedAt(pos diag.Pos, message, hint string) diag.Diagnostic {
	return diag.Diagnostic{Code: "yaml-syntax", Pos: pos, Message: notYAML + message, Hint: hint}
}

// runaway returns the offsets of a quote and of the one on the given line that
// closes it, when the text between them goes over several lines up to the
// place of an error. open is -1 when there is none.
func runaway(c *Cursor, line, column int) (open, closed int) {
	end := c.seek(line, column)
	if end < 0 {
		return -1, -1
	}
	first := c.lines[line-1]
	closed = first + bytes.LastIndexAny(c.Text[first:end], `"'`)
	if closed < first {
		return -1, -1
	}
	open = opening(c.Text, closed)
	if open < 0 || open >= first || open > 0 && !strings.ContainsRune(" \t\r\n[{,:", rune(c.Text[open-1])) {
		return -1, -1
	}
	return open, closed
}

// opening returns the offset of the quote that the one at closed belongs to,
// -1 when there is none.
func opening(text []byte, closed int) int {
	quote := text[closed]
	for i := closed - 1; i >= 0; i-- {
		switch {
		case text[i] != quote:
		case quote == '\'' && i > 0 && text[i-1] == quote: // a quote inside the text
			i--
		case quote == '"' && backslashes(text[:i])%2 == 1:
		default:
			return i
		}
	}
	return -1
}

func backslashes(text []byte) int { return len(text) - len(bytes.TrimRight(text, `\`)) }

// outside reports whether an error inside brackets lies on a line that is no
// part of them: one indented no more than the line they open on, or the end.
func outside(c *Cursor, at *exact.LoadError) bool {
	end := c.seek(at.Mark.Line, at.Mark.Column)
	if end < 0 || len(bytes.TrimSpace(c.Text[end:])) == 0 {
		return true
	}
	return at.Mark.Line > at.ContextMark.Line && indent(c, at.Mark.Line) <= indent(c, at.ContextMark.Line)
}

func indent(c *Cursor, line int) int {
	text := c.Text[c.lines[line-1]:]
	return len(text) - len(bytes.TrimLeft(text, " "))
}
