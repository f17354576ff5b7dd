package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/request"
)

// maxMetadata bounds an authorization server's metadata in bytes.
const maxMetadata = 1 << 20

// discover finds the token endpoint in the metadata of an authorization server
// (RFC 8414; of OpenID Connect Discovery where there is none). The endpoint must
// be on the server's own host: the client's secret goes to no host that the
// capability does not name.
func (s *tokenStore) discover(ctx context.Context, req *operations.Request, use operations.SchemeUse, issuer *url.URL) (*url.URL, error) {
	var last error
	for _, at := range metadataURLs(issuer) {
		found, status, err := s.metadata(ctx, at)
		switch {
		case err != nil && status == http.StatusOK:
			return nil, operations.NewError(req, operations.ReasonCredential, nil, "no access token: the metadata of %s is not valid JSON", request.Site(issuer))
		case err != nil:
			return nil, tokenError(req, issuer, err)
		}
		if status != http.StatusOK {
			last = operations.NewError(req, operations.ReasonCredential, nil, "no access token: %s answered %s where its metadata should be; name the token endpoint of %q", request.Site(issuer), operations.StatusText(status), use.Name)
			continue
		}
		endpoint, err := url.Parse(found.TokenEndpoint)
		switch {
		case found.TokenEndpoint == "" || err != nil:
			return nil, operations.NewError(req, operations.ReasonCredential, nil, "no access token: the metadata of %s names no token endpoint", request.Site(issuer))
		case strings.TrimSuffix(found.Issuer, "/") != strings.TrimSuffix(issuer.String(), "/"):
			return nil, operations.NewError(req, operations.ReasonCredential, nil, "no access token: the metadata of %s is that of another issuer, %q", request.Site(issuer), operations.OneLine(found.Issuer, 200))
		case endpoint.User != nil || request.Origin(endpoint) != request.Origin(issuer):
			return nil, operations.NewError(req, operations.ReasonCredential, nil, "no access token: the metadata of %s sends the client's secret to %s; if that is right, name the token endpoint of %q", request.Site(issuer), request.Site(endpoint), use.Name)
		}
		return endpoint, nil
	}
	return nil, last
}

// metadataURLs are the places of an issuer's metadata, in the order in which
// they are tried (RFC 8414, sections 3.1 and 5).
func metadataURLs(issuer *url.URL) []*url.URL {
	path := strings.TrimSuffix(issuer.EscapedPath(), "/")
	base := url.URL{Scheme: issuer.Scheme, Host: issuer.Host}
	return []*url.URL{
		base.JoinPath("/.well-known/oauth-authorization-server" + path),
		base.JoinPath(path + "/.well-known/openid-configuration"),
	}
}

// metadata is what is read of an authorization server's metadata.
type metadata struct {
	Issuer        string `json:"issuer"`
	TokenEndpoint string `json:"token_endpoint"`
}

func (s *tokenStore) metadata(ctx context.Context, at *url.URL) (metadata, int, error) {
	var out metadata
	hr, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return out, 0, err
	}
	hr.Header.Set("Accept", "application/json")
	resp, err := s.client.Do(hr)
	if err != nil {
		return out, 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return out, resp.StatusCode, nil
	}
	err = json.NewDecoder(io.LimitReader(resp.Body, maxMetadata)).Decode(&out)
	return out, resp.StatusCode, err
}
