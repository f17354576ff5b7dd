package engine_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const oneGet = "- {name: all, path: /all, operations: [{name: all, method: GET}]}"

// credentialsOf lists the variables of a plan with the servers that they go to.
func credentialsOf(u *program) []string {
	var out []string
	for _, e := range u.Plan().Env {
		out = append(out, fmt.Sprintf("%s set=%v %s", e.Name, e.Set, strings.Join(e.Hosts, ",")))
	}
	return out
}

// Requests are signed with the access key of the file or else the usual variables,
// which the plan names; the session's token counts where there is one.
func TestAWSSignatures(t *testing.T) {
	for name, tt := range map[string]struct {
		auth    string
		session string
		env     []string
		want    string // the Authorization header
	}{
		"as the file gives it": {`{type: awssigv4, accessKeyId: "{{LIBRARY_KEY}}", secretAccessKey: "{{SHELF_KEY}}", region: eu-west-1, service: execute-api}`, "",
			[]string{"LIBRARY_KEY set=true @UP", "SHELF_KEY set=true @UP"}, `^AWS4-HMAC-SHA256 Credential=AKIDLIBRARY/\d{8}/eu-west-1/execute-api/aws4_request, SignedHeaders=accept;host;x-amz-date, Signature=[0-9a-f]{64}$`},
		"from the environment": {`{type: aws-signature-v4, region: "{{env.SHELF_REGION}}", service: dlm}`, "",
			[]string{"AWS_ACCESS_KEY_ID set=true @UP", "AWS_SECRET_ACCESS_KEY set=true @UP", "SHELF_REGION set=true "}, `^AWS4-HMAC-SHA256 Credential=AKIDSHELF/\d{8}/eu-south-2/dlm/aws4_request, SignedHeaders=accept;host;x-amz-date, Signature=[0-9a-f]{64}$`},
		"with a session": {`{type: awsSigV4, region: eu-west-1, service: s3}`, "session-of-a-test",
			[]string{"AWS_ACCESS_KEY_ID set=true @UP", "AWS_SECRET_ACCESS_KEY set=true @UP", "AWS_SESSION_TOKEN set=true @UP"}, `/s3/aws4_request, SignedHeaders=accept;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=`},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range map[string]string{
				"LIBRARY_KEY": "AKIDLIBRARY", "SHELF_KEY": "secret-of-the-file", "SHELF_REGION": "eu-south-2",
				"AWS_ACCESS_KEY_ID": "AKIDSHELF", "AWS_SECRET_ACCESS_KEY": "secret-of-the-shell", "AWS_SESSION_TOKEN": tt.session,
			} {
				t.Setenv(name, value)
			}
			sent := signed(t, tt.auth, tt.env)
			if got := sent.Get("Authorization"); !regexp.MustCompile(tt.want).MatchString(got) || sent.Get("X-Amz-Security-Token") != tt.session {
				t.Errorf("sent %v", sent)
			}
		})
	}
}

// A document that says that its API takes AWS signatures, in any of the ways that
// there are, gets them.
func TestDocumentedSignatures(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDSHELF")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-shell")
	for name, scheme := range map[string]string{
		"gateway": "{type: apiKey, in: header, name: Authorization, x-amazon-apigateway-authtype: awsSigv4}",
		"http":    "{type: http, scheme: AWS4-HMAC-SHA256}",
	} {
		p := newPier(t, "[{sig: []}]", "{sig: "+scheme+"}")
		prog, err := load(t.Context(), p.file, &options{OpenAPI: map[string]string{"pier": p.doc}, Project: "none"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := prog.Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "needs a service and a region") || len(p.came) > 0 {
			t.Errorf("%s: a host that is none of AWS: %v, %q", name, err, p.came)
		}
		var names []string
		for _, e := range prog.Plan().Env {
			names = append(names, e.Name+" "+e.Sent)
		}
		if want := []string{"AWS_ACCESS_KEY_ID header Authorization", "AWS_SECRET_ACCESS_KEY header Authorization"}; !slices.Equal(names, want) {
			t.Errorf("%s: the plan has %q, want %q", name, names, want)
		}
	}
}

// OAuth 1.0 takes its credentials from the file, else from variables named after the
// API, in files and documents alike; a user's token counts where there is one.
func TestOAuth1(t *testing.T) {
	for name, tt := range map[string]struct {
		auth string
		env  []string
		want string // of the Authorization header
	}{
		"as the file gives it": {`{type: oauth1.0a, consumerKey: "{{LIBRARY_KEY}}", consumerSecret: "{{SHELF_KEY}}", token: a, tokenSecret: b, signatureMethod: hmac-sha256, realm: R}`,
			[]string{"LIBRARY_KEY set=true @UP", "SHELF_KEY set=true @UP"}, `^OAuth realm="R", oauth_consumer_key="key-1", oauth_nonce="\w+", oauth_signature_method="HMAC-SHA256", oauth_timestamp="\d+", oauth_version="1.0", oauth_token="a", oauth_signature="[\w%]+"$`},
		"from the environment": {`{type: oauth1, bodyHash: true}`,
			[]string{"LIB_CONSUMER_KEY set=true @UP", "LIB_CONSUMER_SECRET set=true @UP"}, `^OAuth oauth_consumer_key="consumer-1", oauth_nonce="\w+", oauth_signature_method="HMAC-SHA1", .*oauth_body_hash="2jmj7l5rSw0yVb%2FvlWAYkK%2FYBwk%3D", oauth_signature=`},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range map[string]string{"LIBRARY_KEY": "key-1", "SHELF_KEY": "secret-of-the-file", "LIB_CONSUMER_KEY": "consumer-1", "LIB_CONSUMER_SECRET": "secret-of-the-shell"} {
				t.Setenv(name, value)
			}
			if got := signed(t, tt.auth, tt.env).Get("Authorization"); !regexp.MustCompile(tt.want).MatchString(got) {
				t.Errorf("sent %s", got)
			}
		})
	}
	for name, value := range map[string]string{"PIER_CONSUMER_KEY": "consumer-2", "PIER_CONSUMER_SECRET": "secret-2", "PIER_ACCESS_TOKEN": "token-2", "PIER_TOKEN_SECRET": "secret-3"} {
		t.Setenv(name, value)
	}
	p := newPier(t, "[{sig: []}]", "{sig: {type: http, scheme: OAuth}}")
	prog, err := load(t.Context(), p.file, &options{OpenAPI: map[string]string{"pier": p.doc}, Project: "none"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := prog.Run(t.Context(), nil); err != nil || len(p.came) != 1 || !strings.Contains(p.came[0], `auth=OAuth oauth_consumer_key="consumer-2"`) || !strings.Contains(p.came[0], `oauth_token="token-2"`) {
		t.Errorf("%v, sent %q", err, p.came)
	}
}

// The variables without which nothing can be signed are named before anything is sent.
func TestSigningNeedsItsVariables(t *testing.T) {
	for name := range map[string]bool{"AWS_ACCESS_KEY_ID": true, "AWS_SECRET_ACCESS_KEY": true, "LIB_CONSUMER_KEY": true, "LIB_CONSUMER_SECRET": true} {
		t.Setenv(name, "")
	}
	for auth, want := range map[string]string{
		`{type: awssigv4, region: r, service: s}`: "AWS_ACCESS_KEY_ID", `{type: oauth1}`: "LIB_CONSUMER_SECRET",
		`{type: oauth2, tokenEndpoint: "https://a.example/token"}`: "LIB_CLIENT_SECRET",
	} {
		p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{}`)})
		u := unit(t, opened(t, p.file(t, keyed(auth, oneGet, "all")), nil), "all")
		if _, err := u.Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), want) || len(p.take()) > 0 {
			t.Errorf("%s: got %v, want %s", auth, err, want)
		}
		if got := strings.Join(credentialsOf(u), "\n"); !strings.Contains(got, want+" set=false") || strings.Contains(got, "TOKEN") {
			t.Errorf("%s: the plan has %s", auth, got)
		}
	}
}

// No text says what a signature was made with, nor the signature itself, even where
// the API repeats the header.
func TestFailuresHoldNoSignatures(t *testing.T) {
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "AKIDSHELF", "AWS_SECRET_ACCESS_KEY": "secret/of+the shell", "AWS_SESSION_TOKEN": "session/of a test", "LIB_CONSUMER_KEY": "consumer-of-a-test", "LIB_CONSUMER_SECRET": "secret/of+the shell", "LIB_ACCESS_TOKEN": "session/of a test", "LIB_TOKEN_SECRET": "token&secret"} {
		t.Setenv(name, value)
	}
	for name, auth := range map[string]string{"aws": `{type: awssigv4, region: eu-west-1, service: dlm}`, "oauth1": `{type: oauth1}`, "in clear": `{type: oauth1, signatureMethod: PLAINTEXT}`} {
		p := newPort(t, map[string]http.HandlerFunc{"*": func(w http.ResponseWriter, r *http.Request) {
			fails(403, "text/plain", "Authorization: "+r.Header.Get("Authorization")+"\nsession "+r.Header.Get("X-Amz-Security-Token"))(w, r)
		}})
		dir := t.TempDir()
		u := unit(t, opened(t, p.file(t, keyed(auth, oneGet, "all")), &options{RecordDir: dir}), "all")
		_, err := u.Run(t.Context(), nil)
		if err == nil {
			t.Fatal("it did not fail")
		}
		sent := p.last().header.Get("Authorization")
		signature := regexp.MustCompile(`[sS]ignature="?([^",]+)`).FindStringSubmatch(sent)
		if signature == nil {
			t.Fatalf("%s: sent %q", name, sent)
		}
		for what, text := range map[string]string{"error": err.Error(), "recording": textIn(t, dir)} {
			for _, secret := range []string{signature[1], "secret/of", "secret%2Fof", "session/of", "session%2Fof", "token&secret", "token%26secret"} {
				if strings.Contains(text, secret) {
					t.Errorf("%s: the %s holds %q: %s", name, what, secret, text)
				}
			}
		}
	}
}

// signed runs a call with an authentication, of which the plan must name the
// variables, and returns the headers of its request.
func signed(t *testing.T, auth string, env []string) http.Header {
	t.Helper()
	p := newPort(t, map[string]http.HandlerFunc{"*": givesJSON(`{}`)})
	u := unit(t, opened(t, p.file(t, keyed(auth, oneGet, "all")), nil), "all")
	want := strings.Split(strings.ReplaceAll(strings.Join(env, "\n"), "@UP", p.url), "\n")
	if got := credentialsOf(u); !slices.Equal(got, want) {
		t.Errorf("the plan has %q, want %q", got, want)
	}
	called(t, u, nil)
	return p.last().header
}
