package consumed_test

import (
	"context"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/client"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/operations/request"
	"github.com/capstan-run/capstan/spec"
	"github.com/google/go-cmp/cmp"
)

// send calls an operation through the client and returns what came.
func send(t *testing.T, o *spec.ConsumedOperation, values map[string]any, body any, media string) message {
	t.Helper()
	u := serve(t, nil)
	made := lookup(t, set(t, api(o)), o.Name.Value)
	resp, err := client.New(client.Options{})(t.Context(), &operations.Request{
		Op: made, BaseURL: u.URL + "/base", Args: args(made, values), Body: body, MediaType: media,
	})
	if err != nil || resp.Status != 200 || resp.DecodeErr != nil {
		t.Fatalf("got %+v, %v", resp, err)
	}
	return u.last(t)
}

func TestEveryPlaceOfAParameter(t *testing.T) {
	o := op("o", "GET", "docks/{{dock}}?kind={{kind}}&v=2",
		param("path", "dock"), param("path", "elsewhere"), param("query", "kind"), param("query", "q"), param("query", "tags", "array"),
		param("header", "X-Reader"), param("cookie", "session"), param("environment", "SECRET"), param("", "page", "integer"),
		param("query", "unset"))
	got := send(t, o, map[string]any{
		"dock": "A 1/é", "elsewhere": "x", "kind": "dry&wet", "q": "a b", "tags": []any{"x,y", 2}, "X-Reader": "r 9",
		"session": "s;1", "SECRET": "s", "page": 3,
	}, nil, "")
	if want := "GET /base/docks/A%201%2F%C3%A9?kind=dry%26wet&v=2&q=a%20b&tags=x%2Cy&tags=2&page=3"; got.line != want {
		t.Errorf("got  %s\nwant %s", got.line, want)
	}
	if got.header.Get("X-Reader") != "r 9" || got.header.Get("Cookie") != "session=s%3B1" || got.body != "" {
		t.Errorf("got %v", got)
	}
}

func TestOnlyWhatIsWrittenRequiredIs(t *testing.T) {
	o := lookup(t, set(t, api(op("o", "POST", "/a/{{x}}", param("query", "q"), param("query", "r", "required"), param("body", "body", "object")))), "o")
	_, err := request.Build(t.Context(), &operations.Request{Op: o})
	for name, want := range map[string]bool{"x": true, "q": false, "r": true, "body": false} {
		if got := err != nil && strings.Contains(err.Error(), name+`" is missing`); got != want {
			t.Errorf("%s: missed %v in %v", name, got, err)
		}
	}
}

func TestBodiesMadeOfParameters(t *testing.T) {
	tests := []struct {
		name   string
		params []*spec.Param
		body   any
		want   string
		media  string
	}{
		{"whole, by its name", []*spec.Param{param("body", "body")}, []any{1, "x"}, `[1,"x"]`, "application/json"},
		{"whole, by its type", []*spec.Param{param("body", "ship", "object")}, map[string]any{"a": "\"{{b}}\""}, `{"a":"\"{{b}}\""}`, "application/json"},
		{"properties", []*spec.Param{param("body", "a", "integer"), param("body", "b")}, map[string]any{"b": nil, "a": 1}, `{"a":1,"b":null}`, "application/json"},
		{"form", []*spec.Param{param("form", "note"), param("formData", "n")}, map[string]any{"n": 1.5, "note": "Bo & Co = 100%"}, "note=Bo+%26+Co+%3D+100%25&n=1.5", "application/x-www-form-urlencoded"},
		{"vendor's JSON", []*spec.Param{param("body", "body"), param("header", "Content-Type")}, map[string]any{}, `{}`, "application/vnd.api+json"},
		{"none is fine", []*spec.Param{param("body", "body", "object")}, nil, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := send(t, op("o", "POST", "/a", tt.params...), map[string]any{"Content-Type": tt.media}, tt.body, "")
			if got.body != tt.want || got.header.Get("Content-Type") != tt.media {
				t.Errorf("got %s as %q", got.body, got.header.Get("Content-Type"))
			}
		})
	}
}

func TestMultipartParameters(t *testing.T) {
	got := send(t, op("o", "POST", "/a", param("multipart", "title"), param("form", "n")), nil, map[string]any{"title": "Q \"1\"\r\n", "n": 2}, "")
	_, params, err := mime.ParseMediaType(got.header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	r := multipart.NewReader(strings.NewReader(got.body), params["boundary"])
	parts := map[string]string{}
	for part, err := r.NextPart(); err == nil; part, err = r.NextPart() {
		text, _ := io.ReadAll(part)
		parts[part.FormName()] = string(text)
	}
	if diff := cmp.Diff(map[string]string{"title": "Q \"1\"\r\n", "n": "2"}, parts); diff != "" {
		t.Error(diff)
	}
}

// Whoever renders a template hands its bytes over.
func TestBodiesThatAreWrittenOut(t *testing.T) {
	for kind, want := range map[string]string{
		"json": "application/json", "raw": "application/json", "text": "text/plain; charset=utf-8", "xml": "application/xml",
		"sparql": "application/sparql-query", "formUrlEncoded": "application/x-www-form-urlencoded",
	} {
		o := op("o", "POST", "/a", param("body", "only-feeds-the-template"))
		o.Body = &spec.Body{Type: str(kind)}
		got := send(t, o, nil, []byte("<a>\x00"), "")
		if got.body != "<a>\x00" || got.header.Get("Content-Type") != want {
			t.Errorf("%s: got %q as %q", kind, got.body, got.header.Get("Content-Type"))
		}
	}
	o := op("o", "POST", "/a")
	o.Body = &spec.Body{Type: str("multipartForm")}
	if got := send(t, o, nil, []byte("--x--"), "multipart/form-data; boundary=x"); got.body != "--x--" || got.header.Get("Content-Type") != "multipart/form-data; boundary=x" {
		t.Errorf("got %q as %q", got.body, got.header.Get("Content-Type"))
	}
	o = op("o", "POST", "/a", param("header", "content-type"))
	o.Body = &spec.Body{Type: str("raw")}
	if got := send(t, o, map[string]any{"content-type": "text/turtle"}, []byte("<a> <b> <c>."), ""); got.header.Get("Content-Type") != "text/turtle" {
		t.Errorf("sent as %q", got.header.Get("Content-Type"))
	}
}

func TestWholeBody(t *testing.T) {
	written := op("o", "POST", "/a", param("body", "body"))
	written.Body = &spec.Body{Type: str("json")}
	for _, tt := range []struct {
		o    *spec.ConsumedOperation
		want string
	}{
		{op("o", "POST", "/a", param("query", "q"), param("body", "body")), "body"},
		{op("o", "POST", "/a", param("body", "list", "array")), "list"},
		{op("o", "POST", "/a", param("body", "name", "string")), ""},
		{op("o", "POST", "/a", param("body", "body"), param("body", "b")), ""},
		{op("o", "POST", "/a", param("form", "body")), ""},
		{op("o", "GET", "/a"), ""},
		{written, ""},
	} {
		got := ""
		if p := consumed.Whole(tt.o); p != nil {
			got = p.Name.Value
		}
		if got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// A value is data wherever it goes: it can change neither the host, nor the
// path, nor add a parameter, header or cookie.
func TestHostileValuesStayWhereTheyAre(t *testing.T) {
	hostile := []string{
		"../../x", "..", ".", "a/b?c#d", "%2e%2e", "%2e%2e%2f", "\r\nX: y", "x@evil.example", "//evil.example/", `..\..\x`, "a;b=c", "a&b=c",
		"{{other}}", "{other}", "${other}", ":80", "http://evil.example", "\x00", "é\u202e", "", " ", "a,b", "%zz", "+",
	}
	o := op("o", "GET", "/a/{{p}}/z?k={{k}}&fixed=1", param("query", "k"), param("query", "q"), param("header", "H"), param("cookie", "c"), param("path", "other"))
	made := lookup(t, set(t, api(o)), "o")
	u := serve(t, nil)
	client := client.New(client.Options{})
	for _, v := range hostile {
		for _, name := range []string{"p", "k", "q", "H", "c"} {
			t.Run(fmt.Sprintf("%s=%q", name, v), func(t *testing.T) {
				values := map[string]any{"p": "p", "k": "k", "q": "q", "H": "h", "c": "c"}
				values[name] = v
				before := len(u.got)
				_, err := client(t.Context(), &operations.Request{Op: made, BaseURL: u.URL, Args: args(made, values)})
				if err != nil {
					if !operations.IsNotSent(err) || len(u.got) != before {
						t.Errorf("refused too late: %v", err)
					}
					return
				}
				checkStructure(t, u.last(t), u.Listener.Addr().String(), values)
			})
		}
	}
}

func checkStructure(t *testing.T, got message, host string, values map[string]any) {
	t.Helper()
	target, err := url.ParseRequestURI(strings.TrimPrefix(got.line, "GET "))
	if err != nil {
		t.Fatal(err)
	}
	segments := strings.Split(target.EscapedPath(), "/")
	if len(segments) != 4 || segments[1] != "a" || segments[3] != "z" || got.host != host {
		t.Fatalf("the path is %s on %s", target.EscapedPath(), got.host)
	}
	if p, err := url.PathUnescape(segments[2]); err != nil || p != values["p"] {
		t.Errorf("the segment is %q, %v", p, err)
	}
	query := url.Values{"k": {values["k"].(string)}, "fixed": {"1"}, "q": {values["q"].(string)}}
	if diff := cmp.Diff(query, target.Query()); diff != "" {
		t.Error(diff)
	}
	if h := got.header.Get("H"); h != strings.TrimSpace(values["H"].(string)) {
		t.Errorf("the header is %q", h)
	}
	got.header.Del("H")
	cookie := strings.TrimPrefix(got.header.Get("Cookie"), "c=")
	if c, err := url.PathUnescape(cookie); err != nil || c != values["c"] || strings.ContainsAny(cookie, ";, \"\\") {
		t.Errorf("the cookie is %q", cookie)
	}
	for name := range got.header {
		switch name {
		case "Accept", "Accept-Encoding", "User-Agent", "Cookie":
		default:
			t.Errorf("a header %s came", name)
		}
	}
}

func TestAcceptNamesTheFormat(t *testing.T) {
	for format, want := range map[string]string{
		"": "application/json", "json": "application/json", "csv": "text/csv, */*", "xml": "application/xml, text/xml, */*", "other": "*/*",
	} {
		o := op("o", "GET", "/a", param("header", "Accept"))
		o.OutputFormat = str(format)
		if got := send(t, o, nil, nil, "").header.Get("Accept"); got != want {
			t.Errorf("%s: got %s", format, got)
		}
		if got := send(t, o, map[string]any{"Accept": "a/b"}, nil, "").header.Get("Accept"); got != "a/b" {
			t.Errorf("%s: the parameter became %s", format, got)
		}
	}
}

func TestAuthentication(t *testing.T) {
	credential := client.Credential{Token: "t0ken", User: "ada", Password: "l0velace"}
	for _, tt := range []struct {
		auth spec.Authentication
		want func(message) string
		text string
	}{
		{spec.Authentication{Type: str("bearer")}, func(m message) string { return m.header.Get("Authorization") }, "Bearer t0ken"},
		{spec.Authentication{Type: str("basic")}, func(m message) string { return m.header.Get("Authorization") }, "Basic YWRhOmwwdmVsYWNl"},
		{spec.Authentication{Type: str("apikey"), Key: str("Authorization")}, func(m message) string { return m.header.Get("Authorization") }, "t0ken"},
		{spec.Authentication{Type: str("apikey"), Key: str("api key"), Placement: str("query")}, func(m message) string { return m.line }, "GET /a?api%20key=t0ken"},
		{spec.Authentication{Type: str("digest")}, func(m message) string { return m.header.Get("Authorization")[:22] }, `Digest username="ada",`},
	} {
		u := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if tt.auth.Type.Value == "digest" && r.Header.Get("Authorization") == "" {
				w.Header().Set("WWW-Authenticate", `Digest realm="r", nonce="n", qop="auth"`)
				w.WriteHeader(http.StatusUnauthorized)
			}
		})
		c := api(op("o", "GET", "/a"))
		c.Auth = &tt.auth
		call := client.New(client.Options{Credentials: func(context.Context, string, operations.SchemeUse) (client.Credential, bool, error) {
			return credential, true, nil
		}})
		resp, err := call(t.Context(), &operations.Request{Op: lookup(t, set(t, c), "o"), BaseURL: u.URL})
		if err != nil || resp.Status != 200 {
			t.Fatalf("%s: got %+v, %v", tt.auth.Type.Value, resp, err)
		}
		if got := tt.want(u.last(t)); got != tt.text {
			t.Errorf("%s: got %s", tt.auth.Type.Value, got)
		}
	}
}
