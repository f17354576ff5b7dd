package access

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// client is a user agent that knows a password.
type client struct {
	user, password, algorithm string
	edit                      func(*digestAnswer) // applied before computing
	fake                      string              // replaces the response
}

func (c client) request(d *digest, nonce, nc string) *http.Request {
	r := httptest.NewRequest("GET", "/dir/index.html?x=1", nil)
	a := digestAnswer{user: c.user, realm: d.realm, nonce: nonce, uri: r.RequestURI, nc: nc, cnonce: "abc", algorithm: c.algorithm}
	if c.edit != nil {
		c.edit(&a)
	}
	for _, algo := range d.algorithms {
		if algo.name == c.algorithm {
			a.response = algo.hash(algo.hash(c.user, d.realm, c.password), a.nonce, a.nc, a.cnonce, "auth", algo.hash("GET", a.uri))
		}
	}
	if c.fake != "" {
		a.response = c.fake
	}
	r.Header.Set("Authorization", fmt.Sprintf(
		`Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", algorithm=%s, qop=auth, nc=%s, cnonce="%s"`,
		a.user, a.realm, a.nonce, a.uri, a.response, a.algorithm, a.nc, a.cnonce))
	return r
}

func newDigest(t *testing.T) *digest {
	return scheme(t)(Digest("ana", "x:y", "door")).(*digest)
}

// nonceOf reads the nonce of a challenge.
func nonceOf(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	_, params, _ := strings.Cut(w.Header().Get("WWW-Authenticate"), " ")
	p, ok := authParams(params)
	if !ok || p["nonce"] == "" {
		t.Fatalf("no nonce in %q", w.Header().Get("WWW-Authenticate"))
	}
	return p["nonce"]
}

func TestDigestExampleOfTheRFC(t *testing.T) {
	d := scheme(t)(Digest("Mufasa", "Circle of Life", "http-auth@example.org")).(*digest)
	for algorithm, response := range map[string]string{
		"MD5":     "8ca523f5e9506fed4657c9700eebdbec",
		"SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	} {
		a, ok := readDigest(`username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=` + algorithm +
			`, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",` +
			` qop=auth, response="` + response + `", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`)
		if !ok || !d.proves(a, httptest.NewRequest("GET", "/dir/index.html", nil)) {
			t.Errorf("%s: the answer of RFC 7616, section 3.9.1 is not taken", algorithm)
		}
	}
}

func TestDigestChallenge(t *testing.T) {
	w := knock(newDigest(t), httptest.NewRequest("GET", "/", nil))
	got := w.Header().Values("WWW-Authenticate")
	nonce := nonceOf(t, w)
	want := []string{
		`Digest realm="door", qop="auth", algorithm=SHA-256, nonce="` + nonce + `", charset=UTF-8`,
		`Digest realm="door", qop="auth", algorithm=MD5, nonce="` + nonce + `", charset=UTF-8`,
	}
	if diff := cmp.Diff(want, got); diff != "" || w.Code != 401 {
		t.Errorf("status %d (-want +got):\n%s", w.Code, diff)
	}
}

func TestDigestAnswers(t *testing.T) {
	good := client{user: "ana", password: "x:y", algorithm: "SHA-256"}
	with := func(edit func(*client)) client { c := good; edit(&c); return c }
	tests := []struct {
		name string
		c    client
		want int
	}{
		{"SHA-256", good, 200},
		{"MD5", with(func(c *client) { c.algorithm = "MD5" }), 200},
		{"an algorithm that was not offered", with(func(c *client) { c.algorithm = "SHA-512" }), 401},
		{"wrong password", with(func(c *client) { c.password = "x" }), 401},
		{"other user who knows the password", with(func(c *client) { c.user = "bob" }), 401},
		{"made-up response", with(func(c *client) { c.fake = "00" }), 401},
		{"for another uri", with(func(c *client) { c.edit = func(a *digestAnswer) { a.uri = "/other" } }), 401},
		{"count of zero", with(func(c *client) { c.edit = func(a *digestAnswer) { a.nc = "00000000" } }), 401},
		{"count that is no number", with(func(c *client) { c.edit = func(a *digestAnswer) { a.nc = "zzzzzzzz" } }), 401},
		{"no cnonce", with(func(c *client) { c.edit = func(a *digestAnswer) { a.cnonce = "" } }), 401},
		{"made-up nonce", with(func(c *client) { c.edit = func(a *digestAnswer) { a.nonce = strings.Repeat("A", 43) } }), 401},
		{"another realm", with(func(c *client) { c.edit = func(a *digestAnswer) { a.realm = "window" } }), 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDigest(t)
			w := knock(d, tt.c.request(d, d.nonces.issue(time.Now()), "00000001"))
			if w.Code != tt.want {
				t.Errorf("status %d, want %d: %s", w.Code, tt.want, w.Body)
			}
		})
	}
}

func TestDigestNonceIsUsedOncePerCount(t *testing.T) {
	d := newDigest(t)
	c := client{user: "ana", password: "x:y", algorithm: "SHA-256"}
	nonce := nonceOf(t, knock(d, httptest.NewRequest("GET", "/", nil)))
	for _, step := range []struct {
		nc   string
		want int
	}{
		{"00000001", 200},
		{"00000001", 401}, // replayed
		{"00000003", 200},
		{"00000002", 200}, // overtaken on another connection
		{"00000002", 401},
		{"000000ff", 200},
		{"00000004", 401}, // too far behind for anyone to remember
		{"ffffffff", 200},
	} {
		w := knock(d, c.request(d, nonce, step.nc))
		if w.Code != step.want {
			t.Errorf("count %s: status %d, want %d", step.nc, w.Code, step.want)
		}
		if stale := strings.Contains(w.Header().Get("WWW-Authenticate"), "stale=true"); stale != (step.want == 401) {
			t.Errorf("count %s: stale is %v", step.nc, stale)
		}
	}
	if n := len(d.nonces.used); n != 1 {
		t.Errorf("%d nonces are remembered, want 1", n)
	}
}

func TestDigestNonceGrowsStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDigest(t)
		c := client{user: "ana", password: "x:y", algorithm: "SHA-256"}
		nonce := d.nonces.issue(time.Now())
		time.Sleep(5 * time.Minute)
		if w := knock(d, c.request(d, nonce, "00000001")); w.Code != 200 {
			t.Fatalf("status %d after 5 minutes, want 200", w.Code)
		}
		time.Sleep(time.Second)
		w := knock(d, c.request(d, nonce, "00000002"))
		if w.Code != 401 || !strings.Contains(w.Header().Get("WWW-Authenticate"), "stale=true") {
			t.Errorf("status %d, %s; want a stale 401", w.Code, w.Header())
		}
		wrong := client{user: "ana", password: "no", algorithm: "SHA-256"}
		if w := knock(d, wrong.request(d, nonce, "00000003")); strings.Contains(w.Header().Get("WWW-Authenticate"), "stale") {
			t.Error("stale is said to somebody who does not know the password")
		}
		if w := knock(d, c.request(d, newDigest(t).nonces.issue(time.Now()), "00000001")); !strings.Contains(w.Header().Get("WWW-Authenticate"), "stale=true") {
			t.Error("a nonce of an earlier process should be stale")
		}
	})
}

// Memory for nonces is bounded, and what is forgotten cannot be replayed.
func TestForgottenNoncesAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNonces(time.Minute, 8)
		var all []string
		for range 100 {
			nonce := n.issue(time.Now())
			all = append(all, nonce)
			if !n.use(nonce, 1, time.Now()) {
				t.Fatal("a new nonce is refused")
			}
			if len(n.used) > 8 {
				t.Fatalf("%d nonces are remembered, want 8 at most", len(n.used))
			}
			time.Sleep(time.Second / 10)
		}
		for i, nonce := range all {
			if n.use(nonce, 1, time.Now()) {
				t.Errorf("nonce %d was taken twice", i)
			}
		}
	})
}

func TestAuthParams(t *testing.T) {
	tests := []struct {
		in   string
		want map[string]string // nil: malformed
	}{
		{`a=b, C="d, \"e\"" ,f = g`, map[string]string{"a": "b", "c": `d, "e"`, "f": "g"}},
		{``, map[string]string{}},
		{`,, a=b,`, map[string]string{"a": "b"}},
		{`a=""`, map[string]string{"a": ""}},
		{`a`, nil},
		{`a=`, nil},
		{`a="b`, nil},
		{`a="b\`, nil},
		{`a=b c=d`, nil},
		{`a=b, a=c`, nil},
		{`=b`, nil},
	}
	for _, tt := range tests {
		got, ok := authParams(tt.in)
		if ok != (tt.want != nil) || ok && !cmp.Equal(got, tt.want) {
			t.Errorf("%s: got %v, %v", tt.in, got, ok)
		}
	}
}

func TestUserNameBeyondASCII(t *testing.T) {
	if got, ok := extendedValue("UTF-8''J%C3%A4s%C3%B8n%20Doe"); got != "Jäsøn Doe" || !ok {
		t.Errorf("got %q, %v", got, ok)
	}
	if _, ok := extendedValue("ISO-8859-1''x"); ok {
		t.Error("another charset is taken")
	}
}

func FuzzReadDigest(f *testing.F) {
	f.Add(`username="a", realm="b", nonce="c", uri="/", response="d", algorithm=MD5, qop=auth, nc=00000001, cnonce="e"`)
	f.Add(`username*=UTF-8''a%20b, nc="0000000g", qop="auth"`)
	f.Add(`a="\`)
	f.Fuzz(func(t *testing.T, s string) {
		d := newDigest(t)
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Digest "+s)
		if w := knock(d, r); w.Code != 401 {
			t.Errorf("%q opens the door", s)
		}
	})
}
