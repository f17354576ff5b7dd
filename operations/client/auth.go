package client

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/capstan-run/capstan/internal/loopback"
	"github.com/capstan-run/capstan/operations"
	"golang.org/x/net/http/httpguts"
)

// Credential is the secret of one security scheme.
type Credential struct {
	// Token is the bearer token or API key. For oauth2 and openIdConnect it is
	// a ready access token, for oauth1 the access token and for awsSigV4 the session
	// token, "" for none.
	Token string
	// User and Password are for basic and digest authentication. For the client
	// credentials flow of oauth2 they are the client's id and secret, for oauth1 the
	// consumer's (with RSA its private key in PEM), for awsSigV4 the access key's.
	User, Password string
	// TokenSecret belongs to the Token of oauth1.
	TokenSecret string
	// Use, when not nil, replaces the operation's own scheme, where the scheme
	// is known only with the credential.
	Use *operations.SchemeUse
}

// Credentials finds the credential for one scheme of an API, by the name the
// API has in capabilities. ok is false when there is none; an error ends the
// call. It is called for every sending, possibly concurrently, so it should
// answer from memory.
type Credentials func(ctx context.Context, api string, use operations.SchemeUse) (c Credential, ok bool, err error)

// Auth adds the credentials that o.Credentials finds: the first alternative of Operation.Security with a
// credential for every scheme. An empty alternative means that the operation
// may be called without; an operation with alternatives none of which can be
// met is an error before anything is sent, as is any credential that would
// travel over plain http to anything but a loopback address.
//
// Schemes: http bearer, basic and digest (RFC 7616; a request that is challenged
// is sent a second time), apiKey in header, query, cookie, path and body, oauth2 with client
// credentials (tokens are kept until they expire or the API answers 401 to one,
// and asked for once, however many calls need them), openIdConnect with a ready
// token, awsSigV4 (AWS Signature Version 4) and oauth1 (RFC 5849). OAuth2 token
// endpoints are reached within o.Connections and o.Timeout, and o.Redactor learns every
// credential that is used.
func Auth(o Options) operations.Middleware {
	o = o.withDefaults()
	a := &authenticator{Options: o, tokens: newTokenStore(o)}
	return func(next operations.Caller) operations.Caller {
		return func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
			var s signing
			if err := a.sign(ctx, req, &s); err != nil {
				return nil, operations.Redactors{req.Redactor, a.Redactor}.Error(err)
			}
			if s.challenged != nil {
				resp, err := a.digests.call(ctx, s.req, *s.challenged, next)
				return resp, operations.Redactors{req.Redactor, a.Redactor}.Error(err)
			}
			resp, err := next(ctx, s.req)
			if err != nil || !s.refused(ctx, resp) {
				return resp, err
			}
			if err := a.sign(ctx, req, &s); err != nil {
				return nil, operations.Redactors{req.Redactor, a.Redactor}.Error(err)
			}
			resp, err = next(ctx, s.req)
			if err == nil {
				s.refused(ctx, resp)
			}
			return resp, err
		}
	}
}

// signing is a request with its credentials.
type signing struct {
	req *operations.Request
	// challenged is the credential of digest authentication, which the server has
	// to ask for, else nil.
	challenged *Credential
	tokens     []lentToken
}

// refused takes the API's verdict on the access tokens that were sent. It
// reports whether the answer refused one that has been dropped, so that the
// request, which had no effect, is to be sent once more with another.
func (s *signing) refused(ctx context.Context, resp *operations.Response) bool {
	again := false
	for _, t := range s.tokens {
		if resp.Status != http.StatusUnauthorized {
			t.accept()
		} else if t.drop(ctx) {
			again = true
		}
	}
	return again
}

type authenticator struct {
	Options
	tokens  *tokenStore
	digests digester
	last    atomic.Pointer[bearer] // the header of most requests
}

// bearer is a token with the header that carries it and nothing else, which is not to
// be changed.
type bearer struct {
	token  string
	header http.Header
}

// sign makes out of a copy of req with its credentials, or of req where it needs none.
func (a *authenticator) sign(ctx context.Context, req *operations.Request, out *signing) error {
	*out = signing{req: req}
	if len(req.Op.Security) == 0 {
		return nil
	}
	var room [1]Credential // for most
	requirement, creds, err := a.choose(ctx, req, room[:0])
	if err != nil || len(requirement) == 0 {
		return err
	}
	if err := checkConfidential(req); err != nil {
		return err
	}
	signed := *req
	signed.Args = slices.Clip(req.Args)
	signed.Header = req.Header.Clone()
	out.req = &signed
	if len(requirement) == 1 { // nothing else is in its place
		return a.apply(ctx, out, used(requirement[0], &creds[0]), creds[0])
	}
	places := map[string]string{}
	for _, i := range signingOrder(requirement) {
		use := used(requirement[i], &creds[i])
		if place := credentialPlace(use.Scheme); place != "" {
			if other, taken := places[place]; taken {
				return operations.NewError(req, operations.ReasonCredential, nil, "%q and %q are both needed and both go into the %s, which has room for one", other, use.Name, place)
			}
			places[place] = use.Name
		}
		if err := a.apply(ctx, out, use, creds[i]); err != nil {
			return err
		}
	}
	return nil
}

// used is the scheme as the credential has it.
func used(use operations.SchemeUse, c *Credential) operations.SchemeUse {
	if c.Use != nil {
		return *c.Use
	}
	return use
}

// signingOrder is the order in which the credentials of a requirement are applied: a
// signature covers the others.
func signingOrder(requirement operations.Requirement) []int {
	var first, last []int
	for i, use := range requirement {
		if t := use.Scheme.Type; t == "awsSigV4" || t == "oauth1" {
			last = append(last, i)
		} else {
			first = append(first, i)
		}
	}
	return append(first, last...)
}

// choose finds the first alternative that can be met, past those with a
// credential that cannot be read, and adds its credentials to none. An anonymous one comes after those that name
// a scheme: a credential that is there is meant to be used.
func (a *authenticator) choose(ctx context.Context, req *operations.Request, none []Credential) (operations.Requirement, []Credential, error) {
	var missing []string
	var unread error
	anonymous := false
	for _, requirement := range req.Op.Security {
		if len(requirement) == 0 {
			anonymous = true
			continue
		}
		creds := none
		complete := true
		for _, use := range requirement {
			c, ok, err := a.Credentials(ctx, req.Op.API, use)
			if err != nil && unread == nil {
				unread = operations.NewError(req, operations.ReasonCredential, err, "the credential for %q cannot be read: %v", use.Name, err)
			}
			if ok = ok && err == nil; !ok {
				missing = append(missing, fmt.Sprintf("%q", use.Name))
			}
			complete = complete && ok
			creds = append(creds, c)
		}
		if complete {
			return requirement, creds, nil
		}
	}
	if unread != nil {
		return nil, nil, unread
	}
	if anonymous {
		return nil, nil, nil
	}
	slices.Sort(missing)
	return nil, nil, operations.NewError(req, operations.ReasonCredential, nil, "no credential for %s; %q needs it", strings.Join(slices.Compact(missing), " or "), req.Op.API)
}

// credentialPlace returns where in a request a scheme's credential goes, "" for
// nowhere.
func credentialPlace(s operations.SecurityScheme) string {
	switch in, name := s.Place(); in {
	case "":
		return ""
	case operations.InHeader:
		return "header " + strings.ToLower(name)
	default:
		return string(in) + " " + name
	}
}

// apply adds one credential to the request of s, which is its own.
func (a *authenticator) apply(ctx context.Context, s *signing, use operations.SchemeUse, c Credential) error {
	a.learn(c)
	req := s.req
	switch scheme := use.Scheme; {
	case scheme.Type == "http" && strings.EqualFold(scheme.Scheme, "digest"):
		own := c
		s.challenged = &own
		return nil
	case scheme.Type == "http" && strings.EqualFold(scheme.Scheme, "bearer"), scheme.Type == "openIdConnect":
		return a.bearer(req, use, c.Token)
	case scheme.Type == "http" && strings.EqualFold(scheme.Scheme, "basic"):
		pair := base64.StdEncoding.EncodeToString([]byte(c.User + ":" + c.Password))
		a.learn(Credential{Token: pair})
		setHeader(req, "Authorization", "Basic "+pair)
		return nil
	case scheme.Type == "apiKey":
		return applyKey(req, use, c.Token)
	case scheme.Type == "oauth2" && c.Token != "":
		return a.bearer(req, use, c.Token)
	case scheme.Type == "oauth2":
		token, err := a.tokens.get(ctx, req, use, c)
		if err != nil {
			return err
		}
		s.tokens = append(s.tokens, token)
		return a.bearer(req, use, token.AccessToken)
	case scheme.Type == "awsSigV4":
		own := c
		return signAWS(ctx, req, use, &own)
	case scheme.Type == "oauth1":
		own := c
		return signOAuth1(ctx, req, use, &own)
	case scheme.Type == "mutualTLS":
		return nil // the transport's certificate is the credential
	}
	return operations.NewError(req, operations.ReasonCredential, nil, "the security scheme %q (%s %s) is not supported", use.Name, use.Scheme.Type, use.Scheme.Scheme)
}

func (a *authenticator) bearer(req *operations.Request, use operations.SchemeUse, token string) error {
	a.learn(Credential{Token: token})
	if err := checkKey(req, use, token); err != nil {
		return err
	}
	if req.Header != nil {
		setHeader(req, "Authorization", "Bearer "+token)
		return nil
	}
	last := a.last.Load()
	if last == nil || last.token != token {
		last = &bearer{token, http.Header{"Authorization": {"Bearer " + token}}}
		a.last.Store(last)
	}
	req.Header = last.header
	return nil
}

// setHeader sets a header of a signed request, on a copy: it may be shared.
func setHeader(req *operations.Request, name, value string) {
	if req.Header = req.Header.Clone(); req.Header == nil {
		req.Header = http.Header{}
	}
	req.Header.Set(name, value)
}

// checkKey refuses a key that would break out of a header. A line break is
// usually a file's last one.
func checkKey(req *operations.Request, use operations.SchemeUse, key string) error {
	switch {
	case key == "":
		return operations.NewError(req, operations.ReasonCredential, nil, "the credential for %q is empty", use.Name)
	case !httpguts.ValidHeaderFieldValue(key):
		return operations.NewError(req, operations.ReasonCredential, nil, "the credential for %q holds a line break or control character; remove it", use.Name)
	}
	return nil
}

// checkConfidential refuses to send credentials where others could read them.
func checkConfidential(req *operations.Request) error {
	server, err := req.Server()
	if err != nil {
		return operations.NewError(req, operations.ReasonInvalid, err, "%v", err)
	}
	if loopback.Confidential(server) {
		return nil
	}
	return operations.NewError(req, operations.ReasonCredential, nil, "credentials are not sent over plain http to %s; use https (plain http is for localhost only)", server.Host)
}

// learn has a credential's secrets redacted from now on. A user name or client
// id is no secret.
func (a *authenticator) learn(c Credential) { a.Redactor.Add(c.Token, c.Password, c.TokenSecret) }
