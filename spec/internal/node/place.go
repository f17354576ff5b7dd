package node

import (
	"bytes"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/spec"
)

// Scalar returns the text of a scalar with its place, and the column after
// its text on that line, 0 when that is not known.
func (c *Cursor) Scalar(n *yaml.Node) (s spec.Str, end int) {
	s = spec.Str{Value: n.Value, Pos: c.pos(n.Line, n.Column)}
	offset := c.seek(n.Line, n.Column)
	if offset < 0 {
		return s, 0
	}
	rest := c.rest(n.Line, offset)
	skipped := properties(rest)
	s.Pos.Column += utf8.RuneCount(rest[:skipped])
	rest = rest[skipped:]
	switch {
	case len(rest) == 0:
		return s, 0
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		s.Style = spec.Block
		return s, s.Pos.Column + 1
	case rest[0] == '*': // an alias: the text stands elsewhere
		s.Raw = string(rest[:aliasLength(rest)])
		return s, s.Pos.Column + utf8.RuneCountInString(s.Raw)
	case rest[0] == '"', rest[0] == '\'':
		return c.quoted(s, offset+skipped, rest)
	}
	if n.Value != "" && bytes.HasPrefix(rest, []byte(n.Value)) {
		return s, s.Pos.Column + utf8.RuneCountInString(n.Value)
	}
	if n.Value == "" {
		return s, 0
	}
	rest = bytes.TrimRight(rest, " \t")
	s.Raw = string(rest) // goes on in the next line
	return s, s.Pos.Column + utf8.RuneCount(rest)
}

// quoted completes s, with its opening quote at offset.
func (c *Cursor) quoted(s spec.Str, offset int, line []byte) (spec.Str, int) {
	s.Style = spec.Quoted
	raw := untilQuote(c.Text[offset:])
	if raw != s.Value {
		s.Raw = raw
	}
	if len(raw)+2 > len(line) {
		return s, s.Pos.Column + utf8.RuneCount(line) // closed on a later line
	}
	return s, s.Pos.Column + utf8.RuneCountInString(raw) + 2
}

// properties returns the length of the anchor and tag before a value, with the
// blanks after them: the parser counts them as part of it.
func properties(text []byte) int {
	skipped := 0
	for skipped < len(text) && (text[skipped] == '&' || text[skipped] == '!') {
		word := bytes.IndexAny(text[skipped:], " \t")
		if word < 0 {
			return len(text)
		}
		skipped += word
		skipped += len(text[skipped:]) - len(bytes.TrimLeft(text[skipped:], " \t"))
	}
	return skipped
}

func aliasLength(text []byte) int {
	if i := bytes.IndexAny(text, " \t,]}"); i > 0 {
		return i
	}
	return len(text)
}

// untilQuote returns the text between the quote that text begins with and
// the one that closes it.
func untilQuote(text []byte) string {
	quote := text[0]
	for i := 1; i < len(text); i++ {
		switch {
		case quote == '"' && text[i] == '\\':
			i++
		case text[i] != quote:
		case quote == '\'' && i+1 < len(text) && text[i+1] == quote:
			i++
		default:
			return string(text[1:i])
		}
	}
	return string(text[1:])
}
