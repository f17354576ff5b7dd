package command

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A document that is written item by item is that which is written at once.
func TestDocumentsItemByItem(t *testing.T) {
	type item struct {
		Name string   `json:"name"`
		Of   []string `json:"of"`
	}
	type document struct {
		First  []item `json:"first"`
		Second []item `json:"second"`
	}
	two := []item{{"a\nb: 1\n", []string{"x", "y"}}, {"c", []string{}}}
	for _, format := range []string{"json", "yaml"} {
		for _, doc := range []document{{[]item{}, []item{}}, {two, []item{}}, {[]item{}, two[:1]}, {two, two}} {
			want, err := encode(format, doc)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			s := &documentStream{to: &got, format: format}
			s.list("first")
			for _, i := range doc.First {
				s.list("first")
				s.item(i)
			}
			s.list("second")
			for _, i := range doc.Second {
				s.item(i)
			}
			if err := s.end(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("%s (-at once +item by item):\n%s", format, diff)
			}
		}
	}
	var none strings.Builder
	if err := (&documentStream{to: &none, format: "json"}).end(); err != nil || none.Len() > 0 {
		t.Errorf("nothing was begun, and %q is written, %v", none.String(), err)
	}
}
