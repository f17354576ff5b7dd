package secrets

import (
	"bytes"
	"strings"

	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// shapes are the documented forms of tokens. A text is held against one only where it
// has the mark.
var shapes = [...]struct {
	mark, what string
	form       *lazyregexp.Regexp
}{
	{"k_live_", "a live key of Stripe or of WorkOS", lazyregexp.New(`\b[rs]k_live_[0-9A-Za-z]{16,}`)},
	{"gh", "a token of GitHub", lazyregexp.New(`\bgh[pousr]_[0-9A-Za-z]{36,}`)},
	{"github_pat_", "a token of GitHub", lazyregexp.New(`\bgithub_pat_[0-9A-Za-z_]{22,}`)},
	{"AKIA", "an access key of AWS", lazyregexp.New(`\bAKIA[0-9A-Z]{16}\b`)},
	{"xox", "a token of Slack", lazyregexp.New(`\bxox[abps]-[0-9A-Za-z-]{10,}`)},
	{"eyJ", "a JSON Web Token", lazyregexp.New(`\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}`)},
	{"PRIVATE KEY-----", "a private key", lazyregexp.New(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.{40,}`)},
}

// hasMark reports whether a text that the tree is made of has a mark of one of the
// shapes.
func hasMark(t *node.Tree) bool {
	for _, s := range shapes {
		if bytes.Contains(t.Main.Text, []byte(s.mark)) {
			return true
		}
		for _, f := range t.Acted {
			if bytes.Contains(f.Text, []byte(s.mark)) {
				return true
			}
		}
	}
	return false
}

// shape returns the part of a text that has the form of a token, and its kind.
func shape(text string) (from, to int, what string) {
	for _, s := range shapes {
		if !strings.Contains(text, s.mark) {
			continue
		}
		if at := s.form.FindStringIndex(text); at != nil && !isSpecimen(strings.ToLower(text[at[0]:at[1]])) {
			return at[0], at[1], s.what
		}
	}
	return 0, 0, ""
}

var (
	// userInfo is a password in a URI.
	userInfo = lazyregexp.New(`[a-z][a-z0-9+.-]*://[^/\s:@{}]*:([^/\s@{}]+)@`)
	// queryKey is a credential in the query of a URI.
	queryKey = lazyregexp.New(`(?i)[?&](?:api[_-]?key|apikey|access[_-]?token|auth[_-]?token|token|key|secret|client[_-]?secret|password|appid)=([^&#\s{}]+)`)
)

// inURI returns the part of a text that is a password or key of a URI.
func inURI(text string) (from, to int) {
	if strings.Contains(text, "@") {
		if at := userInfo.FindStringSubmatchIndex(text); at != nil && isLiteral(text[at[2]:at[3]]) {
			return at[2], at[3]
		}
	}
	if strings.Contains(text, "=") {
		at := queryKey.FindStringSubmatchIndex(text)
		if at != nil && isLiteral(text[at[2]:at[3]]) && strings.ContainsAny(text[at[2]:at[3]], "0123456789") {
			return at[2], at[3]
		}
	}
	return 0, 0
}

// scheme is the length of the word before the credential of an Authorization header.
func scheme(text string) int {
	for _, word := range []string{"Bearer ", "Basic ", "Token ", "ApiKey "} {
		if len(text) > len(word) && strings.EqualFold(text[:len(word)], word) {
			return len(word)
		}
	}
	return 0
}

// credential reports whether the value at a place is a credential.
func credential(at place) bool {
	if at.auth {
		return isSecretOfAuth(strings.ToLower(at.key))
	}
	return IsName(at.key)
}

// IsName reports whether a parameter or key of a name holds a credential.
func IsName(name string) bool {
	var letters [20]byte
	n := 0
	for _, b := range []byte(name) {
		switch {
		case b == '_' || b == '-':
			continue
		case n == len(letters):
			return false
		case 'A' <= b && b <= 'Z':
			b += 'a' - 'A'
		}
		letters[n] = b
		n++
	}
	return isSecretName(string(letters[:n]))
}

// isSecretOfAuth reports whether a key of an authentication holds a credential.
func isSecretOfAuth(key string) bool {
	switch key {
	case "value", "token", "password", "secret", "clientsecret", "tokensecret", "secretkey", "secretaccesskey", "sessiontoken", "accesstoken":
		return true
	}
	return false
}

// isSecretName is [IsName] for a name in small letters alone.
func isSecretName(name string) bool {
	switch name {
	case "password", "passwd", "secret", "token", "apikey", "xapikey", "authorization", "accesstoken", "authtoken", "bearertoken", "clientsecret",
		"secretkey", "privatekey", "refreshtoken", "apitoken", "xauthtoken", "tokensecret", "signingsecret":
		return true
	}
	return false
}

// isLiteral reports whether a text stands for itself: it is no variable, placeholder,
// or name of a variable.
func isLiteral(text string) bool {
	return text != "" && !strings.ContainsAny(text, "{}<>$ \n*[]()") && !strings.HasPrefix(text, "env.") && !capitals.MatchString(text) && !isPlaceholder(strings.ToLower(text))
}

// capitals are names of variables.
var capitals = lazyregexp.New(`^[A-Z][A-Z_]*[A-Z]$`)

// isOpaque reports whether a literal outside of an authentication is one that only
// chance could have made: it may as well be a reference or a word.
func isOpaque(text, key string) bool {
	if !isLiteral(text) || path.MatchString(text) {
		return false
	}
	if strings.Contains(strings.ToLower(key), "pass") {
		return len(text) >= 4
	}
	return len(text) >= 12 && strings.ContainsAny(text, "0123456789") && letters.MatchString(text)
}

var (
	// path is a reference to a value.
	path    = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)+$`)
	letters = lazyregexp.New(`[A-Za-z]`)
)

// placeholders are parts of texts that stand for a credential.
var placeholders = [...]string{
	"your", "change", "example", "placeholder", "dummy", "sample", "test", "fake", "demo", "todo", "replace", "insert", "redacted", "xxx", "...", "…",
	"secret", "password", "token", "key", "mock", "string", "1234567", "abcdef", "null", "none", "public", "anonymous", "guest",
}

// isSpecimen reports whether a text with the form of a token is one of a manual.
func isSpecimen(lower string) bool {
	return strings.Contains(lower, "example") || strings.Contains(lower, "xxxx") || strings.Contains(lower, "0000000") || strings.Contains(lower, "1234567")
}

func isPlaceholder(lower string) bool {
	for _, p := range placeholders {
		if strings.Contains(lower, p) {
			return true
		}
	}
	return strings.Count(lower, lower[:min(1, len(lower))]) == len(lower) // one character over and over
}
