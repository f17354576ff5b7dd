package yamldata

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeYAML(t *testing.T) {
	for src, want := range map[string]any{
		"":            nil,
		"# nothing\n": nil,
		"---\n...\n":  nil,
		"a: 1\nb: [true, 2.5, ~, x]": map[string]any{
			"a": 1, "b": []any{true, 2.5, nil, "x"}},
		"\uFEFFa: b":                             map[string]any{"a": "b"},
		"1: one":                                 map[string]any{"1": "one"},
		"day: 2026-11-05":                        map[string]any{"day": "2026-11-05"},
		"zip: 01234":                             map[string]any{"zip": "01234"},
		"hex: 0x1F":                              map[string]any{"hex": 31},
		"huge: 123456789012345678901":            map[string]any{"huge": json.Number("123456789012345678901")},
		"f: .inf":                                map[string]any{"f": ".inf"},
		"on: yes":                                map[string]any{"on": "yes"},
		"x: !Ref Bucket":                         map[string]any{"x": "Bucket"},
		"x: !!str 12":                            map[string]any{"x": "12"},
		"b: &b {n: 1}\nc: {<<: *b, m: 2}\nd: *b": map[string]any{"b": map[string]any{"n": 1}, "c": map[string]any{"n": 1, "m": 2}, "d": map[string]any{"n": 1}},
		"%YAML 1.2\n---\n- just\n- a list\n":     []any{"just", "a list"},
		"plain text":                             "plain text",
		`{"json": [1, "x"]}`:                     map[string]any{"json": []any{1, "x"}},
	} {
		got, err := Decode([]byte(src))
		if err != nil {
			t.Errorf("%q: %v", src, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q (-want +got):\n%s", src, d)
		}
	}
}

func TestDecodeYAMLRefuses(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'i'; c++ {
		p := string(c - 1)
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+p+",", 9) + "*" + p + "]\n"
	}
	for name, test := range map[string]struct{ src, want string }{
		"syntax":          {"a: [1,\nb", "not YAML"},
		"twice":           {"a: 1\na: 2", `line 2, column 1: key "a"`},
		"documents":       {"a: 1\n---\nb: 2", "second YAML document"},
		"depth":           {strings.Repeat("[", 2000) + strings.Repeat("]", 2000), "nested"},
		"alias bomb":      {bomb, "aliases stand for"},
		"self":            {"a: &a [*a]", "inside the value"},
		"not UTF-8":       {"a: \xff", "not UTF-8"},
		"too many values": {"[" + strings.Repeat("a,", maxDataMarks+1) + "]", "values that are read"},
		"too long":        {strings.Repeat("x", maxDataSize+1), "MiB"},
	} {
		if v, err := Decode([]byte(test.src)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v and error %v, want one about %q", name, v, err, test.want)
		}
	}
}

func FuzzDecodeYAML(f *testing.F) {
	for _, s := range []string{"a: [1, 2]\n", "<<: {a: 1}", "? {a: b}\n: c", "--- !x\n&a [*a]", "\xff", "- - - x", "%YAML 1.2\n---\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if v, err := Decode(src); err != nil && v != nil {
			t.Errorf("a value %v beside the error %v", v, err)
		}
	})
}
