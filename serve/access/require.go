package access

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/capstan-run/capstan/serve/internal/answer"
)

// A Scheme is one way for a caller to prove its identity: Bearer, APIKey, Basic,
// Digest, OAuth2 or a KeyFile. Schemes are safe for concurrent use.
type Scheme interface {
	// identify returns the name of the caller, or the reason why r is refused. It takes the credential
	// out of r, so that nothing further in can log it or pass it on.
	identify(r *http.Request) (caller string, no *refusal)
}

// refusal is the answer to a request that is refused.
type refusal struct {
	status     int
	detail     string
	challenges []string // one WWW-Authenticate header each (RFC 9110, section 11.6.1)
	retryAfter int      // seconds; 0 sends none
}

// Require lets only those requests through to next that prove their sender,
// by s. The others are answered with a problem document: 401 with the challenge
// of the scheme, 403 when the caller is known but may not, 503 when the authority
// cannot be reached. Handlers get the caller's name from Caller; the credential
// itself (the Authorization header, the key's header or query parameter) is
// removed from the request. Without a scheme every request is refused.
func Require(s Scheme, next http.Handler) http.Handler {
	if s == nil {
		s = nobody{}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, no := s.identify(r)
		if no != nil {
			no.write(w, r)
			return
		}
		next.ServeHTTP(w, r.WithContext(WithCaller(r.Context(), caller)))
	})
}

func (no *refusal) write(w http.ResponseWriter, r *http.Request) {
	for _, c := range no.challenges {
		w.Header().Add("WWW-Authenticate", c)
	}
	if no.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(no.retryAfter))
	}
	answer.Fault(w, r, answer.Problem{Status: no.status, Detail: no.detail})
}

type callerKey struct{}

// Caller is the name of the caller that sent the request ctx belongs to: a key's
// name as it is; "user:NAME", "subject:ID" or "client:ID", which no key can be
// named, for the others. It is "" where callers are not authenticated. Two callers
// share a name only where keys were given one.
func Caller(ctx context.Context) string {
	name, _ := ctx.Value(callerKey{}).(string)
	return name
}

// WithCaller names the caller of the requests that carry the context, for a
// program that authenticates by other means than Require.
func WithCaller(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, callerKey{}, name)
}

type nobody struct{}

func (nobody) identify(*http.Request) (string, *refusal) {
	return "", &refusal{status: http.StatusForbidden, detail: "no way to authenticate is configured, so nobody may call"}
}

// authorization takes the Authorization header out of r and returns the part
// behind the scheme's name. It is false when there is none of that scheme, or
// more than one.
func authorization(r *http.Request, scheme string) (string, bool) {
	values := r.Header.Values("Authorization")
	r.Header.Del("Authorization")
	if len(values) != 1 {
		return "", false
	}
	name, rest, _ := strings.Cut(values[0], " ")
	return strings.Trim(rest, " "), strings.EqualFold(name, scheme)
}

// quoted is s as a quoted-string (RFC 9110, section 5.6.4), without the
// characters that may not stand in one.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c >= ' ' && c != 0x7f:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
