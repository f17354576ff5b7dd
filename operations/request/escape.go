package request

import (
	"net/url"
	"strings"
)

// escapeStrict encodes all but unreserved characters, so that a value can
// never end the component it stands in.
func escapeStrict(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// escapeReserved is the encoding of allowReserved: reserved characters and
// ready-made %XX triplets stay (RFC 6570, section 3.2.3), except those that
// would end the value in a query: "&" and "#", and "+", which servers read as a
// space.
func escapeReserved(s string) string {
	return escapeBut(s, ":/?[]@!$'()*,;=")
}

// escapeBut encodes all but unreserved characters, ready-made %XX triplets and
// the marks to keep.
func escapeBut(s, keep string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if isTriplet(s[i:]) {
			b.WriteString(s[i : i+3])
			i += 2
			continue
		}
		if c := s[i : i+1]; strings.Contains(keep, c) {
			b.WriteString(c)
		} else {
			b.WriteString(escapeStrict(c))
		}
	}
	return b.String()
}

func isTriplet(s string) bool {
	return len(s) >= 3 && s[0] == '%' && isHex(s[1]) && isHex(s[2])
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// escapeForm is the encoding of application/x-www-form-urlencoded, where a
// space is "+".
func escapeForm(s string) string { return url.QueryEscape(s) }

func escapeNothing(s string) string { return s }
