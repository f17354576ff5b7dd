package consumed_test

import (
	"strings"
	"testing"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/spec"
	"github.com/google/go-cmp/cmp"
)

func TestPaths(t *testing.T) {
	tests := []struct {
		path, want string
		vars       []string
	}{
		{"/ships/{{imo}}", "/ships/{imo}", []string{"imo"}},
		{"ships/{imo}/${ crew }", "/ships/{imo}/{crew}", []string{"imo", "crew"}},
		{"/a/{{ env.TENANT }}/b", "/a/{env.TENANT}/b", []string{"env.TENANT"}},
		{"/{{x}}-{{y}}/{{x}}", "/{x}-{y}/{x}", []string{"x", "y"}},
		{"/search?q={{text}}&fixed=1", "/search?q={text}&fixed=1", []string{"text"}},
		{"/cost$/é", "/cost$/é", nil},
		{"", "", nil},
		{"?action=list", "?action=list", nil},
		{" /a ", "/a", nil},
	}
	for _, tt := range tests {
		o := lookup(t, set(t, api(op("o", "GET", tt.path))), "o")
		var vars []string
		for _, p := range o.Params {
			if p.In != operations.InPath || !p.Required || p.Style != "simple" {
				t.Errorf("%s: %q is in %s, required %v, style %q", tt.path, p.Name, p.In, p.Required, p.Style)
			}
			vars = append(vars, p.Name)
		}
		if diff := cmp.Diff(tt.want, o.Path) + cmp.Diff(tt.vars, vars); diff != "" {
			t.Errorf("%s: %s", tt.path, diff)
		}
	}
}

func TestProblemsPointAtTheFile(t *testing.T) {
	auth := func(a spec.Authentication) *spec.API {
		c := api(op("ok", "GET", "/ok"))
		c.Auth = &a
		return c
	}
	keyed := func(placement string, bad *spec.ConsumedOperation) *spec.API {
		c := api(bad, op("ok", "POST", "/{k}"))
		c.Auth = &spec.Authentication{Type: str("apikey"), Key: str("k"), Placement: str(placement)}
		return c
	}
	base := func(s string) *spec.API {
		c := api(op("ok", "GET", "/ok"))
		c.BaseURI = str(s)
		return c
	}
	tests := []struct {
		name   string
		c      *spec.API
		want   string
		column int
	}{
		{"open brace", api(op("bad", "GET", "/a/{{x")), "the path /a/{{x has a brace that belongs to no variable", 4},
		{"stray brace", api(op("bad", "GET", "/a}")), "brace that belongs to no variable", 3},
		{"nameless variable", api(op("bad", "GET", "/{{ }}")), "brace that belongs to no variable", 2},
		{"header name", api(op("bad", "GET", "/a", param("header", "X Y\r\nZ"))), "is not the name of a header", 1},
		{"base", base("ftp://files.example.com"), "is not a base URL", 1},
		{"base with a query", base("https://h.example?key=1"), "is not a base URL", 1},
		{"key header", auth(spec.Authentication{Type: str("apikey"), Key: str("")}), "no header that could carry it", 1},
		{"key place", auth(spec.Authentication{Type: str("apikey"), Key: str("k"), Placement: str("trailer")}), `cannot travel in "trailer"`, 1},
		{"key without a path", keyed("path", op("bad", "GET", "/a")), `"k" of harbour travels in the path, and /a has no place for it`, 1},
		{"key in no body", keyed("body", op("bad", "HEAD", "/a")), `"k" of harbour travels in the body, and a HEAD request has none`, 1},
		{"no region", auth(spec.Authentication{Type: str("awssigv4"), Service: str("s")}), "the AWS signature of harbour needs a region, and the host api.example.com has none", 1},
		{"unknown", auth(spec.Authentication{Type: str("hoba")}), `authentication "hoba" of harbour`, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, problems := consumed.Set(tt.c)
			if len(problems) != 1 || problems[0].Code != "bad-value" || problems[0].Severity != diag.Error ||
				!strings.Contains(problems[0].Message, tt.want) || problems[0].Pos.Column != tt.column {
				t.Errorf("got %v", problems)
			}
			if _, ok := s.Lookup("bad"); ok {
				t.Error("the operation is there nevertheless")
			}
		})
	}
}

func TestAFragmentIsLeftOff(t *testing.T) {
	s, problems := consumed.Set(api(op("o", "POST", "/{{x}}?a=1#Create{{y}}")))
	o := lookup(t, s, "o")
	if o.Path != "/{x}?a=1" || len(o.Params) != 1 {
		t.Errorf("the path is %s with %d parameters", o.Path, len(o.Params))
	}
	if len(problems) != 1 || problems[0].Severity != diag.Warning || problems[0].Pos.Column != 11 {
		t.Errorf("got %v", problems)
	}
}

// What the spec stage reports is not reported again.
func TestRefusedOperationsAreLeftOut(t *testing.T) {
	s := set(t, api(op("", "GET", "/a"), op("b", "GET", "/b"), op("b", "GET", "/c")))
	if diff := cmp.Diff([]string{"b"}, s.IDs()); diff != "" || lookup(t, s, "b").Path != "/b" {
		t.Error(diff)
	}
}

func TestVariablesInTheBaseLeaveNoServer(t *testing.T) {
	for base, want := range map[string]int{"https://{{region}}.example.com": 0, "https://${host}": 0, "https://{r}.example.com": 0, "http://127.0.0.1:1/x": 1, "": 0} {
		c := api(op("o", "GET", "/a"))
		c.BaseURI = str(base)
		if got := lookup(t, set(t, c), "o").Servers; len(got) != want {
			t.Errorf("%s: %v", base, got)
		}
	}
}

func TestTheSetIsLikeThatOfADocument(t *testing.T) {
	get, list := op("get-ship", "get", "/ships/{{imo}}"), op("list-ships", "", "/ships")
	get.Description = str("Get a ship\nby its number")
	s := set(t, api(get, list))
	if s.API() != "harbour" || s.String() != "harbour (2 operations)" {
		t.Errorf("%s, %s", s.API(), s)
	}
	want := []operations.Summary{
		{ID: "get-ship", Method: "GET", Path: "/ships/{imo}", Summary: "Get a ship"},
		{ID: "list-ships", Method: "GET", Path: "/ships"},
	}
	if diff := cmp.Diff(want, s.Summaries()); diff != "" {
		t.Error(diff)
	}
	if near := s.Suggest(operations.Want{ID: "fetch-ship"}, 1); len(near) != 1 || near[0].ID != "get-ship" {
		t.Errorf("suggested %v", near)
	}
}

func TestSecurity(t *testing.T) {
	tests := []struct {
		auth spec.Authentication
		want operations.SchemeUse
	}{
		{spec.Authentication{Type: str("bearer"), Token: str("t")}, operations.SchemeUse{Name: "bearer", Scheme: operations.SecurityScheme{Type: "http", Scheme: "bearer"}}},
		{spec.Authentication{Type: str("basic")}, operations.SchemeUse{Name: "basic", Scheme: operations.SecurityScheme{Type: "http", Scheme: "basic"}}},
		{spec.Authentication{Type: str("digest")}, operations.SchemeUse{Name: "digest", Scheme: operations.SecurityScheme{Type: "http", Scheme: "digest"}}},
		{spec.Authentication{Type: str("apikey"), Key: str("X-Key")}, operations.SchemeUse{Name: "apikey", Scheme: operations.SecurityScheme{Type: "apiKey", In: "header", Param: "X-Key"}}},
		{spec.Authentication{Type: str("apikey"), Key: str("k"), Placement: str("query")}, operations.SchemeUse{Name: "apikey", Scheme: operations.SecurityScheme{Type: "apiKey", In: "query", Param: "k"}}},
		{
			spec.Authentication{Type: str("oauth2"), TokenEndpoint: str("https://as.example/t"), AuthorizationServer: str("https://as.example"), Audience: str("a"), Resource: str("r"), Scopes: []spec.Str{str("x"), str("y")}},
			operations.SchemeUse{Name: "oauth2", Scopes: []string{"x", "y"}, Scheme: operations.SecurityScheme{Type: "oauth2", TokenURL: "https://as.example/t", AuthorizationServer: "https://as.example", Audience: "a", Resource: "r"}},
		},
	}
	for _, tt := range tests {
		c := api(op("o", "GET", "/a"))
		c.Auth = &tt.auth
		if diff := cmp.Diff([]operations.Requirement{{tt.want}}, lookup(t, set(t, c), "o").Security); diff != "" {
			t.Errorf("%s: %s", tt.auth.Type.Value, diff)
		}
	}
}
