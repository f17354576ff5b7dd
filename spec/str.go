package spec

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/capstan-run/capstan/diag"
)

// Style is the way a scalar was written, which decides how an offset in its
// value maps back to a column.
type Style int

// The scalar styles.
const (
	Plain  Style = iota
	Quoted       // single or double: the text starts one column later
	Block        // literal or folded: only the line is known
)

// Str is a string with its place. The zero Str is "not written".
type Str struct {
	Value string
	Pos   diag.Pos
	Style Style
	Raw   string // source text, between the quotes if any, when it differs from Value
}

// IsSet reports whether the string was written.
func (s Str) IsSet() bool { return s.Pos.Line > 0 || s.Value != "" }

// Span maps a range of Value, counted in code points, to the place where the
// author wrote it: one column later when quoted, further where escapes take
// more room than their values, and only the start of the string in a
// block scalar, an alias, or text that goes over several lines. endColumn is 0
// when unknown.
func (s Str) Span(from, length int) (pos diag.Pos, endColumn int) {
	length = max(length, 1)
	switch {
	case s.Style == Block:
		return s.Pos, 0
	case s.Raw != "" && s.Raw != s.Value:
		return s.escaped(from, length)
	}
	pos = s.Pos
	pos.Column += from
	if s.Style == Quoted {
		pos.Column++
	}
	return pos, pos.Column + length
}

// escaped is Span for a quoted string with a source that differs from its value.
func (s Str) escaped(from, length int) (diag.Pos, int) {
	columns, ok := columns(s.Raw, s.Value)
	if s.Style != Quoted || !ok || from < 0 || from >= len(columns) {
		return s.Pos, 0
	}
	pos := s.Pos
	pos.Column += 1 + columns[from]
	return pos, s.Pos.Column + 1 + columns[min(from+length, len(columns)-1)]
}

// columns returns where in raw each code point of value is written, and where
// the last one ends. ok is false when raw goes over several lines or is not
// value in either of YAML's quotes.
func columns(raw, value string) (columns []int, ok bool) {
	if strings.ContainsAny(raw, "\r\n") {
		return nil, false
	}
	for _, unescape := range []func(string) (string, int){singleQuoted, doubleQuoted} {
		if columns, ok = align(raw, value, unescape); ok {
			return columns, true
		}
	}
	return nil, false
}

// align walks raw and value together; unescape returns the value that raw begins
// with and the number of its bytes in raw, 0 when it has none.
func align(raw, value string, unescape func(string) (string, int)) (columns []int, ok bool) {
	column := 0
	for raw != "" {
		text, size := unescape(raw)
		rest, match := strings.CutPrefix(value, text)
		if size == 0 || !match {
			return nil, false
		}
		if text != "" {
			columns = append(columns, column)
		}
		column += utf8.RuneCountInString(raw[:size])
		raw, value = raw[size:], rest
	}
	return append(columns, column), value == ""
}

func singleQuoted(raw string) (string, int) {
	if strings.HasPrefix(raw, "''") {
		return "'", 2
	}
	return singleRune(raw)
}

// doubleQuoted reads one character or escape of a double-quoted scalar (YAML
// 1.2.2, section 5.7).
func doubleQuoted(raw string) (string, int) {
	if raw[0] != '\\' {
		return singleRune(raw)
	}
	if len(raw) < 2 {
		return "", 0
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[raw[1]]
	if digits == 0 {
		text := escapes[raw[1]]
		return text, min(2, 2*len(text))
	}
	if len(raw) < 2+digits {
		return "", 0
	}
	code, err := strconv.ParseUint(raw[2:2+digits], 16, 32)
	if err != nil {
		return "", 0
	}
	return string(rune(code)), 2 + digits
}

func singleRune(raw string) (string, int) {
	_, size := utf8.DecodeRuneInString(raw)
	return raw[:size], size
}

// escapes are those of one letter. The map is never written to.
var escapes = map[byte]string{
	'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f", 'r': "\r", 'e': "\x1b",
	' ': " ", '"': `"`, '/': "/", '\\': `\`, 'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029",
}

// Whole returns the place of everything that was written for s, quotes
// included. The end is 0 when it is not known.
func (s Str) Whole() (diag.Pos, int) {
	_, end := s.Span(0, utf8.RuneCountInString(s.Value))
	if s.Style == Quoted && end > 0 {
		end++
	}
	return s.Pos, max(end, 0)
}

// Reworded is s with another value: columns inside it are no longer known.
func Reworded(s Str, to string) Str {
	if s.Value == to || !s.IsSet() {
		return s
	}
	if s.Raw == "" {
		s.Raw = s.Value
	}
	s.Value = to
	return s
}

// At is a text that stands in no file, at a place.
func At(pos diag.Pos, text string) Str { return Str{Value: text, Pos: pos, Style: Block} }
