package operations

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/capstan-run/capstan/internal/lazyregexp"
)

// Redacted stands where a secret was.
const Redacted = "[redacted]"

// minSecret is the length in bytes below which a secret is not looked for: it
// would be found in every other word.
const minSecret = 4

// Redactor replaces secrets in text that people may see. It finds a secret
// however it is written: as it is, escaped for JSON, HTML or a URL, several
// times over and in any order, and in hexadecimal digits or base64, alone or
// inside of more text; and further anything that stands as the credential of an
// Authorization header. Secrets shorter than four bytes are ignored.
//
// A Redactor is safe for concurrent use. A nil *Redactor still hides
// Authorization headers.
type Redactor struct {
	mu      sync.RWMutex
	secrets map[string]scope
	// shortest is a length in bytes below which a text holds none of the secrets.
	shortest int
	// finder knows all secrets; nil when there are none, or when it is to be made
	// anew because secrets were added.
	finder *finder
	// base is a Redactor with further secrets to hide, those it learns later
	// included; nil when there is none.
	base *Redactor
}

// scope is where a secret is hidden.
type scope int

const (
	inTexts scope = iota // in texts that are shown or kept
	inAll                // in the answers of APIs too
)

// NewRedactor returns a Redactor for the given secrets.
func NewRedactor(secrets ...string) *Redactor {
	r := &Redactor{secrets: map[string]scope{}}
	r.Add(secrets...)
	return r
}

// With returns a Redactor that hides the secrets of r, now and later, and further
// secrets of its own.
func (r *Redactor) With(secrets ...string) *Redactor {
	out := NewRedactor(secrets...)
	out.base = r
	return out
}

// Add makes r look for further secrets. As the Redactor of a [Client] it hides
// them in the answers of APIs too: they are credentials, which no later step
// needs.
func (r *Redactor) Add(secrets ...string) { r.add(inAll, secrets) }

// AddData makes r look for values that are hidden in texts and that answers keep:
// they are credentials to one API and data to its callers, such as the id of a
// workspace.
func (r *Redactor) AddData(values ...string) { r.add(inTexts, values) }

func (r *Redactor) add(where scope, secrets []string) {
	for _, s := range secrets {
		if len(s) < minSecret || s == Redacted || r.knows(s, where) {
			continue
		}
		r.mu.Lock()
		if least := leastSpelling(s); len(r.secrets) == 0 || least < r.shortest {
			r.shortest = least
		}
		r.secrets[s] = max(where, r.secrets[s])
		r.finder = nil
		r.mu.Unlock()
	}
}

// knows keeps the lock of writers away from most calls, which use a credential
// that was used before.
func (r *Redactor) knows(s string, where scope) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	known, ok := r.secrets[s]
	return ok && known >= where
}

// String returns s with every secret replaced by [Redacted].
func (r *Redactor) String(s string) string { return Redactors{r}.String(s) }

// Bytes is String for bytes. It returns a new slice.
func (r *Redactor) Bytes(b []byte) []byte { return []byte(r.String(string(b))) }

// replace is String without the Authorization headers.
func (r *Redactor) replace(s string) string {
	if r == nil {
		return s
	}
	if r.fits(len(s)) {
		s = blank(s, find(r.current(), s, search{}))
	}
	return r.base.replace(s)
}

// fits reports whether a text of n bytes may hold a secret. Where none does, the
// spellings of the secrets are not made: of a run they would be used once, and cost
// more than all of its steps.
func (r *Redactor) fits(n int) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.secrets) > 0 && n >= r.shortest
}

// leastSpelling is a length in bytes below which no spelling of a secret is: its own,
// where it has no escapes in it that could be undone, and is so long that what is left
// of it inside of base64 is longer.
func leastSpelling(s string) int {
	if len(s) < shortSecret || hasEscapes(s) || !utf8.ValidString(s) {
		return 0
	}
	return len(s)
}

// current returns the finder, which the first use after a change makes: many
// secrets may be added, and none of them ever looked for.
func (r *Redactor) current() *finder {
	r.mu.RLock()
	f, none := r.finder, len(r.secrets) == 0
	r.mu.RUnlock()
	if f != nil || none {
		return f
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.finder == nil {
		r.finder = newFinder(r.secrets)
	}
	return r.finder
}

// blank replaces the spans of s, which may overlap.
func blank(s string, spans []span) string {
	if len(spans) == 0 {
		return s
	}
	var b strings.Builder
	at := 0
	for _, p := range merged(spans) {
		b.WriteString(s[at:p.from])
		b.WriteString(Redacted)
		at = p.to
	}
	b.WriteString(s[at:])
	return b.String()
}

// span is a part of a text.
type span struct{ from, to int }

// merged sorts spans and joins those that overlap.
func merged(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return a.from - b.from })
	out := spans[:1]
	for _, p := range spans[1:] {
		if last := &out[len(out)-1]; p.from < last.to {
			last.to = max(last.to, p.to)
			continue
		}
		out = append(out, p)
	}
	return out
}

// Redactors hides the secrets of several Redactors, any of which may be nil. A
// run's own go before its client's: they are the longer ones, such as a link
// with a token in it.
type Redactors []*Redactor

func (rs Redactors) String(s string) string {
	for _, r := range rs {
		s = r.replace(s)
	}
	return redactAuthorization(s)
}

// Error hides secrets in an error that was made without these Redactors.
func (rs Redactors) Error(err error) error {
	var e *CallError
	if errors.As(err, &e) {
		rs.Hide(e)
	}
	return err
}

// Hide redacts the texts of a CallError.
func (rs Redactors) Hide(e *CallError) {
	e.URL, e.Detail, e.RequestID = rs.String(e.URL), rs.String(e.Detail), rs.String(e.RequestID)
}

var (
	authorizationHeader = lazyregexp.New(`(?i)((?:proxy-)?authorization["']?\s*[:=]\s*\[?["']?\s*(?:(?:bearer|basic|token|digest|apikey|oauth|aws4-hmac-sha256)\s+)?)[^\s"',;]+`)
	// The parameters of a signature: AWS4-HMAC-SHA256 Credential=..., Signature=...
	signatureHeader = lazyregexp.New(`(?i)((?:proxy-)?authorization["']?\s*[:=]\s*\[?["']?\s*(?:aws4-hmac-sha256|oauth)\s+)(?:[\w-]+=(?:\\?"[^"\\]*\\?"|[^\s",]*)(?:\s*,\s*)?)+`)
	bearerInProse   = lazyregexp.New(`(?i)\b(bearer\s+)[a-z0-9._~+/-]{16,}=*`)
)

// redactAuthorization hides credentials that were not registered: the value of
// an Authorization header in a dump or in JSON, and "Bearer <token>" in prose.
func redactAuthorization(s string) string {
	if !containsFold(s, "authorization") && !containsFold(s, "bearer") {
		return s
	}
	s = signatureHeader.ReplaceAllString(s, "${1}"+Redacted)
	s = authorizationHeader.ReplaceAllString(s, "${1}"+Redacted)
	return bearerInProse.ReplaceAllString(s, "${1}"+Redacted)
}

// containsFold reports whether s holds the lower-case word in any case.
func containsFold(s, word string) bool {
	for i := 0; i+len(word) <= len(s); i++ {
		if s[i]|0x20 == word[0] && strings.EqualFold(s[i:i+len(word)], word) {
			return true
		}
	}
	return false
}
