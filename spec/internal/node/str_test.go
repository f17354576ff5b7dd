package node

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
)

// strs returns every scalar value of a mapping's text as a Str.
func strs(t *testing.T, src string) map[string]spec.Str {
	t.Helper()
	f, root, diags := Parse("f.yaml", []byte(src))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	c := Cursor{File: f}
	out := map[string]spec.Str{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if v := root.Content[i+1]; v.Kind == yaml.ScalarNode {
			out[root.Content[i].Value], _ = c.Scalar(v)
		}
	}
	return out
}

// Every string holds "here"; Span must find it where the source has it.
func TestSpanFindsWhatTheAuthorWrote(t *testing.T) {
	src := strings.Join([]string{
		`plain: a + here.b`,
		`single: 'a + here.b'`,
		`double: "a + here.b"`,
		`apostrophes: 'a == ''x'' + here.b'`,
		`backslashes: "\"a\" \u00e9\x41\t\\ here"`,
		`wide: "日本語 😀 here"`,
		`plain-wide: 日本語 😀 here.b`,
		`tagged: !!str here.b`,
		`anchored: &x "a here"`,
		`comment: a here # here`,
		`colon: a:here`,
		`"quoted key": a here`,
	}, "\n")
	lines := strings.Split(src, "\n")
	for name, s := range strs(t, src) {
		from := utf8.RuneCountInString(s.Value[:strings.Index(s.Value, "here")])
		pos, end := s.Span(from, 4)
		if pos.Line < 1 || end == 0 {
			t.Errorf("%s: at %v, end %d", name, pos, end)
			continue
		}
		line := []rune(lines[pos.Line-1])
		if got := string(line[pos.Column-1 : end-1]); got != "here" {
			t.Errorf("%s: Span finds %q", name, got)
		}
	}
}

func TestSpanKnowsOnlyTheStart(t *testing.T) {
	src := "block: |\n  a here\nfolded: >-\n  a here\nplain: a\n  here\ndouble: \"a\n  here\"\nbase: &x a here\nalias: *x\n"
	for name, want := range map[string]diag.Pos{
		"block":  {File: "f.yaml", Line: 1, Column: 8},
		"folded": {File: "f.yaml", Line: 3, Column: 9},
		"plain":  {File: "f.yaml", Line: 5, Column: 8},
		"double": {File: "f.yaml", Line: 7, Column: 9},
		"alias":  {File: "f.yaml", Line: 10, Column: 8},
	} {
		s := strs(t, src)[name]
		if pos, end := s.Span(2, 4); pos != want || end != 0 {
			t.Errorf("%s: Span = %v, %d, want %v, 0", name, pos, end, want)
		}
	}
}

func TestStrStyles(t *testing.T) {
	got := strs(t, "a: x\nb: 'x'\nc: \"x\"\nd: |\n  x\ne: >\n  x\nf: 'it''s'\ng:\nh: ''\n")
	want := map[string]spec.Str{
		"a": {Value: "x", Pos: diag.Pos{File: "f.yaml", Line: 1, Column: 4}},
		"b": {Value: "x", Pos: diag.Pos{File: "f.yaml", Line: 2, Column: 4}, Style: spec.Quoted},
		"c": {Value: "x", Pos: diag.Pos{File: "f.yaml", Line: 3, Column: 4}, Style: spec.Quoted},
		"d": {Value: "x\n", Pos: diag.Pos{File: "f.yaml", Line: 4, Column: 4}, Style: spec.Block},
		"e": {Value: "x\n", Pos: diag.Pos{File: "f.yaml", Line: 6, Column: 4}, Style: spec.Block},
		"f": {Value: "it's", Pos: diag.Pos{File: "f.yaml", Line: 8, Column: 4}, Style: spec.Quoted, Raw: "it''s"},
		"g": {Pos: diag.Pos{File: "f.yaml", Line: 9, Column: 3}},
		"h": {Pos: diag.Pos{File: "f.yaml", Line: 10, Column: 4}, Style: spec.Quoted},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestValues(t *testing.T) {
	f, root, diags := Parse("f.yaml", []byte(`ints: [0, -7, 9223372036854775807, 0x1F, 1_000, +5, 18446744073709551617, 0x10000000000000001]
floats: [1.5, -2e3, 1.0, .5, 1e400, 0.12345678901234567890123]
bools: [true, False]
nulls: [null, ~, ]
texts: [yes, on, no, 2026-05-22, 2026-05-22T10:00:00Z, "5", 'true', 1:30, !!str 5]
tagged: [!!int "5", !!float "2"]
nested: {a: {b: [{c: d}]}}
"quoted key": x
`))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	d := NewDecoder(&Tree{Main: f, Root: root}, false)
	got := d.Value(root).Go()
	if len(d.Diags) > 0 {
		t.Fatal(d.Diags)
	}
	want := map[string]any{
		"ints":       []any{int64(0), int64(-7), int64(9223372036854775807), int64(31), int64(1000), int64(5), json.Number("18446744073709551617"), json.Number("18446744073709551617")},
		"floats":     []any{1.5, json.Number("-2e3"), json.Number("1.0"), 0.5, json.Number("1e400"), json.Number("0.12345678901234567890123")},
		"bools":      []any{true, false},
		"nulls":      []any{nil, nil},
		"texts":      []any{"yes", "on", "no", "2026-05-22", "2026-05-22T10:00:00Z", "5", "true", "1:30", "5"},
		"tagged":     []any{int64(5), 2.0},
		"nested":     map[string]any{"a": map[string]any{"b": []any{map[string]any{"c": "d"}}}},
		"quoted key": "x",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
