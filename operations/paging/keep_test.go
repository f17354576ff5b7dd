package paging

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/operations"
)

// Of each page the part that Keep returns becomes the list; the walk itself reads
// pages as they came.
func TestKeep(t *testing.T) {
	type m = map[string]any
	first := m{"data": []any{m{"id": 1, "text": "a"}, m{"id": 2, "text": "b"}}, "list_metadata": m{"after": "x"}}
	second := m{"data": []any{m{"id": 3, "text": "c"}}, "list_metadata": m{"after": nil}}
	without := m{"list_metadata": m{"after": nil}}
	ids := func(page any) any {
		out := []any{}
		for _, item := range page.(m)["data"].([]any) {
			out = append(out, m{"id": item.(m)["id"]})
		}
		return m{"data": out}
	}
	metadata := func(page any) any { return m{"list_metadata": page.(m)["list_metadata"]} }
	for name, tt := range map[string]struct {
		pages []any
		keep  func(any) any
		want  any
	}{
		"items":                {[]any{first, second}, ids, m{"data": []any{m{"id": 1}, m{"id": 2}, m{"id": 3}}}},
		"items of one page":    {[]any{second}, ids, m{"data": []any{m{"id": 3}}}},
		"no list on the last":  {[]any{first, without}, ids, m{"data": []any{m{"id": 1}, m{"id": 2}}}},
		"no list at all":       {[]any{without}, ids, m{"data": []any{}}},
		"all but the list":     {[]any{first, second}, metadata, m{"list_metadata": m{"after": nil}}},
		"of one page as well":  {[]any{second}, metadata, m{"list_metadata": m{"after": nil}}},
		"nothing is left out":  {[]any{first, second}, nil, m{"data": []any{m{"id": 1, "text": "a"}, m{"id": 2, "text": "b"}, m{"id": 3, "text": "c"}}, "list_metadata": m{"after": nil}}},
		"a page without items": {[]any{m{"data": nil, "n": 1}}, nil, m{"data": []any{}, "n": 1}},
	} {
		n := 0
		call := func(context.Context, *operations.Request) (*operations.Response, error) {
			n++
			return page(tt.pages[n-1], nil), nil
		}
		resp, err := All(t.Context(), call, &operations.Request{Op: pagedOp(listMetadata(), "after")}, &Options{Keep: tt.keep})
		if err != nil || n != len(tt.pages) {
			t.Errorf("%s: %v after %d pages", name, err, n)
			continue
		}
		if diff := cmp.Diff(tt.want, resp.Value); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
