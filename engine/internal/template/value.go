package template

import (
	"strconv"
	"unicode/utf8"

	"github.com/capstan-run/capstan/engine/internal/eval"
)

// appendText appends v as it stands inside text; it is [eval.TextOf] without the
// detours. ok is false for null and for values that JSON cannot hold.
func appendText(b []byte, v any) (out []byte, ok bool) {
	switch v := v.(type) {
	case string:
		return append(b, v...), true
	case bool:
		return strconv.AppendBool(b, v), true
	case int:
		return strconv.AppendInt(b, int64(v), 10), true
	}
	s, err := eval.TextOf(v)
	return append(b, s...), err == nil
}

// appendJSON appends v as JSON. Bytes that are no UTF-8 become U+FFFD.
func appendJSON(b []byte, v any) (out []byte, ok bool) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), true
	case string:
		return append(appendEscaped(append(b, '"'), v), '"'), true
	case bool, int, float64:
		return appendText(b, v)
	}
	s, err := eval.CompactJSON(v)
	return append(b, s...), err == nil
}

// appendEscaped appends s as it stands between the quotes of a JSON string
// (RFC 8259, section 7).
func appendEscaped(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += size
			continue
		}
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		case c < ' ' || c == 0x7F:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
		i++
	}
	return b
}
