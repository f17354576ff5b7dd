package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// maxDocument bounds a document of an authorization server, in bytes.
const maxDocument = 1 << 20

// authServer is an authorization server and its documents.
type authServer struct {
	o         OAuth2Options
	discovery *cached[serverMetadata]
	keySet    *cached[[]jose.JSONWebKey]
	absent    absent        // key ids that the key set was fetched for in vain
	asking    chan struct{} // bounds the introspections under way
}

// serverMetadata is the part of a server's metadata (RFC 8414, section 2) that
// a resource server needs.
type serverMetadata struct {
	Issuer        string `json:"issuer"`
	KeySet        string `json:"jwks_uri"`
	Introspection string `json:"introspection_endpoint"`
}

func newAuthServer(o OAuth2Options) *authServer {
	s := &authServer{o: o, asking: make(chan struct{}, 64)}
	s.discovery = newCached(s.discover, ages{fresh: time.Hour, usable: 24 * time.Hour, again: 10 * time.Second, burst: 1})
	s.keySet = newCached(s.fetchKeys, ages{fresh: 5 * time.Minute, usable: time.Hour, again: keysAgain, burst: keysBurst})
	return s
}

// discover reads the server's metadata from wherever servers keep it.
func (s *authServer) discover(ctx context.Context) (serverMetadata, error) {
	var failures []error
	for _, at := range wellKnown(s.o.Issuer) {
		var m serverMetadata
		if err := s.get(ctx, at, &m); err != nil {
			failures = append(failures, err)
			continue
		}
		// RFC 8414, section 3.3: the document must be about the server asked for.
		if strings.TrimSuffix(m.Issuer, "/") != strings.TrimSuffix(s.o.Issuer, "/") {
			failures = append(failures, fmt.Errorf("%s: it describes another issuer, %q", at, m.Issuer))
			continue
		}
		return m, nil
	}
	return serverMetadata{}, fmt.Errorf("no metadata of the authorization server: %w", errors.Join(failures...))
}

// wellKnown lists where the metadata of an issuer may stand: RFC 8414, section
// 3.1 puts the well-known part before the issuer's path; OpenID Connect
// Discovery, and some servers, after it.
func wellKnown(issuer string) []string {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil
	}
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	base := (&url.URL{Scheme: u.Scheme, Host: u.Host}).String()
	const oauth, openid = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
	if path == "" {
		return []string{base + oauth, base + openid}
	}
	return []string{base + oauth + path, base + openid + path, base + path + openid, base + path + oauth}
}

// get reads a JSON document.
func (s *authServer) get(ctx context.Context, at string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	return s.do(req, into)
}

func (s *authServer) do(req *http.Request, into any) error {
	if err := checkEndpoint("address", req.URL.String()); err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := s.o.Client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", req.URL, resp.Status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", req.URL, err)
	case len(body) > maxDocument:
		return fmt.Errorf("%s answered more than %d bytes", req.URL, maxDocument)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s answered no json of the expected form: %w", req.URL, err)
	}
	return nil
}
