package body_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/serve/internal/body"
)

func TestDecode(t *testing.T) {
	for _, test := range []struct {
		raw, contentType string
		want             any
		status           int // 0: it is read
		says             string
	}{
		{`{"a": 1}`, "application/json", map[string]any{"a": 1}, 0, ""},
		{"\"\xe9\"", "application/json; charset=iso-8859-1", "é", 0, ""},
		{"\"\xe9\"", "application/json", nil, 400, "the body cannot be read"},
		{`1`, "application/json; charset=klingon", nil, 415, "klingon"},
		{`{"a": `, "", nil, 400, "the body is not JSON: it ends too early"},
		{`{"a" 1}`, "", nil, 400, "at byte 6"},
		{`{"a": 1, "a": 2}`, "", nil, 400, `the key "a" twice`},
	} {
		got, wrong := body.Decode([]byte(test.raw), test.contentType)
		if test.status == 0 {
			if diff := cmp.Diff(test.want, got); diff != "" || wrong != nil {
				t.Errorf("%q: %v (-want +got):\n%s", test.raw, wrong, diff)
			}
			continue
		}
		if wrong == nil || wrong.Status != test.status || !strings.Contains(wrong.Detail, test.says) {
			t.Errorf("%q: got %v, %+v", test.raw, got, wrong)
		}
	}
}
