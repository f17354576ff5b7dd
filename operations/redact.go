package operations

import (
	"errors"
	"regexp"
	"strings"
	"sync"
)

// Redacted stands where a secret was.
const Redacted = "[redacted]"

// minSecret is the length in bytes below which a secret is not looked for: it
// would be found in every other word.
const minSecret = 4

// Redactor replaces secrets in text that people may see. It finds each secret
// in the spellings under which one travels, listed at formsOf: as it is, inside
// a URL, JSON, HTML or base64; and further anything that stands as the
// credential of an Authorization header. Secrets shorter than four bytes are
// ignored.
//
// A Redactor is safe for concurrent use. A nil *Redactor still hides
// Authorization headers.
type Redactor struct {
	mu      sync.RWMutex
	secrets map[string][]string // with their forms, nil until those are needed
	// replacer knows every form of secrets; nil when there are none, or when it
	// is to be made anew because secrets were added.
	replacer *strings.Replacer
	// base is a Redactor whose secrets are hidden too, those it learns later
	// included; nil when there is none.
	base *Redactor
}

// NewRedactor returns a Redactor for the given secrets.
func NewRedactor(secrets ...string) *Redactor {
	r := &Redactor{secrets: map[string][]string{}}
	r.Add(secrets...)
	return r
}

// With returns a Redactor that hides what r hides, now and later, and further
// secrets of its own.
func (r *Redactor) With(secrets ...string) *Redactor {
	out := NewRedactor(secrets...)
	out.base = r
	return out
}

// Add makes r look for further secrets.
func (r *Redactor) Add(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range secrets {
		if _, known := r.secrets[s]; known || len(s) < minSecret || s == Redacted {
			continue
		}
		r.secrets[s] = nil
		r.replacer = nil
	}
}

// String returns s with every secret replaced by [Redacted].
func (r *Redactor) String(s string) string { return redactors{r}.String(s) }

// Bytes is String for bytes. It returns a new slice.
func (r *Redactor) Bytes(b []byte) []byte { return []byte(r.String(string(b))) }

// replace is String without the Authorization headers.
func (r *Redactor) replace(s string) string {
	if r == nil {
		return s
	}
	if replacer := r.current(); replacer != nil {
		s = replacer.Replace(s)
	}
	return r.base.replace(s)
}

// current returns the replacer, which the first use after a change makes: many
// secrets may be added, and none of them ever looked for.
func (r *Redactor) current() *strings.Replacer {
	r.mu.RLock()
	replacer, none := r.replacer, len(r.secrets) == 0
	r.mu.RUnlock()
	if replacer != nil || none {
		return replacer
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.replacer == nil {
		r.replacer = replacerFor(r.secrets)
	}
	return r.replacer
}

// redactors hides the secrets of several Redactors, any of which may be nil. A
// run's own go before its client's: they are the longer ones, such as a link
// with a token in it.
type redactors []*Redactor

func (rs redactors) String(s string) string {
	for _, r := range rs {
		s = r.replace(s)
	}
	return redactAuthorization(s)
}

// redacted hides secrets in an error that was made without these redactors.
func redacted(err error, rs ...*Redactor) error {
	var e *CallError
	if errors.As(err, &e) {
		redactors(rs).hide(e)
	}
	return err
}

// hide redacts what a CallError shows.
func (rs redactors) hide(e *CallError) {
	e.URL, e.Detail, e.RequestID = rs.String(e.URL), rs.String(e.Detail), rs.String(e.RequestID)
}

// redactAuthorization hides credentials that nobody registered: the value of
// an Authorization header in a dump or in JSON, and "Bearer <token>" in prose.
func redactAuthorization(s string) string {
	if !mentionsAuthorization(s) {
		return s
	}
	s = regexp.MustCompile(`(?i)((?:proxy-)?authorization["']?\s*[:=]\s*\[?["']?\s*(?:(?:bearer|basic|token|digest|apikey)\s+)?)[^\s"',;]+`).
		ReplaceAllString(s, "${1}"+Redacted)
	return regexp.MustCompile(`(?i)\b(bearer\s+)[a-z0-9._~+/-]{16,}=*`).ReplaceAllString(s, "${1}"+Redacted)
}

// mentionsAuthorization keeps the two expressions away from most text.
func mentionsAuthorization(s string) bool {
	lower := strings.ToLower(s)
	return strings.Contains(lower, "authorization") || strings.Contains(lower, "bearer")
}
