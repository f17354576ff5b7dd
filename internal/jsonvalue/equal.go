package jsonvalue

import "reflect"

// Equal compares two JSON-like values as JSON does: 1, 1.0 and 1e0 are one
// number, and no two others are.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case nil, bool, string:
		return a == b
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !Equal(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name, v := range a {
			if w, ok := b[name]; !ok || !Equal(v, w) {
				return false
			}
		}
		return true
	}
	if IsNumber(a) {
		order, ok := Compare(a, b)
		return ok && order == 0
	}
	return reflect.DeepEqual(a, b)
}
