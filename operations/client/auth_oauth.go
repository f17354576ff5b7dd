package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/capstan-run/capstan/internal/bounded"
	"github.com/capstan-run/capstan/internal/loopback"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/request"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// tokenStore keeps the access tokens of the client credentials flow (RFC 6749,
// section 4.4), each until shortly before it expires or an API refuses it.
type tokenStore struct {
	client  *http.Client
	timeout time.Duration
	mu      sync.Mutex
	slots   map[tokenKey]*tokenSlot
}

// tokenKey identifies a token: uses with equal keys share one. endpoint is the
// token URL, or the issuer that names it in its metadata.
type tokenKey struct{ endpoint, id, secret, scopes, audience, resource string }

// tokenSlot holds one token. The call that has taken the slot's turn may read and
// replace it; a channel, so that a waiting call can be cancelled.
type tokenSlot struct {
	turn    chan struct{}
	config  *clientcredentials.Config // remembers how the endpoint wants the secret; TokenURL is "" until it is known
	token   *heldToken
	dropped time.Time // when an API last refused a token, zero if never
}

// heldToken is an access token and whether an API took it.
type heldToken struct {
	*oauth2.Token
	accepted atomic.Bool
}

// lentToken is a token that a request carries, and the slot that it is from.
type lentToken struct {
	*heldToken
	slot *tokenSlot
}

// renewAgain is the least time between two tokens of which no API took either,
// so that an API which takes none does not have one fetched for every request.
const renewAgain = 30 * time.Second

func (t lentToken) accept() { t.accepted.Store(true) }

// drop gives a token up that an API refused, and reports whether another one is
// to be tried: there is a newer one, or there may be one now.
func (t lentToken) drop(ctx context.Context) bool {
	s := t.slot
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return false
	}
	if s.token != t.heldToken {
		return true
	}
	if !t.accepted.Load() && time.Since(s.dropped) < renewAgain {
		return false
	}
	s.token, s.dropped = nil, time.Now()
	return true
}

func newTokenStore(o Options) *tokenStore {
	return &tokenStore{
		client:  &http.Client{Transport: bounded.Transport(o.Connections.transport), CheckRedirect: checkRedirect},
		timeout: o.Timeout,
		slots:   map[tokenKey]*tokenSlot{},
	}
}

// get returns a valid access token, asking the token endpoint when there is
// none. Calls that need the same one wait for a single request, each for no
// longer than its own request may take.
func (s *tokenStore) get(ctx context.Context, req *operations.Request, use operations.SchemeUse, c Credential) (lent lentToken, err error) {
	at, err := tokenPlace(req, use)
	if err != nil {
		return lent, err
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(req.Timeout, s.timeout))
	defer cancel()
	slot := s.slot(at, use, c)
	select {
	case slot.turn <- struct{}{}:
		defer func() { <-slot.turn }()
	case <-ctx.Done():
		return lent, tokenError(req, at, ctx.Err())
	}
	if slot.token != nil && slot.token.Valid() {
		return lentToken{slot.token, slot}, nil
	}
	if slot.config.TokenURL == "" {
		endpoint, err := s.discover(ctx, req, use, at)
		if err != nil {
			return lent, err
		}
		slot.config.TokenURL = endpoint.String()
	}
	token, err := slot.config.Token(context.WithValue(ctx, oauth2.HTTPClient, s.client))
	if err != nil {
		hideRefusal(err, c)
		return lent, tokenError(req, at, err)
	}
	slot.token = &heldToken{Token: token}
	return lentToken{slot.token, slot}, nil
}

func (s *tokenStore) slot(at *url.URL, use operations.SchemeUse, c Credential) *tokenSlot {
	scheme := use.Scheme
	key := tokenKey{at.String(), c.User, c.Password, strings.Join(use.Scopes, " "), scheme.Audience, scheme.Resource}
	s.mu.Lock()
	defer s.mu.Unlock()
	slot := s.slots[key]
	if slot == nil {
		config := &clientcredentials.Config{ClientID: c.User, ClientSecret: c.Password, Scopes: use.Scopes, EndpointParams: url.Values{}}
		if scheme.TokenURL != "" {
			config.TokenURL = at.String()
		}
		for name, value := range map[string]string{"audience": scheme.Audience, "resource": scheme.Resource} {
			if value != "" {
				config.EndpointParams.Set(name, value)
			}
		}
		slot = &tokenSlot{turn: make(chan struct{}, 1), config: config}
		s.slots[key] = slot
	}
	return slot
}

// tokenPlace resolves a scheme's token URL, which OpenAPI 3.1 lets be relative
// to the server, or else its issuer, and holds it to the rule for credentials.
func tokenPlace(req *operations.Request, use operations.SchemeUse) (*url.URL, error) {
	server, err := req.Server()
	if err != nil {
		return nil, operations.NewError(req, operations.ReasonInvalid, err, "%v", err)
	}
	text, what := use.Scheme.TokenURL, "token URL"
	if text == "" {
		text, what = use.Scheme.AuthorizationServer, "authorization server"
	}
	u, err := server.Parse(text)
	switch {
	case text == "" || err != nil:
		return nil, operations.NewError(req, operations.ReasonCredential, nil, "the security scheme %q documents no token URL for client credentials; give a ready access token instead", use.Name)
	case u.User != nil || u.Host == "" || !loopback.Confidential(u):
		return nil, operations.NewError(req, operations.ReasonCredential, nil, "the %s of %q is not https; the client's secret is not sent there", what, use.Name)
	}
	return u, nil
}

// hideRefusal takes the client's secret out of the error of a token endpoint,
// before that is shortened.
func hideRefusal(err error, c Credential) {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		r := operations.NewRedactor(c.Password)
		refused.ErrorCode, refused.ErrorDescription, refused.Body = r.String(refused.ErrorCode), r.String(refused.ErrorDescription), r.Bytes(refused.Body)
	}
}

// tokenError is the reason why no token was had. The API's own request was not
// sent.
func tokenError(req *operations.Request, endpoint *url.URL, err error) error {
	where := request.Site(endpoint)
	var refused *oauth2.RetrieveError
	switch {
	case errors.Is(err, context.Canceled):
		return operations.NewError(req, operations.ReasonCancelled, err, "cancelled while asking %s for an access token", where)
	case errors.As(err, &refused) && refused.Response != nil:
		why := cmp.Or(strings.TrimSpace(refused.ErrorDescription), strings.TrimSpace(refused.ErrorCode))
		if why == "" {
			p := operations.ExplainResponse(&operations.Response{Status: refused.Response.StatusCode, Body: refused.Body})
			why = p.Message
		}
		return operations.NewError(req, operations.ReasonCredential, nil, "no access token: %s answered %s: %s", where,
			operations.StatusText(refused.Response.StatusCode), operations.OneLine(why, 200))
	case isTimeout(err):
		return operations.NewError(req, operations.ReasonTimeout, err, "no access token: no answer from %s in time", where)
	}
	reason, text := explainTransport(context.Background(), err, request.HostPort(endpoint), 0)
	if reason == operations.ReasonOther {
		reason, text = operations.ReasonCredential, fmt.Sprintf("%s answered something that is no token", where)
	}
	return operations.NewError(req, reason, bareError(err), "no access token: %s", text)
}

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

// metadata is the part of an authorization server's metadata that is read.
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
