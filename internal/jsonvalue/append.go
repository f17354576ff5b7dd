package jsonvalue

import (
	"encoding/json"
	"slices"
	"strconv"
)

// Append appends the JSON of a value, in the bytes of json.Marshal. Decoded JSON is
// written without reflection and, most of it, without an allocation.
func Append(to []byte, v any) (_ []byte, err error) {
	switch v := v.(type) {
	case nil:
		return append(to, "null"...), nil
	case bool:
		return strconv.AppendBool(to, v), nil
	case int:
		return strconv.AppendInt(to, int64(v), 10), nil
	case string:
		return appendText(to, v)
	case []any:
		if v != nil {
			return appendList(to, v)
		}
	case map[string]any:
		if v != nil {
			return appendObject(to, v)
		}
	}
	text, err := json.Marshal(v)
	return append(to, text...), err
}

func appendList(to []byte, list []any) (_ []byte, err error) {
	to = append(to, '[')
	for i, v := range list {
		if i > 0 {
			to = append(to, ',')
		}
		if to, err = Append(to, v); err != nil {
			return nil, err
		}
	}
	return append(to, ']'), nil
}

func appendObject(to []byte, m map[string]any) (_ []byte, err error) {
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
		if to, err = appendText(to, name); err != nil {
			return nil, err
		}
		if to, err = Append(append(to, ':'), m[name]); err != nil {
			return nil, err
		}
	}
	return append(to, '}'), nil
}

func appendText(to []byte, s string) ([]byte, error) {
	if isPlain(s) {
		return append(append(append(to, '"'), s...), '"'), nil
	}
	text, err := json.Marshal(s)
	return append(to, text...), err
}

// isPlain reports whether a text is its own JSON, without escapes.
func isPlain(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c > '~', c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return true
}
