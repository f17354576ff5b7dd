package template

import (
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// appendText appends v as it stands inside text. ok is false for null and for
// values that JSON cannot hold.
func appendText(b []byte, v any) (out []byte, ok bool) {
	s, err := eval.TextOf(v)
	return append(b, s...), err == nil
}

// appendJSON appends v as JSON.
func appendJSON(b []byte, v any) (out []byte, ok bool) {
	text, err := jsonvalue.Marshal(v)
	return append(b, text...), err == nil
}

// appendEscaped appends s as it stands between the quotes of a JSON string.
func appendEscaped(b []byte, s string) []byte {
	quoted, _ := jsonvalue.Marshal(s) // every text has a form
	return append(b, quoted[1:len(quoted)-1]...)
}
