package operations_test

import (
	"encoding/base64"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
)

// Whatever is done to a link on its way, nothing of its token is left.
func TestRedactsALinkInEverySpelling(t *testing.T) {
	encoded := strict(optest.PortalLink)
	spellings := map[string]string{
		"raw":                  optest.PortalLink,
		"query":                url.QueryEscape(optest.PortalLink),
		"query, twice":         url.QueryEscape(url.QueryEscape(optest.PortalLink)),
		"path":                 url.PathEscape(optest.PortalLink),
		"path, twice":          url.PathEscape(url.PathEscape(optest.PortalLink)),
		"parameter":            encoded,
		"parameter, twice":     strict(encoded),
		"form":                 url.QueryEscape(optest.PortalLink),
		"reserved allowed":     `https://setup.example/go?token=pt_a%2Bb~c%26return=x%2Fy%3Fz`,
		"in a path template":   `https:%2F%2Fsetup.example%2Fgo%3Ftoken=pt_a+b~c&return=x%2Fy%3Fz`,
		"lower-case digits":    lowerHex(encoded),
		"lower, twice":         lowerHex(strict(lowerHex(encoded))),
		"decoded":              `https://setup.example/go?token=pt_a+b~c&return=x/y?z`,
		"decoded as a form":    `https://setup.example/go?token=pt_a b~c&return=x/y?z`,
		"decoded and encoded":  url.QueryEscape(`https://setup.example/go?token=pt_a b~c&return=x/y?z`),
		"JSON":                 strings.ReplaceAll(optest.PortalLink, "&", `\u0026`),
		"JSON, slashes":        strings.ReplaceAll(optest.PortalLink, "/", `\/`),
		"HTML":                 html.EscapeString(optest.PortalLink),
		"path in HTML":         html.EscapeString(url.PathEscape(optest.PortalLink)),
		"path in JSON":         strings.ReplaceAll(url.PathEscape(optest.PortalLink), "&", `\u0026`),
		"base64":               base64.StdEncoding.EncodeToString([]byte(optest.PortalLink)),
		"base64 without =":     base64.RawStdEncoding.EncodeToString([]byte(optest.PortalLink)),
		"base64 for URLs":      base64.URLEncoding.EncodeToString([]byte(optest.PortalLink)),
		"base64 in a query":    url.QueryEscape(base64.URLEncoding.EncodeToString([]byte(optest.PortalLink))),
		"in another URL":       "https://api.example/jump?to=" + url.QueryEscape("https://b.example/?u="+url.QueryEscape(optest.PortalLink)),
		"a URL that Go parsed": mustParse(t, "https://api.example/"+url.PathEscape(optest.PortalLink)+"?q="+url.QueryEscape(optest.PortalLink)).String(),
	}
	r := operations.NewRedactor(optest.PortalLink)
	for name, text := range spellings {
		got := r.String("<" + text + ">")
		if !strings.Contains(got, operations.Redacted) {
			t.Errorf("%s: got %s", name, got)
		}
		for _, rest := range []string{"token", "pt_", "return", "dG9rZW4", "setup"} {
			if strings.Contains(got, rest) {
				t.Errorf("%s: %q is left in %s", name, rest, got)
			}
		}
		if !strings.HasPrefix(got, "<") || !strings.HasSuffix(got, ">") {
			t.Errorf("%s: too much is gone: %s", name, got)
		}
	}
}

// A text too long for a URL is looked for in fewer spellings, not in none.
func TestRedactsLongSecrets(t *testing.T) {
	long := strings.Repeat(optest.PortalLink, 1000)
	r := operations.NewRedactor(long)
	for _, text := range []string{long, strict(long), strings.ReplaceAll(long, "&", `\u0026`), base64.StdEncoding.EncodeToString([]byte(long))} {
		if got := r.String("<" + text + ">"); strings.TrimRight(got, "=>") != "<"+operations.Redacted {
			t.Errorf("got %.100s...", got)
		}
	}
}

func mustParse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// A redactor is asked for every line, mostly in vain.
func BenchmarkRedactor(b *testing.B) {
	line := strings.Repeat("GET https://api.example.com/organizations?limit=10 ", 20)
	for name, r := range map[string]*operations.Redactor{"none": operations.NewRedactor(), "a key and a link": operations.NewRedactor("sk_test_default", optest.PortalLink)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r.String(line)
			}
		})
	}
	b.Run("learning a link", func(b *testing.B) {
		for b.Loop() {
			operations.NewRedactor(optest.PortalLink).String(line)
		}
	})
}

// lowerHex writes the hexadecimal digits of triplets, and nothing else, in
// lower case.
func lowerHex(s string) string {
	return regexp.MustCompile(`%[0-9A-F]{2}`).ReplaceAllStringFunc(s, strings.ToLower)
}

// strict encodes all but unreserved characters, as parameters of a path do.
func strict(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
