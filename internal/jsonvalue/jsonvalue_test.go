package jsonvalue

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecode(t *testing.T) {
	for src, want := range map[string]any{
		`{"n": 3, "f": 1.5, "e": 1e2}`: map[string]any{"n": 3, "f": 1.5, "e": json.Number("1e2")},
		`[9007199254740993, null]`:     []any{9007199254740993, nil},
		`[[9223372036854775808]]`:      []any{[]any{json.Number("9223372036854775808")}},
		`1e999`:                        json.Number("1e999"),
		`"x"`:                          "x",
		` `:                            nil,
	} {
		got, err := Decode([]byte(src))
		if err != nil {
			t.Errorf("%s: %v", src, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", src, d)
		}
	}
	for _, src := range []string{`{`, `1 2`, `{"a":1}x`, `01`, `+1`, `1.`, `.5`, `1e`, `NaN`} {
		if v, err := Decode([]byte(src)); err == nil {
			t.Errorf("%s decoded to %v, want an error", src, v)
		}
	}
}
