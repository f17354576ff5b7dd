package check

import (
	"strconv"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// Text is [Value] for a value that is sent as text: in a URL, a header, a cookie or a
// form. There a text stands for the number or the truth value that it spells, these for
// their text, and one value for a list of one.
func Text(s *operations.Schema, v any) []operations.Violation {
	found := Value(s, v)
	if len(found) == 0 {
		return nil
	}
	fits := func(v any) bool { return len(Value(s, v)) == 0 }
	text, isText := v.(string)
	if !isText {
		spelt, err := jsonvalue.Text(v)
		if err == nil && fits(spelt) {
			return nil
		}
		return found
	}
	if n, ok := jsonvalue.Number(text); ok && fits(n) {
		return nil
	}
	if b, err := strconv.ParseBool(text); err == nil && fits(b) {
		return nil
	}
	if fits([]any{text}) {
		return nil
	}
	return found
}
