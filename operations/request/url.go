package request

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
)

// expandPath fills the path template in, segment by segment; a segment that
// lacks its argument is another check's error and passes. The text that a
// parameter contributes is already encoded, so it cannot hold "/", "?" or "#";
// a segment that comes out empty or as a dot segment would name another
// resource and is refused (RFC 3986, section 5.2.4, also when dots are written
// %2E).
func expandPath(template string, args map[string]string) (string, error) {
	if !strings.Contains(template, "{") {
		return escapeBut(template, "/"+segmentChars), nil
	}
	var errs []error
	segments := strings.Split(template, "/")
	for i, segment := range segments {
		names := operations.Placeholders(segment)
		out := operations.Expand(segment, escapeLiteral, func(name string) string { return args[name] })
		segments[i] = out
		missing := func(name string) bool { _, ok := args[name]; return !ok }
		if len(names) == 0 || slices.ContainsFunc(names, missing) {
			continue
		}
		isEmpty := func(name string) bool { return args[name] == "" }
		switch quoted := quotedNames(names); {
		case slices.ContainsFunc(names, isEmpty):
			empty := slices.DeleteFunc(names, func(name string) bool { return !isEmpty(name) })
			errs = append(errs, fmt.Errorf("parameter %s is empty; the path %s would name another resource", quotedNames(empty), template))
		case isDotSegment(out):
			errs = append(errs, fmt.Errorf("parameter %s is %q, which would change the path %s", quoted, out, template))
		case len(names) > 1 && !readsOneWay(segment, out):
			errs = append(errs, fmt.Errorf("parameters %s become %q in the path %s, where it cannot be seen which begins where", quoted, out, template))
		}
	}
	return strings.Join(segments, "/"), joinErrors(errs...)
}

// readsOneWay reports whether a segment's text gives one value only to each of
// the parameters of its template, none of them empty.
func readsOneWay(template, text string) bool {
	between := []string{""} // the texts around the parameters
	for _, p := range operations.Pieces(template) {
		if p.Text != "" {
			between[len(between)-1] = escapeLiteral(p.Text)
		} else {
			between = append(between, "")
		}
	}
	if !strings.HasPrefix(text, between[0]) {
		return false
	}
	// ways[i] counts, up to two, the ways in which text[:i] can be the template
	// so far.
	ways := make([]int, len(text)+1)
	ways[len(between[0])] = 1
	for _, literal := range between[1:] {
		next := make([]int, len(text)+1)
		before := 0
		for at := 1; at <= len(text); at++ {
			before = min(2, before+ways[at-1])
			if before > 0 && strings.HasPrefix(text[at:], literal) {
				next[at+len(literal)] = before
			}
		}
		ways = next
	}
	return ways[len(text)] == 1
}

// expandQuery fills the query of a path template in and returns its pieces. One
// with a parameter without a value is left out, which only a read may do.
// Values are encoded already, so they cannot hold "&", "=" or "#".
func expandQuery(template string, args map[string]string) []string {
	var out []string
	for piece := range strings.SplitSeq(template, "&") {
		missing := func(name string) bool { _, ok := args[name]; return !ok }
		if piece == "" || slices.ContainsFunc(operations.Placeholders(piece), missing) {
			continue
		}
		out = append(out, operations.Expand(piece, escapeQuery, func(name string) string { return args[name] }))
	}
	return out
}

// escapeQuery keeps the characters that a query may hold (RFC 3986, section
// 3.4) and ready-made triplets.
func escapeQuery(s string) string { return escapeBut(s, "!$&'()*+,;=:@/?[]") }

// escapeLiteral keeps the characters that a path segment may hold (RFC 3986,
// section 3.3) and ready-made triplets.
func escapeLiteral(s string) string { return escapeBut(s, segmentChars) }

const segmentChars = "!$&'()*+,;=:@"

func isDotSegment(s string) bool {
	s = strings.ReplaceAll(strings.ToLower(s), "%2e", ".")
	return s == "." || s == ".."
}

func quotedNames(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(quoted, ", ")
}

// HostPort returns "host:port" with the scheme's port filled in.
func HostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	if u.Scheme == "http" {
		return u.Host + ":80"
	}
	return u.Host + ":443"
}

// Origin must be shared by two URLs for one to be trusted with the secrets meant
// for the other (RFC 6454): scheme, host and port.
func Origin(u *url.URL) string { return u.Scheme + "://" + HostPort(u) }

// Site is an origin as people write it, without the scheme's own port.
func Site(u *url.URL) string { return u.Scheme + "://" + u.Host }
