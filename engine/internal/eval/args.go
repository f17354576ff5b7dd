package eval

import (
	"encoding/json"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// Arguments of metered functions, which may be of any kind at run time.

func textArg(name string, args []any, i int) (string, error) {
	s, ok := args[i].(string)
	if !ok {
		return "", failf("%s needs a string, got %s", name, describe(args[i]))
	}
	return s, nil
}

// itemsOf returns the items of any of the arrays that expr makes. The result
// must not be written to.
func itemsOf(name string, v any) ([]any, error) {
	switch v := v.(type) {
	case []any:
		return v, nil
	case []string:
		return boxed(v), nil
	case []int:
		return boxed(v), nil
	case []float64:
		return boxed(v), nil
	}
	return nil, failf("%s needs an array, got %s", name, describe(v))
}

func boxed[T any](items []T) []any {
	out := make([]any, len(items))
	for i, item := range items {
		out[i] = item
	}
	return out
}

// whole returns whole numbers as int, and every other value as it is; a
// json.Number that no int holds is an error.
func whole(v any) (any, error) {
	if n, ok := wholeNumber(v); ok {
		return n, nil
	}
	if n, ok := v.(json.Number); ok {
		return nil, failf("a whole number is needed that 64 bits hold, not %s", jsonvalue.Show(n))
	}
	return v, nil
}

func wholeNumber(v any) (int, bool) {
	switch v := v.(type) {
	case int:
		return v, true
	case int64:
		return int(v), true
	case float64:
		return int(v), v == float64(int(v))
	case json.Number:
		n, ok := jsonvalue.Exact(v)
		i, isInt := n.(int)
		return i, ok && isInt
	}
	return 0, false
}
