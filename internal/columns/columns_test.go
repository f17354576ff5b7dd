package columns

import (
	"slices"
	"testing"
)

func TestOf(t *testing.T) {
	for text, want := range map[string]int{"": 0, "ship": 4, "ÄÖ": 2, "e\u0301": 1, "港": 2, "Ａ": 2, "한글": 4, "🚢": 2, "a\u200db": 2, "…✓": 2} {
		if got := Of(text); got != want {
			t.Errorf("%q: %d columns, want %d", text, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		text  string
		limit int
		want  string
	}{
		{"harbour", 0, "harbour"}, {"harbour", 7, "harbour"}, {"harbour", 4, "har…"}, {"two words", 5, "two…"}, {"港港港", 4, "港…"}, {"ab", 1, "…"},
	} {
		if got := Cut(test.text, test.limit); got != test.want {
			t.Errorf("%q at %d: %q, want %q", test.text, test.limit, got, test.want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		text  string
		limit int
		want  []string
	}{
		{"", 5, []string{""}}, {" a\nb ", 0, []string{"a b"}}, {"one two three", 7, []string{"one two", "three"}}, {"港港 港", 4, []string{"港港", "港"}}, {"unbreakable a", 3, []string{"unbreakable", "a"}},
	} {
		if got := Wrap(test.text, test.limit); !slices.Equal(got, test.want) {
			t.Errorf("%q at %d: %q, want %q", test.text, test.limit, got, test.want)
		}
	}
}

func TestOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"  two\n lines\t":  "two lines",
		"\x1b[31mred\x00":  "[31mred",
		"a\u202eb\ufeffc":  "a b c",
		"می\u200cخواهم":    "می\u200cخواهم",
		"tag\U000e0041ged": "tag ged",
		"\xffx":            "\ufffdx",
	} {
		if got := OneLine(text); got != want {
			t.Errorf("OneLine(%q) is %q, want %q", text, got, want)
		}
	}
}
