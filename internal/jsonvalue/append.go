package jsonvalue

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
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
		return e.text(to, v)
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
		if to, err = e.text(to, name); err != nil {
			return nil, err
		}
		if to, err = e.value(append(to, ':'), m[name]); err != nil {
			return nil, err
		}
	}
	return append(to, '}'), nil
}

func (e encoder) text(to []byte, s string) ([]byte, error) {
	if !e.isPlain(s) {
		return e.any(to, s)
	}
	return append(append(append(to, '"'), s...), '"'), nil
}

// isPlain reports whether a text is its own JSON, without escapes.
func (e encoder) isPlain(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c > '~', c == '"', c == '\\':
			return false
		case c == '<', c == '>', c == '&':
			if e.html {
				return false
			}
		}
	}
	return true
}
