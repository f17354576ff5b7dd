package dialect

import (
	"strings"
	"testing"
)

// A path of an overlay neither exhausts the stack nor searches the document for
// each node of the document for each node of it.
func TestOverlayPathsAreBounded(t *testing.T) {
	for path, want := range map[string]string{
		"$.a[?" + strings.Repeat("!", 1_000_000) + "@.b]":                                   "bytes long, at most 8192",
		"$.a[?" + strings.Repeat("(", 100_000) + "@.b" + strings.Repeat(")", 100_000) + "]": "bytes long, at most 8192",
		"$.steps[?$..[?$..[?@.id]]]":                                                        "begin at the root",
		"$..a[?$..b]":                                                                       "more than 2 times",
		"$.steps[?$.steps[?$.steps[?@.id]]]":                                                "begin at the root",
		"$" + strings.Repeat("[*,*]", 30):                                                   "more than 8 commas",
	} {
		if _, err := compile(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v, want %s", path, err, want)
		}
	}
	for _, path := range []string{
		"$.a[?" + strings.Repeat("!", 4_000) + "@.b]", "$..a..b", "$['a','b,c,d,e,f,g,h,i,j,k',2,3,4,5,6,7,8]", `$.a[?@.id=="$..a$..b$"]`, `$.a[?@.id=='it\'s $ $ $']`, "$.a[?@.id==$.b]",
	} {
		if _, err := compile(path); err != nil {
			t.Errorf("%.40s: %v", path, err)
		}
	}
}
