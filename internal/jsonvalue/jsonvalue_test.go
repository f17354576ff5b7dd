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

func TestClone(t *testing.T) {
	made := func() any {
		return map[string]any{"list": []any{1, "a", map[string]any{"x": nil}}, "none": []any{}, "n": json.Number("1.10")}
	}
	v := made()
	c := Clone(v).(map[string]any)
	if d := cmp.Diff(v, any(c)); d != "" {
		t.Errorf("copy (-value +copy):\n%s", d)
	}
	c["list"].([]any)[2].(map[string]any)["x"] = 1
	c["list"].([]any)[0] = 2
	c["new"] = true
	if d := cmp.Diff(made(), v); d != "" {
		t.Errorf("the value changed with its copy:\n%s", d)
	}
}
