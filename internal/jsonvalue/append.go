package jsonvalue

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Append appends the JSON of a value, in the bytes of json.Marshal. Decoded JSON is
// written without reflection and, most of it, without an allocation.
func Append(to []byte, v any) ([]byte, error) { return encoder{html: true}.value(to, v) }

// Marshal is json.Marshal that leaves <, > and & as they are.
func Marshal(v any) ([]byte, error) { return encoder{}.value(make([]byte, 0, 64), v) }

// Compact returns a value as JSON on one line, null for one without a JSON form.
func Compact(v any) string {
	text, err := Marshal(v)
	if err != nil {
		return "null"
	}
	return string(text)
}

// encoder writes JSON.
type encoder struct {
	html bool // escape <, > and &
	deep int  // lists and objects around the value
}

// mostDeep is where reflection takes over, which finds values that hold themselves.
const mostDeep = 1000

func (e encoder) value(to []byte, v any) ([]byte, error) {
	e.deep++
	switch v := v.(type) {
	case nil:
		return append(to, "null"...), nil
	case bool:
		return strconv.AppendBool(to, v), nil
	case int:
		return strconv.AppendInt(to, int64(v), 10), nil
	case string:
		return e.text(to, v), nil
	case []any:
		if v != nil && e.deep < mostDeep {
			return e.list(to, v)
		}
	case map[string]any:
		if v != nil && e.deep < mostDeep {
			return e.object(to, v)
		}
	}
	return e.any(to, v)
}

// any writes a value by reflection.
func (e encoder) any(to []byte, v any) ([]byte, error) {
	b := bytes.NewBuffer(to)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(e.html)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func (e encoder) list(to []byte, list []any) (_ []byte, err error) {
	to = append(to, '[')
	for i, v := range list {
		if i > 0 {
			to = append(to, ',')
		}
		if to, err = e.value(to, v); err != nil {
			return nil, err
		}
	}
	return append(to, ']'), nil
}

func (e encoder) object(to []byte, m map[string]any) (_ []byte, err error) {
	var few [24]string // on the stack
	names := few[:0]
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	to = append(to, '{')
	for i, name := range names {
		if i > 0 {
			to = append(to, ',')
		}
		if to, err = e.value(append(e.text(to, name), ':'), m[name]); err != nil {
			return nil, err
		}
	}
	return append(to, '}'), nil
}

// needEscape has the characters below 64 that do not stand for themselves in a string.
const (
	needEscape     = 1<<' ' - 1 | 1<<'"'
	needEscapeHTML = needEscape | 1<<'<' | 1<<'>' | 1<<'&'
)

// text writes a string: what stands for itself in one piece, with the escapes of
// encoding/json in between.
func (e encoder) text(to []byte, s string) []byte {
	special := uint64(needEscape)
	if e.html {
		special = needEscapeHTML
	}
	to = append(to, '"')
	from := 0
	for at := 0; at < len(s); {
		c := s[at]
		if c < utf8.RuneSelf && c != '\\' && (c >= 64 || special>>c&1 == 0) {
			at++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[at:])
		if escape := escapeOf(r, size); escape != "" {
			to = append(append(to, s[from:at]...), escape...)
			from = at + size
		}
		at += size
	}
	return append(append(to, s[from:]...), '"')
}

// escapeOf returns the escape of a character, "" for one without.
func escapeOf(r rune, size int) string {
	switch {
	case r == utf8.RuneError && size == 1: // no UTF-8
		return `\ufffd`
	case r == '\u2028' || r == '\u2029' || r < ' ' || r == '<' || r == '>' || r == '&':
		if short := strings.IndexRune("\b\f\n\r\t", r); short >= 0 {
			return `\b\f\n\r\t`[2*short:][:2]
		}
		return fmt.Sprintf(`\u%04x`, r)
	case r == '"':
		return `\"`
	case r == '\\':
		return `\\`
	}
	return ""
}
