package operations

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/google/go-cmp/cmp"
)

func TestRedactsEverySpelling(t *testing.T) {
	const secret = `sk_live/"a+b&c"<é>`
	r := NewRedactor(secret)
	quoted, _ := json.Marshal(secret)
	for name, text := range map[string]string{
		"raw":             secret,
		"query":           url.QueryEscape(secret),
		"path":            url.PathEscape(secret),
		"strict":          strict(secret),
		"lower case hex":  strings.ToLower(strict(secret)),
		"JSON":            string(quoted),
		"basic password":  base64.StdEncoding.EncodeToString([]byte("user:" + secret)),
		"basic user":      base64.StdEncoding.EncodeToString([]byte(secret + ":")),
		"other alignment": base64.StdEncoding.EncodeToString([]byte("me:" + secret)),
		"URL base64":      base64.URLEncoding.EncodeToString([]byte("x" + secret)),
	} {
		got := r.String("before " + text + " after")
		if !strings.Contains(got, Redacted) || !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " after") {
			t.Errorf("%s: got %q", name, got)
		}
		// Of base64 the user name beside it stays, and a character at each end
		// that holds bits of both.
		if left := len(got) - len("before [redacted] after"); left > len("dXNlcjp")+4 {
			t.Errorf("%s: %d characters are left in %q", name, left, got)
		}
	}
}

func TestRedactsAuthorizationHeaders(t *testing.T) {
	var none *Redactor
	for in, want := range map[string]string{
		"Authorization: Bearer abc.def":           "Authorization: Bearer [redacted]",
		"authorization: Basic dTpw":               "authorization: Basic [redacted]",
		`{"Authorization":"Bearer abc","x":1}`:    `{"Authorization":"Bearer [redacted]","x":1}`,
		"map[Authorization:[Bearer abc]]":         "map[Authorization:[Bearer [redacted]",
		"Proxy-Authorization=token abc":           "Proxy-Authorization=token [redacted]",
		"used Bearer eyJhbGciOiJIUzI1NiJ9.e30.xx": "used Bearer [redacted]",
		"the bearer of this letter":               "the bearer of this letter",
		"authorization is needed":                 "authorization is needed",
	} {
		if got := none.String(in); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", in, got, want)
		}
		if again := none.String(none.String(in)); again != want {
			t.Errorf("redacting twice changes %s to %s", want, again)
		}
	}
}

func TestRedactorPrefersTheLongerSecret(t *testing.T) {
	r := NewRedactor("sk_test", "sk_test_default")
	if got := r.String("a sk_test_default b sk_test c"); got != "a [redacted] b [redacted] c" {
		t.Errorf("got %s", got)
	}
}

func TestShortSecretsAreIgnored(t *testing.T) {
	r := NewRedactor("", "a", "abc")
	if got := r.String("abc a"); got != "abc a" {
		t.Errorf("got %s", got)
	}
}

func TestRedactorIsSafeForConcurrentUse(t *testing.T) {
	r := NewRedactor()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			secret := fmt.Sprintf("secret-%d", i)
			r.Add(secret)
			if got := string(r.Bytes([]byte(secret))); got != Redacted {
				t.Errorf("got %s", got)
			}
		})
	}
	wg.Wait()
}

func TestHideSensitive(t *testing.T) {
	body := `{"link":"L1","data":[{"t":"T1","k":1},{"t":"T2","n":{"deep":["D"]}}]}`
	tests := []struct {
		paths  []string
		want   string
		hidden []string
	}{
		{nil, body, nil},
		{[]string{"link"}, `{"data":[{"k":1,"t":"T1"},{"n":{"deep":["D"]},"t":"T2"}],"link":"[redacted]"}`, []string{"L1"}},
		{[]string{"$.data[*].t"}, `{"data":[{"k":1,"t":"[redacted]"},{"n":{"deep":["D"]},"t":"[redacted]"}],"link":"L1"}`, []string{"T1", "T2"}},
		{[]string{"data[].t"}, `{"data":[{"k":1,"t":"[redacted]"},{"n":{"deep":["D"]},"t":"[redacted]"}],"link":"L1"}`, []string{"T1", "T2"}},
		{[]string{"data.t"}, `{"data":[{"k":1,"t":"[redacted]"},{"n":{"deep":["D"]},"t":"[redacted]"}],"link":"L1"}`, []string{"T1", "T2"}},
		{[]string{"data[1].n", "data[0].k"}, `{"data":[{"k":"[redacted]","t":"T1"},{"n":"[redacted]","t":"T2"}],"link":"L1"}`, []string{"D"}},
		{[]string{"nothing.here"}, `{"data":[{"k":1,"t":"T1"},{"n":{"deep":["D"]},"t":"T2"}],"link":"L1"}`, nil},
		{[]string{"$"}, `"[redacted]"`, []string{"D", "L1", "T1", "T2"}},
	}
	for _, tt := range tests {
		v, err := jsonvalue.Decode([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		got, hidden := (&Response{Body: []byte(body), Value: v, IsJSON: true}).Hidden(tt.paths)
		sortStrings := cmp.Transformer("sort", func(s []string) map[string]int {
			m := map[string]int{}
			for _, x := range s {
				m[x]++
			}
			return m
		})
		if string(got) != tt.want {
			t.Errorf("%v: got %s", tt.paths, got)
		}
		if diff := cmp.Diff(tt.hidden, hidden, sortStrings); diff != "" {
			t.Errorf("%v: %s", tt.paths, diff)
		}
	}
	text, _ := (&Response{Body: []byte("token=1")}).Hidden([]string{"token"})
	if string(text) != Redacted {
		t.Errorf("a text with sensitive parts shows %s", text)
	}
}

// No text comes out with the secret in it. The space keeps the end of the text
// from being the beginning of an escape.
func FuzzRedactor(f *testing.F) {
	f.Add("s3cr3t", "x s3cr3t y")
	f.Add(`https://setup.example/go?token=pt_a+b~c&return=x%2Fy%3Fz`, "?to=")
	f.Add("%41%42+%zz", "")
	f.Fuzz(func(t *testing.T, secret, text string) {
		if len(secret) < minSecret || strings.ContainsAny(secret, "[]") || strings.Contains(Redacted, secret) {
			return
		}
		for _, t := range unescaped(secret) {
			if len(t) < minSecret {
				return // what it stands for is too short to be looked for
			}
		}
		r := NewRedactor(secret)
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), url.QueryEscape(url.QueryEscape(secret)), strict(secret), html.EscapeString(secret)} {
			if got := r.String(text + " " + form); strings.Contains(got, form) {
				t.Errorf("%q holds %q", got, form)
			}
		}
	})
}

// strict encodes all but unreserved characters, as parameters of a path do.
func strict(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
