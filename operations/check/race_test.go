package check_test

import (
	"sync"
	"testing"

	"github.com/capstan-run/capstan/operations/check"
)

// Schemas are made ready by whoever meets them first, several at once too.
func TestSchemasAreSharedByManyAtOnce(t *testing.T) {
	components := map[string]any{
		"A": map[string]any{"type": "object", "required": []any{"b"}, "properties": map[string]any{"b": map[string]any{"$ref": check.RefScheme + "B"}}},
		"B": map[string]any{"pattern": "^x", "anyOf": []any{map[string]any{"$ref": check.RefScheme + "C"}, map[string]any{"$ref": check.RefScheme + "A"}}},
		"C": map[string]any{"type": "string", "maxLength": 3},
	}
	compare := check.NewSchemas(func(name string) any { return components[name] }).Full(func() any { return components["A"] })
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if found := compare(map[string]any{"b": "xy"}); found != nil {
				t.Error(found)
			}
			if found := compare(map[string]any{"b": "xyzz"}); len(found) != 1 {
				t.Error(found)
			}
		})
	}
	wg.Wait()
}
