package access

import (
	"cmp"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
)

// Basic takes one user and password (RFC 7617); the caller's name is "user:" and
// the user's. The realm is shown to people; "" is "capstan". It is an error to
// leave user or password empty, or to have a colon in the user's name, which
// could then never be sent.
func Basic(user, password, realm string) (Scheme, error) {
	if err := checkLogin("basic", user, password); err != nil {
		return nil, err
	}
	realm = cmp.Or(realm, defaultRealm)
	return basic{
		keys:      keys{newKey("user:"+user, user+":"+password)},
		challenge: "Basic realm=" + quoted(realm) + `, charset="UTF-8"`,
	}, nil
}

func checkLogin(scheme, user, password string) error {
	switch {
	case user == "":
		return errors.New(scheme + " authentication needs a user name; it is empty")
	case password == "":
		return errors.New(scheme + " authentication needs a password; it is empty")
	case strings.Contains(user, ":"):
		return errors.New("the user name of " + scheme + " authentication may not contain a colon")
	}
	return nil
}

type basic struct {
	keys      keys // of "user:password", so that both halves are compared as one
	challenge string
}

func (b basic) identify(r *http.Request) (string, *refusal) {
	no := &refusal{status: http.StatusUnauthorized, challenges: []string{b.challenge}}
	encoded, sent := authorization(r, "Basic")
	if !sent {
		no.detail = "this needs a user and a password; send them as basic authentication"
		return "", no
	}
	no.detail = "the user or the password is wrong"
	login, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", no
	}
	name, ok := b.keys.find(string(login), subtle.ConstantTimeCompare)
	if !ok {
		return "", no
	}
	return name, nil
}
