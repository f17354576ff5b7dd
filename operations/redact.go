package operations

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Redacted stands where a secret was.
const Redacted = "[redacted]"

// minSecret is the length in bytes below which a secret is not looked for: it
// would be found in every other word.
const minSecret = 4

// Redactor replaces secrets in text that people may see. It finds each secret
// as it is, percent-encoded, JSON-escaped and inside base64 (as in a basic
// Authorization header, whatever the user name), and further anything that
// stands as the credential of an Authorization header. Secrets shorter than
// four bytes are ignored.
//
// A Redactor is safe for concurrent use. A nil *Redactor still hides
// Authorization headers.
type Redactor struct {
	mu       sync.RWMutex
	secrets  map[string]bool
	replacer *strings.Replacer
}

// NewRedactor returns a Redactor for the given secrets.
func NewRedactor(secrets ...string) *Redactor {
	r := &Redactor{secrets: map[string]bool{}}
	r.Add(secrets...)
	return r
}

// Add makes r look for further secrets.
func (r *Redactor) Add(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	added := false
	for _, s := range secrets {
		if len(s) >= minSecret && !r.secrets[s] && s != Redacted {
			r.secrets[s] = true
			added = true
		}
	}
	if added {
		r.replacer = replacerFor(r.secrets)
	}
}

// String returns s with every secret replaced by [Redacted].
func (r *Redactor) String(s string) string {
	if r != nil {
		r.mu.RLock()
		replacer := r.replacer
		r.mu.RUnlock()
		if replacer != nil {
			s = replacer.Replace(s)
		}
	}
	return redactAuthorization(s)
}

// Bytes is String for bytes. It returns a new slice.
func (r *Redactor) Bytes(b []byte) []byte { return []byte(r.String(string(b))) }

// replacerFor looks for the longest form first, so that a secret that begins
// like another is not cut in half.
func replacerFor(secrets map[string]bool) *strings.Replacer {
	var forms []string
	for s := range secrets {
		forms = append(forms, formsOf(s)...)
	}
	slices.SortFunc(forms, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	var pairs []string
	for _, form := range slices.Compact(forms) {
		pairs = append(pairs, form, Redacted)
	}
	return strings.NewReplacer(pairs...)
}

// formsOf returns the spellings under which a secret travels.
func formsOf(s string) []string {
	strict := escapeStrict(s)
	forms := []string{s, strict, strings.ToLower(strict), url.QueryEscape(s), url.PathEscape(s), escapeReserved(s)}
	if quoted, err := json.Marshal(s); err == nil { // escapes <, > and & too
		forms = append(forms, string(quoted[1:len(quoted)-1]))
	}
	if quoted, err := marshalJSON(s); err == nil {
		forms = append(forms, string(quoted[1:len(quoted)-1]))
	}
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		forms = append(forms, insideBase64(s, enc)...)
	}
	return slices.DeleteFunc(forms, func(f string) bool { return len(f) < minSecret })
}

// insideBase64 returns the characters that are the same in the base64 text of
// any data containing s, for each of the three offsets at which s can begin.
func insideBase64(s string, enc *base64.Encoding) []string {
	const shortest = 8 // characters; less would match by accident
	var out []string
	for offset := range 3 {
		data := append(make([]byte, offset), s...)
		coded := enc.EncodeToString(data)
		from := (offset*8 + 5) / 6 // characters holding a bit of what precedes
		to := len(data) * 8 / 6    // characters wholly made of data
		if to-from >= shortest {
			out = append(out, coded[from:to])
		}
	}
	return out
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
