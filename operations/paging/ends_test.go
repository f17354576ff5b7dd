package paging

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/request"
	"github.com/google/go-cmp/cmp"
)

// scripted answers with its pages in order and keeps the queries.
type scripted struct {
	pages   []*operations.Response
	queries []string
}

func (s *scripted) call(ctx context.Context, req *operations.Request) (*operations.Response, error) {
	hr, err := request.Build(ctx, req)
	if err != nil {
		return nil, err
	}
	s.queries = append(s.queries, hr.URL.RawQuery)
	if len(s.queries) > len(s.pages) {
		return nil, errors.New("a page was asked for after the last")
	}
	return s.pages[len(s.queries)-1], nil
}

func link(next string) http.Header {
	return http.Header{"Link": {"<?" + next + `>; rel="next"`}}
}

// Each way of paging: how its list ends, what an empty one is, and what happens
// where the sign of a further page comes or goes on the way.
func TestEveryWayOfPagingEnds(t *testing.T) {
	type m = map[string]any
	items := func(n ...any) []any { return append([]any{}, n...) }
	cursor := pagedOp(object(operations.Property{Name: "data", Schema: list(nil)}, operations.Property{Name: "next_cursor", Schema: str()}), "cursor")
	token := pagedOp(object(operations.Property{Name: "data", Schema: list(nil)}, operations.Property{Name: "meta", Schema: object(operations.Property{Name: "next_token", Schema: str()})}), "next_token")
	lastID := pagedOp(object(operations.Property{Name: "data", Schema: list(object())}, operations.Property{Name: "has_more", Schema: &operations.Schema{}}), "starting_after")
	number := pagedOp(list(nil), "page")
	totals := pagedOp(object(operations.Property{Name: "data", Schema: list(nil)}, operations.Property{Name: "total_pages", Schema: &operations.Schema{}}), "page", "limit")
	offset := pagedOp(object(operations.Property{Name: "data", Schema: list(nil)}, operations.Property{Name: "has_more", Schema: &operations.Schema{}}), "offset")
	tests := []struct {
		name    string
		op      *operations.Operation
		args    []any
		pages   []*operations.Response
		queries []string
		want    []any
		err     string
	}{
		{"cursor, last page without one", cursor, nil, []*operations.Response{page(m{"data": items(1), "next_cursor": "b"}, nil), page(m{"data": items(2)}, nil)}, []string{"", "cursor=b"}, items(1, 2), ""},
		{"cursor, last page with null", cursor, nil, []*operations.Response{page(m{"data": items(1), "next_cursor": nil}, nil)}, []string{""}, items(1), ""},
		{"cursor, empty list", cursor, nil, []*operations.Response{page(m{"data": items()}, nil)}, []string{""}, items(), ""},
		{"cursor, empty page on the way", cursor, nil, []*operations.Response{page(m{"data": items(), "next_cursor": "b"}, nil), page(m{"data": items(2)}, nil)}, []string{"", "cursor=b"}, items(2), ""},
		{"cursor vanishes while more follows", cursor, nil, []*operations.Response{page(m{"data": items(1), "next_cursor": "b", "has_more": true}, nil), page(m{"data": items(2), "has_more": true}, nil)}, []string{"", "cursor=b"}, nil, "page 2 says that more follows and holds no cursor"},
		{"cursor appears after a Link", cursor, nil, []*operations.Response{page(m{"data": items(1)}, link("cursor=b")), page(m{"data": items(2), "next_cursor": "c"}, nil), page(m{"data": items(3)}, nil)}, []string{"", "cursor=b", "cursor=c"}, items(1, 2, 3), ""},
		{"token in the body, last page", token, nil, []*operations.Response{page(m{"data": items(1), "meta": m{"next_token": "b"}}, nil), page(m{"data": items(2), "meta": m{}}, nil)}, []string{"", "next_token=b"}, items(1, 2), ""},
		{"token, empty list", token, nil, []*operations.Response{page(m{"data": items(), "meta": nil}, nil)}, []string{""}, items(), ""},

		{"last id, last page", lastID, nil, []*operations.Response{page(m{"data": items(m{"id": "a"}), "has_more": true}, nil), page(m{"data": items(m{"id": "b"}), "has_more": false}, nil)}, []string{"", "starting_after=a"}, items(m{"id": "a"}, m{"id": "b"}), ""},
		{"last id, empty list", lastID, nil, []*operations.Response{page(m{"data": items(), "has_more": false}, nil)}, []string{""}, items(), ""},
		{"last id, empty page while more follows", lastID, nil, []*operations.Response{page(m{"data": items(), "has_more": true}, nil)}, []string{""}, nil, "page 1 says that more follows, and not where"},

		{"page number, empty page", number, nil, []*operations.Response{page(items(1), nil), page(items(2), nil), page(items(), nil)}, []string{"", "page=2", "page=3"}, items(1, 2), ""},
		{"page number, empty list", number, nil, []*operations.Response{page(items(), nil)}, []string{""}, items(), ""},
		{"page number, another form on the way", number, nil, []*operations.Response{page(items(1), nil), page(m{"errors": items("x")}, nil)}, []string{"", "page=2"}, nil, "page 2 is of another form than the pages before it"},
		{"page number with a total, a short page on the way", totals, []any{"limit", 2}, []*operations.Response{page(m{"data": items(1), "total_pages": 3}, nil), page(m{"data": items(), "total_pages": 3}, nil), page(m{"data": items(3), "total_pages": 3}, nil)}, []string{"limit=2", "limit=2&page=2", "limit=2&page=3"}, items(1, 3), ""},
		{"page number, total vanishes", totals, nil, []*operations.Response{page(m{"data": items(1), "total_pages": 2}, nil), page(m{"data": items(2)}, nil), page(m{"data": items()}, nil)}, []string{"", "page=2", "page=3"}, items(1, 2), ""},

		{"offset, empty page", offset, nil, []*operations.Response{page(m{"data": items(1, 2)}, nil), page(m{"data": items()}, nil)}, []string{"", "offset=2"}, items(1, 2), ""},
		{"offset, last page says so", offset, nil, []*operations.Response{page(m{"data": items(1, 2), "has_more": false}, nil)}, []string{""}, items(1, 2), ""},
		{"offset, empty list", offset, nil, []*operations.Response{page(m{"data": items()}, nil)}, []string{""}, items(), ""},
		{"offset, empty page while more follows", offset, nil, []*operations.Response{page(m{"data": items(1), "has_more": true}, nil), page(m{"data": items(), "has_more": true}, nil)}, []string{"", "offset=1"}, nil, "page 2 says that more follows, and not where"},

		{"Link, last page without the header", number, nil, []*operations.Response{page(items(1), link("page=2")), page(items(2), nil)}, []string{"", "page=2"}, items(1, 2), ""},
		{"Link, last page with other links", number, nil, []*operations.Response{page(items(1), link("page=2")), page(items(2), http.Header{"Link": {`<?page=1>; rel="prev"`}})}, []string{"", "page=2"}, items(1, 2), ""},
		{"Link, empty list", number, nil, []*operations.Response{page(items(), http.Header{"Link": {`<?page=1>; rel="first"`}})}, []string{""}, items(), ""},
		{"Link, empty page on the way", number, nil, []*operations.Response{page(items(), link("page=2")), page(items(2), nil)}, []string{"", "page=2"}, items(2), ""},
		{"Link appears on the way", number, nil, []*operations.Response{page(items(1), nil), page(items(2), link("page=3&v=2")), page(items(3), nil)}, []string{"", "page=2", "page=3&v=2"}, items(1, 2, 3), ""},
		{"Link vanishes while more follows", offset, nil, []*operations.Response{page(m{"data": items(1)}, link("offset=1")), page(m{"data": items(2), "has_more": true}, nil)}, []string{"", "offset=1"}, nil, "page 2 says that more follows, and not where"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &scripted{pages: tt.pages}
			resp, err := All(t.Context(), s.call, &operations.Request{Op: tt.op, Args: optest.Args(tt.op, tt.args...)}, nil)
			if d := cmp.Diff(tt.queries, s.queries); d != "" {
				t.Errorf("asked (-want +got):\n%s", d)
			}
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, _, err := listOf(tt.op, resp)
			if d := cmp.Diff(tt.want, got); d != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, d)
			}
		})
	}
}

// A list that the document promises is there on every page: null or nothing in
// its place is no empty list.
func TestPromisedListIsOnEveryPage(t *testing.T) {
	promised := listMetadata()
	promised.Required = []string{"data"}
	nullable := listMetadata()
	nullable.Required = []string{"data"}
	nullable.Properties[0].Schema = &operations.Schema{Types: []string{"array", "null"}}
	more := map[string]any{"data": []any{1}, "list_metadata": map[string]any{"after": "b"}}
	for name, tt := range map[string]struct {
		schema *operations.Schema
		page   map[string]any
		err    string
	}{
		"null":                   {promised, map[string]any{"data": nil}, `page 2 has null for "data", which its document promises to be a list`},
		"missing":                {promised, map[string]any{}, `page 2 lacks "data", which its document promises`},
		"through allOf":          {&operations.Schema{AllOf: []*operations.Schema{promised}}, map[string]any{"data": nil}, `page 2 has null for "data"`},
		"an object":              {promised, map[string]any{"data": map[string]any{}}, `page 2 holds no list: "data" is something else`},
		"null that may be":       {nullable, map[string]any{"data": nil}, ""},
		"missing that may not":   {nullable, map[string]any{}, `page 2 lacks "data"`},
		"null without a promise": {listMetadata(), map[string]any{"data": nil}, ""},
		"nothing without one":    {listMetadata(), map[string]any{}, ""},
	} {
		s := &scripted{pages: []*operations.Response{page(more, nil), page(tt.page, nil)}}
		resp, err := All(t.Context(), s.call, &operations.Request{Op: pagedOp(tt.schema, "after")}, nil)
		switch {
		case tt.err == "" && err != nil, tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("%s: got %v, want %q", name, err, tt.err)
		case err == nil && len(resp.Value.(map[string]any)["data"].([]any)) != 1:
			t.Errorf("%s: got %v", name, resp.Value)
		}
	}
}

// A name that stands twice where a walk reads it leaves open what follows: an
// error, since a part is never passed off as the whole.
func TestAWalkReadsNoNameThatStandsTwice(t *testing.T) {
	type m = map[string]any
	one := []any{m{"id": "a", "next": "x"}}
	cursor := pagedOp(object(operations.Property{Name: "data", Schema: list(object())}, operations.Property{Name: "list_metadata", Schema: object(operations.Property{Name: "after", Schema: str()})}), "after")
	number := pagedOp(object(operations.Property{Name: "data", Schema: list(object())}, operations.Property{Name: "total_pages", Schema: &operations.Schema{}}), "page")
	lastID := pagedOp(object(operations.Property{Name: "data", Schema: list(object())}, operations.Property{Name: "has_more", Schema: &operations.Schema{}}), "starting_after")
	bare := pagedOp(list(object()), "page")
	for _, tt := range []struct {
		op    *operations.Operation
		value any
		twice string
		reads bool
	}{
		{cursor, m{"data": one}, "list_metadata.after", true},
		{cursor, m{"data": one}, "list_metadata", true},
		{cursor, m{"data": one}, "list_metadata.before", false},
		{cursor, m{"data": one}, "data", true},
		{cursor, m{"data": one}, "data.id", false},
		{cursor, m{"data": one}, "data.next", false},
		{cursor, m{"data": one}, "has_more", true},
		{cursor, m{"data": one}, "debug", false},
		{cursor, m{"data": one}, "", true},
		{number, m{"data": one, "total_pages": 1}, "total_pages", true},
		{cursor, m{"data": one, "total_pages": 1}, "total_pages", false},
		{lastID, m{"data": one, "has_more": false}, "data.id", true},
		{lastID, m{"data": one, "has_more": false}, "id", false},
		{bare, []any{}, "next", false},
	} {
		resp := page(tt.value, nil)
		resp.Repeated = []string{tt.twice}
		_, err := All(t.Context(), (&scripted{pages: []*operations.Response{resp}}).call, &operations.Request{Op: tt.op}, nil)
		if tt.reads != (err != nil) || err != nil && !strings.Contains(err.Error(), "twice in one object") {
			t.Errorf("%q twice on a page of %s: %v", tt.twice, tt.op.Path, err)
		}
	}
}
