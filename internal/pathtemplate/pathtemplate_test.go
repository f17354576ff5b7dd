package pathtemplate

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		template, barred, text string
		want                   []string // nil: no match
	}{
		{"{id}", "", "7", []string{"7"}},
		{"{{ id }}", "", "a/b", []string{"a/b"}},
		{"${id}", "", "$7", []string{"$7"}},
		{"{id}", "/", "a/b", nil},
		{"{id}", "", "", nil},
		{"v{major}.json", "", "v2.json", []string{"2"}},
		{"v{major}.json", "", "v.json", nil},
		{"v{major}.json", "", "v2.xml", nil},
		{"{a}-{b}", "", "2024-05-06", []string{"2024", "05-06"}},
		{"{a}-{b}", "", "--b", []string{"-", "b"}},
		{"{a}-{b}", "", "-b", nil},
		{"{a}-{b}", "", "a\n-b", []string{"a\n", "b"}},
		{"{a}.{b}", "", "x-y", nil}, // a dot is a dot
		{"{a}-{b}.json", "", "1-2.json", []string{"1", "2"}},
		{"data://{a}/{b}", "/?#", "data://x/y", []string{"x", "y"}},
		{"data://{a}/{b}", "/?#", "data://x/y/z", nil},
		{"data://{a}/{b}", "/?#", "data://x/y?z", nil},
	} {
		parsed, err := Parse(test.template, test.barred)
		if err != nil {
			t.Errorf("%s: %v", test.template, err)
			continue
		}
		got, ok := parsed.Match(test.text)
		if !ok {
			got = nil
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s of %q (-want +got):\n%s", test.template, test.text, diff)
		}
	}
}

func TestRefused(t *testing.T) {
	for template, want := range map[string]string{
		"{p}{q}":     "two variables need some text between them",
		"{p}${q}":    "two variables need some text between them",
		"{{p}}{{q}}": "two variables need some text between them",
		"{p":         `"{" without "}"`,
		"{p{q}":      `"{" without "}"`,
		"{{p}":       `"{" without "}"`,
		"p}":         `"}" without "{"`,
		"{p}}":       `"}" without "{"`,
		"{ }":        "a variable has no name",
		"{p}/{p}":    `variable "p" is there twice`,
	} {
		if _, err := Parse(template, ""); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", template, err, want)
		}
	}
}

func TestString(t *testing.T) {
	parsed, err := Parse("a{{ x }}-${y}.json", "")
	if err != nil {
		t.Fatal(err)
	}
	if got := parsed.String(); got != "a{x}-{y}.json" {
		t.Errorf("got %s", got)
	}
}
