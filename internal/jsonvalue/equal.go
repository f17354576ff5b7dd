package jsonvalue

import (
	"maps"
	"reflect"
	"slices"
)

// Equal compares two JSON-like values as JSON does: 1, 1.0 and 1e0 are one
// number, and no two others are.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case nil, bool, string:
		return a == b
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, Equal)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, Equal)
	}
	if IsNumber(a) {
		order, ok := Compare(a, b)
		return ok && order == 0
	}
	return reflect.DeepEqual(a, b)
}
