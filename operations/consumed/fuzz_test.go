package consumed_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/operations/request"
	"github.com/capstan-run/capstan/spec"
)

// Whatever the file and the value say, a request goes to the base's host, below
// its path, and has as many segments as the template.
func FuzzPathsAndValues(f *testing.F) {
	f.Add("/a/{{x}}/b", "../..", "$.a[0].b")
	f.Add("a/${x}?q={y}&z", "a?b#c", "$['a b'][*]")
	f.Add("//evil.example/{x}", "\r\n", "$..x")
	f.Add("/{{x", "%2e", "$.a[999999999999]")
	f.Add("{/}", "0", "$.a")
	f.Add("https://evil.example/{?x}", "@", "$[")
	f.Fuzz(func(t *testing.T, path, value, output string) {
		o := op("o", "GET", path)
		o.Outputs = []*spec.Shape{shape("a", "string", output), list("b", output, object("", output, shape("c", "array", output)))}
		s, problems := consumed.Set(api(o))
		made, ok := s.Lookup("o")
		if !ok {
			if len(problems) == 0 {
				t.Fatal("the operation is left out without a word")
			}
			return
		}
		var values []operations.Arg
		for _, p := range made.Params {
			values = append(values, operations.Arg{Param: p, Value: value})
		}
		hr, err := request.Build(t.Context(), &operations.Request{Op: made, Args: values})
		if err != nil {
			return
		}
		u, err := url.Parse(hr.URL.String())
		if err != nil || u.Host != "api.example.com" || u.Scheme != "https" || u.User != nil || u.Fragment != "" || !strings.HasPrefix(u.EscapedPath(), "/v1") {
			t.Fatalf("%q with %q goes to %s, %v", path, value, hr.URL, err)
		}
		template := made.Path
		for _, p := range made.Params {
			template = strings.ReplaceAll(template, "{"+p.Name+"}", "x")
		}
		template, _, _ = strings.Cut(template, "?")
		if got, want := strings.Count(u.EscapedPath(), "/"), 1+strings.Count(template, "/"); got != want {
			t.Errorf("%q with %q goes to %s: %d segments, want %d", path, value, hr.URL, got, want)
		}
	})
}
