package request

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/openapi"
	"github.com/google/go-cmp/cmp"
)

func TestBuildURL(t *testing.T) {
	variables := operations.Server{URL: "https://{region}.example.com/{version}", Variables: map[string]operations.ServerVariable{
		"region": {Default: "eu", Enum: []string{"eu", "us"}}, "version": {Default: "v2"},
	}}
	tests := []struct {
		name string
		req  func() *operations.Request
		want string
	}{
		{"server of the document", func() *operations.Request { return &operations.Request{Op: optest.Get("/things")} }, "https://api.example.com/things"},
		{"base URL with a prefix", func() *operations.Request {
			return &operations.Request{Op: optest.Get("/things"), BaseURL: "http://127.0.0.1:99/v1/"}
		}, "http://127.0.0.1:99/v1/things"},
		{"encoded prefix stays", func() *operations.Request {
			return &operations.Request{Op: optest.Get("/things"), BaseURL: "https://h/a%2Fb"}
		}, "https://h/a%2Fb/things"},
		{"server variables", func() *operations.Request {
			op := optest.Get("/things")
			op.Servers = []operations.Server{variables}
			return &operations.Request{Op: op}
		}, "https://eu.example.com/v2/things"},
		{"path parameters", func() *operations.Request {
			op := optest.Get("/a/{x}/b/{y}.json")
			return &operations.Request{Op: op, Args: optest.Args(op, "x", "1 2", "y", "é")}
		}, "https://api.example.com/a/1%202/b/%C3%A9.json"},
		{"two in a segment", func() *operations.Request {
			op := optest.Get("/{x}:{y}")
			return &operations.Request{Op: op, Args: optest.Args(op, "x", "a:b", "y", "c")}
		}, "https://api.example.com/a%3Ab:c"},
		{"query in the order given", func() *operations.Request {
			op := optest.Get("/l", "a", "b")
			return &operations.Request{Op: op, Args: optest.Args(op, "b", 2, "a", []any{1, 2})}
		}, "https://api.example.com/l?b=2&a=1&a=2"},
		{"a nil argument is not sent", func() *operations.Request {
			op := optest.Get("/l", "a", "b")
			return &operations.Request{Op: op, Args: optest.Args(op, "a", nil, "b", 1)}
		}, "https://api.example.com/l?b=1"},
		{"fixed query in the path", func() *operations.Request {
			op := optest.Get("/", "a")
			op.Path = "/?Action=List"
			return &operations.Request{Op: op, Args: optest.Args(op, "a", 1)}
		}, "https://api.example.com/?Action=List&a=1"},
		{"literal text in the path", func() *operations.Request { return &operations.Request{Op: optest.Get("/a b/%41:c/{")} }, "https://api.example.com/a%20b/%41:c/%7B"},
		{"path and header by content", func() *operations.Request {
			op := optest.Get("/l/{x}")
			op.Params[0].MediaType = "application/json"
			return &operations.Request{Op: op, Args: optest.Args(op, "x", []any{1, "/"})}
		}, "https://api.example.com/l/%5B1%2C%22%2F%22%5D"},
		{"text by content", func() *operations.Request {
			op := optest.Get("/l", "x")
			op.Params[0].MediaType = "text/plain"
			return &operations.Request{Op: op, Args: optest.Args(op, "x", "a b")}
		}, "https://api.example.com/l?x=a%20b"},
		{"root path", func() *operations.Request { return &operations.Request{Op: optest.Get("/"), BaseURL: "https://h/p"} }, "https://h/p/"},
		{"parameter by content", func() *operations.Request {
			op := optest.Get("/l", "filter")
			op.Params[0].MediaType = "application/json"
			return &operations.Request{Op: op, Args: optest.Args(op, "filter", map[string]any{"a": []int{1}, "b": "<"})}
		}, "https://api.example.com/l?filter=%7B%22a%22%3A%5B1%5D%2C%22b%22%3A%22%3C%22%7D"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			hr, err := Build(t.Context(), tt.req())
			if err != nil {
				t.Fatal(err)
			}
			if got := hr.URL.String(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// A path value can change neither the host nor the path's structure.
func TestPathValuesStayInTheirSegment(t *testing.T) {
	for _, style := range []string{"simple", "label", "matrix"} {
		for _, value := range hostileValues() {
			checkSegment(t, style, value)
		}
	}
}

func hostileValues() []string {
	return []string{"a/b", "../x", "..", ".", "a?b", "a#b", "a%2Fb", "%2e%2e", "//evil.example", "@evil", `a\b`, "a;b=c", "a b", "ü/ñ", "\x00", "\n", "a&b", "http://evil.example/", ":80", "", "...", "\xff"}
}

// checkSegment builds a path around value: it is refused, or it is exactly one
// segment that decodes to the value.
func checkSegment(t *testing.T, style, value string) {
	t.Helper()
	op := optest.Get("/a/{x}/z")
	op.Params[0].Style = style
	hr, err := Build(t.Context(), &operations.Request{Op: op, Args: optest.Args(op, "x", value)})
	if err != nil {
		// label puts a dot before the value, so there "." makes "..".
		if refused := value == "" || value == "." || value == ".."; !refused {
			t.Errorf("%s %q: refused: %v", style, value, err)
		}
		return
	}
	prefix := map[string]string{"simple": "", "label": ".", "matrix": ";x="}[style]
	segments := strings.Split(hr.URL.EscapedPath(), "/")
	if hr.URL.Host != "api.example.com" || hr.URL.RawQuery != "" || hr.URL.Fragment != "" || len(segments) != 4 || segments[3] != "z" ||
		isDotSegment(segments[2]) || hr.URL.Path != "/a/"+prefix+value+"/z" {
		t.Errorf("%s %q: built %s", style, value, hr.URL)
	}
}

func FuzzPathValue(f *testing.F) {
	for _, v := range hostileValues() {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, style := range []string{"simple", "label", "matrix"} {
			checkSegment(t, style, value)
		}
	})
}

func TestBuildRefuses(t *testing.T) {
	open := operations.Server{URL: "https://{tenant}.example.com", Variables: map[string]operations.ServerVariable{"tenant": {}}}
	tests := []struct {
		name string
		req  func() *operations.Request
		want []string
	}{
		{"everything at once", func() *operations.Request {
			op := optest.Get("/a/{x}/{y}", "q")
			op.Params[2].Required = true
			return &operations.Request{Op: op, Args: optest.Args(op, "x", "..")}
		}, []string{`parameter "y" is missing`, `parameter "q" is missing; the operation needs it in the query`, `parameter "x" is ".."`}},
		{"empty path value", func() *operations.Request {
			op := optest.Get("/a/{x}")
			return &operations.Request{Op: op, Args: optest.Args(op, "x", "")}
		}, []string{`parameter "x" is empty; the path /a/{x} would name another resource`}},
		{"null path value", func() *operations.Request {
			op := optest.Get("/a/{x}")
			return &operations.Request{Op: op, Args: optest.Args(op, "x", nil)}
		}, []string{`parameter "x" is missing`}},
		{"given twice", func() *operations.Request {
			op := optest.Get("/a", "q")
			return &operations.Request{Op: op, Args: append(optest.Args(op, "q", 1), optest.Args(op, "q", 2)...)}
		}, []string{`parameter "q" is given twice`}},
		{"empty value behind a prefix", func() *operations.Request {
			op := optest.Get("/v{x}")
			return &operations.Request{Op: op, Args: optest.Args(op, "x", "")}
		}, []string{`parameter "x" is empty`}},
		{"two values that could be cut elsewhere", func() *operations.Request {
			op := optest.Get("/a/{x}-{y}")
			return &operations.Request{Op: op, Args: optest.Args(op, "x", "1-2", "y", "3")}
		}, []string{`parameters "x", "y" become "1-2-3"`}},
		{"field in the place of a parameter", func() *operations.Request {
			op := optest.Get("/a", "limit", "filter")
			return &operations.Request{Op: op, Args: optest.Args(op, "filter", map[string]any{"limit": 9})}
		}, []string{`parameter "filter" would be sent as "limit"`}},
		{"field in the place of the path's query", func() *operations.Request {
			op := optest.Get("/a?action=list", "filter")
			return &operations.Request{Op: op, Args: optest.Args(op, "filter", map[string]any{"action": "drop"})}
		}, []string{`parameter "filter" would be sent as "action"`}},
		{"one header in two spellings", func() *operations.Request {
			op := optest.Get("/a")
			op.Params = []*operations.Param{{Name: "X-Tenant", In: operations.InHeader, Schema: &operations.Schema{}}, {Name: "x-tenant", In: operations.InHeader, Schema: &operations.Schema{}}}
			return &operations.Request{Op: op, Args: optest.Args(op, "X-Tenant", "a", "x-tenant", "b")}
		}, []string{`parameter "x-tenant" is given twice`}},
		{"header of the connection", func() *operations.Request {
			op := optest.Get("/a")
			op.Params = []*operations.Param{{Name: "Host", In: operations.InHeader, Schema: &operations.Schema{}}}
			return &operations.Request{Op: op, Args: optest.Args(op, "Host", "evil.example")}
		}, []string{`parameter "Host" is a header that belongs to the connection`}},
		{"value that the path's query leaves out of a write", func() *operations.Request {
			op := optest.Get("/ships?id={ship}&all=1", "ship")
			op.Method = "DELETE"
			return &operations.Request{Op: op}
		}, []string{`parameter "ship" is missing; the path /ships?id={ship}&all=1 needs it`}},
		{"no place in the path", func() *operations.Request {
			op := optest.Get("/a")
			return &operations.Request{Op: op, Args: []operations.Arg{{Param: &operations.Param{Name: "x", In: operations.InPath}, Value: 1}}}
		}, []string{`parameter "x" has no place in the path /a`}},
		{"credential in a header over plain http", func() *operations.Request {
			op := optest.Get("/a")
			op.Params = []*operations.Param{{Name: "authorization", In: operations.InHeader, Required: true}}
			return &operations.Request{Op: op, Args: optest.Args(op, "authorization", "x"), BaseURL: "http://api.example.com"}
		}, []string{"the header Authorization is not sent over plain http to api.example.com"}},
		{"relative server", func() *operations.Request {
			op := optest.Get("/a")
			op.Servers = []operations.Server{{URL: "/v1"}}
			return &operations.Request{Op: op}
		}, []string{`"/v1" is not an http or https URL`}},
		{"variable outside its values", func() *operations.Request {
			op := optest.Get("/a")
			op.Servers = []operations.Server{{URL: "https://{r}.example.com", Variables: map[string]operations.ServerVariable{"r": {Default: "x", Enum: []string{"eu"}}}}}
			return &operations.Request{Op: op}
		}, []string{`a default for "r" that is none of its own values`}},
		{"not a URL", func() *operations.Request { return &operations.Request{Op: optest.Get("/a"), BaseURL: "https://h/%zz"} }, []string{"the base URL is not a URL"}},
		{"no server", func() *operations.Request {
			op := optest.Get("/a")
			op.Servers = nil
			return &operations.Request{Op: op}
		}, []string{`the OpenAPI document of "shop" names no server; give a base URL`}},
		{"open variable", func() *operations.Request {
			op := optest.Get("/a")
			op.Servers = []operations.Server{open}
			return &operations.Request{Op: op}
		}, []string{`leaves its variable "tenant" open`}},
		{"scheme", func() *operations.Request { return &operations.Request{Op: optest.Get("/a"), BaseURL: "ftp://h"} }, []string{"not an http or https URL"}},
		{"user info", func() *operations.Request { return &operations.Request{Op: optest.Get("/a"), BaseURL: "https://u:p@h"} }, []string{"holds a user name or password"}},
		{"query in the base", func() *operations.Request { return &operations.Request{Op: optest.Get("/a"), BaseURL: "https://h?x=1"} }, []string{"has a query or fragment"}},
		{"no host", func() *operations.Request { return &operations.Request{Op: optest.Get("/a"), BaseURL: "https://"} }, []string{"names no host"}},
		{"fragment in the path", func() *operations.Request { return &operations.Request{Op: optest.Get("/#a")} }, []string{`holds a "#"`}},
		{"body for none", func() *operations.Request { return &operations.Request{Op: optest.Get("/a"), Body: 1} }, []string{"the operation takes no body"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Build(t.Context(), tt.req())
			if err == nil || !operations.IsNotSent(err) || operations.IsInDoubt(err) {
				t.Fatalf("got %v, want a refusal", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got  %s\nwant %s in it", err, want)
				}
			}
			if strings.Contains(err.Error(), "u:p") {
				t.Errorf("the error repeats a password: %s", err)
			}
		})
	}
}

func TestBuildHeaders(t *testing.T) {
	op := optest.Get("/a")
	op.Params = []*operations.Param{
		{Name: "x-version", In: operations.InHeader, Schema: &operations.Schema{}},
		{Name: "session", In: operations.InCookie, Style: "form", Schema: &operations.Schema{}},
		{Name: "theme", In: operations.InCookie, Style: "form", Schema: &operations.Schema{}},
		{Name: "Accept", In: operations.InHeader, Required: true, Schema: &operations.Schema{}}, // ignored, says OpenAPI
	}
	hr, err := Build(t.Context(), &operations.Request{
		Op: op, Args: optest.Args(op, "x-version", "ü/2", "session", "a;b", "theme", "dark"),
		Header: http.Header{"idempotency-key": {"k"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := http.Header{
		"Accept":          {"application/json"},
		"X-Version":       {"ü/2"},
		"Cookie":          {"session=a%3Bb; theme=dark"},
		"Idempotency-Key": {"k"},
	}
	if diff := cmp.Diff(want, hr.Header); diff != "" {
		t.Error(diff)
	}
}

func TestAcceptNamesTheDocumentedAnswer(t *testing.T) {
	op := optest.Get("/a")
	op.Responses = []*operations.ResponseDoc{{Status: "200", Media: []operations.Media{{Type: "text/csv"}, {Type: "application/pdf"}}}}
	hr, err := Build(t.Context(), &operations.Request{Op: op})
	if err != nil {
		t.Fatal(err)
	}
	if got := hr.Header.Get("Accept"); got != "text/csv, application/pdf" {
		t.Errorf("got %q", got)
	}
}

func TestBuildBodies(t *testing.T) {
	schema := &operations.Schema{Properties: []operations.Property{
		{Name: "name", Schema: &operations.Schema{}}, {Name: "tags", Schema: &operations.Schema{}}, {Name: "meta", Schema: &operations.Schema{}},
		{Name: "file", Schema: &operations.Schema{Format: "binary"}},
	}}
	object := map[string]any{"name": "a&b c", "tags": []any{"x", "y"}, "meta": map[string]any{"k": "<1>"}}
	tests := []struct {
		name     string
		media    operations.Media
		body     any
		wantType string
		want     string
	}{
		{"json", operations.Media{Type: "application/json"}, object, "application/json", `{"meta":{"k":"<1>"},"name":"a&b c","tags":["x","y"]}`},
		{"vendor json", operations.Media{Type: "application/vnd.api+json; charset=utf-8"}, 1, "application/vnd.api+json; charset=utf-8", `1`},
		{"bytes as they are", operations.Media{Type: "application/json"}, []byte("{ }"), "application/json", "{ }"},
		{"empty bytes", operations.Media{Type: "application/json"}, []byte(nil), "application/json", ""},
		{"form", operations.Media{Type: "application/x-www-form-urlencoded", Schema: schema}, object,
			"application/x-www-form-urlencoded", "name=a%26b+c&tags=x&tags=y&meta=%7B%22k%22%3A%22%3C1%3E%22%7D"},
		{"form with encodings", operations.Media{Type: "application/x-www-form-urlencoded", Schema: schema, Encoding: map[string]operations.Encoding{
			"name": {Style: "form", AllowReserved: true}, "tags": {Style: "pipeDelimited"}, "meta": {Style: "deepObject", Explode: true},
		}}, object, "application/x-www-form-urlencoded", "name=a%26b%20c&tags=x%7Cy&meta%5Bk%5D=%3C1%3E"},
		{"form with JSON by content type", operations.Media{Type: "application/x-www-form-urlencoded", Encoding: map[string]operations.Encoding{
			"tags": {ContentType: "application/json", Style: "form", Explode: true}, // as compiled
		}}, map[string]any{"tags": []any{1}}, "application/x-www-form-urlencoded", "tags=%5B1%5D"},
		{"form by a composed schema", operations.Media{Type: "application/x-www-form-urlencoded", Schema: &operations.Schema{AllOf: []*operations.Schema{{}, {Properties: []operations.Property{{Name: "tags", Schema: colourSchema}}}}},
			Encoding: map[string]operations.Encoding{"tags": {Style: "form", Explode: true}}}, map[string]any{"tags": colourObject}, "application/x-www-form-urlencoded", "R=100&G=200&B=150"},
		{"form with a list of objects", operations.Media{Type: "application/x-www-form-urlencoded", Schema: schema}, map[string]any{"tags": []any{map[string]any{"b": 1, "a": []any{"x", "y"}}, map[string]any{"b": 2}}},
			"application/x-www-form-urlencoded", "tags%5B0%5D%5Ba%5D%5B0%5D=x&tags%5B0%5D%5Ba%5D%5B1%5D=y&tags%5B0%5D%5Bb%5D=1&tags%5B1%5D%5Bb%5D=2"},
		{"form with lists as deepObject", operations.Media{Type: "application/x-www-form-urlencoded", Encoding: map[string]operations.Encoding{"tags": {Style: "deepObject", Explode: true}, "meta": {Style: "deepObject", Explode: true}}},
			map[string]any{"tags": []any{"x", "y"}, "meta": map[string]any{"k": []any{1, 2}}},
			"application/x-www-form-urlencoded", "meta%5Bk%5D%5B0%5D=1&meta%5Bk%5D%5B1%5D=2&tags%5B0%5D=x&tags%5B1%5D=y"},
		{"text", operations.Media{Type: "text/plain"}, "héllo", "text/plain", "héllo"},
		{"xml as text", operations.Media{Type: "application/xml"}, "<a/>", "application/xml", "<a/>"},
		{"binary from base64", operations.Media{Type: "application/octet-stream", Schema: &operations.Schema{Format: "binary"}}, "AAEC", "application/octet-stream", "\x00\x01\x02"},
		{"range with bytes", operations.Media{Type: "*/*"}, []byte("x"), "application/octet-stream", "x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			hr, err := Build(t.Context(), &operations.Request{Op: optest.Post(tt.media), Body: tt.body})
			if err != nil {
				t.Fatal(err)
			}
			got := readAll(t, hr.Body)
			if got != tt.want || hr.Header.Get("Content-Type") != tt.wantType || hr.ContentLength != int64(len(tt.want)) {
				t.Errorf("got  %s %q (%d bytes)\nwant %s %q", hr.Header.Get("Content-Type"), got, hr.ContentLength, tt.wantType, tt.want)
			}
		})
	}
}

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestBuildMultipart(t *testing.T) {
	schema := &operations.Schema{Properties: []operations.Property{
		{Name: "title", Schema: &operations.Schema{}},
		{Name: "doc", Schema: &operations.Schema{Format: "binary"}},
		{Name: "pages", Schema: &operations.Schema{Items: &operations.Schema{Format: "binary"}}},
		{Name: "meta", Schema: &operations.Schema{}},
		{Name: "raw", Schema: &operations.Schema{}},
		{Name: `a"b`, Schema: &operations.Schema{}},
	}}
	media := operations.Media{Type: "multipart/form-data", Schema: schema, Encoding: map[string]operations.Encoding{"doc": {ContentType: "application/pdf"}, "raw": {ContentType: "image/png, image/jpeg"}}}
	body := map[string]any{
		"title": "T", "doc": "AAE=", "pages": []any{"Ag==", []byte{3}}, "meta": map[string]any{"k": 1}, "raw": []byte("r"), `a"b`: true,
	}
	hr, err := Build(t.Context(), &operations.Request{Op: optest.Post(media), Body: body})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	mr, err := hr.MultipartReader()
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for {
		p, err := mr.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		line := p.Header.Get("Content-Disposition") + " | " + p.Header.Get("Content-Type")
		order = append(order, line)
		got[line] += readAll(t, p) + "."
	}
	want := []string{
		`form-data; name="title" | `,
		`form-data; name="doc"; filename="doc" | application/pdf`,
		`form-data; name="pages"; filename="pages" | application/octet-stream`,
		`form-data; name="pages"; filename="pages" | application/octet-stream`,
		`form-data; name="meta" | application/json`,
		`form-data; name="raw"; filename="raw" | application/octet-stream`,
		`form-data; name="a\"b" | `,
	}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Error(diff)
	}
	wantData := map[string]string{want[0]: "T.", want[1]: "\x00\x01.", want[2]: "\x02.\x03.", want[4]: `{"k":1}.`, want[5]: "r.", want[6]: "true."}
	if diff := cmp.Diff(wantData, got); diff != "" {
		t.Error(diff)
	}
	again, err := Build(t.Context(), &operations.Request{Op: optest.Post(media), Body: body})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := hr.Header.Get("Content-Type"), again.Header.Get("Content-Type"); a != b {
		t.Errorf("the boundary differs between equal requests: %s, %s", a, b)
	}
}

func TestBodyErrors(t *testing.T) {
	js := operations.Media{Type: "application/json"}
	cyclic := make([]any, 1)
	cyclic[0] = cyclic
	deep := any("\xff")
	for range 200 {
		deep = map[string]any{"inner": deep}
	}
	tests := []struct {
		req  *operations.Request
		want string
	}{
		{&operations.Request{Op: optest.Post(js)}, "the body is missing"},
		{&operations.Request{Op: optest.Post()}, "the body is missing"},
		{&operations.Request{Op: optest.Post(), Body: 1}, "documents no media type"},
		{&operations.Request{Op: optest.Post(js), Body: 1, MediaType: "text/csv"}, `does not take a body of type "text/csv"; it takes application/json`},
		{&operations.Request{Op: optest.Post(js), Body: make(chan int)}, "cannot be written as JSON"},
		{&operations.Request{Op: optest.Post(operations.Media{Type: "application/x-www-form-urlencoded"}), Body: "x"}, "must be an object to be sent as a form"},
		{&operations.Request{Op: optest.Post(operations.Media{Type: "multipart/form-data"}), Body: []any{}}, "must be an object to be sent as multipart/form-data"},
		{&operations.Request{Op: optest.Post(operations.Media{Type: "multipart/form-data", Schema: &operations.Schema{Properties: []operations.Property{{Name: "f", Schema: &operations.Schema{Format: "binary"}}}}}), Body: map[string]any{"f": "%"}}, `property "f" that is binary and must be given as base64`},
		{&operations.Request{Op: optest.Post(operations.Media{Type: "text/plain"}), Body: map[string]any{}}, "is a list or object"},
		{&operations.Request{Op: optest.Post(operations.Media{Type: "//"}), Body: "x"}, "not valid"},
		{&operations.Request{Op: optest.Post(js), Body: map[string]any{"a": []any{"\xff"}}}, "text that is not UTF-8"},
		{&operations.Request{Op: optest.Post(js), Body: deep}, "text that is not UTF-8"},
		{&operations.Request{Op: optest.Post(js), Body: cyclic}, "cannot be written as JSON"},
		{&operations.Request{Op: optest.Post(operations.Media{Type: "text/plain; charset=iso-8859-1"}), Body: "é"}, `does not write the charset "iso-8859-1"`},
		{&operations.Request{Op: optest.Post(operations.Media{Type: "multipart/form-data"}), Body: map[string]any{"ids": []any{}}}, `property "ids" that is an empty list or object`},
		{&operations.Request{Op: optest.Post(operations.Media{Type: "multipart/form-data"}), Body: map[string]any{"a\nb": 1}}, "whose name or type holds a line break"},
		{&operations.Request{Op: optest.Post(operations.Media{Type: "application/x-www-form-urlencoded", Encoding: map[string]operations.Encoding{"meta": {Style: "form", Explode: true}}}),
			Body: map[string]any{"meta": map[string]any{"name": 1}, "name": 2}}, `property "meta" that would be sent as "name"`},
	}
	for _, tt := range tests {
		if _, err := Build(t.Context(), tt.req); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %q in it", err, tt.want)
		}
	}
}

func TestMediaTypeIsPicked(t *testing.T) {
	op := optest.Post(operations.Media{Type: "application/json"}, operations.Media{Type: "image/*"})
	hr, err := Build(t.Context(), &operations.Request{Op: op, Body: []byte("x"), MediaType: "image/png"})
	if err != nil {
		t.Fatal(err)
	}
	if got := hr.Header.Get("Content-Type"); got != "image/png" {
		t.Errorf("got %s", got)
	}
}

// A JSON body has the text that was given, however odd, and text that is not
// UTF-8 is refused.
func FuzzJSONBody(f *testing.F) {
	f.Add("a\u2028<&>\"\\")
	f.Add("\xff")
	f.Fuzz(func(t *testing.T, s string) {
		hr, err := Build(t.Context(), &operations.Request{Op: optest.Post(operations.Media{Type: "application/json"}), Body: map[string]any{"s": s}})
		if utf8.ValidString(s) != (err == nil) {
			t.Fatal(err)
		}
		if err != nil {
			return
		}
		var got struct{ S string }
		if err := json.NewDecoder(hr.Body).Decode(&got); err != nil {
			t.Fatal(err)
		}
		if got.S != s {
			t.Errorf("got %q, want %q", got.S, s)
		}
	})
}

// A parameter that is the whole query is a form, or one text.
func TestBuildWholeQuery(t *testing.T) {
	form := &operations.Param{Name: "all", In: operations.InQueryString, MediaType: "application/x-www-form-urlencoded", Schema: &operations.Schema{}, Encoding: map[string]operations.Encoding{"tags": {Style: "pipeDelimited"}}}
	whole := &operations.Param{Name: "all", In: operations.InQueryString, MediaType: "application/json", Schema: &operations.Schema{}}
	key := &operations.Param{Name: "key", In: operations.InQuery, Style: "form", Schema: &operations.Schema{}}
	for name, tt := range map[string]struct {
		args []operations.Arg
		want string
	}{
		"a form":                {[]operations.Arg{{Param: form, Value: map[string]any{"a": "x y", "tags": []any{1, 2}}}}, "a=x+y&tags=1%7C2"},
		"a form and a key":      {[]operations.Arg{{Param: form, Value: map[string]any{"a": "x"}}, {Param: key, Value: "k"}}, "a=x&key=k"},
		"a form with the key":   {[]operations.Arg{{Param: form, Value: map[string]any{"key": "x"}}, {Param: key, Value: "k"}}, "another value of the request"},
		"an empty form":         {[]operations.Arg{{Param: form, Value: map[string]any{}}}, "empty list or object"},
		"a form that is a text": {[]operations.Arg{{Param: form, Value: "a=b"}}, "must be an object"},
		"JSON":                  {[]operations.Arg{{Param: whole, Value: map[string]any{"a": 1}}}, "%7B%22a%22%3A1%7D"},
		"JSON and a key":        {[]operations.Arg{{Param: whole, Value: map[string]any{"a": 1}}, {Param: key, Value: "k"}}, "the request has other parts of it"},
	} {
		op := &operations.Operation{Method: "GET", Path: "/l", Params: []*operations.Param{form, whole, key}}
		hr, err := Build(t.Context(), &operations.Request{Op: op, Args: tt.args, BaseURL: "http://h"})
		got := fmt.Sprint(err)
		if err == nil {
			got = hr.URL.RawQuery
		}
		if !strings.Contains(got, tt.want) || err == nil && got != tt.want {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}
}

// A part of a form may be given with a file name and a type of its own; of several
// documented types the part has the one that its file is named for.
func TestBuildNamedParts(t *testing.T) {
	const doc = `openapi: 3.1.0
info: {title: Yard, version: '1'}
paths: {/hulls: {post: {operationId: add, requestBody: {content: {multipart/form-data: {
  schema: {type: object, properties: {photo: {type: string, format: binary}, plan: {type: string, contentMediaType: application/pdf}, pages: {type: array, items: {type: string, format: binary}}, list: {type: string}, title: {type: string}}},
  encoding: {photo: {contentType: 'image/png, image/jpeg'}, list: {contentType: text/csv}}}}}, responses: {}}}}
`
	index, problems := openapi.Compile("yard", []byte(doc), nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	op := optest.Lookup(t, optest.Set(t, index), "add")
	file := func(name, kind, value string) map[string]any {
		return map[string]any{"filename": name, "contentType": kind, "value": value}
	}
	hr, err := Build(t.Context(), &operations.Request{Op: op, BaseURL: "http://h", Body: map[string]any{
		"photo": map[string]any{"filename": "bow.JPG", "value": "AAE="}, "plan": "AAE=", "pages": []any{file("1.txt", "text/plain", "YQ=="), "Yg=="},
		"list": file("l.csv", "", "a,b"), "title": "T",
	}})
	if err != nil {
		t.Fatal(err)
	}
	mr, err := hr.MultipartReader()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		p, err := mr.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s | %s | %s | %q", p.FormName(), p.FileName(), p.Header.Get("Content-Type"), readAll(t, p)))
	}
	want := []string{
		`photo | bow.JPG | image/jpeg | "\x00\x01"`, `plan | plan | application/pdf | "\x00\x01"`,
		`pages | 1.txt | text/plain | "a"`, `pages | pages | application/octet-stream | "b"`,
		`list | l.csv | text/csv | "a,b"`, `title |  |  | "T"`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for body, want := range map[string]int{`{"filename": "x", "value": "eA=="}`: 0, `{"filename": "x"}`: 1, `{"value": "eA==", "size": 1}`: 1, `"eA=="`: 0, `1`: 1} {
		v, err := jsonvalue.Decode([]byte(body))
		if got := check.Value(op.Body.Media[0].Schema, map[string]any{"photo": v}); len(got) != want || err != nil {
			t.Errorf("%s: got %v, %v", body, got, err)
		}
	}
}
