package client

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/google/go-cmp/cmp"
)

// askFor calls an operation whose scheme is use and returns what its
// Authorization header was, and what came to the authorization server.
func askFor(t *testing.T, use operations.SchemeUse, c Credential, server roundTrip) (sent string, asked []string, err error) {
	t.Helper()
	op := optest.Get("/a")
	op.Security = []operations.Requirement{{use}}
	seen := roundTrip(func(r *http.Request) (*http.Response, error) {
		line := r.Method + " " + r.URL.String()
		if r.Body != nil {
			body, _ := io.ReadAll(r.Body)
			line += " " + string(body)
		}
		asked = append(asked, line)
		return server(r)
	})
	call := Auth(Options{Credentials: fixed(c), Transport: seen})(func(_ context.Context, req *operations.Request) (*operations.Response, error) {
		sent = req.Header.Get("Authorization")
		return &operations.Response{}, nil
	})
	for range 2 {
		if _, err = call(t.Context(), &operations.Request{Op: op}); err != nil {
			return sent, asked, err
		}
	}
	return sent, asked, nil
}

func issuerUse(issuer string) operations.SchemeUse {
	return operations.SchemeUse{Name: "oauth2", Scheme: operations.SecurityScheme{Type: "oauth2", AuthorizationServer: issuer, Audience: "https://a.example", Resource: "https://r.example"}}
}

func TestTokenEndpointIsFoundInTheMetadata(t *testing.T) {
	token := jsonText(200, `{"access_token":"tok","token_type":"bearer","expires_in":3600}`)
	tests := []struct {
		name, at string
		want     []string
	}{
		{"RFC 8414", "/.well-known/oauth-authorization-server/t/1", []string{
			"GET https://as.example/.well-known/oauth-authorization-server/t/1",
		}},
		{"OpenID Connect", "/t/1/.well-known/openid-configuration", []string{
			"GET https://as.example/.well-known/oauth-authorization-server/t/1",
			"GET https://as.example/t/1/.well-known/openid-configuration",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sent, asked, err := askFor(t, issuerUse("https://as.example/t/1"), Credential{User: "me", Password: "s3cret"}, func(r *http.Request) (*http.Response, error) {
				switch r.URL.Path {
				case tt.at:
					return jsonResponse(200, `{"issuer":"https://as.example/t/1","token_endpoint":"https://as.example/token"}`), nil
				case "/token":
					return token(r)
				}
				return jsonResponse(404, `{}`), nil
			})
			if err != nil || sent != "Bearer tok" {
				t.Fatalf("sent %q, %v", sent, err)
			}
			want := append(tt.want, "POST https://as.example/token audience=https%3A%2F%2Fa.example&grant_type=client_credentials&resource=https%3A%2F%2Fr.example")
			if diff := cmp.Diff(want, asked); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func jsonText(status int, body string) roundTrip {
	return func(*http.Request) (*http.Response, error) { return jsonResponse(status, body), nil }
}

func TestMetadataThatIsNotFollowed(t *testing.T) {
	tests := []struct {
		name, issuer string
		server       roundTrip
		want         string
	}{
		{"none", "https://as.example", jsonText(404, `{}`), "answered 404 Not Found where its metadata should be"},
		{"no JSON", "https://as.example", jsonText(200, `<html>`), "is not valid JSON"},
		{"no endpoint", "https://as.example", jsonText(200, `{"issuer":"https://as.example"}`), "names no token endpoint"},
		{"another issuer", "https://as.example", jsonText(200, `{"issuer":"https://b.example","token_endpoint":"https://as.example/t"}`), `is that of another issuer, "https://b.example"`},
		{"another host", "https://as.example", jsonText(200, `{"issuer":"https://as.example","token_endpoint":"https://evil.example/t"}`), "sends the client's secret to https://evil.example"},
		{"plain http", "http://as.example", jsonText(200, `{}`), "the authorization server of \"oauth2\" is not https"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sent, _, err := askFor(t, issuerUse(tt.issuer), Credential{User: "me", Password: "s3cret"}, tt.server)
			optest.WantCallError(t, err, operations.NotSent, operations.ReasonCredential, tt.want)
			if sent != "" {
				t.Error("the request was sent")
			}
		})
	}
}

// A credential may say more of its scheme than the operation does.
func TestCredentialReplacesTheScheme(t *testing.T) {
	use := operations.SchemeUse{Name: "oauth2", Scheme: operations.SecurityScheme{Type: "oauth2", TokenURL: "{{endpoint}}"}}
	real := operations.SchemeUse{Name: "oauth2", Scheme: operations.SecurityScheme{Type: "oauth2", TokenURL: "https://as.example/real"}}
	sent, asked, err := askFor(t, use, Credential{User: "me", Password: "s3cret", Use: &real},
		jsonText(200, `{"access_token":"tok","token_type":"bearer","expires_in":3600}`))
	if err != nil || sent != "Bearer tok" {
		t.Fatalf("sent %q, %v", sent, err)
	}
	if diff := cmp.Diff([]string{"POST https://as.example/real grant_type=client_credentials"}, asked); diff != "" {
		t.Error(diff)
	}
}
