package plan

import (
	"strings"
	"testing"
)

// What is small in memory, since its parts are shared, is measured as it would
// be written.
func TestAnswersAreMeasuredAsTheyWouldBeWritten(t *testing.T) {
	nested := func(n int) any {
		var inner any = 1
		list := []any{}
		for range n {
			inner = map[string]any{"x": inner}
			list = append(list, inner)
		}
		return list
	}
	same := func(v any, n int) any {
		list := make([]any, n)
		for i := range list {
			list[i] = v
		}
		return map[string]any{"all": list}
	}
	for name, c := range map[string]struct {
		v     any
		large bool
	}{
		"nothing":               {nil, false},
		"a thousand deep":       {nested(1000), false},
		"five thousand deep":    {nested(5000), true},
		"a million numbers":     {same(1, 1_000_000), false},
		"two million numbers":   {same(1, 2_000_000), true},
		"one long text":         {same(strings.Repeat("x", 1<<20), 1), false},
		"a long text too often": {same(strings.Repeat("x", 1<<20), 1000), true},
		"long names":            {same(map[string]any{strings.Repeat("x", 1<<20): 1}, 1000), true},
	} {
		if err := checkSize(c.v); (err != nil) != c.large {
			t.Errorf("%s: %v", name, err)
		}
	}
}
