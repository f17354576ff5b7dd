package jsonvalue

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecode(t *testing.T) {
	for src, want := range map[string]any{
		`{"n": 3, "f": 1.5, "e": 1e2}`: map[string]any{"n": 3, "f": 1.5, "e": 100.0},
		`[9007199254740993, null]`:     []any{9007199254740993, nil},
		`1e999`:                        "1e999",
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
	for _, src := range []string{`{`, `1 2`, `{"a":1}x`} {
		if v, err := Decode([]byte(src)); err == nil {
			t.Errorf("%s decoded to %v, want an error", src, v)
		}
	}
}
