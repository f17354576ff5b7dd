package client

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

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/request"
	"github.com/google/go-cmp/cmp"
)

func bearerUse() operations.SchemeUse {
	return operations.SchemeUse{Name: "token", Scheme: operations.SecurityScheme{Type: "http", Scheme: "bearer"}}
}

// fixed answers every scheme with one credential.
func fixed(c Credential) Credentials {
	return func(context.Context, string, operations.SchemeUse) (Credential, bool, error) { return c, true, nil }
}

// only knows the schemes it is given.
func only(m map[string]Credential) Credentials {
	return func(_ context.Context, _ string, use operations.SchemeUse) (Credential, bool, error) {
		c, ok := m[use.Name]
		return c, ok, nil
	}
}

// signed returns the HTTP message of an authenticated request.
func signed(t *testing.T, find Credentials, req *operations.Request) (*http.Request, error) {
	t.Helper()
	var hr *http.Request
	var buildErr error
	_, err := Auth(Options{Credentials: find, Redactor: operations.NewRedactor()})(func(ctx context.Context, r *operations.Request) (*operations.Response, error) {
		hr, buildErr = request.Build(ctx, r)
		return &operations.Response{}, buildErr
	})(t.Context(), req)
	return hr, err
}

func key(in operations.In, name string) operations.SchemeUse {
	return operations.SchemeUse{Name: "key", Scheme: operations.SecurityScheme{Type: "apiKey", In: in, Param: name}}
}

// A key that has no place in a request is an error, and nothing is sent.
func TestKeysInPathAndBody(t *testing.T) {
	body := &operations.Body{Media: []operations.Media{{Type: "application/json", Schema: &operations.Schema{}}, {Type: "text/plain", Schema: &operations.Schema{}}}}
	given := map[string]any{"a": 1}
	for name, tt := range map[string]struct {
		op   operations.Operation
		use  operations.SchemeUse
		body any
		as   string
		want string
	}{
		"path":             {operations.Operation{Method: "GET", Path: "/bot{k}/me"}, key(operations.InPath, "k"), nil, "", "GET /bots%2Fecret%20key/me "},
		"path without":     {operations.Operation{Method: "GET", Path: "/me"}, key(operations.InPath, "k"), nil, "", `belongs into the path as "k", and /me has no place for it`},
		"path, a variable": {operations.Operation{Method: "GET", Path: "/me?k={k}"}, key(operations.InPath, "k"), nil, "", "GET /me?k=s%2Fecret%20key "},
		"body":             {operations.Operation{Method: "POST", Path: "/me", Body: body}, key(operations.InBody, "k"), given, "", `POST /me {"a":1,"k":"s/ecret key"}`},
		"no body yet":      {operations.Operation{Method: "DELETE", Path: "/me"}, key(operations.InBody, "k"), nil, "", `DELETE /me {"k":"s/ecret key"}`},
		"body of a read":   {operations.Operation{Method: "GET", Path: "/me"}, key(operations.InBody, "k"), nil, "", "belongs into the body, and a GET request has none"},
		"body, a list":     {operations.Operation{Method: "POST", Path: "/me", Body: body}, key(operations.InBody, "k"), []any{1}, "", "the body of this request is no object"},
		"body, bytes":      {operations.Operation{Method: "POST", Path: "/me", Body: body}, key(operations.InBody, "k"), []byte("{}"), "", "the body of this request is no object"},
		"body, text":       {operations.Operation{Method: "POST", Path: "/me", Body: body}, key(operations.InBody, "k"), given, "text/plain", "the body of this request is no object"},
	} {
		op := tt.op
		op.ID, op.Servers, op.Security = "o", optest.Get("/a").Servers, []operations.Requirement{{tt.use}}
		hr, err := signed(t, fixed(Credential{Token: "s/ecret key"}), &operations.Request{Op: &op, Body: tt.body, MediaType: tt.as})
		got := fmt.Sprint(err)
		if err == nil {
			sent := []byte{}
			if hr.Body != nil {
				sent, _ = io.ReadAll(hr.Body)
			}
			got = hr.Method + " " + hr.URL.RequestURI() + " " + string(sent)
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}
	if len(given) != 1 {
		t.Errorf("the caller's own body became %v", given)
	}
}

func TestSchemes(t *testing.T) {
	basic := operations.SchemeUse{Name: "login", Scheme: operations.SecurityScheme{Type: "http", Scheme: "Basic"}}
	tests := []struct {
		name string
		use  operations.SchemeUse
		cred Credential
		want func(*http.Request) string
		text string
	}{
		{"bearer", bearerUse(), Credential{Token: "sk_1"}, header("Authorization"), "Bearer sk_1"},
		{"basic", basic, Credential{User: "u", Password: "p:w"}, header("Authorization"), "Basic dTpwOnc="},
		{"key in a header", key(operations.InHeader, "X-API-Key"), Credential{Token: "k"}, header("X-Api-Key"), "k"},
		{"key in the query", key(operations.InQuery, "api_key"), Credential{Token: "a&b"}, func(r *http.Request) string { return r.URL.RawQuery }, "api_key=a%26b"},
		{"key in a cookie", key(operations.InCookie, "sid"), Credential{Token: "a=="}, header("Cookie"), "theme=dark; sid=a=="},
		{"oauth2 with a token", operations.SchemeUse{Name: "o", Scheme: operations.SecurityScheme{Type: "oauth2"}}, Credential{Token: "t"}, header("Authorization"), "Bearer t"},
		{"openIdConnect", operations.SchemeUse{Name: "o", Scheme: operations.SecurityScheme{Type: "openIdConnect"}}, Credential{Token: "t"}, header("Authorization"), "Bearer t"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			op := optest.Get("/a")
			op.Security = []operations.Requirement{{tt.use}}
			given := http.Header{"Cookie": {"theme=dark"}}
			req := &operations.Request{Op: op, Header: given}
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
	a, b := bearerUse(), key(operations.InHeader, "X-Key")
	second := key(operations.InQuery, "k2")
	second.Name = "second"
	tests := []struct {
		name     string
		security []operations.Requirement
		have     map[string]Credential
		want     string // Authorization, X-Key, query
		err      string
	}{
		{"first that is complete", []operations.Requirement{{a}, {b}}, map[string]Credential{"key": {Token: "K"}}, "|K|", ""},
		{"both given, first wins", []operations.Requirement{{a}, {b}}, map[string]Credential{"key": {Token: "K"}, "token": {Token: "T"}}, "Bearer T||", ""},
		{"all of one alternative", []operations.Requirement{{b, second}}, map[string]Credential{"key": {Token: "K"}, "second": {Token: "S"}}, "|K|k2=S", ""},
		{"half an alternative", []operations.Requirement{{b, second}}, map[string]Credential{"key": {Token: "K"}}, "", `no credential for "second"; "shop" needs it`},
		{"anonymous allowed", []operations.Requirement{{}, {a}}, nil, "||", ""},
		{"a credential beats anonymous", []operations.Requirement{{}, {a}}, map[string]Credential{"token": {Token: "T"}}, "Bearer T||", ""},
		{"none documented", nil, map[string]Credential{"token": {Token: "T"}}, "||", ""},
		{"missing", []operations.Requirement{{a}, {b}}, nil, "", `no credential for "key" or "token"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			op := optest.Get("/a")
			op.Security = tt.security
			hr, err := signed(t, only(tt.have), &operations.Request{Op: op})
			if tt.err != "" {
				optest.WantCallError(t, err, operations.NotSent, operations.ReasonCredential, tt.err)
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
	op := optest.Get("/a")
	op.Security = []operations.Requirement{{bearerUse()}}
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
		_, err := signed(t, fixed(Credential{Token: "sk_1"}), &operations.Request{Op: op, BaseURL: base})
		if ok && err != nil {
			t.Errorf("%s: %v", base, err)
		}
		if !ok {
			optest.WantCallError(t, err, operations.NotSent, operations.ReasonCredential, "credentials are not sent over plain http to ")
		}
	}
	op.Security = []operations.Requirement{{}}
	if _, err := signed(t, only(nil), &operations.Request{Op: op, BaseURL: "http://api.example.com"}); err != nil {
		t.Errorf("an anonymous call over plain http: %v", err)
	}
}

func TestUnusableCredentials(t *testing.T) {
	tests := []struct {
		use  operations.SchemeUse
		cred Credentials
		want string
	}{
		{bearerUse(), fixed(Credential{Token: "sk_1234\n"}), "holds a line break"},
		{bearerUse(), fixed(Credential{}), "is empty"},
		{key(operations.InCookie, "c"), fixed(Credential{Token: "a;b"}), "a cookie cannot carry"},
		{key("trailer", "c"), fixed(Credential{Token: "a"}), "no place for one"},
		{operations.SchemeUse{Name: "d", Scheme: operations.SecurityScheme{Type: "http", Scheme: "hoba"}}, fixed(Credential{Token: "a"}), `"d" (http hoba) is not supported`},
		{operations.SchemeUse{Name: "o", Scheme: operations.SecurityScheme{Type: "oauth2"}}, fixed(Credential{User: "a"}), "no token URL"},
		{operations.SchemeUse{Name: "o", Scheme: operations.SecurityScheme{Type: "oauth2", TokenURL: "http://auth.example.com/t"}}, fixed(Credential{User: "a"}), "is not https"},
		{bearerUse(), func(context.Context, string, operations.SchemeUse) (Credential, bool, error) {
			return Credential{}, false, errors.New("exec: no such program")
		}, "cannot be read: exec: no such program"},
	}
	for _, tt := range tests {
		op := optest.Get("/a")
		op.Security = []operations.Requirement{{tt.use}}
		_, err := signed(t, tt.cred, &operations.Request{Op: op})
		optest.WantCallError(t, err, operations.NotSent, operations.ReasonCredential, tt.want)
		if strings.Contains(err.Error(), "sk_1234") {
			t.Errorf("the error holds the credential: %v", err)
		}
	}
}

// Two credentials for one place cannot both be sent, so none is.
func TestTwoCredentialsInOnePlaceAreRefused(t *testing.T) {
	other := operations.SchemeUse{Name: "other", Scheme: operations.SecurityScheme{Type: "apiKey", In: operations.InHeader, Param: "x-key"}}
	login := operations.SchemeUse{Name: "login", Scheme: operations.SecurityScheme{Type: "http", Scheme: "basic"}}
	digest := operations.SchemeUse{Name: "digest", Scheme: operations.SecurityScheme{Type: "http", Scheme: "digest"}}
	raw := operations.SchemeUse{Name: "raw", Scheme: operations.SecurityScheme{Type: "apiKey", In: operations.InHeader, Param: "Authorization"}}
	for _, requirement := range []operations.Requirement{{bearerUse(), login}, {digest, bearerUse()}, {bearerUse(), raw}, {key(operations.InHeader, "X-Key"), other}} {
		op := optest.Get("/a")
		op.Security = []operations.Requirement{requirement}
		_, err := signed(t, fixed(Credential{Token: "sk_1", User: "u", Password: "p"}), &operations.Request{Op: op})
		optest.WantCallError(t, err, operations.NotSent, operations.ReasonCredential, "which has room for one")
	}
	op := optest.Get("/a")
	op.Security = []operations.Requirement{{key(operations.InCookie, "a"), {Name: "b", Scheme: operations.SecurityScheme{Type: "apiKey", In: operations.InCookie, Param: "b"}}, bearerUse()}}
	if _, err := signed(t, fixed(Credential{Token: "sk_1"}), &operations.Request{Op: op}); err != nil {
		t.Errorf("two cookies and a header: %v", err)
	}
}

// An alternative whose credential cannot be read is passed over for one that has
// a credential.
func TestAnUnreadableAlternativeIsPassedOver(t *testing.T) {
	op := optest.Get("/a")
	op.Security = []operations.Requirement{{key(operations.InHeader, "X-Key")}, {bearerUse()}}
	hr, err := signed(t, func(_ context.Context, _ string, use operations.SchemeUse) (Credential, bool, error) {
		if use.Name == "key" {
			return Credential{}, false, errors.New("exec: no such program")
		}
		return Credential{Token: "sk_1"}, true, nil
	}, &operations.Request{Op: op})
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
		op := optest.Get("/a")
		op.Security = []operations.Requirement{{{Name: "oauth", Scopes: []string{"read", "write"}, Scheme: operations.SecurityScheme{Type: "oauth2", TokenURL: "/oauth/token"}}}}
		var mu sync.Mutex
		sent := map[string]int{}
		call := Auth(Options{Credentials: fixed(Credential{User: "me", Password: "s3cret"}), Transport: endpoint})(func(_ context.Context, req *operations.Request) (*operations.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			sent[req.Header.Get("Authorization")]++
			return &operations.Response{}, nil
		})
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if _, err := call(t.Context(), &operations.Request{Op: op}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		time.Sleep(2 * time.Hour)
		if _, err := call(t.Context(), &operations.Request{Op: op}); err != nil {
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
		op := optest.Get("/a")
		op.Method = "POST"
		op.Security = []operations.Requirement{{{Name: "oauth", Scheme: operations.SecurityScheme{Type: "oauth2", TokenURL: "/oauth/token"}}}}
		call := Auth(Options{Credentials: fixed(Credential{User: "me", Password: "s3cret"}), Transport: endpoint})(func(_ context.Context, req *operations.Request) (*operations.Response, error) {
			sent.Add(1)
			time.Sleep(time.Second)
			if req.Header.Get("Authorization") != good.Load() {
				return &operations.Response{Status: 401}, nil
			}
			return &operations.Response{Status: 201}, nil
		})
		try := func(when string, calls int, status, wantSent, wantAsked int) {
			t.Helper()
			var wg sync.WaitGroup
			for range calls {
				wg.Go(func() {
					resp, err := call(t.Context(), &operations.Request{Op: op})
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
		reason   operations.Reason
		want     string
	}{
		{"refused", func(*http.Request) (*http.Response, error) {
			return jsonResponse(401, `{"error":"invalid_client","error_description":"unknown client"}`), nil
		}, operations.ReasonCredential, "no access token: https://api.example.com answered 401 Unauthorized: unknown client"},
		{"no token", func(*http.Request) (*http.Response, error) { return jsonResponse(200, `{}`), nil }, operations.ReasonCredential, "something that is no token"},
		{"lost", func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }, operations.ReasonReset, "no access token: api.example.com:443 closed the connection"},
		{"redirect", func(*http.Request) (*http.Response, error) {
			r := jsonResponse(307, "")
			r.Header.Set("Location", "https://evil.example/")
			return r, nil
		}, operations.ReasonRedirect, "nothing was sent there"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			op := optest.Get("/a")
			op.Security = []operations.Requirement{{{Name: "oauth", Scheme: operations.SecurityScheme{Type: "oauth2", TokenURL: "/oauth/token"}}}}
			_, err := Auth(Options{Credentials: fixed(Credential{User: "me", Password: "s3cret"}), Transport: tt.endpoint})(nil)(t.Context(), &operations.Request{Op: op})
			optest.WantCallError(t, err, operations.NotSent, tt.reason, tt.want)
		})
	}
}

func TestWaitForATokenCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		op := optest.Get("/a")
		op.Security = []operations.Requirement{{{Name: "oauth", Scheme: operations.SecurityScheme{Type: "oauth2", TokenURL: "/t"}}}}
		call := Auth(Options{Credentials: fixed(Credential{User: "me", Password: "s3cret"}), Transport: stuck})(nil)
		ctx, cancel := context.WithCancel(t.Context())
		errs := make(chan error, 3)
		for range cap(errs) {
			go func() {
				_, err := call(ctx, &operations.Request{Op: op})
				errs <- err
			}()
		}
		synctest.Wait()
		cancel()
		for range cap(errs) {
			optest.WantCallError(t, <-errs, operations.NotSent, operations.ReasonCancelled, "while asking https://api.example.com")
		}
	})
}

// What cannot be read may be quoted in the reason: the client's secrets are
// hidden there too.
func TestCredentialErrorsAreRedacted(t *testing.T) {
	op := optest.JSON("GET")
	op.Security = []operations.Requirement{{bearerUse()}}
	find := func(context.Context, string, operations.SchemeUse) (Credential, bool, error) {
		return Credential{}, false, errors.New("bad line: sk_live_secret")
	}
	_, err := once(Options{Credentials: find, Redactor: operations.NewRedactor("sk_live_secret")})(t.Context(), &operations.Request{Op: op, BaseURL: "https://api.example.com"})
	optest.WantCallError(t, err, operations.NotSent, operations.ReasonCredential, "cannot be read: bad line: [redacted]")
}

// Requests share the header of a token, and nothing of a request gets into it.
func TestTokensOfRequestsStayApart(t *testing.T) {
	type caller struct{}
	find := func(ctx context.Context, _ string, _ operations.SchemeUse) (Credential, bool, error) {
		return Credential{Token: ctx.Value(caller{}).(string)}, true, nil
	}
	call := Auth(Options{Credentials: find, Redactor: operations.NewRedactor()})(func(ctx context.Context, r *operations.Request) (*operations.Response, error) {
		hr, err := request.Build(ctx, r)
		if err != nil {
			return nil, err
		}
		want := http.Header{"Accept": {"application/json"}, "Authorization": {"Bearer " + ctx.Value(caller{}).(string)}}
		if key := r.Step; key != "" {
			want["Idempotency-Key"] = []string{key}
		}
		if diff := cmp.Diff(want, hr.Header); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		return &operations.Response{}, nil
	})
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for n := range 50 {
				op := optest.JSON("GET")
				op.Security = []operations.Requirement{{bearerUse()}}
				req := &operations.Request{Op: op, BaseURL: "https://api.example.com"}
				if n%3 == 0 {
					req.Step = fmt.Sprintf("key-%d", n)
					req.Header = http.Header{"Idempotency-Key": {req.Step}}
				}
				ctx := context.WithValue(t.Context(), caller{}, fmt.Sprintf("token-%d", (i+n)%3))
				if _, err := call(ctx, req); err != nil {
					t.Error(err)
				}
				if len(req.Header["Authorization"]) > 0 {
					t.Error("the request itself was signed")
				}
			}
		})
	}
	group.Wait()
}
