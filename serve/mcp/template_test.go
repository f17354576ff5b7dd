package mcp

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTemplatesMatchAddresses(t *testing.T) {
	tests := []struct {
		template, uri string
		want          map[string]string // nil: no match
	}{
		{"data://users/{id}", "data://users/7", map[string]string{"id": "7"}},
		{"data://users/{id}", "data://users/a%20b%2Fc", map[string]string{"id": "a b/c"}},
		{"data://users/{id}", "data://users/", nil},
		{"data://users/{id}", "data://users/7/profile", nil},
		{"data://users/{id}", "data://users/7?x=1", nil},
		{"data://users/{id}", "data://users/%zz", nil},
		{"data://users/{id}", "xdata://users/7", nil},
		{"data://users/{id}", "data://users/ü", map[string]string{"id": "ü"}},
		{"data://{a}/{b-c}.json", "data://x/y.z.json", map[string]string{"a": "x", "b-c": "y.z"}},
		{"data://a.b/{x}", "data://aXb/1", nil},
		{"data://x/{id}", "data://x/..", map[string]string{"id": ".."}},
		{"data://x/{id}", "data://x/a\nb", map[string]string{"id": "a\nb"}},
		{"data://x/{id}", "data://x/a\n", map[string]string{"id": "a\n"}},
	}
	for _, test := range tests {
		compiled, err := compileTemplate(test.template)
		if err != nil {
			t.Fatalf("%s: %v", test.template, err)
		}
		if diff := cmp.Diff(test.want, compiled.match(test.uri)); diff != "" {
			t.Errorf("%s of %s: -want +got\n%s", test.uri, test.template, diff)
		}
	}
}

func TestWrongTemplatesAreRefused(t *testing.T) {
	for template, want := range map[string]string{
		"data://x/{a}{b}":  "two variables need some text between them",
		"data://x/{a":      `"{" without "}"`,
		"data://x/a}":      `"}" without "{"`,
		"data://x/{+a}":    "{+a}: only plain variables such as {id} are supported",
		"data://x/{}":      "a variable has no name",
		"data://x/{a}/{a}": `variable "a" is there twice`,
		"{a}/x":            "the address has no scheme",
		"data://x":         "a template without variables is a plain resource",
	} {
		if _, err := compileTemplate(template); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", template, err, want)
		}
	}
}
