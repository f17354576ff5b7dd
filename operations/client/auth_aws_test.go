package client

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/operations"
)

// The cases of the test suite that AWS publishes for Signature Version 4 ("Signature
// Version 4 test suite", aws-sig-v4-test-suite), with its key and its time. Those about
// paths that go up or are not encoded are left out: no request here has such a path.
func TestPublishedSignaturesOfAWS(t *testing.T) {
	const unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	tests := []struct {
		name, method, target string
		header               http.Header
		body, token          string
		signed, want         string
	}{
		{"get-vanilla", "GET", "/", nil, "", "", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"get-vanilla-empty-query-key", "GET", "/?Param1=value1", nil, "", "", "host;x-amz-date", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
		{"get-vanilla-query", "GET", "/", nil, "", "", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"get-vanilla-query-order-key-case", "GET", "/?Param2=value2&Param1=value1", nil, "", "", "host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
		{"get-vanilla-query-unreserved", "GET", "/?" + unreserved + "=" + unreserved, nil, "", "", "host;x-amz-date", "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
		{"get-vanilla-utf8-query", "GET", "/?%E1%88%B4=bar", nil, "", "", "host;x-amz-date", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
		{"get-unreserved", "GET", "/" + unreserved, nil, "", "", "host;x-amz-date", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
		{"get-header-value-trim", "GET", "/", http.Header{"My-Header1": {" value1"}, "My-Header2": {` "a   b   c"`}}, "", "", "host;my-header1;my-header2;x-amz-date", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
		{"post-vanilla", "POST", "/", nil, "", "", "host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
		{"post-vanilla-query", "POST", "/?Param1=value1", nil, "", "", "host;x-amz-date", "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
		{"post-header-key-case", "POST", "/", http.Header{"My-Header1": {"value1"}}, "", "", "host;my-header1;x-amz-date", "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
		{"post-x-www-form-urlencoded", "POST", "/", form, "Param1=value1", "", "content-type;host;x-amz-date", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
	}
	key := Credential{User: "AKIDEXAMPLE", Password: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)))
		for _, tt := range tests {
			hr, err := http.NewRequest(tt.method, "https://example.amazonaws.com"+tt.target, nil)
			if err != nil {
				t.Fatal(err)
			}
			if tt.header != nil {
				hr.Header = tt.header.Clone()
			}
			if err := signMessage(t.Context(), hr, []byte(tt.body), &key, "service", "us-east-1"); err != nil {
				t.Fatal(err)
			}
			want := "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=" + tt.signed + ", Signature=" + tt.want
			if got := hr.Header.Get("Authorization"); got != want {
				t.Errorf("%s:\n got %s\nwant %s", tt.name, got, want)
			}
		}
	})
}

// What arrives is what was signed, however its parts are encoded: the server computes
// the signature from the message itself.
func TestTheSignedMessageIsTheOneThatArrives(t *testing.T) {
	var came []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		came = append(came, fmt.Sprintf("%s %s %v", r.Method, r.RequestURI, verified(r, body, "s3cret-of-the-key")))
	}))
	defer srv.Close()
	media := []operations.Media{{Type: "application/json", Schema: &operations.Schema{}}, {Type: "multipart/form-data", Schema: &operations.Schema{}}}
	text := func(in operations.In, name string, v any) operations.Arg {
		return operations.Arg{Param: &operations.Param{Name: name, In: in, Schema: &operations.Schema{}, Style: map[operations.In]string{operations.InPath: "simple", operations.InHeader: "simple"}[in]}, Value: v}
	}
	for _, service := range []string{"execute-api", "s3"} {
		for _, as := range []string{"", "application/json", "multipart/form-data"} {
			op := &operations.Operation{ID: "o", Method: "PUT", Path: "/a b/{k}", Servers: []operations.Server{{URL: srv.URL + "/v1"}}}
			op.Security = []operations.Requirement{{{Name: "aws", Scheme: operations.SecurityScheme{Type: "awsSigV4", Region: "eu-west-1", Service: service}}, key(operations.InQuery, "key")}}
			req := &operations.Request{Op: op, Args: []operations.Arg{text(operations.InPath, "k", "x/y é+%"), text(operations.InQuery, "q", "a b&c=ü+"), text(operations.InHeader, "X-Note", "two  spaces")}}
			if as != "" {
				op.Body = &operations.Body{Media: media}
				req.Body, req.MediaType = map[string]any{"n": 1, "t": "é"}, as
			}
			creds := only(map[string]Credential{"aws": {User: "AKIDHARBOUR", Password: "s3cret-of-the-key", Token: "session token/1"}, "key": {Token: "k&1"}})
			if _, err := New(Options{Credentials: creds})(t.Context(), req); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := slices.Repeat([]string{"PUT /v1/a%20b/x%2Fy%20%C3%A9%2B%25?q=a%20b%26c%3D%C3%BC%2B&key=k%261 <nil>"}, 6)
	if !slices.Equal(came, want) {
		t.Errorf("got %s", strings.Join(came, "\n"))
	}
}

// verified checks a signature by its definition, apart from how it was made.
func verified(r *http.Request, body []byte, secret string) error {
	mac := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	hash := func(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }
	var scope, names, signature string
	for part := range strings.SplitSeq(strings.TrimPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "), ", ") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "Credential":
			_, scope, _ = strings.Cut(value, "/")
		case "SignedHeaders":
			names = value
		case "Signature":
			signature = value
		}
	}
	of := strings.Split(scope, "/") // date, region, service, aws4_request
	if len(of) != 4 {
		return fmt.Errorf("no signature in %v", r.Header)
	}
	path, query, _ := strings.Cut(r.RequestURI, "?")
	if of[2] != "s3" {
		path = strings.NewReplacer("%", "%25").Replace(path)
	} else if r.Header.Get("X-Amz-Content-Sha256") != hash(body) {
		return fmt.Errorf("the hash of the body is missing")
	}
	pieces := strings.Split(query, "&")
	slices.Sort(pieces)
	canonical := []string{r.Method, path, strings.Join(pieces, "&")}
	for name := range strings.SplitSeq(names, ";") {
		value := r.Header.Get(name)
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = fmt.Sprint(r.ContentLength)
		}
		canonical = append(canonical, name+":"+strings.Join(strings.Fields(value), " "))
	}
	for _, name := range []string{"host", "x-amz-date", "x-amz-security-token", "x-note"} {
		if !slices.Contains(strings.Split(names, ";"), name) {
			return fmt.Errorf("%s is not signed", name)
		}
	}
	canonical = append(canonical, "", names, hash(body))
	toSign := strings.Join([]string{"AWS4-HMAC-SHA256", r.Header.Get("X-Amz-Date"), scope, hash([]byte(strings.Join(canonical, "\n")))}, "\n")
	k := []byte("AWS4" + secret)
	for _, part := range of {
		k = mac(k, part)
	}
	if want := hex.EncodeToString(mac(k, toSign)); want != signature {
		return fmt.Errorf("the signature of %q is %s, not %s", canonical, want, signature)
	}
	return nil
}

// A signature's service and region come from the file, else from the host.
func TestAWSScope(t *testing.T) {
	for host, want := range map[string]string{
		"dlm.eu-west-1.amazonaws.com":                  "dlm eu-west-1",
		"a1b2.execute-api.us-gov-west-1.amazonaws.com": "execute-api us-gov-west-1",
		"iam.amazonaws.com":                            "iam us-east-1",
		"bucket.s3.eu-central-1.amazonaws.com":         "s3 eu-central-1",
		"dynamodb.cn-north-1.amazonaws.com.cn":         "dynamodb cn-north-1",
		"api.example.com":                              " ",
		"amazonaws.com":                                " ",
	} {
		service, region := operations.AWSScope(host)
		if got := service + " " + region; got != want {
			t.Errorf("%s: got %q, want %q", host, got, want)
		}
	}
	op := &operations.Operation{ID: "o", Method: "GET", Path: "/", Servers: []operations.Server{{URL: "https://api.example.com"}}}
	op.Security = []operations.Requirement{{{Name: "aws", Scheme: operations.SecurityScheme{Type: "awsSigV4", Region: "eu-west-1"}}}}
	for want, c := range map[string]Credential{"needs a service and a region": {User: "A", Password: "s3cret"}, "is empty": {User: "A"}, "line break": {User: "A", Password: "s3cret\n"}} {
		if _, err := signed(t, fixed(c), &operations.Request{Op: op}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
