package client

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/google/go-cmp/cmp"
)

// once sends without retries.
func once(o Options) operations.Caller {
	o.Retry.Attempts = 1
	return New(o)
}

func TestAnswers(t *testing.T) {
	tests := []struct {
		name        string
		contentType string
		body        string
		want        any
		isJSON      bool
		decodeErr   string
	}{
		{"object", "application/json", `{"n":1,"f":1.5,"big":12345678901234567890,"e":1e3,"s":"x","z":null,"l":[true]}`,
			map[string]any{"n": 1, "f": 1.5, "big": json.Number("12345678901234567890"), "e": json.Number("1e3"), "s": "x", "z": nil, "l": []any{true}}, true, ""},
		{"64-bit id", "application/json", `9007199254740993`, 9007199254740993, true, ""},
		{"bare string", "application/json", `"Ratelimited"`, "Ratelimited", true, ""},
		{"problem", "application/problem+json; charset=utf-8", `{}`, map[string]any{}, true, ""},
		{"byte order mark", "application/json", "\ufeff{}", map[string]any{}, true, ""},
		{"latin1", "application/json; charset=ISO-8859-1", "\"\xe9\"", "é", true, ""},
		{"utf-16", "application/json; charset=utf-16", "\xff\xfe\"\x00\xe9\x00\"\x00", "é", true, ""},
		{"utf-16 by its mark", "application/json", "\xff\xfe\"\x00\xe9\x00\"\x00", "é", true, ""},
		{"latin1 that is not declared", "application/json", "\"\xe9\"", nil, false, "the answer cannot be read: it is not UTF-8 from byte 1 on"},
		{"text that is not UTF-8", "text/plain", "caf\xe9", nil, false, "it is not UTF-8 from byte 3 on"},
		{"no number", "application/json", `{"a": NaN}`, nil, false, "not valid JSON"},
		{"unknown charset", "application/json; charset=klingon", "{}", nil, false, `it is written in "klingon"`},
		{"broken", "application/json", `{"a":`, nil, false, "not valid JSON: it ends too early"},
		{"garbage", "application/json", `Ratelimited`, nil, false, "not valid JSON"},
		{"two values", "application/json", `{} {}`, nil, false, "something follows"},
		{"empty", "application/json", "", nil, false, ""},
		{"blank", "application/json", " \n", nil, false, ""},
		{"HTML", "text/html; charset=utf-8", "<html><title>Sign in</title>", nil, false, "the answer is text/html where JSON is documented"},
		{"JSON called text", "text/plain", `{"a":1}`, map[string]any{"a": 1}, true, ""},
		{"text", "text/plain", "Ratelimited", "Ratelimited", false, "text/plain where JSON is documented"},
		{"JSON without a type", "", `[1]`, []any{1}, true, ""},
		{"no type, no JSON", "", "hello", nil, false, "has no content type"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Content-Type"] = []string{tt.contentType}
				if tt.contentType == "" {
					w.Header()["Content-Type"] = nil
				}
				io.WriteString(w, tt.body)
			})
			resp, err := once(Options{})(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: srv.URL})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, resp.Value); diff != "" {
				t.Error(diff)
			}
			if resp.IsJSON != tt.isJSON || tt.decodeErr != "" && string(resp.Body) != tt.body || tt.isJSON && !json.Valid(resp.Body) {
				t.Errorf("IsJSON %v, body %q", resp.IsJSON, resp.Body)
			}
			if got := fmt.Sprint(resp.DecodeErr); (resp.DecodeErr == nil) != (tt.decodeErr == "") || !strings.Contains(got, tt.decodeErr) {
				t.Errorf("got %v, want %q", resp.DecodeErr, tt.decodeErr)
			}
		})
	}
}

func TestTextIsTextWhenNoJSONIsDocumented(t *testing.T) {
	srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		io.WriteString(w, "a,b")
	})
	op := optest.JSON("GET")
	op.Responses = nil
	resp, err := once(Options{})(t.Context(), &operations.Request{Op: op, BaseURL: srv.URL})
	if err != nil || resp.Value != "a,b" || resp.DecodeErr != nil {
		t.Errorf("got %v, %v", resp, err)
	}
}

func TestRequestIDs(t *testing.T) {
	for _, name := range []string{"X-Request-ID", "Request-Id", "X-Amzn-RequestId", "CF-Ray", "x-correlation-id"} {
		srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) { w.Header()[name] = []string{"req_1"} })
		resp, err := once(Options{})(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: srv.URL})
		// The wire canonicalises what a server writes.
		if err != nil || resp.RequestID != "req_1" {
			t.Errorf("%s: got %v, %v", name, resp, err)
		}
	}
}

func TestGzip(t *testing.T) {
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	zw.Write([]byte(`{"a":"` + strings.Repeat("x", 1<<20) + `"}`))
	zw.Close()
	srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "application/json")
		w.Write(packed.Bytes())
	})
	// The second transport does not ask for gzip and gets it all the same.
	for _, tr := range []*http.Transport{{}, {DisableCompression: true}} {
		call := once(Options{Transport: tr})
		resp, err := call(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: srv.URL})
		if err != nil || !resp.IsJSON {
			t.Errorf("got %v, %v", resp, err)
		}
		// The cap counts unpacked bytes: 1 KiB on the wire, 1 MiB in memory.
		small := once(Options{Transport: tr, MaxBody: 100 << 10})
		_, err = small(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: srv.URL})
		optest.WantCallError(t, err, operations.Sent, operations.ReasonTooLarge, "the answer is too large: at most 100 KiB are read")
	}
}

func TestTooLargeAnswers(t *testing.T) {
	srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(50<<20))
		w.WriteHeader(200)
	})
	_, err := once(Options{})(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: srv.URL})
	optest.WantCallError(t, err, operations.Sent, operations.ReasonTooLarge, "the answer is too large: 50 MiB, and at most 10 MiB are read")
	if operations.IsInDoubt(err) {
		t.Error("a read is in doubt")
	}
	_, err = once(Options{})(t.Context(), &operations.Request{Op: optest.JSON("POST"), BaseURL: srv.URL})
	if !operations.IsInDoubt(err) {
		t.Error("a write whose answer could not be read is settled")
	}
}

// hangUp closes the connection under a handler, as a crash would.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		conn.Close()
	}
}

func TestLostAnswers(t *testing.T) {
	reset := func(w http.ResponseWriter, r *http.Request) {
		conn, _, _ := http.NewResponseController(w).Hijack()
		conn.(*net.TCPConn).SetLinger(0) // RST instead of FIN
		conn.Close()
	}
	truncated := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, `{"a":`)
		http.NewResponseController(w).Flush()
		hangUp(w)
	}
	for name, h := range map[string]http.HandlerFunc{
		"closed":    func(w http.ResponseWriter, r *http.Request) { hangUp(w) },
		"reset":     reset,
		"truncated": truncated,
	} {
		t.Run(name, func(t *testing.T) {
			srv := optest.Serve(t, h)
			_, err := once(Options{})(t.Context(), &operations.Request{Op: optest.JSON("POST"), BaseURL: srv.URL, Body: map[string]any{}})
			want := "closed the connection before a complete answer; the request was sent and may have taken effect"
			if name == "truncated" {
				want = "the server answered 200, so it took effect, but its answer cannot be read: "
			}
			optest.WantCallError(t, err, operations.Sent, operations.ReasonReset, want)
			if !operations.IsInDoubt(err) || operations.IsNotSent(err) {
				t.Error("the request is not in doubt")
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	_, err = once(Options{})(t.Context(), &operations.Request{Op: optest.JSON("POST"), BaseURL: "http://" + l.Addr().String()})
	optest.WantCallError(t, err, operations.NotSent, operations.ReasonRefused, l.Addr().String()+" refused the connection")
	if operations.IsInDoubt(err) || !operations.IsNotSent(err) {
		t.Error("a refused connection is in doubt")
	}
}

func TestUnknownHost(t *testing.T) {
	tr := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Err: "no such host", Name: "nowhere.test", IsNotFound: true}}
	}}
	_, err := once(Options{Transport: tr})(t.Context(), &operations.Request{Op: optest.JSON("POST"), BaseURL: "http://nowhere.test"})
	optest.WantCallError(t, err, operations.NotSent, operations.ReasonDNS, "the host nowhere.test is unknown")
}

func TestTimeouts(t *testing.T) {
	release := make(chan struct{})
	srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) { <-release })
	defer close(release)
	_, err := once(Options{Timeout: 2 * time.Second})(t.Context(), &operations.Request{Op: optest.JSON("POST"), BaseURL: srv.URL})
	optest.WantCallError(t, err, operations.Sent, operations.ReasonTimeout, "within 2s")

	stuck := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	_, err = once(Options{Timeout: 50 * time.Millisecond, Transport: stuck})(t.Context(), &operations.Request{Op: optest.JSON("POST"), BaseURL: srv.URL})
	optest.WantCallError(t, err, operations.NotSent, operations.ReasonTimeout, "no answer from")
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	})
	_, err := once(Options{})(ctx, &operations.Request{Op: optest.JSON("POST"), BaseURL: srv.URL})
	optest.WantCallError(t, err, operations.Sent, operations.ReasonCancelled, "cancelled")
	if !errors.Is(err, context.Canceled) || !operations.IsInDoubt(err) {
		t.Errorf("got %v", err)
	}
	_, err = once(Options{})(ctx, &operations.Request{Op: optest.JSON("POST"), BaseURL: srv.URL})
	if !operations.IsNotSent(err) {
		t.Errorf("cancelled before: got %v", err)
	}
}

func TestUntrustedCertificate(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	_, err := once(Options{})(t.Context(), &operations.Request{Op: optest.JSON("POST"), BaseURL: srv.URL})
	optest.WantCallError(t, err, operations.NotSent, operations.ReasonTLS, "is not trusted: it is self-signed or its authority is unknown here; add the authority")

	wrongName := srv.Client().Transport.(*http.Transport)
	_, err = once(Options{Transport: wrongName})(t.Context(), &operations.Request{Op: optest.JSON("POST"), BaseURL: strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)})
	optest.WantCallError(t, err, operations.NotSent, operations.ReasonTLS, "is for another host")

	plain := optest.Serve(t, func(http.ResponseWriter, *http.Request) {})
	_, err = once(Options{})(t.Context(), &operations.Request{Op: optest.JSON("POST"), BaseURL: strings.Replace(plain.URL, "http:", "https:", 1)})
	optest.WantCallError(t, err, operations.NotSent, operations.ReasonTLS, "does not speak TLS")
}

func TestRedirects(t *testing.T) {
	var elsewhere atomic.Int32
	other := optest.Serve(t, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	var followed atomic.Int32
	srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away/things":
			http.Redirect(w, r, other.URL+"/x", http.StatusFound)
		case "/here/things":
			http.Redirect(w, r, "/end", http.StatusFound)
		case "/307/things":
			http.Redirect(w, r, "/end", http.StatusTemporaryRedirect)
		case "/end":
			followed.Add(1)
			fmt.Fprint(w, r.Header.Get("Authorization") == "Bearer sk_secret")
		default:
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}
	})
	op := optest.JSON("GET")
	op.Security = []operations.Requirement{{bearerUse()}}
	write := optest.JSON("POST")
	write.Security = op.Security
	call := once(Options{Credentials: fixed(Credential{Token: "sk_secret"})})

	resp, err := call(t.Context(), &operations.Request{Op: op, BaseURL: srv.URL + "/here"})
	if err != nil || string(resp.Body) != "true" {
		t.Errorf("same host: got %v, %v", resp, err)
	}
	_, err = call(t.Context(), &operations.Request{Op: op, BaseURL: srv.URL + "/away"})
	optest.WantCallError(t, err, operations.Sent, operations.ReasonRedirect, "redirects to another host, "+other.URL+"; nothing was sent there")
	_, err = call(t.Context(), &operations.Request{Op: op, BaseURL: srv.URL + "/loop"})
	optest.WantCallError(t, err, operations.Sent, operations.ReasonRedirect, "more than 5 times")
	_, err = call(t.Context(), &operations.Request{Op: write, BaseURL: srv.URL + "/307", Body: 1})
	optest.WantCallError(t, err, operations.Sent, operations.ReasonRedirect, "the server redirects this POST")
	if operations.IsInDoubt(err) {
		t.Error("a redirected write is in doubt, though the server only pointed elsewhere")
	}
	_, err = call(t.Context(), &operations.Request{Op: write, BaseURL: srv.URL + "/here", Body: 1})
	optest.WantCallError(t, err, operations.Sent, operations.ReasonRedirect, "redirects this POST to "+srv.URL+" (302 Found)")
	if !operations.IsInDoubt(err) || strings.Contains(err.Error(), "base URL") {
		t.Errorf("a write that was perhaps carried out, with its result elsewhere: %v", err)
	}
	if elsewhere.Load() != 0 || followed.Load() != 1 {
		t.Errorf("%d requests went to the other host, %d were followed here", elsewhere.Load(), followed.Load())
	}
}

// A transport that reports nothing must not have its failures taken for "not
// sent".
func TestUnknownTransportCountsAsSent(t *testing.T) {
	tr := roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("boom") })
	_, err := once(Options{Transport: tr})(t.Context(), &operations.Request{Op: optest.JSON("POST"), BaseURL: "http://h"})
	optest.WantCallError(t, err, operations.Sent, operations.ReasonOther, "boom")
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestUserAgent(t *testing.T) {
	srv := optest.Serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "%q", r.UserAgent()) })
	for agent, want := range map[string]string{"": `"capstan"`, "acme/1": `"acme/1"`} {
		resp, err := once(Options{})(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: srv.URL, Header: http.Header{"User-Agent": {agent}}})
		if err != nil || string(resp.Body) != want {
			t.Errorf("got %v, %v", resp, err)
		}
	}
}

func TestConnectionsAreKept(t *testing.T) {
	var conns atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "{}") }))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	call := once(Options{})
	for range 5 {
		if _, err := call(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: srv.URL}); err != nil {
			t.Fatal(err)
		}
	}
	if got := conns.Load(); got != 1 {
		t.Errorf("%d connections for 5 calls", got)
	}
}

func TestErrorsBeforeSendingAreRedacted(t *testing.T) {
	_, err := once(Options{Redactor: operations.NewRedactor("s3cret")})(t.Context(), &operations.Request{Op: optest.JSON("GET"), BaseURL: "ftp://h/s3cret"})
	optest.WantCallError(t, err, operations.NotSent, operations.ReasonInvalid, `"ftp://h/[redacted]" is not an http or https URL`)
}

func TestSizesRead(t *testing.T) {
	for n, want := range map[int64]string{12: "12 bytes", 1 << 10: "1 KiB", 1536: "1.5 KiB", 10 << 20: "10 MiB", 52428801: "50 MiB", 5 << 30: "5120 MiB"} {
		if got := bytesText(n); got != want {
			t.Errorf("%d: got %s", n, got)
		}
	}
}
