package operations_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/client"
	"github.com/capstan-run/capstan/operations/internal/optest"
)

// secretAlphabets are what generated secrets are made of.
var secretAlphabets = map[string]string{
	"letters":  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
	"URL":      "abcXYZ019-._~:/?#[]@!$&'()*+,;=%",
	"quotes":   `abcdefXYZ0189"'\/<>&` + "`",
	"unicode":  "abc0189é√日本🔑ß",
	"lines":    "abcdef0189\n\r\t ",
	"digits":   "0123456789",
	"anything": "ab01\x00\x01\x7f\x1b\\\"%+&é",
}

// generatedSecret returns a secret from the alphabet, of 6 to 70 characters.
func generatedSecret(r *rand.Rand, alphabet string) string {
	runes := []rune(alphabet)
	out := make([]rune, 6+r.IntN(65))
	for i := range out {
		out[i] = runes[r.IntN(len(runes))]
	}
	return string(out)
}

func mustJSON(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b[1 : len(b)-1])
}

// asciiJSON writes s as JSON that holds ASCII only.
func asciiJSON(s string) string {
	var b strings.Builder
	for _, r := range mustJSON(s) {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// spellings are the ways in which an API may write a text.
var spellings = map[string]func(string) string{
	"as it is":               func(s string) string { return s },
	"JSON":                   mustJSON,
	"ASCII JSON":             asciiJSON,
	"JSON, slashes":          func(s string) string { return strings.ReplaceAll(mustJSON(s), "/", `\/`) },
	"JSON in JSON":           func(s string) string { return mustJSON(mustJSON(s)) },
	"JSON three times":       func(s string) string { return mustJSON(mustJSON(mustJSON(s))) },
	"query":                  url.QueryEscape,
	"query, twice":           func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
	"path":                   url.PathEscape,
	"lower-case digits":      func(s string) string { return lowerHex(strict(s)) },
	"twice, lower":           func(s string) string { return lowerHex(strict(lowerHex(strict(s)))) },
	"JSON in a query":        func(s string) string { return url.QueryEscape(mustJSON(s)) },
	"query in JSON in JSON":  func(s string) string { return mustJSON(mustJSON(url.QueryEscape(s))) },
	"quoted":                 func(s string) string { return strings.Trim(strconv.QuoteToASCII("_"+s+"_"), `"`) },
	"HTML":                   html.EscapeString,
	"HTML in JSON":           func(s string) string { return mustJSON(html.EscapeString(s)) },
	"JSON in HTML":           func(s string) string { return html.EscapeString(mustJSON(s)) },
	"hex":                    func(s string) string { return hex.EncodeToString([]byte(s)) },
	"HEX":                    func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"base64":                 func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64 unpadded":        func(s string) string { return base64.RawStdEncoding.EncodeToString([]byte(s)) },
	"base64 for URLs":        func(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) },
	"base64 raw for URLs":    func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	"base64 in a query":      func(s string) string { return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(s))) },
	"base64 of JSON in JSON": func(s string) string { return mustJSON(base64.StdEncoding.EncodeToString([]byte(mustJSON(s)))) },
	"base64 behind a byte":   func(s string) string { return base64.StdEncoding.EncodeToString([]byte("u" + s + ":")) },
	"base64 behind two":      func(s string) string { return base64.URLEncoding.EncodeToString([]byte("u:" + s + "::")) },
	"hex in JSON in a query": func(s string) string { return url.QueryEscape(mustJSON(hex.EncodeToString([]byte(s)))) },
}

// mayStay is how much beside the secret a spelling writes, in characters.
const mayStay = 12

func eachSecret(t *testing.T, per int, try func(t *testing.T, secret string)) {
	for _, name := range slices.Sorted(maps.Keys(secretAlphabets)) {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(9, uint64(len(name))))
			for range per {
				try(t, generatedSecret(r, secretAlphabets[name]))
			}
		})
	}
}

// Whatever a text does to a secret, nothing of it is left, and nothing else is
// gone.
func TestGeneratedSecretsAreHiddenInEverySpelling(t *testing.T) {
	eachSecret(t, 60, func(t *testing.T, secret string) {
		r := operations.NewRedactor(secret)
		for name, spell := range spellings {
			text := spell(secret)
			got := r.String("before <" + text + "> after")
			middle := strings.TrimSuffix(strings.TrimPrefix(got, "before <"), "> after")
			if len(got)-len(middle) != len("before <> after") || !strings.Contains(middle, operations.Redacted) || len(middle) > len(operations.Redacted)+mayStay {
				t.Errorf("%s: %q, written %q, is shown as %q", name, secret, text, got)
			}
		}
	})
}

// An API that repeats its caller's credential in an answer, successful or not,
// does not get it to anything that reads the answer: not in the body, decoded or
// as it came, nor in a header. What was JSON still is.
func TestGeneratedCredentialsAreHiddenInAnswers(t *testing.T) {
	eachSecret(t, 3, func(t *testing.T, secret string) {
		for name, spell := range spellings {
			for _, status := range []int{200, 400} {
				text := spell(secret)
				srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					w.Header().Set("X-Request-Id", "id "+url.QueryEscape(text))
					w.WriteHeader(status)
					_, _ = io.WriteString(w, `{"id": 17, "echo": "for `+mustJSON(text)+`.", "`+mustJSON(text)+`": true}`)
				})
				redactor := operations.NewRedactor(secret)
				resp, err := client.New(client.Options{Redactor: redactor, Retry: client.RetryPolicy{Attempts: 1}})(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: srv.URL})
				if err != nil {
					t.Fatal(err)
				}
				object, ok := resp.Value.(map[string]any)
				if !ok || fmt.Sprint(object["id"]) != "17" || len(object) != 3 {
					t.Fatalf("%s: of %q, written %q, the answer is %s, %v", name, secret, text, resp.Body, resp.DecodeErr)
				}
				echo, _ := object["echo"].(string)
				for what, shown := range map[string]string{"body": echo, "header": resp.Header.Get("X-Request-Id"), "request id": resp.RequestID} {
					if !strings.Contains(shown, operations.Redacted) || len(shown) > len("for .")+len(operations.Redacted)+mayStay {
						t.Errorf("%s of %d: %q is in the %s: %q", name, status, secret, what, shown)
					}
				}
				for key := range object {
					if key != "id" && key != "echo" && !strings.Contains(key, operations.Redacted) {
						t.Errorf("%s: %q is in a key: %q", name, secret, key)
					}
				}
			}
		}
	})
}

// An error's body is read up to the size cap. What the cap left of a secret, from
// four characters on, is hidden too.
func TestAPartOfASecretAtTheSizeCapIsHidden(t *testing.T) {
	eachSecret(t, 5, func(t *testing.T, secret string) {
		for _, name := range []string{"as it is", "JSON", "JSON in JSON", "query", "twice, lower", "HTML", "hex", "base64"} {
			spell := spellings[name]
			text := spell(secret)
			for _, keep := range []int{len(text) / 2, len(text) * 3 / 4, len(text) - 1, len(text)} {
				const before = "wrong key: "
				srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", "text/plain")
					w.WriteHeader(http.StatusUnauthorized)
					_, _ = io.WriteString(w, before+text+strings.Repeat("x", 100))
				})
				c := client.New(client.Options{Redactor: operations.NewRedactor(secret), MaxBody: int64(len(before) + keep), Retry: client.RetryPolicy{Attempts: 1}})
				resp, err := c(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: srv.URL})
				if err != nil {
					t.Fatal(err)
				}
				rest := strings.TrimPrefix(string(resp.Body), before)
				if head := spell(string([]rune(secret)[:4])); strings.HasPrefix(rest, strings.TrimRight(head, "=")) {
					t.Errorf("%s, %d of %d: %q is left of %q", name, keep, len(text), resp.Body, secret)
				}
			}
		}
	})
}
