package access

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// knock sends r through Require and answers with the caller's name.
func knock(s Scheme, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	Require(s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(Caller(r.Context())))
	})).ServeHTTP(w, r)
	return w
}

// scheme is what a constructor made, without its error.
func scheme(t *testing.T) func(Scheme, error) Scheme {
	return func(s Scheme, err error) Scheme {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func TestSchemes(t *testing.T) {
	must := scheme(t)
	bearer := must(Bearer("tok-1", "tok-2"))
	header := must(APIKey("header", "X-Door", "sesame"))
	query := must(APIKey("query", "code", "open up"))
	basic := must(Basic("ana", "x:y", `the "door"`))
	login := func(s string) []string {
		return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(s))}
	}
	tests := []struct {
		name   string
		scheme Scheme
		target string
		header []string
		want   int
	}{
		{"the first token", bearer, "/", []string{"Authorization", "Bearer tok-1"}, 200},
		{"the last token", bearer, "/", []string{"Authorization", "bearer  tok-2"}, 200},
		{"no token", bearer, "/", nil, 401},
		{"an empty token", bearer, "/", []string{"Authorization", "Bearer "}, 401},
		{"a part of a token", bearer, "/", []string{"Authorization", "Bearer tok-"}, 401},
		{"a token in another case", bearer, "/", []string{"Authorization", "Bearer TOK-1"}, 401},
		{"a token of another scheme", bearer, "/", []string{"Authorization", "Basic tok-1"}, 401},
		{"a token without its scheme", bearer, "/", []string{"Authorization", "tok-1"}, 401},
		{"two tokens, one good", bearer, "/", []string{"Authorization", "Bearer tok-1", "Authorization", "Bearer x"}, 401},
		{"a token in the query", bearer, "/?access_token=tok-1", nil, 401},
		{"a key in the header", header, "/", []string{"x-door", "sesame"}, 200},
		{"a key in another case", header, "/", []string{"X-Door", "Sesame"}, 401},
		{"a header's key in the query", header, "/?X-Door=sesame", nil, 401},
		{"two header keys, one good", header, "/", []string{"X-Door", "sesame", "X-Door", "x"}, 401},
		{"a key in the query", query, "/b?code=open+up", nil, 200},
		{"a key in the query, escaped", query, "/b?a=1&c%6fde=open%20up", nil, 200},
		{"no key in the query", query, "/b", nil, 401},
		{"two query keys, one good", query, "/b?code=open+up&code=x", nil, 401},
		{"a query key in a header", query, "/b", []string{"code", "open up"}, 401},
		{"a login", basic, "/", login("ana:x:y"), 200},
		{"a login with half a password", basic, "/", login("ana:x"), 401},
		{"a login of another user", basic, "/", login("bob:x:y"), 401},
		{"a login that is no base64", basic, "/", []string{"Authorization", "Basic !!!"}, 401},
		{"a login that moves the colon", must(Basic("an", "a:x", "")), "/", login("an:a:x"), 200},
		{"no scheme at all", nil, "/", login("ana:x:y"), 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", tt.target, nil)
			for i := 0; i < len(tt.header); i += 2 {
				r.Header.Add(tt.header[i], tt.header[i+1])
			}
			w := knock(tt.scheme, r)
			if w.Code != tt.want {
				t.Fatalf("status %d, want %d: %s", w.Code, tt.want, w.Body)
			}
			if tt.want != 200 {
				checkRefusal(t, w)
			}
		})
	}
}

// checkRefusal checks that a refusal is a problem document with a challenge,
// and repeats no part of any credential used in this file.
func checkRefusal(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code == 401 && w.Header().Get("WWW-Authenticate") == "" {
		t.Error("a 401 must carry a challenge")
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" || !json.Valid(w.Body.Bytes()) {
		t.Errorf("the refusal is no problem document: %s %s", got, w.Body)
	}
	answer := strings.ToLower(w.Body.String() + strings.Join(w.Header().Values("WWW-Authenticate"), " "))
	for _, secret := range []string{"tok-", "sesame", "open up", "x:y", "!!!"} {
		if strings.Contains(answer, secret) {
			t.Errorf("the refusal repeats %q: %s", secret, answer)
		}
	}
}

func TestChallenges(t *testing.T) {
	must := scheme(t)
	tests := []struct {
		scheme Scheme
		header string
		want   string
	}{
		{must(Bearer("t")), "", `Bearer realm="capstan"`},
		{must(Bearer("t")), "Bearer x", `Bearer realm="capstan", error="invalid_token", error_description="the bearer token is not known here"`},
		{must(Basic("u", "p", `the "door"`)), "", `Basic realm="the \"door\"", charset="UTF-8"`},
		{must(Basic("u", "p", "a\r\nb")), "", `Basic realm="ab", charset="UTF-8"`},
		{must(APIKey("query", "code", "v")), "", `ApiKey realm="capstan", in="query", name="code"`},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/", nil)
		if tt.header != "" {
			r.Header.Set("Authorization", tt.header)
		}
		if got := knock(tt.scheme, r).Header().Get("WWW-Authenticate"); got != tt.want {
			t.Errorf("challenge\n got %s\nwant %s", got, tt.want)
		}
	}
}

func TestEmptyCredentialsAreNoCredentials(t *testing.T) {
	for name, make := range map[string]func() (Scheme, error){
		"no token":       func() (Scheme, error) { return Bearer() },
		"empty token":    func() (Scheme, error) { return Bearer("a", "") },
		"empty key":      func() (Scheme, error) { return APIKey("header", "X", "") },
		"no key name":    func() (Scheme, error) { return APIKey("header", "", "v") },
		"odd place":      func() (Scheme, error) { return APIKey("cookie", "X", "v") },
		"empty user":     func() (Scheme, error) { return Basic("", "p", "") },
		"empty password": func() (Scheme, error) { return Basic("u", "", "") },
		"colon in user":  func() (Scheme, error) { return Basic("u:v", "p", "") },
		"digest":         func() (Scheme, error) { return Digest("u", "", "") },
	} {
		if s, err := make(); err == nil || s != nil {
			t.Errorf("%s: got %v, %v; want an error", name, s, err)
		}
	}
}

// The credential is gone for handlers, and in the query for everyone, so that
// nothing logs it or passes it on.
func TestCredentialsDoNotTravelOn(t *testing.T) {
	must := scheme(t)
	tests := []struct {
		name   string
		scheme Scheme
		target string
		header string
		value  string
		uri    string
	}{
		{"bearer", must(Bearer("s3cret")), "/a?b=1", "Authorization", "Bearer s3cret", "/a?b=1"},
		{"basic", must(Basic("u", "s3cret", "")), "/a", "Authorization", "Basic dTpzM2NyZXQ=", "/a"},
		{"header", must(APIKey("header", "X-Key", "s3cret")), "/a", "X-Key", "s3cret", "/a"},
		{"query", must(APIKey("query", "k", "s3cret")), "/a?x=%20&k=s3cret&y", "", "", "/a?x=%20&y"},
		{"only query", must(APIKey("query", "k", "s3cret")), "/a?k=s3cret", "", "", "/a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", tt.target, nil)
			if tt.header != "" {
				r.Header.Set(tt.header, tt.value)
			}
			_ = r.FormValue("k") // somebody has parsed it already
			called := false
			Require(tt.scheme, http.HandlerFunc(func(w http.ResponseWriter, in *http.Request) {
				called = true
				if tt.header != "" && in.Header.Get(tt.header) != "" {
					t.Errorf("the handler sees %s", tt.header)
				}
				if in.RequestURI != tt.uri || in.URL.RequestURI() != tt.uri || in.FormValue("k") != "" {
					t.Errorf("the handler sees %s, %s, k=%q; want %s", in.RequestURI, in.URL, in.FormValue("k"), tt.uri)
				}
			})).ServeHTTP(httptest.NewRecorder(), r)
			if !called {
				t.Fatal("the credential was refused")
			}
			if r.RequestURI != tt.uri || r.URL.RequestURI() != tt.uri {
				t.Errorf("a logger outside sees %s, %s; want %s", r.RequestURI, r.URL, tt.uri)
			}
		})
	}
}

func TestCallers(t *testing.T) {
	must := scheme(t)
	caller := func(s Scheme, header, value string) string {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set(header, value)
		w := knock(s, r)
		if w.Code != 200 {
			t.Fatalf("%s refused", value)
		}
		return w.Body.String()
	}
	two, one := must(Bearer("a-token", "b-token")), must(Bearer("b-token"))
	a, b := caller(two, "Authorization", "Bearer a-token"), caller(two, "Authorization", "Bearer b-token")
	if a == b || a == "" || strings.Contains(a, "token") {
		t.Errorf("callers %q and %q; want two names that tell nothing", a, b)
	}
	if again := caller(one, "Authorization", "Bearer b-token"); again != b {
		t.Errorf("a caller's name changed from %q to %q when another key went", b, again)
	}
	if got := caller(must(Basic("ana", "p", "")), "Authorization", "Basic YW5hOnA="); got != "user:ana" {
		t.Errorf("the caller is %q, want the user", got)
	}
	if got := Caller(t.Context()); got != "" {
		t.Errorf("nobody was asked, yet the caller is %q", got)
	}
}
