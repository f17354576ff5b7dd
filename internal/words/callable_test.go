package words

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCallable(t *testing.T) {
	long := strings.Repeat("x", 64)
	for _, tt := range []struct{ names, want []string }{
		{[]string{"code", "ship-id", "Ship_ID2"}, []string{"code", "ship-id", "Ship_ID2"}},
		{[]string{"filter[kind]", "page.size", "größe", "a b", "[x]", "a..b"}, []string{"filter_kind", "page_size", "gr_e", "a_b", "x", "a_b_2"}},
		{[]string{"filter[kind]", "filter_kind", "filter.kind"}, []string{"filter_kind_2", "filter_kind", "filter_kind_3"}},
		{[]string{"filter.kind", "filter.kind"}, []string{"filter_kind", "filter_kind"}},
		{[]string{"", "日本", "*"}, []string{"value", "value_2", "value_3"}},
		{[]string{long, long + "y", long + "z"}, []string{long, long[:62] + "_2", long[:62] + "_3"}},
	} {
		if d := cmp.Diff(tt.want, Callable(tt.names)); d != "" {
			t.Errorf("%q (-want +got):\n%s", tt.names, d)
		}
	}
}
