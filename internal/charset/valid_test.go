package charset

import "testing"

func TestValid(t *testing.T) {
	cyclic := make([]any, 1)
	cyclic[0] = cyclic
	deep := any("\xff")
	for range 200 {
		deep = map[string]any{"inner": deep}
	}
	for _, tt := range []struct {
		name string
		v    any
		want bool
	}{
		{"text", "é", true},
		{"broken text", "\xff", false},
		{"a broken name", map[string]any{"\xff": 1}, false},
		{"in a list", []any{1, nil, "\xff"}, false},
		{"deep inside", deep, false},
		{"no text", []any{1, true, nil, map[string]any{"a": 1.5}}, true},
		{"cyclic", cyclic, true},
	} {
		if got := Valid(tt.v); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
