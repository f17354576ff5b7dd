package request

import "strings"

// escape percent-encodes every byte of s that keep refuses (RFC 3986, section
// 2.1, upper-case hexadecimal).
func escape(s string, keep func(byte) bool) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; keep(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

// isUnreserved reports whether c never needs encoding (RFC 3986, section 2.3).
func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

// escapeStrict encodes all but unreserved characters, so that a value can
// never end the component it stands in.
func escapeStrict(s string) string { return escape(s, isUnreserved) }

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
		b.WriteString(escape(s[i:i+1], func(c byte) bool {
			return isUnreserved(c) || strings.IndexByte(keep, c) >= 0
		}))
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
func escapeForm(s string) string {
	return strings.ReplaceAll(escapeStrict(s), "%20", "+")
}

func escapeNothing(s string) string { return s }
