package request

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/google/go-cmp/cmp"
)

// Bytes travel as they are, under exactly the media type that is asked for.
func TestBytesTravelUnderTheirMediaType(t *testing.T) {
	media := func(types ...string) []operations.Media {
		var out []operations.Media
		for _, name := range types {
			out = append(out, operations.Media{Type: name, Schema: &operations.Schema{}})
		}
		return out
	}
	tests := []struct {
		name         string
		documented   []operations.Media
		asked, param string
		want         string
	}{
		{"the first", media("application/xml"), "", "", "application/xml"},
		{"with the documented parameters", media("text/plain; charset=utf-8"), "text/plain", "", "text/plain; charset=utf-8"},
		{"with a boundary", media("multipart/form-data"), "multipart/form-data; boundary=xyz", "", "multipart/form-data; boundary=xyz"},
		{"with parameters of its own", media("application/json"), "application/json; profile=\"a b\"", "", "application/json; profile=\"a b\""},
		{"within a range", media("application/json", "*/*"), "text/turtle", "", "text/turtle"},
		{"as the header parameter says", media("application/json", "*/*"), "", "text/turtle", "text/turtle"},
		{"the header parameter wins", media("application/json", "*/*"), "application/json", "application/vnd.api+json", "application/vnd.api+json"},
		{"a boundary belongs to the body", media("multipart/form-data", "*/*"), "multipart/form-data; boundary=xyz", "multipart/form-data", "multipart/form-data; boundary=xyz"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			op := optest.Get("/a")
			op.Method = "POST"
			op.Body = &operations.Body{Media: tt.documented}
			op.Params = []*operations.Param{{Name: "content-type", In: operations.InHeader, Schema: &operations.Schema{}}}
			req := &operations.Request{Op: op, Body: []byte("\x00 {raw}"), MediaType: tt.asked}
			if tt.param != "" {
				req.Args = optest.Args(op, "content-type", tt.param)
			}
			hr, err := Build(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if got := hr.Header.Get("Content-Type"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if got := readAll(t, hr.Body); got != "\x00 {raw}" {
				t.Errorf("the body became %q", got)
			}
		})
	}
}

func TestHeadersThatCapstanSetsMayBeParameters(t *testing.T) {
	op := optest.Get("/a")
	op.Params = []*operations.Param{
		{Name: "accept", In: operations.InHeader, Schema: &operations.Schema{}}, {Name: "Authorization", In: operations.InHeader, Schema: &operations.Schema{}},
		{Name: "Content-Type", In: operations.InHeader, Schema: &operations.Schema{}},
	}
	hr, err := Build(t.Context(), &operations.Request{Op: op, Args: optest.Args(op, "accept", "text/csv", "Authorization", "Token 1", "Content-Type", "a/b")})
	if err != nil {
		t.Fatal(err)
	}
	want := http.Header{"Accept": {"text/csv"}, "Authorization": {"Token 1"}, "Content-Type": {"a/b"}}
	if diff := cmp.Diff(want, hr.Header); diff != "" {
		t.Error(diff)
	}
}

func TestQueryInThePath(t *testing.T) {
	op := optest.Get("/search/{kind}?q={text}&fixed=a b&p=x-{page}", "page", "more")
	op.Params = slices.Delete(op.Params, 2, 3) // page is the one that travels in the query
	tests := []struct {
		name string
		args []operations.Arg
		want string
	}{
		{"filled in", optest.Args(op, "kind", "s", "text", "a&b=c#d?/é", "page", 2, "more", "m"), "/search/s?q=a%26b%3Dc%23d%3F%2F%C3%A9&fixed=a%20b&p=x-2&more=m"},
		{"without what is not given", optest.Args(op, "kind", "s", "text", ""), "/search/s?q=&fixed=a%20b"},
		{"hostile", optest.Args(op, "kind", "a/b", "text", "../..\r\nX: y", "page", "{text}"), "/search/a%2Fb?q=..%2F..%0D%0AX%3A%20y&fixed=a%20b&p=x-%7Btext%7D"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			hr, err := Build(t.Context(), &operations.Request{Op: op, Args: tt.args})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimPrefix(hr.URL.String(), "https://api.example.com"); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	if _, err := Build(t.Context(), &operations.Request{Op: op, Args: optest.Args(op, "kind", "s")}); err == nil || !strings.Contains(err.Error(), `parameter "text" is missing`) {
		t.Errorf("got %v: a required one must be given", err)
	}
}

func TestAnEmptyPathIsTheServersOwn(t *testing.T) {
	for base, want := range map[string]string{"https://h/graphql": "https://h/graphql", "https://h/a/": "https://h/a/", "https://h": "https://h"} {
		hr, err := Build(t.Context(), &operations.Request{Op: optest.Get(""), BaseURL: base})
		if err != nil || hr.URL.String() != want {
			t.Errorf("%s: got %v, %v", base, hr.URL, err)
		}
	}
}

// An operation that documents any type beside JSON takes any.
func TestAnyTypeBesideJSON(t *testing.T) {
	for _, tt := range []struct {
		name, contentType, body string
		want                    any
		isJSON                  bool
	}{
		{"JSON as text", "text/plain", ` {"a":1}`, map[string]any{"a": 1}, true},
		{"JSON without a type", "", `[1]`, []any{1}, true},
		{"text", "text/plain", "one\ntwo", "one\ntwo", false},
		{"text that looks like JSON", "text/plain", "{one", "{one", false},
		{"text without a type", "", "hello", "hello", false},
		{"XML", "application/xml", "<a/>", nil, false},
		{"HTML", "text/html; charset=utf-8", "<p>", "<p>", false},
		{"binary", "image/png", "\x89PNG\xff", nil, false},
		{"binary without a type", "", "\x89PNG\xff", nil, false},
		{"nothing", "application/json", "", nil, false},
		{"a byte order mark alone", "", "\ufeff", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			op := optest.Get("/a")
			op.Responses = []*operations.ResponseDoc{{Status: "2XX", Media: []operations.Media{{Type: "application/json", Schema: &operations.Schema{}}, {Type: "*/*", Schema: &operations.Schema{}}}}}
			r := &operations.Response{Status: 200, Header: http.Header{}, Body: []byte(tt.body)}
			if tt.contentType != "" {
				r.Header.Set("Content-Type", tt.contentType)
			}
			r.Decode(op)
			if diff := cmp.Diff(tt.want, r.Value); diff != "" || r.IsJSON != tt.isJSON || r.DecodeErr != nil {
				t.Errorf("JSON %v, %v: %s", r.IsJSON, r.DecodeErr, diff)
			}
		})
	}
}
