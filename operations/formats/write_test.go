package formats

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is written is read again, as text where the format has no types.
func TestWrite(t *testing.T) {
	rows := []any{map[string]any{"name": "Kit, the \"first\"\n& <only>", "n": 1.5}, map[string]any{"name": "Tern", "on": true}}
	text := []any{map[string]any{"name": "Kit, the \"first\"\n& <only>", "n": "1.5", "on": ""}, map[string]any{"name": "Tern", "n": "", "on": "true"}}
	spaced := []any{map[string]any{"name": "Kit, the \"first\" & <only>", "n": "1.5", "on": ""}, text[1]}
	one := []any{map[string]any{"a": "x"}}
	for _, tt := range []struct {
		format     string
		data, want any
	}{
		{"csv", rows, text}, {"tsv", rows, text}, {"psv", rows, text}, {"csv", map[string]any{"rows": rows}, text}, {"csv", map[string]any{"a": "x"}, one},
		{"csv", []any{}, []any{}}, {"csv", "a\nx\n", one}, {"csv", nil, []any{}},
		{"yaml", rows, rows}, {"html", map[string]any{"tables": []any{rows, one}}, map[string]any{"tables": []any{spaced, one}}}, {"html", rows, map[string]any{"tables": []any{spaced}}},
		{"xml", map[string]any{"ship": []any{"a", "b"}, "at": map[string]any{"n": 2, "": 1, "1x": 1}}, map[string]any{"ship": []any{"a", "b"}, "at": map[string]any{"n": "2"}}},
		{"xml", map[string]any{"ship": []any{"a & b"}}, map[string]any{"ship": []any{"a & b", "a & b"}}}, {"xml", []any{1, 2}, map[string]any{"item": []any{"1", "2"}}}, {"xml", nil, ""},
	} {
		if !Writable(tt.format) {
			t.Fatalf("%s cannot be written", tt.format)
		}
		body, err := Write(tt.format, tt.data)
		if err != nil {
			t.Errorf("%s: %v", tt.format, err)
			continue
		}
		decode, err := New(tt.format, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(body, "")
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s of %v: %s: %v (-want +got)\n%s", tt.format, tt.data, body, err, diff)
		}
	}
	if Writable("avro") || Writable("") {
		t.Error("avro is written")
	}
}
