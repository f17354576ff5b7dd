package columns

import "testing"

func TestFold(t *testing.T) {
	green := func(s string) string { return "\x1b[32m" + s + "\x1b[0m" }
	dim := func(s string) string { return "\x1b[2m" + s + "\x1b[0m" }
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{
		{"any  width", 0, "any  width"},
		{"it fits", 7, "it fits"},
		{"two words", 8, "two\n  words"},
		{"  indented, and long", 14, "  indented,\n    and long"},
		{"✓ step  POST /orders  201  3ms", 21, "✓ step  POST /orders\n  201  3ms"},
		{green("✓") + " step  " + dim("POST /orders") + "  201", 20, green("✓") + " step  " + dim("POST /orders") + "\n  201"},
		{"a line\nand a longer line", 10, "a line\nand a\n  longer\n  line"},
		{"then\n  capstan resume run_1 --done it", 10, "then\n  capstan resume run_1 --done it"},
		{"capstan run: a message", 14, "capstan run: a\n  message"},
		{"write -i one=1 -i two=2", 15, "write -i one=1\n  -i two=2"},
		{"unbreakable/and/far/too/long for it", 12, "unbreakable/and/far/too/long\n  for it"},
		{"file  /a/path/that/is/too/long", 12, "file  /a/path/that/is/too/long"},
		{"港港 港港", 6, "港港\n  港港"},
		{"ends in -i", 9, "ends in\n  -i"},
	} {
		if got := Fold(test.text, test.width); got != test.want {
			t.Errorf("%q in %d columns:\n%q, want\n%q", test.text, test.width, got, test.want)
		}
	}
}

func TestFill(t *testing.T) {
	const text = "one two\nthree\n\nfour five six"
	for width, want := range map[int]string{
		0: text, 20: "one two three\n\nfour five six", 9: "one two\nthree\n\nfour five\nsix",
	} {
		if got := Fill(text, width); got != want {
			t.Errorf("in %d columns: %q, want %q", width, got, want)
		}
	}
}
