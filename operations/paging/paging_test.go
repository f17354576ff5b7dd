package paging

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/client"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/request"
	"github.com/google/go-cmp/cmp"
)

func str() *operations.Schema { return &operations.Schema{Types: []string{"string"}} }
func object(p ...operations.Property) *operations.Schema {
	return &operations.Schema{Types: []string{"object"}, Properties: p}
}
func list(items *operations.Schema) *operations.Schema {
	return &operations.Schema{Types: []string{"array"}, Items: items}
}

// pagedOp is a list operation with query parameters and a documented answer.
func pagedOp(answer *operations.Schema, query ...string) *operations.Operation {
	op := optest.Get("/things", query...)
	op.Responses = []*operations.ResponseDoc{{Status: "200", Media: []operations.Media{{Type: "application/json", Schema: answer}}}}
	return op
}

func listMetadata() *operations.Schema {
	return object(operations.Property{Name: "data", Schema: list(object())}, operations.Property{Name: "list_metadata", Schema: object(operations.Property{Name: "after", Schema: str()}, operations.Property{Name: "before", Schema: str()})})
}

// numbered serves the items 1..total by whatever parameter the operation pages
// with, and notes the query of each request.
type numbered struct {
	total   int
	size    int
	render  func(items []any, next int, more bool) (any, http.Header)
	offset  func(query map[string][]string) int
	queries []string
}

func (n *numbered) call(ctx context.Context, req *operations.Request) (*operations.Response, error) {
	hr, err := request.Build(ctx, req)
	if err != nil {
		return nil, err
	}
	n.queries = append(n.queries, hr.URL.RawQuery)
	from := n.offset(hr.URL.Query())
	items := []any{}
	for i := from; i < min(from+n.size, n.total); i++ {
		items = append(items, map[string]any{"id": i + 1})
	}
	value, h := n.render(items, from+len(items), from+len(items) < n.total)
	return page(value, h), nil
}

func page(value any, h http.Header) *operations.Response {
	body, _ := jsonvalue.Encode(value)
	v, _ := jsonvalue.Decode(body)
	return &operations.Response{Status: 200, Header: h, Body: body, Value: v, IsJSON: true, Attempts: 1, Duration: time.Second}
}

// at reads a number from a query, with a start and a factor.
func at(name string, first, factor int) func(map[string][]string) int {
	return func(q map[string][]string) int {
		n := first
		if v := q[name]; len(v) > 0 {
			fmt.Sscanf(strings.TrimPrefix(v[0], "c"), "%d", &n)
		}
		return (n - first) * factor
	}
}

func TestAll(t *testing.T) {
	cursorOr := func(next int, more bool) any {
		if more {
			return fmt.Sprintf("c%d", next)
		}
		return nil
	}
	tests := []struct {
		name    string
		op      *operations.Operation
		args    []any
		server  numbered
		queries []string
		list    func(v any) any
	}{
		{
			"cursor in list_metadata", pagedOp(listMetadata(), "after", "limit", "order"), []any{"limit", 2},
			numbered{total: 5, size: 2, offset: at("after", 0, 1), render: func(items []any, next int, more bool) (any, http.Header) {
				return map[string]any{"object": "list", "data": items, "list_metadata": map[string]any{"after": cursorOr(next, more)}}, nil
			}},
			[]string{"limit=2", "limit=2&after=c2", "limit=2&after=c4"},
			func(v any) any { return v.(map[string]any)["data"] },
		},
		{
			"next_cursor", pagedOp(object(operations.Property{Name: "items", Schema: list(nil)}, operations.Property{Name: "next_cursor", Schema: str()}), "cursor"), nil,
			numbered{total: 3, size: 2, offset: at("cursor", 0, 1), render: func(items []any, next int, more bool) (any, http.Header) {
				v := map[string]any{"items": items}
				if more {
					v["next_cursor"] = fmt.Sprintf("c%d", next)
				}
				return v, nil
			}},
			[]string{"", "cursor=c2"},
			func(v any) any { return v.(map[string]any)["items"] },
		},
		{
			"page token that is empty at the end", pagedOp(object(operations.Property{Name: "values", Schema: list(nil)}, operations.Property{Name: "nextPageToken", Schema: str()}), "pageToken"), nil,
			numbered{total: 3, size: 2, offset: at("pageToken", 0, 1), render: func(items []any, next int, more bool) (any, http.Header) {
				token := ""
				if more {
					token = fmt.Sprintf("c%d", next)
				}
				return map[string]any{"values": items, "nextPageToken": token}, nil
			}},
			[]string{"", "pageToken=c2"},
			func(v any) any { return v.(map[string]any)["values"] },
		},
		{
			"id of the last item", pagedOp(object(operations.Property{Name: "data", Schema: list(nil)}, operations.Property{Name: "has_more", Schema: &operations.Schema{}}), "starting_after"), nil,
			numbered{total: 4, size: 2, offset: at("starting_after", 0, 1), render: func(items []any, next int, more bool) (any, http.Header) {
				return map[string]any{"data": items, "has_more": more}, nil
			}},
			[]string{"", "starting_after=2"},
			func(v any) any { return v.(map[string]any)["data"] },
		},
		{
			"page number until a short page", pagedOp(list(object()), "page", "per_page"), []any{"per_page", 2},
			numbered{total: 5, size: 2, offset: at("page", 1, 2), render: func(items []any, _ int, _ bool) (any, http.Header) { return items, nil }},
			[]string{"per_page=2", "per_page=2&page=2", "per_page=2&page=3"},
			func(v any) any { return v },
		},
		{
			"page number until an empty page", pagedOp(list(object()), "page"), nil,
			numbered{total: 4, size: 2, offset: at("page", 1, 2), render: func(items []any, _ int, _ bool) (any, http.Header) { return items, nil }},
			[]string{"", "page=2", "page=3"},
			func(v any) any { return v },
		},
		{
			"page number with a total", pagedOp(object(operations.Property{Name: "results", Schema: list(nil)}), "page"), []any{"page", 1},
			numbered{total: 4, size: 2, offset: at("page", 1, 2), render: func(items []any, _ int, _ bool) (any, http.Header) {
				return map[string]any{"results": items, "meta": map[string]any{"total_pages": 2}}, nil
			}},
			[]string{"page=1", "page=2"},
			func(v any) any { return v.(map[string]any)["results"] },
		},
		{
			"offset and limit", pagedOp(object(operations.Property{Name: "records", Schema: list(nil)}), "offset", "limit"), []any{"limit", 3, "offset", 1},
			numbered{total: 6, size: 3, offset: at("offset", 0, 1), render: func(items []any, _ int, _ bool) (any, http.Header) {
				return map[string]any{"records": items}, nil
			}},
			[]string{"limit=3&offset=1", "limit=3&offset=4"},
			func(v any) any {
				return append([]any{map[string]any{"id": 1}}, v.(map[string]any)["records"].([]any)...)
			},
		},
		{
			"Link header", pagedOp(list(object()), "page", "owner"), []any{"owner", "o1"},
			numbered{total: 5, size: 2, offset: at("page", 1, 2), render: func(items []any, next int, more bool) (any, http.Header) {
				h := http.Header{"Link": {`<https://api.example.com/things?page=1>; rel="first"`}}
				if more {
					// The link drops the filter, and changes it: neither may count.
					h.Set("Link", fmt.Sprintf(`<https://api.example.com/things?page=1>; rel="first", </things?page=%d&owner=all&z=1>; rel="last next"`, next/2+1))
				}
				return items, h
			}},
			[]string{"owner=o1", "owner=o1&page=2&z=1", "owner=o1&page=3&z=1"},
			func(v any) any { return v },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !Supported(tt.op) {
				t.Fatal("not pageable")
			}
			req := &operations.Request{Op: tt.op, Args: optest.Args(tt.op, tt.args...)}
			given := len(req.Args)
			resp, err := All(t.Context(), tt.server.call, req, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.queries, tt.server.queries); diff != "" {
				t.Error(diff)
			}
			var want []any
			for i := range tt.server.total {
				want = append(want, map[string]any{"id": i + 1})
			}
			if diff := cmp.Diff(any(want), tt.list(resp.Value)); diff != "" {
				t.Error(diff)
			}
			body, err := jsonvalue.Decode(resp.Body)
			if diff := cmp.Diff(resp.Value, body); diff != "" || err != nil {
				t.Errorf("body: %s %v", diff, err)
			}
			if n := len(tt.queries); resp.Attempts != n || resp.Duration != time.Duration(n)*time.Second || len(req.Args) != given {
				t.Errorf("%d attempts in %v; the caller's request has %d arguments", resp.Attempts, resp.Duration, len(req.Args))
			}
		})
	}
}

func TestPageable(t *testing.T) {
	post := pagedOp(listMetadata(), "after")
	post.Method = "POST"
	text := pagedOp(list(nil), "page")
	text.Params[0].Schema = str()
	undocumented := optest.Get("/l", "cursor")
	for name, tt := range map[string]struct {
		op   *operations.Operation
		want bool
	}{
		"cursor":                      {pagedOp(listMetadata(), "after"), true},
		"composed answer":             {pagedOp(&operations.Schema{AllOf: []*operations.Schema{listMetadata()}}, "after"), true},
		"undocumented answer":         {undocumented, true},
		"no parameter":                {pagedOp(listMetadata(), "limit"), false},
		"only backwards":              {pagedOp(listMetadata(), "before"), false},
		"cursor documented nowhere":   {pagedOp(list(nil), "after"), false},
		"no list in the answer":       {pagedOp(object(operations.Property{Name: "id", Schema: str()}), "page"), false},
		"a write":                     {post, false},
		"page that is a text":         {text, false},
		"after is no cursor, page is": {pagedOp(list(nil), "after", "page"), true},
	} {
		if got := Supported(tt.op); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAllRefusesWhatDoesNotAddUp(t *testing.T) {
	always := func(value any, h http.Header) operations.Caller {
		return func(context.Context, *operations.Request) (*operations.Response, error) { return page(value, h), nil }
	}
	n := 0
	growing := func(context.Context, *operations.Request) (*operations.Response, error) {
		n++
		return page(map[string]any{"data": []any{n}, "list_metadata": map[string]any{"after": fmt.Sprint(n)}}, nil), nil
	}
	circle := func(context.Context, *operations.Request) (*operations.Response, error) {
		n++
		return page(map[string]any{"data": []any{n}, "list_metadata": map[string]any{"after": fmt.Sprint("c", n%3)}}, nil), nil
	}
	cursor := pagedOp(listMetadata(), "after")
	byPage := pagedOp(list(nil), "page")
	tests := []struct {
		name string
		op   *operations.Operation
		call operations.Caller
		args []any
		want string
	}{
		{"no pagination", pagedOp(listMetadata()), nil, nil, `operation "getThing" has no pagination that Capstan knows`},
		{"a circle", cursor, circle, nil, `page 4 leads back to a page that was read already (cursor "c1")`},
		{"back to the start", cursor, always(map[string]any{"data": []any{1}, "list_metadata": map[string]any{"after": "s"}}, nil), []any{"after", "s"}, "page 1 leads back"},
		{"endless", cursor, growing, nil, `the list goes on after 20 pages, the most that may be read (20 items, the next begins at after=20); narrow it with a filter`},
		{"same page again", byPage, always([]any{1}, nil), nil, `page 2 repeats the page before it: the server ignores "page"`},
		{"no list", cursor, always(map[string]any{"data": "x"}, nil), nil, "page 1 holds no list"},
		{"a scalar", cursor, always(1, nil), nil, "page 1 is not a JSON list or object"},
		{"more without a cursor", cursor, always(map[string]any{"data": []any{}, "has_more": true}, nil), nil, "page 1 says that more follows and holds no cursor"},
		{"link elsewhere", byPage, always([]any{1}, http.Header{"Link": {`<https://evil.example/things?page=2>; rel=next`}}), nil, "page 1 links to its next page at https://evil.example/things, which is another server or path"},
		{"link to another path", byPage, always([]any{1}, http.Header{"Link": {`</other?page=2>; rel=next`}}), nil, "another server or path"},
		{"links in a circle", byPage, always([]any{1}, http.Header{"Link": {`<?page=2>; rel=next`}}), nil, "page 2 "},
		{"not JSON", cursor, func(context.Context, *operations.Request) (*operations.Response, error) {
			return &operations.Response{Status: 200, DecodeErr: errors.New("the answer is text/html where JSON is documented")}, nil
		}, nil, "page 1 cannot be read: the answer is text/html"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n = 0
			resp, err := All(t.Context(), tt.call, &operations.Request{Op: tt.op, Args: optest.Args(tt.op, tt.args...)}, &Options{MaxPages: 20})
			var call *operations.CallError
			if !errors.As(err, &call) || call.Reason != operations.ReasonPagination || !strings.Contains(call.Detail, tt.want) {
				t.Fatalf("got %v, %v\nwant %s", resp, err, tt.want)
			}
			if operations.IsInDoubt(err) {
				t.Error("a read is in doubt")
			}
		})
	}
}

// A cap that is none is the default.
func TestCapsThatAreNone(t *testing.T) {
	for _, o := range []*Options{nil, {}, {MaxPages: -1}} {
		n := 0
		call := func(context.Context, *operations.Request) (*operations.Response, error) {
			if n++; n > MaxPages {
				return nil, errors.New("it goes on")
			}
			return page(map[string]any{"data": []any{n}, "list_metadata": map[string]any{"after": fmt.Sprint(n)}}, nil), nil
		}
		_, err := All(t.Context(), call, &operations.Request{Op: pagedOp(listMetadata(), "after")}, o)
		if err == nil || !strings.Contains(err.Error(), "goes on after 1000 pages") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestAllEndsAtAFailure(t *testing.T) {
	n := 0
	call := func(context.Context, *operations.Request) (*operations.Response, error) {
		if n++; n == 2 {
			return &operations.Response{Status: 403}, nil
		}
		return page(map[string]any{"data": []any{1}, "list_metadata": map[string]any{"after": "x"}}, nil), nil
	}
	resp, err := All(t.Context(), call, &operations.Request{Op: pagedOp(listMetadata(), "after")}, nil)
	if err != nil || resp.Status != 403 {
		t.Errorf("got %v, %v", resp, err)
	}
	lost := errors.New("lost")
	_, err = All(t.Context(), func(context.Context, *operations.Request) (*operations.Response, error) { return nil, lost }, &operations.Request{Op: pagedOp(listMetadata(), "after")}, nil)
	if !errors.Is(err, lost) {
		t.Errorf("got %v", err)
	}
}

func TestAllOfNothing(t *testing.T) {
	for _, data := range []any{nil, []any{}} {
		call := func(context.Context, *operations.Request) (*operations.Response, error) {
			return page(map[string]any{"data": data, "list_metadata": map[string]any{"after": nil}}, nil), nil
		}
		resp, err := All(t.Context(), call, &operations.Request{Op: pagedOp(listMetadata(), "after")}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]any{}, resp.Value.(map[string]any)["data"]); diff != "" {
			t.Error(diff)
		}
	}
}

// The list of an undocumented answer goes by the usual names, else it must be
// the only one.
func TestListOfAnUndocumentedAnswer(t *testing.T) {
	op := optest.Get("/l", "cursor")
	one, two := []any{1}, []any{2}
	for name, tt := range map[string]struct {
		value map[string]any
		want  string
	}{
		"usual name": {map[string]any{"warnings": one, "data": two}, "data"},
		"only one":   {map[string]any{"widgets": one, "total": 1}, "widgets"},
		"two others": {map[string]any{"a": one, "b": two}, ""},
		"none":       {map[string]any{"data": "x"}, ""},
	} {
		_, got, err := listOf(op, &operations.Response{Value: tt.value})
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

func TestNextLink(t *testing.T) {
	for in, want := range map[string]string{
		`<u2>; rel="next"`:                    "u2",
		`<u1>; rel=prev, <u2>; rel=next`:      "u2",
		`<u2>; title="a, b"; rel="last next"`: "u2",
		`<u2>;rel=NEXT`:                       "u2",
		`<u1>; rel="first"`:                   "",
		`<u1>; rel="nextish"`:                 "",
		`<u1; rel=next`:                       "",
		`garbage`:                             "",
		``:                                    "",
	} {
		got, ok := nextLink(http.Header{"Link": {in}})
		if got != want || ok != (want != "") {
			t.Errorf("%s: got %q", in, got)
		}
	}
}

// The Caller may choose the server: errors name it, and links are held to it.
func TestAllGoesByTheServerThatAnswered(t *testing.T) {
	var queries []string
	next := "/v2/things?page=2"
	srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		queries = append(queries, r.URL.RawQuery)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Request-Id", "req_1")
		if r.URL.RawQuery == "" {
			w.Header().Set("Link", "<"+next+">; rel=next")
		}
		fmt.Fprint(w, "[1]")
	})
	client := client.New(client.Options{Retry: client.RetryPolicy{Attempts: 1}})
	call := func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
		with := *req
		with.BaseURL = srv.URL + "/v2"
		return client(ctx, &with)
	}
	op := pagedOp(list(&operations.Schema{}), "page", "limit")
	resp, err := All(t.Context(), call, &operations.Request{Op: op}, nil)
	if err == nil || resp != nil { // page 2 repeats page 1
		t.Fatalf("got %+v, %v", resp, err)
	}
	if diff := cmp.Diff([]string{"", "page=2"}, queries); diff != "" {
		t.Error(diff)
	}
	e := optest.CallError(t, err)
	if e.URL != srv.URL+"/v2/things" || e.Status != 200 || e.RequestID != "req_1" {
		t.Errorf("got %+v", e)
	}
	next = "https://api.example.com/things?page=2" // the document's own server
	_, err = All(t.Context(), call, &operations.Request{Op: op}, nil)
	optest.WantCallError(t, err, operations.Sent, operations.ReasonPagination, "another server or path; nothing was sent there")
	next = srv.URL + "/v2/things?page=2"
	_, err = All(t.Context(), call, &operations.Request{Op: op}, &Options{MaxPages: 1})
	optest.WantCallError(t, err, operations.Sent, operations.ReasonPagination, `after 1 page, the most that may be read (1 item, the next begins at page=2); narrow it with a filter, ask for larger pages with "limit", or allow more pages: --max-pages, or maxPages in .capstan.yaml`)
	_, err = All(t.Context(), call, &operations.Request{Op: optest.JSON("GET")}, nil)
	optest.WantCallError(t, err, operations.NotSent, operations.ReasonPagination, "GET /things: operation")
}
