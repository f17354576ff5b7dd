package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/request"
	"github.com/icholy/digest"
	"golang.org/x/net/http/httpguts"
)

// digester answers digest challenges (RFC 7616; MD5, SHA-256 and SHA-512/256,
// qop auth and auth-int). It keeps each server's last challenge, so that only
// the first request is sent twice. A request that the server challenged has had
// no effect, so sending it again is safe in any case.
type digester struct {
	mu         sync.Mutex
	challenges map[digestKey]*digestChallenge
}

// digestKey is the server and the user that a challenge was for.
type digestKey struct{ origin, user, password string }

// digestChallenge is a challenge and how often it was answered.
type digestChallenge struct {
	*digest.Challenge
	count int
}

// maxChallenges bounds how often one request is sent: with the challenge that is
// known, with the one that it is answered by, and once more because that one was
// used up by others in between.
const maxChallenges = 3

// call sends req, which has no other credential in its Authorization header, and
// answers the server's challenge. An answer of 401 comes back when the server
// does not take the credential.
func (d *digester) call(ctx context.Context, req *operations.Request, c Credential, next operations.Caller) (*operations.Response, error) {
	server, err := req.Server()
	if err != nil {
		return nil, operations.NewError(req, operations.ReasonInvalid, err, "%v", err)
	}
	key := digestKey{request.Origin(server), c.User, c.Password}
	challenge, count := d.known(key)
	for attempt := 1; ; attempt++ {
		signed, err := answerChallenge(ctx, req, c, challenge, count)
		if err != nil {
			return nil, err
		}
		resp, err := next(ctx, signed)
		if err != nil || resp.Status != http.StatusUnauthorized {
			return resp, err
		}
		fresh, err := digest.FindChallenge(resp.Header)
		refused := count == 1 && err == nil && !fresh.Stale // it was a new challenge, and answered
		if err != nil || refused || attempt == maxChallenges {
			d.forget(key)
			return resp, nil
		}
		challenge, count = d.keep(key, fresh)
	}
}

// known returns the challenge to answer and the number of this answer to it, or
// nil.
func (d *digester) known(key digestKey) (*digest.Challenge, int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.challenges[key]
	if c == nil {
		return nil, 0
	}
	c.count++
	return c.Challenge, c.count
}

func (d *digester) keep(key digestKey, c *digest.Challenge) (*digest.Challenge, int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.challenges == nil {
		d.challenges = map[digestKey]*digestChallenge{}
	}
	d.challenges[key] = &digestChallenge{c, 1}
	return c, 1
}

func (d *digester) forget(key digestKey) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.challenges, key)
}

// answerChallenge returns req with the Authorization header that a challenge
// wants, on a copy; req itself when there is no challenge yet.
func answerChallenge(ctx context.Context, req *operations.Request, c Credential, challenge *digest.Challenge, count int) (*operations.Request, error) {
	if challenge == nil {
		return req, nil
	}
	hr, err := request.Build(ctx, req)
	if err != nil {
		return nil, err
	}
	body := hr.GetBody
	if body == nil && hr.Body != nil {
		body = func() (io.ReadCloser, error) { return hr.Body, nil } // hr itself is not sent
	}
	credentials, err := digest.Digest(challenge, digest.Options{
		Method: hr.Method, URI: hr.URL.RequestURI(), GetBody: body, Count: count,
		Username: c.User, Password: c.Password,
	})
	if err == nil && !httpguts.ValidHeaderFieldValue(credentials.String()) {
		err = errors.New("it holds a control character")
	}
	if err != nil {
		return nil, operations.NewError(req, operations.ReasonCredential, err, "the digest challenge of %s cannot be answered: %v", hr.URL.Host, err)
	}
	signed := *req
	setHeader(&signed, "Authorization", credentials.String())
	return &signed, nil
}
