package operations

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func bearerUse() SchemeUse {
	return SchemeUse{Name: "token", Scheme: SecurityScheme{Type: "http", Scheme: "bearer"}}
}

// fixed answers every scheme with one credential.
func fixed(c Credential) Credentials {
	return func(context.Context, string, SchemeUse) (Credential, bool, error) { return c, true, nil }
}

// only knows the schemes it is given.
func only(m map[string]Credential) Credentials {
	return func(_ context.Context, _ string, use SchemeUse) (Credential, bool, error) {
		c, ok := m[use.Name]
		return c, ok, nil
	}
}

// signed returns the HTTP message of an authenticated request.
func signed(t *testing.T, find Credentials, req *Request) (*http.Request, error) {
	t.Helper()
	var hr *http.Request
	var buildErr error
	_, err := Auth(find, AuthOptions{Redactor: NewRedactor()})(func(ctx context.Context, r *Request) (*Response, error) {
		hr, buildErr = Build(ctx, r)
		return &Response{}, buildErr
	})(t.Context(), req)
	return hr, err
}

func key(in In, name string) SchemeUse {
	return SchemeUse{Name: "key", Scheme: SecurityScheme{Type: "apiKey", In: in, Param: name}}
}

func TestSchemes(t *testing.T) {
	basic := SchemeUse{Name: "login", Scheme: SecurityScheme{Type: "http", Scheme: "Basic"}}
	tests := []struct {
		name string
		use  SchemeUse
		cred Credential
		want func(*http.Request) string
		text string
	}{
		{"bearer", bearerUse(), Credential{Token: "sk_1"}, header("Authorization"), "Bearer sk_1"},
		{"basic", basic, Credential{User: "u", Password: "p:w"}, header("Authorization"), "Basic dTpwOnc="},
		{"key in a header", key(InHeader, "X-API-Key"), Credential{Token: "k"}, header("X-Api-Key"), "k"},
		{"key in the query", key(InQuery, "api_key"), Credential{Token: "a&b"}, func(r *http.Request) string { return r.URL.RawQuery }, "api_key=a%26b"},
		{"key in a cookie", key(InCookie, "sid"), Credential{Token: "a=="}, header("Cookie"), "theme=dark; sid=a=="},
		{"oauth2 with a token", SchemeUse{Name: "o", Scheme: SecurityScheme{Type: "oauth2"}}, Credential{Token: "t"}, header("Authorization"), "Bearer t"},
		{"openIdConnect", SchemeUse{Name: "o", Scheme: SecurityScheme{Type: "openIdConnect"}}, Credential{Token: "t"}, header("Authorization"), "Bearer t"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			op := getOp("/a")
			op.Security = []Requirement{{tt.use}}
			given := http.Header{"Cookie": {"theme=dark"}}
			req := &Request{Op: op, Header: given}
			hr, err := signed(t, fixed(tt.cred), req)
			if err != nil {
				t.Fatal(err)
			}
			if got := tt.want(hr); got != tt.text {
				t.Errorf("got %q, want %q", got, tt.text)
			}
			if len(given) != 1 || len(given["Cookie"]) != 1 || given.Get("Cookie") != "theme=dark" || len(req.Args) != 0 {
				t.Errorf("the caller's request was changed: %v", req)
			}
		})
	}
}

func header(name string) func(*http.Request) string {
	return func(r *http.Request) string { return r.Header.Get(name) }
}

func TestAlternatives(t *testing.T) {
	a, b := bearerUse(), key(InHeader, "X-Key")
	second := key(InQuery, "k2")
	second.Name = "second"
	tests := []struct {
		name     string
		security []Requirement
		have     map[string]Credential
		want     string // Authorization, X-Key, query
		err      string
	}{
		{"first that is complete", []Requirement{{a}, {b}}, map[string]Credential{"key": {Token: "K"}}, "|K|", ""},
		{"both given, first wins", []Requirement{{a}, {b}}, map[string]Credential{"key": {Token: "K"}, "token": {Token: "T"}}, "Bearer T||", ""},
		{"all of one alternative", []Requirement{{b, second}}, map[string]Credential{"key": {Token: "K"}, "second": {Token: "S"}}, "|K|k2=S", ""},
		{"half an alternative", []Requirement{{b, second}}, map[string]Credential{"key": {Token: "K"}}, "", `no credential for "second"; "shop" needs it`},
		{"anonymous allowed", []Requirement{{}, {a}}, nil, "||", ""},
		{"a credential beats anonymous", []Requirement{{}, {a}}, map[string]Credential{"token": {Token: "T"}}, "Bearer T||", ""},
		{"none documented", nil, map[string]Credential{"token": {Token: "T"}}, "||", ""},
		{"missing", []Requirement{{a}, {b}}, nil, "", `no credential for "key" or "token"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			op := getOp("/a")
			op.Security = tt.security
			hr, err := signed(t, only(tt.have), &Request{Op: op})
			if tt.err != "" {
				wantCallError(t, err, NotSent, ReasonCredential, tt.err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := hr.Header.Get("Authorization") + "|" + hr.Header.Get("X-Key") + "|" + hr.URL.RawQuery; got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestCredentialsStayConfidential(t *testing.T) {
	op := getOp("/a")
	op.Security = []Requirement{{bearerUse()}}
	for base, ok := range map[string]bool{
		"https://api.example.com":   true,
		"http://127.0.0.1:8080":     true,
		"http://127.9.9.9":          true,
		"http://[::1]:80":           true,
		"http://LOCALHOST:1":        true,
		"http://[::ffff:127.0.0.1]": true,
		"http://api.example.com":    false,
		"http://10.0.0.1":           false,
		"http://localhost.evil.com": false,
		"http://127.0.0.1.evil.com": false,
		"http://0.0.0.0":            false,
	} {
		_, err := signed(t, fixed(Credential{Token: "sk_1"}), &Request{Op: op, BaseURL: base})
		if ok && err != nil {
			t.Errorf("%s: %v", base, err)
		}
		if !ok {
			wantCallError(t, err, NotSent, ReasonCredential, "credentials are not sent over plain http to ")
		}
	}
	op.Security = []Requirement{{}}
	if _, err := signed(t, only(nil), &Request{Op: op, BaseURL: "http://api.example.com"}); err != nil {
		t.Errorf("an anonymous call over plain http: %v", err)
	}
}

func TestUnusableCredentials(t *testing.T) {
	tests := []struct {
		use  SchemeUse
		cred Credentials
		want string
	}{
		{bearerUse(), fixed(Credential{Token: "sk_1234\n"}), "holds a line break"},
		{bearerUse(), fixed(Credential{}), "is empty"},
		{key(InCookie, "c"), fixed(Credential{Token: "a;b"}), "a cookie cannot carry"},
		{key("trailer", "c"), fixed(Credential{Token: "a"}), "no place for one"},
		{SchemeUse{Name: "d", Scheme: SecurityScheme{Type: "http", Scheme: "hoba"}}, fixed(Credential{Token: "a"}), `"d" (http hoba) is not supported`},
		{SchemeUse{Name: "o", Scheme: SecurityScheme{Type: "oauth2"}}, fixed(Credential{User: "a"}), "no token URL"},
		{SchemeUse{Name: "o", Scheme: SecurityScheme{Type: "oauth2", TokenURL: "http://auth.example.com/t"}}, fixed(Credential{User: "a"}), "is not https"},
		{bearerUse(), func(context.Context, string, SchemeUse) (Credential, bool, error) {
			return Credential{}, false, errors.New("exec: no such program")
		}, "cannot be read: exec: no such program"},
	}
	for _, tt := range tests {
		op := getOp("/a")
		op.Security = []Requirement{{tt.use}}
		_, err := signed(t, tt.cred, &Request{Op: op})
		wantCallError(t, err, NotSent, ReasonCredential, tt.want)
		if strings.Contains(err.Error(), "sk_1234") {
			t.Errorf("the error holds the credential: %v", err)
		}
	}
}

// Two credentials for one place cannot both be sent, so none is.
func TestTwoCredentialsInOnePlaceAreRefused(t *testing.T) {
	other := SchemeUse{Name: "other", Scheme: SecurityScheme{Type: "apiKey", In: InHeader, Param: "x-key"}}
	login := SchemeUse{Name: "login", Scheme: SecurityScheme{Type: "http", Scheme: "basic"}}
	digest := SchemeUse{Name: "digest", Scheme: SecurityScheme{Type: "http", Scheme: "digest"}}
	raw := SchemeUse{Name: "raw", Scheme: SecurityScheme{Type: "apiKey", In: InHeader, Param: "Authorization"}}
	for _, requirement := range []Requirement{{bearerUse(), login}, {digest, bearerUse()}, {bearerUse(), raw}, {key(InHeader, "X-Key"), other}} {
		op := getOp("/a")
		op.Security = []Requirement{requirement}
		_, err := signed(t, fixed(Credential{Token: "sk_1", User: "u", Password: "p"}), &Request{Op: op})
		wantCallError(t, err, NotSent, ReasonCredential, "which has room for one")
	}
	op := getOp("/a")
	op.Security = []Requirement{{key(InCookie, "a"), {Name: "b", Scheme: SecurityScheme{Type: "apiKey", In: InCookie, Param: "b"}}, bearerUse()}}
	if _, err := signed(t, fixed(Credential{Token: "sk_1"}), &Request{Op: op}); err != nil {
		t.Errorf("two cookies and a header: %v", err)
	}
}

// An alternative whose credential cannot be read is passed over for one that has
// a credential.
func TestAnUnreadableAlternativeIsPassedOver(t *testing.T) {
	op := getOp("/a")
	op.Security = []Requirement{{key(InHeader, "X-Key")}, {bearerUse()}}
	hr, err := signed(t, func(_ context.Context, _ string, use SchemeUse) (Credential, bool, error) {
		if use.Name == "key" {
			return Credential{}, false, errors.New("exec: no such program")
		}
		return Credential{Token: "sk_1"}, true, nil
	}, &Request{Op: op})
	if err != nil || hr.Header.Get("Authorization") != "Bearer sk_1" || hr.Header.Get("X-Key") != "" {
		t.Errorf("got %v, %v", hr, err)
	}
}

// The client's secret goes to the token endpoint once; the token it gives goes
// with every call until it expires.
func TestClientCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		endpoint := roundTrip(func(r *http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			n := asked.Add(1)
			id, secret, _ := r.BasicAuth()
			body, _ := io.ReadAll(r.Body)
			if got := id + " " + secret + " " + string(body); got != "me s3cret grant_type=client_credentials&scope=read+write" {
				t.Errorf("the endpoint got %s", got)
			}
			return jsonResponse(200, fmt.Sprintf(`{"access_token":"tok%d","token_type":"bearer","expires_in":3600}`, n)), nil
		})
		op := getOp("/a")
		op.Security = []Requirement{{{Name: "oauth", Scopes: []string{"read", "write"}, Scheme: SecurityScheme{Type: "oauth2", TokenURL: "/oauth/token"}}}}
		var mu sync.Mutex
		sent := map[string]int{}
		call := Auth(fixed(Credential{User: "me", Password: "s3cret"}), AuthOptions{Transport: endpoint})(func(_ context.Context, req *Request) (*Response, error) {
			mu.Lock()
			defer mu.Unlock()
			sent[req.Header.Get("Authorization")]++
			return &Response{}, nil
		})
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if _, err := call(t.Context(), &Request{Op: op}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		time.Sleep(2 * time.Hour)
		if _, err := call(t.Context(), &Request{Op: op}); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(map[string]int{"Bearer tok1": 10, "Bearer tok2": 1}, sent); diff != "" {
			t.Error(diff)
		}
	})
}

// An API that answers 401 has given up the token before its time: it is dropped,
// one new one is fetched however many calls met the old one, and each of them is
// sent once more.
func TestARefusedTokenIsFetchedOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked, sent atomic.Int32
		var good atomic.Value
		good.Store("Bearer tok1")
		endpoint := roundTrip(func(*http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			return jsonResponse(200, fmt.Sprintf(`{"access_token":"tok%d","token_type":"bearer","expires_in":3600}`, asked.Add(1))), nil
		})
		op := getOp("/a")
		op.Method = "POST"
		op.Security = []Requirement{{{Name: "oauth", Scheme: SecurityScheme{Type: "oauth2", TokenURL: "/oauth/token"}}}}
		call := Auth(fixed(Credential{User: "me", Password: "s3cret"}), AuthOptions{Transport: endpoint})(func(_ context.Context, req *Request) (*Response, error) {
			sent.Add(1)
			time.Sleep(time.Second)
			if req.Header.Get("Authorization") != good.Load() {
				return &Response{Status: 401}, nil
			}
			return &Response{Status: 201}, nil
		})
		try := func(when string, calls int, status, wantSent, wantAsked int) {
			t.Helper()
			var wg sync.WaitGroup
			for range calls {
				wg.Go(func() {
					resp, err := call(t.Context(), &Request{Op: op})
					if err != nil || resp.Status != status {
						t.Errorf("%s: got %v, %v, want %d", when, resp, err, status)
					}
				})
			}
			wg.Wait()
			if int(sent.Swap(0)) != wantSent || int(asked.Load()) != wantAsked {
				t.Errorf("%s: %d tokens were fetched, want %d", when, asked.Load(), wantAsked)
			}
		}
		try("at first", 1, 201, 1, 1)
		good.Store("Bearer tok2")
		try("revoked", 10, 201, 20, 2)
		try("afterwards", 10, 201, 10, 2)
		good.Store("Bearer none")
		try("an API that takes no token", 1, 401, 2, 3)
		try("the same again", 10, 401, 10, 3)
		time.Sleep(renewAgain)
		try("after a while", 1, 401, 2, 4)
		good.Store("Bearer tok5")
		time.Sleep(renewAgain)
		try("once it takes tokens again", 10, 201, 20, 5)
	})
}

func jsonResponse(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

func TestTokenEndpointFailures(t *testing.T) {
	tests := []struct {
		name     string
		endpoint roundTrip
		reason   Reason
		want     string
	}{
		{"refused", func(*http.Request) (*http.Response, error) {
			return jsonResponse(401, `{"error":"invalid_client","error_description":"unknown client"}`), nil
		}, ReasonCredential, "no access token: https://api.example.com answered 401 Unauthorized: unknown client"},
		{"no token", func(*http.Request) (*http.Response, error) { return jsonResponse(200, `{}`), nil }, ReasonCredential, "something that is no token"},
		{"lost", func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }, ReasonReset, "no access token: api.example.com:443 closed the connection"},
		{"redirect", func(*http.Request) (*http.Response, error) {
			r := jsonResponse(307, "")
			r.Header.Set("Location", "https://evil.example/")
			return r, nil
		}, ReasonRedirect, "nothing was sent there"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			op := getOp("/a")
			op.Security = []Requirement{{{Name: "oauth", Scheme: SecurityScheme{Type: "oauth2", TokenURL: "/oauth/token"}}}}
			_, err := Auth(fixed(Credential{User: "me", Password: "s3cret"}), AuthOptions{Transport: tt.endpoint})(nil)(t.Context(), &Request{Op: op})
			wantCallError(t, err, NotSent, tt.reason, tt.want)
		})
	}
}

func TestWaitForATokenCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		op := getOp("/a")
		op.Security = []Requirement{{{Name: "oauth", Scheme: SecurityScheme{Type: "oauth2", TokenURL: "/t"}}}}
		call := Auth(fixed(Credential{User: "me", Password: "s3cret"}), AuthOptions{Transport: stuck})(nil)
		ctx, cancel := context.WithCancel(t.Context())
		errs := make(chan error, 3)
		for range cap(errs) {
			go func() {
				_, err := call(ctx, &Request{Op: op})
				errs <- err
			}()
		}
		synctest.Wait()
		cancel()
		for range cap(errs) {
			wantCallError(t, <-errs, NotSent, ReasonCancelled, "while asking https://api.example.com")
		}
	})
}

// What cannot be read may be quoted in the reason: the client's secrets are
// hidden there too.
func TestCredentialErrorsAreRedacted(t *testing.T) {
	op := jsonOp("GET")
	op.Security = []Requirement{{bearerUse()}}
	find := func(context.Context, string, SchemeUse) (Credential, bool, error) {
		return Credential{}, false, errors.New("bad line: sk_live_secret")
	}
	_, err := once(ClientOptions{Credentials: find, Secrets: []string{"sk_live_secret"}})(t.Context(), &Request{Op: op, BaseURL: "https://api.example.com"})
	wantCallError(t, err, NotSent, ReasonCredential, "cannot be read: bad line: [redacted]")
}
