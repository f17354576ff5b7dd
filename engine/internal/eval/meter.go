package eval

import (
	"context"
	"fmt"
)

// failure is an error of our own functions, already in the user's words.
type failure string

func (f failure) Error() string { return string(f) }

func failf(format string, args ...any) error { return failure(fmt.Sprintf(format, args...)) }

// meter bounds one evaluation: expr's machine counts the items it makes, but
// neither its work nor the text it makes, and it takes no context.
type meter struct {
	ctx        context.Context
	iterations int
	bytes      int
	items      int
}

// tick is called at the start of every predicate call.
func (m *meter) tick() error {
	m.iterations++
	if m.iterations > maxIterations {
		return failf("evaluation takes too long: more than %d predicate calls", maxIterations)
	}
	return m.ctx.Err()
}

// text accounts for n bytes of text about to be made.
func (m *meter) text(n int) error {
	m.bytes += n
	if n < 0 || m.bytes > maxBytes {
		return failf("evaluation makes too much text: more than %d MiB", maxBytes>>20)
	}
	return nil
}

// item accounts for n array items or object members about to be made.
func (m *meter) item(n int) error {
	m.items += n
	if n < 0 || m.items > maxItems {
		return failf("evaluation makes too many items: more than %d", maxItems)
	}
	return nil
}

// charge accounts for a value that a builtin has made from bounded arguments.
func (m *meter) charge(v any) error {
	switch v := v.(type) {
	case string:
		return m.text(len(v))
	case []string:
		return m.item(len(v))
	case []any:
		return m.item(len(v))
	case map[string]any:
		return m.item(len(v))
	}
	return nil
}

// add is the + operator wherever the operands may be text or null.
func (m *meter) add(a, b any) (any, error) {
	left, leftText := a.(string)
	right, rightText := b.(string)
	switch {
	case leftText && rightText:
		if err := m.text(len(left) + len(right)); err != nil {
			return nil, err
		}
		return left + right, nil
	case isNumber(a) && isNumber(b):
		return calculate("+", a, b)
	default:
		return nil, failf("cannot add %s and %s", describe(a), describe(b))
	}
}

// describe names the kind of v, in the user's words.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case []any, []string, []int, []float64, [][2]any:
		return "an array"
	case map[string]any, map[any][]any:
		return "an object"
	default:
		if isNumber(v) {
			return "a number"
		}
		return "a value of another kind"
	}
}
