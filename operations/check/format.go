package check

import (
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/capstan-run/capstan/internal/lazyregexp"
)

// fitsFormat reports whether a text may be of a format of JSON Schema 2020-12
// (Validation, section 7.3). What an API is known to take beside it is not refused: the
// check is for what cannot be meant. A format that is not here allows everything.
func fitsFormat(format, text string) bool {
	switch format {
	case "date":
		_, err := time.Parse(time.DateOnly, text)
		return err == nil
	case "date-time":
		return isTime(text)
	case "email", "idn-email":
		return isEmail(text)
	case "hostname", "idn-hostname":
		return isHost(text)
	case "ipv4":
		a, err := netip.ParseAddr(text)
		return err == nil && a.Is4()
	case "ipv6":
		a, err := netip.ParseAddr(text)
		return err == nil && a.Is6()
	case "uri", "iri":
		u, err := url.Parse(text)
		return err == nil && u.IsAbs()
	case "uuid":
		return uuid.MatchString(text)
	}
	return true
}

var uuid = lazyregexp.New(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// isTime reports whether a text is a date-time of RFC 3339, section 5.6, whose letters may
// be small, and whose last second of a day may be a leap second.
func isTime(text string) bool {
	text = strings.Replace(strings.ToUpper(text), ":60", ":59", 1)
	_, err := time.Parse(time.RFC3339, text)
	return err == nil
}

// isEmail reports whether a text may be one address. What is before the last "@" is the
// business of the host behind it (RFC 5321, section 2.3.11).
func isEmail(text string) bool {
	i := strings.LastIndexByte(text, '@')
	return i > 0 && i+1 < len(text) && (isHost(text[i+1:]) || text[i+1] == '[') && !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r) && text[0] != '"' || r == '<' || r == '>'
	})
}

// isHost reports whether a text may be a host's name: labels, of letters of any script,
// digits, hyphens and underscores, of at most 253 characters with their dots.
func isHost(text string) bool {
	if len(text) > 253 || text == "" {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(text, "."), ".") {
		if label == "" || strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
		}) {
			return false
		}
	}
	return true
}
