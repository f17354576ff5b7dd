package operations

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
)

// A text that is too short for any spelling of a secret is not searched: the search
// would have found nothing.
func TestTextsTooShortForASecretHoldNone(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const signs = `abcXYZ0189-_.~/:?=#,;'"<> é日{}|`
	all := []rune(signs)
	spell := []func(string) string{
		func(s string) string { return s }, url.QueryEscape, html.EscapeString, url.PathEscape,
		func(s string) string { return hex.EncodeToString([]byte(s)) },
		func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
		func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("x" + s + "y")) },
		func(s string) string { return base64.StdEncoding.EncodeToString([]byte("xy" + s))[2:] },
		func(s string) string { b, _ := json.Marshal(s); return string(b) },
	}
	for range 3_000 {
		secret := ""
		for range 4 + r.IntN(40) {
			secret += string(all[r.IntN(len(all))])
		}
		least := leastSpelling(secret)
		if least == 0 {
			continue
		}
		f := newFinder(map[string]scope{secret: inAll})
		for _, n := range f.needles {
			if len(n.text) < least {
				t.Fatalf("%q has a spelling of %d bytes, %q", secret, len(n.text), n.text)
			}
		}
		for _, as := range spell {
			text := as(secret)
			if r.IntN(2) == 0 {
				text = as(text)
			}
			text = text[:min(len(text), least-1)]
			if spans := find(f, text, search{}); len(spans) > 0 {
				t.Fatalf("%q is found in %q", secret, text)
			}
		}
	}
}

// The spellings of a secret are not made for texts that cannot hold it.
func TestShortTextsCostNoSpellings(t *testing.T) {
	got := testing.AllocsPerRun(100, func() {
		r := NewRedactor("https://setup.harbour.example/portal/launch?secret=" + strings.Repeat("k", 40))
		if s := r.String(`"org_01HARBOUR"`); s != `"org_01HARBOUR"` {
			t.Fatal(s)
		}
	})
	if got > 8 {
		t.Errorf("%v allocations", got)
	}
}
