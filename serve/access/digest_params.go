package access

import "strings"

// authParams reads the name=value pairs of an Authorization header (RFC 9110,
// section 11.2), names in lower case. It is false when they are malformed or a
// name stands twice.
func authParams(s string) (map[string]string, bool) {
	params := map[string]string{}
	for {
		s = strings.TrimLeft(s, " \t,")
		if s == "" {
			return params, true
		}
		name, rest, ok := strings.Cut(s, "=")
		name = strings.ToLower(strings.TrimRight(name, " \t"))
		if _, twice := params[name]; !ok || twice || name == "" || strings.ContainsAny(name, " \t\",") {
			return nil, false
		}
		value, rest, ok := paramValue(strings.TrimLeft(rest, " \t"))
		if !ok {
			return nil, false
		}
		params[name] = value
		if s = strings.TrimLeft(rest, " \t"); s != "" && s[0] != ',' {
			return nil, false
		}
	}
}

// paramValue reads a token or a quoted-string from the front of s.
func paramValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, " \t,\"")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], end > 0
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), s[i+1:], true
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}
