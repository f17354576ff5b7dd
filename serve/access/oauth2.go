package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/capstan-run/capstan/internal/bounded"
	"github.com/capstan-run/capstan/internal/loopback"
)

// OAuth2Options describes a protected resource and the authorization server
// that issues the tokens it takes. Issuer and Resource are required.
type OAuth2Options struct {
	Issuer   string   // the authorization server's issuer URI; its endpoints are discovered (RFC 8414, OpenID Connect Discovery)
	Resource string   // this server's canonical URI (RFC 8707)
	Audience string   // a value that a token's aud must hold; "" is Resource
	Scopes   []string // scopes that every token must grant, all of them

	// Validation is "jwks" (also "") to check tokens here, as signed JWTs (RFC
	// 9068), or "introspection" to ask the server about each (RFC 7662).
	Validation string
	// ClientID and ClientSecret are this server's own at the introspection endpoint.
	ClientID, ClientSecret string

	Client *http.Client // asks the authorization server; nil is one with a 10 s timeout that follows no redirects
	Log    *slog.Logger // hears when the authorization server cannot be asked; nil is silent
}

// ResourceServer is a Scheme that takes the access tokens of an OAuth 2.1
// authorization server. A caller's name is "subject:" and the token's subject; of a
// token without one, or with the client itself as the subject, "client:" and the
// client's id; of one that names neither, "token:" and a fingerprint.
type ResourceServer struct {
	o         OAuth2Options
	challenge string
	metadata  string // the path of the metadata document
	document  []byte
	validate  func(ctx context.Context, token string) (grant, error)
}

// OAuth2 takes access tokens as o describes them. Tokens need an issuer, an audience and
// an expiry that fit, give or take 60 seconds; a token without a wanted scope
// gets 403. JWTs are signed with RS, PS, ES (256, 384, 512) or EdDSA. Keys
// are fetched when first needed, kept for 5 minutes (for an hour while the
// server cannot be reached), and fetched again at once for an unknown key, within
// a budget of four fetches that grows by one every 10 seconds. Nothing is sent
// now. The authorization server's URIs must be https, or on a loopback address.
func OAuth2(o OAuth2Options) (*ResourceServer, error) {
	if err := checkEndpoint("authorization server", o.Issuer); err != nil {
		return nil, err
	}
	resource, err := url.Parse(o.Resource)
	if err != nil || resource.Scheme == "" || resource.Host == "" || resource.Fragment != "" {
		return nil, fmt.Errorf("the resource %q is no absolute uri without a fragment; give this server's own, for instance https://capstan.example.com/mcp", o.Resource)
	}
	if o.Audience == "" {
		o.Audience = o.Resource
	}
	if o.Client == nil {
		o.Client = &http.Client{
			Timeout:       10 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	client := *o.Client
	if client.Transport == nil {
		client.Transport = http.DefaultTransport
	}
	if t, ok := client.Transport.(*http.Transport); ok {
		client.Transport = loopback.Transport(t)
	}
	client.Transport = bounded.Transport(client.Transport)
	o.Client = &client
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	s := &ResourceServer{o: o}
	server := newAuthServer(o)
	switch o.Validation {
	case "", "jwks":
		s.validate = server.checkJWT
	case "introspection":
		s.validate = server.introspect
	default:
		return nil, fmt.Errorf("token validation is \"jwks\" or \"introspection\", not %q", o.Validation)
	}
	s.describe(resource)
	return s, nil
}

func (s *ResourceServer) identify(r *http.Request) (string, *refusal) {
	token, sent := authorization(r, "Bearer")
	if !sent || token == "" {
		return "", noToken(s.challenge)
	}
	g, err := s.validate(r.Context(), token)
	var bad invalidToken
	switch {
	case errors.As(err, &bad):
		return "", badToken(s.challenge, string(bad))
	case err != nil:
		if r.Context().Err() != nil {
			return "", &refusal{status: http.StatusServiceUnavailable} // the client has left
		}
		s.o.Log.WarnContext(r.Context(), "a token could not be checked", "issuer", s.o.Issuer, "error", err)
		return "", &refusal{status: http.StatusServiceUnavailable, detail: "the authorization server could not be asked about the token; try again later", retryAfter: 10}
	}
	for _, scope := range s.o.Scopes {
		if !slices.Contains(g.scopes, scope) {
			return "", s.lacks(scope)
		}
	}
	return g.caller, nil
}

func (s *ResourceServer) lacks(scope string) *refusal {
	why := "the token does not grant the scope " + scope
	return &refusal{
		status:     http.StatusForbidden,
		detail:     why,
		challenges: []string{s.challenge + `, error="insufficient_scope", error_description=` + quoted(why)},
	}
}

// grant is the content of a good token.
type grant struct {
	caller string
	scopes []string
}

// invalidToken is why a token is no good, in words that may reach its sender.
type invalidToken string

func (e invalidToken) Error() string { return string(e) }

// claims are those of a token that count here, be it the signature or the server that vouches for them.
type claims struct {
	Subject  string `json:"sub"`
	ClientID string `json:"client_id"`
	Scope    any    `json:"scope"` // one string; some servers send a list
	Scp      any    `json:"scp"`   // its name with other servers
}

// grant returns the caller that the token stands for. Subjects and clients are two
// name spaces: a client may be registered under a user's name.
func (c claims) grant() (grant, error) {
	g := grant{scopes: c.scopes()}
	switch {
	case c.Subject != "" && c.Subject != c.ClientID:
		g.caller = "subject:" + c.Subject
	case c.ClientID != "": // RFC 9068, section 2.2: a client of its own accord is its token's subject
		g.caller = "client:" + c.ClientID
	default:
		return grant{}, invalidToken("the token names neither a subject nor a client")
	}
	return g, nil
}

func (c claims) scopes() []string { return append(words(c.Scope), words(c.Scp)...) }

func words(v any) []string {
	switch v := v.(type) {
	case string:
		return strings.Fields(v)
	case []any:
		var all []string
		for _, item := range v {
			if s, ok := item.(string); ok {
				all = append(all, s)
			}
		}
		return all
	}
	return nil
}

// checkEndpoint accepts https, and http to this machine.
func checkEndpoint(what, uri string) error {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" || u.User != nil {
		return fmt.Errorf("the %s %q is no absolute uri", what, uri)
	}
	if u.Scheme == "https" || u.Scheme == "http" && loopback.Confidential(u) {
		return nil
	}
	return fmt.Errorf("the %s %s is not https; plain http is for localhost only", what, uri)
}
