package access

import (
	"crypto/subtle"
	"errors"
	"net/http"
)

// defaultRealm names the protection space where the user gives none.
const defaultRealm = "capstan"

// Bearer takes any of the tokens, sent as "Authorization: Bearer TOKEN" (RFC
// 6750, section 2.1). A caller is known by a fingerprint of its token; KeyFile
// gives callers names. It is an error to give no token, or an empty one.
func Bearer(tokens ...string) (Scheme, error) {
	if len(tokens) == 0 {
		return nil, errors.New("bearer authentication needs at least one token")
	}
	var ks keys
	for _, t := range tokens {
		if t == "" {
			return nil, errors.New("a bearer token is empty; anybody could send that")
		}
		ks = append(ks, newKey("", t))
	}
	return bearer(func() keys { return ks }), nil
}

// bearer is the keys that are good now.
type bearer func() keys

func (b bearer) identify(r *http.Request) (string, *refusal) {
	token, sent := authorization(r, "Bearer")
	if !sent {
		return "", noToken("Bearer realm=" + quoted(defaultRealm))
	}
	name, ok := b().find(token, subtle.ConstantTimeCompare)
	if !ok {
		return "", badToken("Bearer realm="+quoted(defaultRealm), "the bearer token is not known here")
	}
	return name, nil
}

func noToken(challenge string) *refusal {
	return &refusal{
		status:     http.StatusUnauthorized,
		detail:     "this needs a bearer token; send it as Authorization: Bearer TOKEN",
		challenges: []string{challenge},
	}
}

// badToken answers as RFC 6750, section 3.1 has it. why holds nothing of the token.
func badToken(challenge, why string) *refusal {
	return &refusal{
		status:     http.StatusUnauthorized,
		detail:     why,
		challenges: []string{challenge + `, error="invalid_token", error_description=` + quoted(why)},
	}
}
