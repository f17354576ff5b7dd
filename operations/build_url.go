package operations

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// serverURL returns where req goes, without the operation's path: req.BaseURL,
// else the operation's first server with its variables' defaults.
func serverURL(req *Request) (*url.URL, error) {
	if req.BaseURL != "" {
		return checkServer(req.BaseURL, "the base URL")
	}
	if len(req.Op.Servers) == 0 {
		return nil, fmt.Errorf("the OpenAPI document of %q names no server; give a base URL", req.Op.API)
	}
	server, err := expandServer(req.Op.Servers[0])
	if err != nil {
		return nil, err
	}
	return checkServer(server, "the OpenAPI document's server")
}

// baseURL is serverURL as text, "" when there is none.
func baseURL(req *Request) string {
	u, err := serverURL(req)
	if err != nil {
		return ""
	}
	return u.String()
}

// expandServer fills a server's variables in with their defaults.
func expandServer(s Server) (string, error) {
	var err error
	out := expandBraces(s.URL, func(name string) string {
		v, ok := s.Variables[name]
		switch {
		case !ok || v.Default == "":
			err = fmt.Errorf("the server %q leaves its variable %q open; give a base URL", s.URL, name)
		case len(v.Enum) > 0 && !slices.Contains(v.Enum, v.Default):
			err = fmt.Errorf("the server %q has a default for %q that is none of its own values; give a base URL", s.URL, name)
		}
		return v.Default
	})
	return out, err
}

// checkServer accepts an absolute http or https URL without credentials, query
// or fragment. what names it in errors.
func checkServer(raw, what string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s is not a URL", what)
	case u.User != nil:
		return nil, fmt.Errorf("%s holds a user name or password; pass credentials another way", what)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%s %q is not an http or https URL; write it like https://api.example.com", what, raw)
	case u.Hostname() == "":
		return nil, fmt.Errorf("%s %q names no host", what, raw)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, fmt.Errorf("%s %q has a query or fragment, which would be lost", what, raw)
	}
	return u, nil
}

// expandBraces replaces each {name} by what value returns for it.
func expandBraces(template string, value func(name string) string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(template, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			b.WriteString("{" + rest)
			return b.String()
		}
		b.WriteString(value(name))
		template = after
	}
}

// expandPath fills the path template in, segment by segment; a segment whose
// argument is missing from args is somebody else's error and passes. What a parameter
// contributes is already encoded, so it cannot hold "/", "?" or "#"; a segment
// that comes out empty or as a dot segment would name another resource and is
// refused (RFC 3986, section 5.2.4, also when dots are written %2E).
func expandPath(template string, args map[string]string) (string, error) {
	var errs []error
	segments := strings.Split(template, "/")
	for i, segment := range segments {
		names := placeholders(segment)
		out := expandText(segment, escapeLiteral, func(name string) string { return args[name] })
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
	var between []string
	for _, piece := range strings.Split(template, "{") {
		_, after, closed := strings.Cut(piece, "}")
		if !closed {
			after = piece // before the first parameter
		}
		between = append(between, escapeLiteral(after))
	}
	if !strings.HasPrefix(text, between[0]) {
		return false
	}
	// ways[i] counts, up to two, how text[:i] can be what the template has so far.
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

// splitQuery cuts a path template before its query. A "?" inside a parameter's
// name is part of the name.
func splitQuery(template string) (path, query string) {
	depth := 0
	for i, c := range template {
		switch {
		case c == '{':
			depth++
		case c == '}':
			depth = max(0, depth-1)
		case c == '?' && depth == 0:
			return template[:i], template[i+1:]
		}
	}
	return template, ""
}

// expandQuery fills the query of a path template in and returns its pieces. One
// whose parameter has no value is left out, which only a read may do. Values are
// encoded already, so they cannot hold "&", "=" or "#".
func expandQuery(template string, args map[string]string) []string {
	var out []string
	for piece := range strings.SplitSeq(template, "&") {
		missing := func(name string) bool { _, ok := args[name]; return !ok }
		if piece == "" || slices.ContainsFunc(placeholders(piece), missing) {
			continue
		}
		out = append(out, expandText(piece, escapeQuery, func(name string) string { return args[name] }))
	}
	return out
}

// escapeQuery keeps what a query may hold (RFC 3986, section 3.4) and ready-made
// triplets.
func escapeQuery(s string) string { return escapeBut(s, "!$&'()*+,;=:@/?[]") }

// expandText is expandBraces with the text between encoded by escape.
func expandText(template string, escape func(string) string, value func(name string) string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(template, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			b.WriteString(escape(template))
			return b.String()
		}
		b.WriteString(escape(before))
		b.WriteString(value(name))
		template = after
	}
}

// escapeLiteral keeps what a path segment may hold (RFC 3986, section 3.3) and
// ready-made triplets.
func escapeLiteral(s string) string { return escapeBut(s, "!$&'()*+,;=:@") }

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

// placeholders returns the names in a path template.
func placeholders(template string) []string {
	var names []string
	expandBraces(template, func(name string) string {
		names = append(names, name)
		return ""
	})
	return names
}
