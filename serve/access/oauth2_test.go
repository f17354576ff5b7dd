package access

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"
)

// issuer is an authorization server as a RoundTripper, so that it works in a
// bubble of fake time.
type issuer struct {
	documents map[string]any // by URL; a missing one is a 404
	fetches   map[string]int
	slow      time.Duration
	down      atomic.Bool
	form      func(*http.Request) any // answers introspections
}

const (
	issuerURI   = "https://login.example.com/tenant"
	resourceURI = "https://capstan.example.com/mcp"
	metadataURI = "https://login.example.com/.well-known/oauth-authorization-server/tenant"
	keysURI     = "https://login.example.com/keys"
	askURI      = "https://login.example.com/introspect"
)

func newIssuer(keys ...jose.JSONWebKey) *issuer {
	return &issuer{
		documents: map[string]any{
			metadataURI: map[string]any{"issuer": issuerURI, "jwks_uri": keysURI, "introspection_endpoint": askURI},
			keysURI:     jose.JSONWebKeySet{Keys: keys},
		},
		fetches: map[string]int{},
	}
}

func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	i.fetches[r.URL.String()]++
	time.Sleep(i.slow)
	doc, ok := i.documents[r.URL.String()]
	switch {
	case i.down.Load():
		w.WriteHeader(http.StatusBadGateway)
	case i.form != nil && r.Method == http.MethodPost:
		_ = json.NewEncoder(w).Encode(i.form(r))
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	default:
		_ = json.NewEncoder(w).Encode(doc)
	}
	return w.Result(), nil
}

// door is a resource server that trusts the issuer.
func (i *issuer) door(t *testing.T, edit func(*OAuth2Options)) *ResourceServer {
	t.Helper()
	o := OAuth2Options{Issuer: issuerURI, Resource: resourceURI, Client: &http.Client{Transport: i}}
	if edit != nil {
		edit(&o)
	}
	s, err := OAuth2(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// signer is one key pair of an authorization server.
type signer struct {
	private any
	alg     jose.SignatureAlgorithm
	kid     string
}

func (s signer) public() jose.JSONWebKey {
	k := jose.JSONWebKey{Key: s.private, KeyID: s.kid, Use: "sig"}
	return k.Public()
}

func (s signer) sign(t *testing.T, typ string, claims map[string]any) string {
	t.Helper()
	o := (&jose.SignerOptions{}).WithType(jose.ContentType(typ))
	by, err := jose.NewSigner(jose.SigningKey{Algorithm: s.alg, Key: jose.JSONWebKey{Key: s.private, KeyID: s.kid}}, o)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(by).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func newSigner(t *testing.T, alg jose.SignatureAlgorithm, kid string) signer {
	t.Helper()
	var private any
	var err error
	switch alg {
	case jose.ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.EdDSA:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	return signer{private, alg, kid}
}

// goodClaims are those of a token that opens the door now.
func goodClaims(edits map[string]any) map[string]any {
	now := time.Now().Unix()
	c := map[string]any{
		"iss": issuerURI, "aud": []string{"other", resourceURI}, "sub": "ana", "client_id": "cli",
		"iat": now, "exp": now + 600, "scope": "runs:read runs:write",
	}
	maps.Copy(c, edits)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

func present(s Scheme, token string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return knock(s, r)
}

func TestTokenSignatures(t *testing.T) {
	rs, es, ed := newSigner(t, jose.RS256, "rs"), newSigner(t, jose.ES256, "es"), newSigner(t, jose.EdDSA, "ed")
	stranger := newSigner(t, jose.ES256, "es")
	nameless := signer{es.private, jose.ES256, ""}
	pem, _ := json.Marshal(rs.public())
	part := func(v any) string {
		raw, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	good := es.sign(t, "at+jwt", goodClaims(nil))
	pieces := strings.Split(good, ".")
	tests := []struct {
		name, token string
		want        int
	}{
		{"RS256", rs.sign(t, "at+jwt", goodClaims(nil)), 200},
		{"PS256", signer{rs.private, jose.PS256, "rs"}.sign(t, "at+jwt", goodClaims(nil)), 200},
		{"ES256", good, 200},
		{"EdDSA", ed.sign(t, "application/at+jwt", goodClaims(nil)), 200},
		{"a token that names no key", nameless.sign(t, "JWT", goodClaims(nil)), 200},
		{"another server's key under a known name", stranger.sign(t, "JWT", goodClaims(nil)), 401},
		{"alg none", part(map[string]any{"alg": "none"}) + "." + part(goodClaims(nil)) + ".", 401},
		{"alg none, capitals", part(map[string]any{"alg": "NONE", "kid": "rs"}) + "." + part(goodClaims(nil)) + ".", 401},
		{"an HMAC keyed with the public key", signer{pem, jose.HS256, "rs"}.sign(t, "JWT", goodClaims(nil)), 401},
		{"changed claims", pieces[0] + "." + part(goodClaims(map[string]any{"sub": "root"})) + "." + pieces[2], 401},
		{"another type of token", es.sign(t, "logout+jwt", goodClaims(nil)), 401},
		{"no jwt", "opaque-token", 401},
		{"only dots", "..", 401},
	}
	s := newIssuer(rs.public(), es.public(), ed.public()).door(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := present(s, tt.token)
			if w.Code != tt.want {
				t.Fatalf("status %d, want %d: %s", w.Code, tt.want, w.Body)
			}
			if tt.want == 200 && w.Body.String() != "subject:ana" {
				t.Errorf("the caller is %q, want the subject", w.Body)
			}
			if tt.want == 401 && !strings.Contains(w.Header().Get("WWW-Authenticate"), `error="invalid_token"`) {
				t.Errorf("challenge %s", w.Header().Get("WWW-Authenticate"))
			}
		})
	}
}

func TestTokenClaims(t *testing.T) {
	k := newSigner(t, jose.ES256, "es")
	now := time.Now().Unix()
	tests := []struct {
		name   string
		claims map[string]any
		want   int
		says   string
	}{
		{"all is well", nil, 200, "subject:ana"},
		{"one audience, as text", map[string]any{"aud": resourceURI}, 200, "subject:ana"},
		{"scopes as a list under another name", map[string]any{"scope": nil, "scp": []string{"runs:write", "runs:read"}}, 200, "subject:ana"},
		{"no subject, but a client", map[string]any{"sub": nil}, 200, "client:cli"},
		{"a client that is its own subject", map[string]any{"sub": "cli"}, 200, "client:cli"},
		{"expired within the leeway", map[string]any{"exp": now - 50}, 200, "subject:ana"},
		{"expired", map[string]any{"exp": now - 70}, 401, "the token has expired"},
		{"no expiry", map[string]any{"exp": nil}, 401, "no expiry"},
		{"not valid yet", map[string]any{"nbf": now + 70}, 401, "not valid yet"},
		{"valid in a moment", map[string]any{"nbf": now + 50}, 200, "subject:ana"},
		{"another audience", map[string]any{"aud": "https://capstan.example.com/other"}, 401, "another audience"},
		{"no audience", map[string]any{"aud": nil}, 401, "another audience"},
		{"another issuer", map[string]any{"iss": "https://login.example.com/other"}, 401, "another issuer"},
		{"no issuer", map[string]any{"iss": nil}, 401, "no issuer"},
		{"nobody's", map[string]any{"sub": nil, "client_id": nil}, 401, "neither a subject nor a client"},
		{"one scope of two", map[string]any{"scope": "runs:read"}, 403, "does not grant the scope runs:write"},
		{"no scope", map[string]any{"scope": nil}, 403, "does not grant the scope runs:read"},
		{"a scope that only starts alike", map[string]any{"scope": "runs:read runs:write:none"}, 403, "runs:write"},
	}
	s := newIssuer(k.public()).door(t, func(o *OAuth2Options) { o.Scopes = []string{"runs:read", "runs:write"} })
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := present(s, k.sign(t, "at+jwt", goodClaims(tt.claims)))
			if w.Code != tt.want || !strings.Contains(w.Body.String(), tt.says) {
				t.Errorf("status %d: %s\nwant %d with %q", w.Code, w.Body, tt.want, tt.says)
			}
		})
	}
}

func TestTokenChallenges(t *testing.T) {
	k := newSigner(t, jose.ES256, "es")
	s := newIssuer(k.public()).door(t, func(o *OAuth2Options) { o.Scopes = []string{"a", "b"} })
	const base = `Bearer realm="capstan", resource_metadata="https://capstan.example.com/.well-known/oauth-protected-resource/mcp", scope="a b"`
	for _, tt := range []struct {
		w    *httptest.ResponseRecorder
		code int
		want string
	}{
		{knock(s, httptest.NewRequest("GET", "/", nil)), 401, base},
		{present(s, "x"), 401, base + `, error="invalid_token", error_description="the token is no jwt signed by a public key algorithm"`},
		{present(s, k.sign(t, "at+jwt", goodClaims(map[string]any{"scope": "a"}))), 403, base + `, error="insufficient_scope", error_description="the token does not grant the scope b"`},
	} {
		if got := tt.w.Header().Get("WWW-Authenticate"); tt.w.Code != tt.code || got != tt.want {
			t.Errorf("status %d, challenge\n%s\nwant %d\n%s", tt.w.Code, got, tt.code, tt.want)
		}
	}
}

// A token that names a client in place of a subject is not the user of that name,
// and a key of that name is neither.
func TestNamesOfCallersDoNotMeet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	writeKeys(t, path, "ann:k-ann-0123456789\n", 0o600)
	keyed, err := KeyFile(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	k := newSigner(t, jose.ES256, "es")
	i := newIssuer(k.public())
	s := i.door(t, nil)
	token := func(claims map[string]any) string {
		return present(s, k.sign(t, "at+jwt", goodClaims(claims))).Body.String()
	}
	i.form = func(r *http.Request) any { return map[string]any{"active": true, "aud": resourceURI} }
	asked := i.door(t, func(o *OAuth2Options) { o.Validation = "introspection" })
	names := []string{
		token(map[string]any{"sub": "ann", "client_id": "web"}),
		token(map[string]any{"sub": nil, "client_id": "ann"}),
		opens(keyed, "k-ann-0123456789"),
		knock(scheme(t)(Basic("ann", "p", "")), loginOf("ann", "p")).Body.String(),
		present(asked, "one").Body.String(), // tokens that name neither are not one caller
		present(asked, "two").Body.String(),
	}
	if again := token(map[string]any{"sub": "ann", "client_id": "ann"}); again != names[1] {
		t.Errorf("a client that is its own subject is %q, and %q without a subject", again, names[1])
	}
	slices.Sort(names)
	if distinct := slices.Compact(slices.Clone(names)); len(distinct) != 6 || names[0] == "" {
		t.Errorf("the callers are %q; want six names", names)
	}
}

func loginOf(user, password string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.SetBasicAuth(user, password)
	return r
}

func TestKeysRotate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, next := newSigner(t, jose.ES256, "old"), newSigner(t, jose.ES256, "next")
		i := newIssuer(old.public())
		s := i.door(t, nil)
		check := func(when string, k signer, want, fetches int) {
			t.Helper()
			if w := present(s, k.sign(t, "at+jwt", goodClaims(nil))); w.Code != want {
				t.Errorf("%s: status %d, want %d: %s", when, w.Code, want, w.Body)
			}
			if got := i.fetches[keysURI]; got != fetches {
				t.Errorf("%s: keys were fetched %d times, want %d", when, got, fetches)
			}
		}
		check("at first", old, 200, 1)
		check("again", old, 200, 1)
		i.documents[keysURI] = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{next.public()}}
		check("a new key, at once", next, 200, 2)
		for range 100 {
			check("a flood of tokens of the retired key", old, 401, 3)
		}
		time.Sleep(5 * time.Minute)
		check("after five minutes", next, 200, 4)

		i.down.Store(true)
		time.Sleep(30 * time.Minute)
		check("while the server is away", next, 200, 5)
		time.Sleep(31 * time.Minute)
		check("away for over an hour", next, 503, 6)
		i.down.Store(false)
		time.Sleep(time.Minute)
		check("back again", next, 200, 7)
	})
}

// Tokens with invented key ids cause a few fetches, not one each; callers that
// meet the new key together share one.
func TestInventedKeysCannotFloodTheIssuer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := newSigner(t, jose.ES256, "old")
		i := newIssuer(old.public())
		s := i.door(t, nil)
		invented := func(n int) {
			for range n {
				k := old
				k.kid = rand.Text()
				if w := present(s, k.sign(t, "at+jwt", goodClaims(nil))); w.Code != 401 {
					t.Fatalf("status %d for an invented key", w.Code)
				}
			}
		}
		invented(50)
		if got := i.fetches[keysURI]; got != keysBurst {
			t.Errorf("keys were fetched %d times, want %d", got, keysBurst)
		}
		time.Sleep(keysAgain)
		invented(50)
		if got := i.fetches[keysURI]; got != keysBurst+1 {
			t.Errorf("keys were fetched %d times after a pause, want %d", got, keysBurst+1)
		}
		time.Sleep(time.Hour)
		check := i.fetches[keysURI]
		next := newSigner(t, jose.ES256, "next")
		if w := present(s, old.sign(t, "at+jwt", goodClaims(nil))); w.Code != 200 {
			t.Fatalf("status %d", w.Code)
		}
		i.documents[keysURI] = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{old.public(), next.public()}}
		token := next.sign(t, "at+jwt", goodClaims(nil))
		i.slow = time.Second
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if w := present(s, token); w.Code != 200 {
					t.Errorf("status %d for a new key", w.Code)
				}
			})
		}
		wg.Wait()
		if got := i.fetches[keysURI] - check; got != 2 {
			t.Errorf("keys were fetched %d times for 20 callers, want 2: the hourly one and one for the new key", got)
		}
	})
}

func TestAuthorizationServerIsAway(t *testing.T) {
	i := newIssuer()
	i.down.Store(true)
	w := present(i.door(t, nil), newSigner(t, jose.ES256, "k").sign(t, "JWT", goodClaims(nil)))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Header().Get("WWW-Authenticate") != "" {
		t.Errorf("status %d, %v; want 503 with Retry-After and no challenge", w.Code, w.Header())
	}
}

func TestDiscovery(t *testing.T) {
	k := newSigner(t, jose.ES256, "es")
	keys := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{k.public()}}
	const base = "https://login.example.com"
	tests := []struct {
		name, configured, at, issuer string
		want                         int
	}{
		{"RFC 8414", issuerURI, metadataURI, issuerURI, 200},
		{"OpenID Connect", issuerURI, issuerURI + "/.well-known/openid-configuration", issuerURI, 200},
		{"OpenID Connect, as RFC 8414 has it", issuerURI, base + "/.well-known/openid-configuration/tenant", issuerURI, 200},
		{"after the path", issuerURI, issuerURI + "/.well-known/oauth-authorization-server", issuerURI, 200},
		{"an issuer without a path", base, base + "/.well-known/oauth-authorization-server", base, 200},
		{"an issuer with a slash to itself", base, base + "/.well-known/openid-configuration", base + "/", 200},
		{"about another issuer", issuerURI, metadataURI, base + "/other", 503},
		{"nowhere", issuerURI, base + "/elsewhere", issuerURI, 503},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := newIssuer()
			i.documents = map[string]any{tt.at: map[string]any{"issuer": tt.issuer, "jwks_uri": keysURI}, keysURI: keys}
			s := i.door(t, func(o *OAuth2Options) { o.Issuer = tt.configured })
			if w := present(s, k.sign(t, "JWT", goodClaims(map[string]any{"iss": tt.issuer}))); w.Code != tt.want {
				t.Errorf("status %d, want %d: %s", w.Code, tt.want, w.Body)
			}
		})
	}
}

// Keys that are weak, symmetric, or for encryption are passed over; the others
// of the set still work.
func TestUnfitKeys(t *testing.T) {
	good := newSigner(t, jose.ES256, "good")
	enc := newSigner(t, jose.ES256, "enc")
	encKey := enc.public()
	encKey.Use = "enc"
	i := newIssuer()
	i.documents[keysURI] = map[string]any{"keys": []any{
		map[string]any{"kty": "quantum", "kid": "q"}, "no key at all",
		jose.JSONWebKey{Key: []byte("secret of everyone, 32 bytes long"), KeyID: "oct", Algorithm: "HS256"},
		encKey, good.public(),
	}}
	s := i.door(t, nil)
	for k, want := range map[signer]int{good: 200, enc: 401} {
		if w := present(s, k.sign(t, "JWT", goodClaims(nil))); w.Code != want {
			t.Errorf("%s: status %d, want %d", k.kid, w.Code, want)
		}
	}
}

func TestPlainHTTPIsForLocalhost(t *testing.T) {
	for uri, ok := range map[string]bool{
		"https://login.example.com": true, "http://localhost:8080/realms/x": true, "http://127.0.0.1": true, "http://[::1]:1": true,
		"http://login.example.com": false, "http://localhost.example.com": false, "login.example.com": false, "": false,
		"https://user:pass@login.example.com": false, "ftp://localhost": false,
	} {
		if _, err := OAuth2(OAuth2Options{Issuer: uri, Resource: resourceURI}); (err == nil) != ok {
			t.Errorf("%s: error %v, want ok %v", uri, err, ok)
		}
	}
	k := newSigner(t, jose.ES256, "es")
	i := newIssuer(k.public())
	i.documents[metadataURI] = map[string]any{"issuer": issuerURI, "jwks_uri": "http://keys.example.com/keys"}
	i.documents["http://keys.example.com/keys"] = i.documents[keysURI]
	if w := present(i.door(t, nil), k.sign(t, "JWT", goodClaims(nil))); w.Code != 503 || i.fetches["http://keys.example.com/keys"] != 0 {
		t.Errorf("status %d; keys over plain http must not even be fetched", w.Code)
	}
}

func TestIntrospection(t *testing.T) {
	answers := map[string]any{
		"good":      goodClaims(map[string]any{"active": true}),
		"revoked":   map[string]any{"active": false},
		"silent":    map[string]any{},
		"elsewhere": goodClaims(map[string]any{"active": true, "aud": "other"}),
		"expired":   goodClaims(map[string]any{"active": true, "exp": time.Now().Unix() - 70}),
		"bare":      map[string]any{"active": true, "aud": resourceURI, "client_id": "cli", "scope": "runs:read"},
		"scopeless": goodClaims(map[string]any{"active": true, "scope": ""}),
	}
	i := newIssuer()
	asked := 0
	i.form = func(r *http.Request) any {
		asked++
		user, password, _ := r.BasicAuth()
		if user != "me%3A" || password != "a+b" {
			t.Errorf("asked as %q, %q", user, password)
		}
		return answers[r.PostFormValue("token")]
	}
	s := i.door(t, func(o *OAuth2Options) {
		o.Validation, o.ClientID, o.ClientSecret, o.Scopes = "introspection", "me:", "a b", []string{"runs:read"}
	})
	got := map[string]int{}
	for token := range answers {
		got[token] = present(s, token).Code
	}
	want := map[string]int{"good": 200, "revoked": 401, "silent": 401, "elsewhere": 401, "expired": 401, "bare": 200, "scopeless": 403}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	answers["good"] = map[string]any{"active": false}
	if w := present(s, "good"); w.Code != 401 || asked != len(answers)+1 {
		t.Errorf("status %d after %d questions; a revoked token must be refused at once", w.Code, asked)
	}
}

func TestProtectedResourceMetadata(t *testing.T) {
	s := newIssuer().door(t, func(o *OAuth2Options) { o.Scopes = []string{"a"} })
	if got := s.MetadataPath(); got != "/.well-known/oauth-protected-resource/mcp" {
		t.Errorf("path %s", got)
	}
	w := httptest.NewRecorder()
	s.Metadata().ServeHTTP(w, httptest.NewRequest("GET", s.MetadataPath(), nil))
	const want = `{"resource":"https://capstan.example.com/mcp","authorization_servers":["https://login.example.com/tenant"],"scopes_supported":["a"],"bearer_methods_supported":["header"]}`
	if w.Code != 200 || w.Body.String() != want || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("status %d, %s\n got %s\nwant %s", w.Code, w.Header(), w.Body, want)
	}
	w = httptest.NewRecorder()
	s.Metadata().ServeHTTP(w, httptest.NewRequest("POST", s.MetadataPath(), nil))
	if w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("a POST gives %d, %v", w.Code, w.Header())
	}
	root := newIssuer().door(t, func(o *OAuth2Options) { o.Resource = "https://capstan.example.com/" })
	if got := root.MetadataPath(); got != "/.well-known/oauth-protected-resource" {
		t.Errorf("path %s for a resource without one", got)
	}
}
