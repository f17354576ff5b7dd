package access

import (
	"cmp"
	"crypto/md5"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Digest takes one user and password as RFC 7616 has it, with SHA-256 (offered
// first) or MD5 and qop=auth; the caller's name is "user:" and the user's. Nonces
// are good for 5 minutes and for this process; a request with an old one gets
// stale=true and a client answers without asking its user again. Each
// nonce count is taken once. The realm "" is "capstan"; a client computes with
// it, so changing it is harmless. It is an error to leave user or password empty.
func Digest(user, password, realm string) (Scheme, error) {
	if err := checkLogin("digest", user, password); err != nil {
		return nil, err
	}
	realm = cmp.Or(realm, defaultRealm)
	d := &digest{user: newKey("user:"+user, user), realm: realm, nonces: newNonces(5*time.Minute, 4096)}
	login := user + ":" + realm + ":" + password
	for _, a := range []algorithm{{name: "SHA-256", new: sha256.New}, {name: "MD5", new: md5.New}} {
		a.secret = a.hash(login)
		d.algorithms = append(d.algorithms, a)
	}
	return d, nil
}

type digest struct {
	user       key
	realm      string
	algorithms []algorithm
	nonces     *nonces
}

// algorithm is one hash function and the user's secret under it (H(A1)).
type algorithm struct {
	name   string
	new    func() hash.Hash
	secret string
}

func (a algorithm) hash(parts ...string) string {
	h := a.new()
	h.Write([]byte(strings.Join(parts, ":")))
	return hex.EncodeToString(h.Sum(nil))
}

func (d *digest) identify(r *http.Request) (string, *refusal) {
	header, sent := authorization(r, "Digest")
	if !sent {
		return "", d.refuse("this needs a user and a password; send them as digest authentication", false)
	}
	answer, ok := readDigest(header)
	if !ok || !d.proves(answer, r) {
		return "", d.refuse("the user or the password is wrong, or the digest is of another request", false)
	}
	// Only a caller with the password gets here, so only such callers take memory.
	if !d.nonces.use(answer.nonce, answer.count, time.Now()) {
		return "", d.refuse("the nonce is too old or was used before; answer the new one", true)
	}
	return d.user.name, nil
}

// proves reports whether the answer was made with the password, for r.
func (d *digest) proves(answer digestAnswer, r *http.Request) bool {
	if answer.realm != d.realm || answer.uri != r.RequestURI {
		return false
	}
	_, known := keys{d.user}.find(answer.user, subtle.ConstantTimeCompare)
	for _, a := range d.algorithms {
		if !strings.EqualFold(a.name, answer.algorithm) {
			continue
		}
		request := a.hash(r.Method, answer.uri)
		want := a.hash(a.secret, answer.nonce, answer.nc, answer.cnonce, "auth", request)
		same := subtle.ConstantTimeCompare([]byte(want), []byte(strings.ToLower(answer.response))) == 1
		return same && known
	}
	return false
}

func (d *digest) refuse(detail string, stale bool) *refusal {
	no := &refusal{status: http.StatusUnauthorized, detail: detail}
	nonce := d.nonces.issue(time.Now())
	for _, a := range d.algorithms {
		c := fmt.Sprintf(`Digest realm=%s, qop="auth", algorithm=%s, nonce="%s", charset=UTF-8`, quoted(d.realm), a.name, nonce)
		if stale {
			c += ", stale=true"
		}
		no.challenges = append(no.challenges, c)
	}
	return no
}

// digestAnswer is the answer of a client (RFC 7616, section 3.4).
type digestAnswer struct {
	user, realm, nonce, uri, response, algorithm, cnonce string
	nc                                                   string
	count                                                uint64 // nc as a number
}

func readDigest(header string) (digestAnswer, bool) {
	p, ok := authParams(header)
	if !ok {
		return digestAnswer{}, false
	}
	a := digestAnswer{
		user: p["username"], realm: p["realm"], nonce: p["nonce"], uri: p["uri"], response: p["response"],
		algorithm: p["algorithm"], cnonce: p["cnonce"], nc: p["nc"],
	}
	if a.algorithm == "" {
		a.algorithm = "MD5"
	}
	if extended, ok := p["username*"]; ok {
		if a.user, ok = extendedValue(extended); !ok {
			return digestAnswer{}, false
		}
	}
	if !strings.EqualFold(p["qop"], "auth") || a.cnonce == "" || len(a.nc) != 8 {
		return digestAnswer{}, false
	}
	count, err := hex.DecodeString(a.nc)
	if err != nil {
		return digestAnswer{}, false
	}
	for _, b := range count {
		a.count = a.count<<8 | uint64(b)
	}
	return a, true
}

// extendedValue reads UTF-8”name%20with%20escapes (RFC 5987, section 3.2).
func extendedValue(s string) (string, bool) {
	charset, rest, ok := strings.Cut(s, "'")
	_, value, ok2 := strings.Cut(rest, "'")
	plain, err := url.PathUnescape(value)
	return plain, ok && ok2 && err == nil && strings.EqualFold(charset, "UTF-8")
}
