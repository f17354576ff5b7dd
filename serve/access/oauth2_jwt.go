package access

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// leeway is how far clocks may be apart.
const leeway = time.Minute

// maxKeys bounds the keys that are tried on a token that names none.
const maxKeys = 32

// signatures are the algorithms taken: public keys only, so never "none", and
// never an HMAC keyed with a public key.
var signatures = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
	jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

// checkJWT validates a token by the server's published keys (RFC 9068, section 4).
func (s *authServer) checkJWT(ctx context.Context, token string) (grant, error) {
	parsed, err := jwt.ParseSigned(token, signatures)
	if err != nil || len(parsed.Headers) != 1 {
		return grant{}, invalidToken("the token is no jwt signed by a public key algorithm")
	}
	header := parsed.Headers[0]
	if typ, _ := header.ExtraHeaders[jose.HeaderType].(string); !accessTokenType(typ) {
		return grant{}, invalidToken("the token is not an access token")
	}
	server, err := s.discovery.get(ctx, false)
	if err != nil {
		return grant{}, err
	}
	var standard jwt.Claims
	var ours claims
	if err := s.verify(ctx, parsed, header, &standard, &ours); err != nil {
		return grant{}, err
	}
	if standard.Expiry == nil || standard.Issuer == "" {
		return grant{}, invalidToken("the token has no expiry or no issuer")
	}
	err = standard.ValidateWithLeeway(jwt.Expected{Issuer: server.Issuer, AnyAudience: jwt.Audience{s.o.Audience}}, leeway)
	if err != nil {
		return grant{}, whyInvalid(err)
	}
	return ours.grant()
}

// accessTokenType accepts the type of RFC 9068, section 2.1, and those that servers
// sent before it; not the types of other tokens, such as "logout+jwt".
func accessTokenType(typ string) bool {
	switch strings.TrimPrefix(strings.ToLower(typ), "application/") {
	case "at+jwt", "jwt", "":
		return true
	}
	return false
}

// verify checks the signature and reads the claims. Keys are fetched anew when
// the ones at hand do not have the token's: they rotate.
func (s *authServer) verify(ctx context.Context, token *jwt.JSONWebToken, header jose.Header, into ...any) error {
	for _, again := range []bool{false, true} {
		if again && s.absent.has(header.KeyID, time.Now()) {
			break
		}
		all, err := s.keySet.get(ctx, again)
		if err != nil {
			return err
		}
		fitting := keysFor(all, header)
		for _, k := range fitting {
			if token.Claims(k.Key, into...) == nil {
				return nil
			}
		}
		if len(fitting) > 0 && header.KeyID != "" {
			break // the key is known, the signature is not its own
		}
		if again {
			s.absent.add(header.KeyID, time.Now())
		}
	}
	return invalidToken("the token's signature is not of a key of the authorization server")
}

// The budget of fetches of the key set: a new key is found at once, and tokens
// with invented key ids cannot flood the authorization server.
const (
	keysAgain = 10 * time.Second
	keysBurst = 4
)

// absent remembers for a while the key ids that a fresh key set did not hold, so
// that a token of a retired key does not use up the budget.
type absent struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

const maxAbsent = 256

func (a *absent) has(kid string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	at, ok := a.seen[kid]
	return ok && now.Sub(at) < keysAgain
}

func (a *absent) add(kid string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.seen, func(_ string, at time.Time) bool { return now.Sub(at) >= keysAgain })
	if a.seen == nil {
		a.seen = map[string]time.Time{}
	}
	if len(a.seen) < maxAbsent && len(kid) <= maxKeyID {
		a.seen[kid] = now
	}
}

// maxKeyID is the longest key id that is remembered, in bytes.
const maxKeyID = 256

// keysFor gives the keys that may have signed a token with that header.
func keysFor(all []jose.JSONWebKey, header jose.Header) []jose.JSONWebKey {
	var fitting []jose.JSONWebKey
	for _, k := range all {
		named := header.KeyID == "" || k.KeyID == header.KeyID
		if named && (k.Algorithm == "" || k.Algorithm == header.Algorithm) && len(fitting) < maxKeys {
			fitting = append(fitting, k)
		}
	}
	return fitting
}

// fetchKeys reads the server's key set (RFC 7517), without the keys that are
// not for signatures, too weak, or of kinds unknown here.
func (s *authServer) fetchKeys(ctx context.Context) ([]jose.JSONWebKey, error) {
	server, err := s.discovery.get(ctx, false)
	if err != nil {
		return nil, err
	}
	if server.KeySet == "" {
		return nil, errors.New("the authorization server publishes no jwks_uri; validate tokens by introspection")
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := s.get(ctx, server.KeySet, &set); err != nil {
		return nil, err
	}
	var good []jose.JSONWebKey
	for _, raw := range set.Keys {
		var k jose.JSONWebKey
		if json.Unmarshal(raw, &k) == nil && k.Valid() && (k.Use == "" || k.Use == "sig") && strong(k.Key) {
			good = append(good, k)
		}
	}
	if len(good) == 0 {
		return nil, fmt.Errorf("%s has no public key for signatures", server.KeySet)
	}
	return slices.Clip(good), nil
}

func strong(key any) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return key.N.BitLen() >= 2048
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return true
	}
	return false
}

func whyInvalid(err error) invalidToken {
	switch {
	case errors.Is(err, jwt.ErrExpired):
		return "the token has expired"
	case errors.Is(err, jwt.ErrNotValidYet), errors.Is(err, jwt.ErrIssuedInTheFuture):
		return "the token is not valid yet"
	case errors.Is(err, jwt.ErrInvalidAudience):
		return "the token is for another audience"
	case errors.Is(err, jwt.ErrInvalidIssuer):
		return "the token is of another issuer"
	}
	return "the token's claims do not hold"
}
