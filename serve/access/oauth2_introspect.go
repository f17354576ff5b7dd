package access

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-jose/go-jose/v4/jwt"
)

// introspect asks the server about a token (RFC 7662), every time, so that a
// revoked one is refused at once. The answer must have an audience: without
// it nothing shows that the token was meant for this server.
func (s *authServer) introspect(ctx context.Context, token string) (grant, error) {
	server, err := s.discovery.get(ctx, false)
	if err != nil {
		return grant{}, err
	}
	if server.Introspection == "" {
		return grant{}, errors.New("the authorization server publishes no introspection_endpoint; validate tokens by jwks")
	}
	select {
	case s.asking <- struct{}{}:
		defer func() { <-s.asking }()
	case <-ctx.Done():
		return grant{}, ctx.Err()
	}
	var answer struct {
		Active   bool             `json:"active"`
		Issuer   string           `json:"iss"`
		Audience jwt.Audience     `json:"aud"`
		Expiry   *jwt.NumericDate `json:"exp"`
		From     *jwt.NumericDate `json:"nbf"`
		claims
	}
	req, err := s.question(ctx, server.Introspection, token)
	if err != nil {
		return grant{}, err
	}
	if err := s.do(req, &answer); err != nil {
		return grant{}, err
	}
	if !answer.Active {
		return grant{}, invalidToken("the token is not active")
	}
	standard := jwt.Claims{Issuer: answer.Issuer, Audience: answer.Audience, Expiry: answer.Expiry, NotBefore: answer.From}
	want := jwt.Expected{AnyAudience: jwt.Audience{s.o.Audience}}
	if standard.Issuer != "" {
		want.Issuer = server.Issuer
	}
	if err := standard.ValidateWithLeeway(want, leeway); err != nil {
		return grant{}, whyInvalid(err)
	}
	if answer.Subject == "" && answer.ClientID == "" {
		// RFC 7662, section 2.2: both are optional. Two such tokens need not be of
		// one caller, so each is its own.
		return grant{caller: "token:" + newKey("", token).name, scopes: answer.scopes()}, nil
	}
	return answer.grant()
}

func (s *authServer) question(ctx context.Context, at, token string) (*http.Request, error) {
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if s.o.ClientID != "" {
		// RFC 6749, section 2.3.1: both halves are form-encoded first.
		req.SetBasicAuth(url.QueryEscape(s.o.ClientID), url.QueryEscape(s.o.ClientSecret))
	}
	return req, nil
}
