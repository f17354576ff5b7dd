package operations

import (
	"context"
	"encoding/base64"
	"errors"
	"html"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// portalLink is a secret as providers make them: a URL that holds escapes.
const portalLink = `https://setup.example/go?token=pt_a+b~c&return=x%2Fy%3Fz`

// Whatever is done to a link on its way, nothing of its token is left.
func TestRedactsALinkInEverySpelling(t *testing.T) {
	strict := escapeStrict(portalLink)
	spellings := map[string]string{
		"raw":                  portalLink,
		"query":                url.QueryEscape(portalLink),
		"query, twice":         url.QueryEscape(url.QueryEscape(portalLink)),
		"path":                 url.PathEscape(portalLink),
		"path, twice":          url.PathEscape(url.PathEscape(portalLink)),
		"parameter":            strict,
		"parameter, twice":     escapeStrict(strict),
		"form":                 escapeForm(portalLink),
		"reserved allowed":     escapeReserved(portalLink),
		"in a path template":   escapeLiteral(portalLink),
		"lower-case digits":    lowerHex(strict),
		"lower, twice":         lowerHex(escapeStrict(lowerHex(strict))),
		"decoded":              `https://setup.example/go?token=pt_a+b~c&return=x/y?z`,
		"decoded as a form":    `https://setup.example/go?token=pt_a b~c&return=x/y?z`,
		"decoded and encoded":  url.QueryEscape(`https://setup.example/go?token=pt_a b~c&return=x/y?z`),
		"JSON":                 strings.ReplaceAll(portalLink, "&", `\u0026`),
		"JSON, slashes":        strings.ReplaceAll(portalLink, "/", `\/`),
		"HTML":                 html.EscapeString(portalLink),
		"path in HTML":         html.EscapeString(url.PathEscape(portalLink)),
		"path in JSON":         strings.ReplaceAll(url.PathEscape(portalLink), "&", `\u0026`),
		"base64":               base64.StdEncoding.EncodeToString([]byte(portalLink)),
		"base64 without =":     base64.RawStdEncoding.EncodeToString([]byte(portalLink)),
		"base64 for URLs":      base64.URLEncoding.EncodeToString([]byte(portalLink)),
		"base64 in a query":    url.QueryEscape(base64.URLEncoding.EncodeToString([]byte(portalLink))),
		"in another URL":       "https://api.example/jump?to=" + url.QueryEscape("https://b.example/?u="+url.QueryEscape(portalLink)),
		"a URL that Go parsed": mustParse(t, "https://api.example/"+url.PathEscape(portalLink)+"?q="+url.QueryEscape(portalLink)).String(),
	}
	r := NewRedactor(portalLink)
	for name, text := range spellings {
		got := r.String("<" + text + ">")
		if !strings.Contains(got, Redacted) {
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
	long := strings.Repeat(portalLink, 1000)
	r := NewRedactor(long)
	for _, text := range []string{long, escapeStrict(long), strings.ReplaceAll(long, "&", `\u0026`), base64.StdEncoding.EncodeToString([]byte(long))} {
		if got := r.String("<" + text + ">"); strings.TrimRight(got, "=>") != "<"+Redacted {
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

// linkRequest sends the link in its path and query, and in its body.
func linkRequest() (*Request, *Redactor) {
	op := &Operation{
		API: "shop", ID: "op", Method: "POST", Path: "/l/{at}", Servers: []Server{{URL: "https://api.example.com"}},
		Params: []*Param{{Name: "at", In: InPath, Required: true, Schema: str()}, {Name: "q", In: InQuery, Schema: str(), Style: "form"}},
		Body:   &Body{Media: []Media{{Type: "application/json", Schema: &Schema{}}}},
	}
	run := NewRedactor(portalLink)
	return &Request{
		Op: op, Args: args(op, "at", portalLink, "q", portalLink), Redactor: run,
		Body: map[string]any{"next": portalLink, "html": html.EscapeString(portalLink)},
	}, run
}

// wantNoLink fails when a part of the link is in text, however it is encoded.
func wantNoLink(t *testing.T, text string) {
	t.Helper()
	for _, part := range []string{"pt_a", "setup.example", "token"} {
		if strings.Contains(text, part) {
			t.Errorf("%q is in %s", part, text)
		}
	}
	if !strings.Contains(text, Redacted) {
		t.Errorf("nothing is redacted in %s", text)
	}
}

func TestLogHidesTheRunsSecrets(t *testing.T) {
	req, _ := linkRequest()
	text := logged(t, LevelBody, NewRedactor("client-secret"), req, func(context.Context, *Request) (*Response, error) {
		return &Response{Status: 200, Header: http.Header{}, Body: []byte(`{"echo":"` + portalLink + `"}`), RequestID: "client-secret"},
			&CallError{Detail: "no " + portalLink}
	})
	wantNoLink(t, text)
	if strings.Contains(text, "client-secret") {
		t.Errorf("the client's secret is in %s", text)
	}
	req.Redactor = nil
	if text := logged(t, slog.LevelDebug, nil, req, func(context.Context, *Request) (*Response, error) { return nil, errors.New("x") }); !strings.Contains(text, "token") {
		t.Errorf("without a redactor the link should show, or this test proves nothing: %s", text)
	}
}

func TestErrorsHideTheRunsSecrets(t *testing.T) {
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) { hangUp(w) })
	req, _ := linkRequest()
	req.BaseURL = srv.URL
	_, err := once(ClientOptions{})(t.Context(), req)
	wantCallError(t, err, Sent, ReasonReset, "/l/[redacted]?q=[redacted]")
	wantNoLink(t, err.Error())

	req.Args = args(req.Op, "at", "x")
	req.BaseURL = "ftp://h/" + portalLink
	for name, call := range map[string]Caller{
		"client": once(ClientOptions{}),
		"build":  func(ctx context.Context, req *Request) (*Response, error) { _, err := Build(ctx, req); return nil, err },
		"auth": func(ctx context.Context, req *Request) (*Response, error) {
			secured := *req
			op := *req.Op
			op.Security = []Requirement{{bearerUse()}}
			secured.Op = &op
			return once(ClientOptions{Credentials: fixed(Credential{Token: "sk_secret"})})(ctx, &secured)
		},
	} {
		if _, err := call(t.Context(), req); err == nil {
			t.Errorf("%s: no error", name)
		} else {
			wantNoLink(t, err.Error())
		}
	}
}

func TestRecordingsHideTheRunsSecrets(t *testing.T) {
	dir := t.TempDir()
	req, _ := linkRequest()
	answers := []Caller{
		canned(200, `{"echo":"`+portalLink+`"}`, http.Header{"Location": {portalLink}}),
		func(context.Context, *Request) (*Response, error) {
			return nil, &CallError{URL: "https://h/?q=" + url.QueryEscape(portalLink), Detail: "no " + portalLink, Phase: Sent, Reason: ReasonReset, Status: 200, RequestID: "req_1"}
		},
	}
	for _, next := range answers {
		if _, err := Chain(next, Record(dir, nil))(t.Context(), req); err != nil {
			wantCallError(t, err, Sent, ReasonReset, "pt_a") // the caller's own error is not changed
		}
	}
	for _, name := range files(t, dir) {
		wantNoLink(t, readFile(t, filepath.Join(dir, name)))
	}
	replay := Replay(dir)
	if _, err := replay(t.Context(), req); err != nil {
		t.Error(err)
	}
	_, err := replay(t.Context(), req)
	if e := callError(t, err); e.RequestID != "req_1" || e.Status != 200 {
		t.Errorf("got %+v", e)
	}
	// What a mismatch lists is of this run.
	_, err = replay(t.Context(), req)
	wantCallError(t, err, NotSent, ReasonRecording, "the request has")
	wantNoLink(t, err.Error())
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
}

// A redactor is asked for every line, mostly in vain.
func BenchmarkRedactor(b *testing.B) {
	line := strings.Repeat("GET https://api.example.com/organizations?limit=10 ", 20)
	for name, r := range map[string]*Redactor{"none": NewRedactor(), "a key and a link": NewRedactor("sk_test_default", portalLink)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r.String(line)
			}
		})
	}
	b.Run("learning a link", func(b *testing.B) {
		for b.Loop() {
			NewRedactor(portalLink).String(line)
		}
	})
}

// lowerHex writes the hexadecimal digits of triplets, and nothing else, in
// lower case.
func lowerHex(s string) string {
	return regexp.MustCompile(`%[0-9A-F]{2}`).ReplaceAllStringFunc(s, strings.ToLower)
}
