// Package jsonvalue reads JSON into the form that expressions work on: nil,
// bool, string, []any, map[string]any, and numbers as an int, a float64 or a
// [json.Number]. Start with [Decode].
package jsonvalue

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrMore is why text with more than one JSON value is refused.
var ErrMore = errors.New("something follows the first value")

// Fault returns an error of Decode with the byte at which the text is no JSON.
func Fault(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("%w at byte %d", err, syntax.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("it ends too early")
	}
	return err
}

// Clone returns a copy of a value whose arrays and objects are its own.
func Clone(v any) any {
	switch x := v.(type) {
	case []any:
		out := make([]any, len(x))
		for i := range x {
			out[i] = Clone(x[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, item := range x {
			out[k] = Clone(item)
		}
		return out
	}
	return v
}

// Numbers gives every json.Number in v, which a json.Decoder made, the form
// that [Decode] gives it. Arrays and objects are changed in place.
func Numbers(v any) any {
	switch x := v.(type) {
	case json.Number:
		if n, ok := number(string(x)); ok {
			return n
		}
	case []any:
		for i := range x {
			x[i] = Numbers(x[i])
		}
	case map[string]any:
		for k, item := range x {
			switch item.(type) {
			case json.Number, []any, map[string]any:
				x[k] = Numbers(item)
			}
		}
	}
	return v
}
