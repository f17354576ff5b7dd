package client

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/google/go-cmp/cmp"
	"github.com/icholy/digest"
)

// The vectors of RFC 7616, section 3.9.1.
func TestDigestVectors(t *testing.T) {
	for algorithm, want := range map[string]string{
		"MD5":     "8ca523f5e9506fed4657c9700eebdbec",
		"SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	} {
		challenge, err := digest.ParseChallenge(`Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=` + algorithm +
			`, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`)
		if err != nil {
			t.Fatal(err)
		}
		got, err := digest.Digest(challenge, digest.Options{
			Method: "GET", URI: "/dir/index.html", Count: 1, Username: "Mufasa", Password: "Circle of Life",
			Cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
		})
		if err != nil || got.Response != want {
			t.Errorf("%s: got %s, %v, want %s", algorithm, got.Response, err, want)
		}
	}
}

// vault is a server that wants digest authentication of "keeper" with "0p3n".
type vault struct {
	algorithm, qop string
	mu             sync.Mutex
	nonce          string
	seen           map[string]bool // nonce and count
	log            []string        // what came: "unsigned", "wrong", "used up" or "ok" and its body
	stale          int             // how many answers are refused as stale
}

func (v *vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	outcome := v.judge(r, body)
	v.log = append(v.log, outcome)
	if strings.HasPrefix(outcome, "ok") {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"open": true}`)
		return
	}
	v.nonce = fmt.Sprintf("nonce/%d", len(v.log))
	extra := ""
	if v.qop != "" {
		extra += `, qop="` + v.qop + `"`
	}
	if v.algorithm != "" {
		extra += ", algorithm=" + v.algorithm
	}
	if outcome == "used up" {
		extra += ", stale=true"
	}
	w.Header().Add("WWW-Authenticate", `Basic realm="other"`)
	w.Header().Add("WWW-Authenticate", `Digest realm="the \"vault\"", nonce="`+v.nonce+`", opaque="o"`+extra)
	w.WriteHeader(http.StatusUnauthorized)
}

// judge computes the response as RFC 7616, section 3.4.1 says.
func (v *vault) judge(r *http.Request, body []byte) string {
	header := r.Header.Get("Authorization")
	if header == "" {
		return "unsigned"
	}
	get := func(name string) string {
		m := regexp.MustCompile(`[ ,]` + name + `="?([^",]*)"?`).FindStringSubmatch(header)
		if m == nil {
			return ""
		}
		return m[1]
	}
	h := func(text string) string {
		var sum hash.Hash = md5.New()
		if v.algorithm == "SHA-256" {
			sum = sha256.New()
		}
		sum.Write([]byte(text))
		return hex.EncodeToString(sum.Sum(nil))
	}
	a2 := r.Method + ":" + r.RequestURI
	if v.qop == "auth-int" {
		a2 += ":" + h(string(body))
	}
	middle := get("nonce")
	if v.qop != "" {
		middle += ":" + get("nc") + ":" + get("cnonce") + ":" + v.qop
	}
	want := h(h(`keeper:the "vault":0p3n`) + ":" + middle + ":" + h(a2))
	use := get("nonce") + " " + get("nc")
	switch {
	case get("response") != want || get("uri") != r.RequestURI:
		return "wrong"
	case get("nonce") != v.nonce || v.qop != "" && v.seen[use] || v.stale > 0:
		v.stale--
		return "used up"
	}
	v.seen[use] = true
	return strings.TrimSpace("ok " + string(body))
}

func digestClient(t *testing.T, v *vault, c Credential) (operations.Caller, *operations.Request) {
	t.Helper()
	v.seen = map[string]bool{}
	server := httptest.NewServer(v)
	t.Cleanup(server.Close)
	op := optest.Get("/door/{n}", "side")
	op.Method = "POST"
	op.Body = &operations.Body{Media: []operations.Media{{Type: "application/json", Schema: &operations.Schema{}}}}
	op.Security = []operations.Requirement{{{Name: "digest", Scheme: operations.SecurityScheme{Type: "http", Scheme: "digest"}}}}
	call := New(Options{Credentials: fixed(c)})
	return call, &operations.Request{Op: op, BaseURL: server.URL, Args: optest.Args(op, "n", "a/3", "side", "left right"), Body: map[string]any{"turn": "twice"}}
}

var keeper = Credential{User: "keeper", Password: "0p3n"}

func TestDigestAnswersTheChallenge(t *testing.T) {
	for _, v := range []*vault{
		{algorithm: "MD5", qop: "auth"}, {algorithm: "SHA-256", qop: "auth"}, {qop: "auth"}, {}, {algorithm: "SHA-256", qop: "auth-int"},
	} {
		t.Run(v.algorithm+" "+v.qop, func(t *testing.T) {
			call, req := digestClient(t, v, keeper)
			for range 2 {
				resp, err := call(t.Context(), req)
				if err != nil || resp.Status != 200 || resp.Attempts != 1 {
					t.Fatalf("got %+v, %v", resp, err)
				}
			}
			// The body goes along again, and the second request needs no challenge.
			want := []string{"unsigned", `ok {"turn":"twice"}`, `ok {"turn":"twice"}`}
			if diff := cmp.Diff(want, v.log); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDigestTakesANewNonceWhenTheOldIsUsedUp(t *testing.T) {
	v := &vault{qop: "auth"}
	call, req := digestClient(t, v, keeper)
	for i := range 3 {
		if i == 1 {
			v.stale = 1
		}
		if i == 2 {
			v.stale = 1
			v.nonce = "forgotten"
		}
		if resp, err := call(t.Context(), req); err != nil || resp.Status != 200 {
			t.Fatalf("got %+v, %v", resp, err)
		}
	}
	body := `ok {"turn":"twice"}`
	if diff := cmp.Diff([]string{"unsigned", body, "used up", body, "used up", body}, v.log); diff != "" {
		t.Error(diff)
	}
}

func TestDigestGivesUpOnAWrongPassword(t *testing.T) {
	v := &vault{qop: "auth"}
	call, req := digestClient(t, v, Credential{User: "keeper", Password: "open"})
	resp, err := call(t.Context(), req)
	if err != nil || resp.Status != 401 {
		t.Fatalf("got %+v, %v", resp, err)
	}
	if diff := cmp.Diff([]string{"unsigned", "wrong"}, v.log); diff != "" {
		t.Error(diff)
	}
}

func TestDigestKeepsCountUnderConcurrency(t *testing.T) {
	v := &vault{qop: "auth"}
	call, req := digestClient(t, v, keeper)
	if _, err := call(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if resp, err := call(t.Context(), req); err != nil || resp.Status != 200 {
				t.Errorf("got %+v, %v", resp, err)
			}
		})
	}
	group.Wait()
	if len(v.log) != 10 {
		t.Errorf("%d requests came, want 10: %v", len(v.log), v.log)
	}
}

func TestDigestStaysOffPlainHTTP(t *testing.T) {
	op := optest.Get("/a")
	op.Security = []operations.Requirement{{{Name: "digest", Scheme: operations.SecurityScheme{Type: "http", Scheme: "digest"}}}}
	call := Auth(Options{Credentials: fixed(keeper)})(func(context.Context, *operations.Request) (*operations.Response, error) {
		t.Error("the request was sent")
		return &operations.Response{}, nil
	})
	_, err := call(t.Context(), &operations.Request{Op: op, BaseURL: "http://api.example.com"})
	optest.WantCallError(t, err, operations.NotSent, operations.ReasonCredential, "credentials are not sent over plain http")
}
