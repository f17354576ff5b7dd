// The race detector allocates itself and empties pools, so this is counted without it.

//go:build !race

package check_test

import (
	"fmt"
	"testing"

	"github.com/capstan-run/capstan/operations/check"
)

// An answer that fits costs no memory for its values, in alternatives and
// references either.
func TestAnAnswerThatFitsAllocatesNothingPerValue(t *testing.T) {
	object := func(kind string) any {
		return map[string]any{
			"type": "object", "required": []any{"object", "id"}, "additionalProperties": false,
			"properties": map[string]any{
				"object": map[string]any{"const": kind}, "id": map[string]any{"type": "string", "pattern": "^[a-z]+_"},
				"count": map[string]any{"type": []any{"integer", "null"}, "minimum": 0}, "tags": map[string]any{"items": map[string]any{"maxLength": 20}},
			},
		}
	}
	components := map[string]any{"User": object("user"), "Group": object("group"), "Any": map[string]any{
		"oneOf": []any{map[string]any{"$ref": check.RefScheme + "User"}, map[string]any{"$ref": check.RefScheme + "Group"}},
	}}
	compare := check.NewSchemas(func(name string) any { return components[name] }).Full(func() any {
		return map[string]any{"type": "array", "items": map[string]any{"$ref": check.RefScheme + "Any"}}
	})
	cost := func(items int) float64 {
		var list []any
		for i := range items {
			list = append(list, map[string]any{"object": []string{"user", "group"}[i%2], "id": fmt.Sprint("id_", i), "count": i, "tags": []any{"a", "b"}})
		}
		return testing.AllocsPerRun(20, func() {
			if found := compare(list); found != nil {
				t.Fatal(found)
			}
		})
	}
	if few, many := cost(10), cost(1000); many != few || few > 10 {
		t.Errorf("10 items take %v allocations, 1000 items %v", few, many)
	}
}
