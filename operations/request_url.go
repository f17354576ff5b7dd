package operations

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
)

// Server returns where the request goes, without the operation's path: req.BaseURL,
// else the operation's first server with its variables' defaults. The URL must not be
// changed.
func (req *Request) Server() (*url.URL, error) {
	if at := req.located; at.holds(req) {
		return at.server, nil
	}
	return req.server()
}

// ServerText is the text of Server, "" where there is none.
func (req *Request) ServerText() string {
	if at := req.located; at.holds(req) {
		return at.text
	}
	server, err := req.server()
	if err != nil {
		return ""
	}
	return server.String()
}

// location is the server of requests with this base and the servers of this operation.
type location struct {
	op     *Operation
	base   string
	server *url.URL
	text   string
}

func (at *location) holds(req *Request) bool {
	return at != nil && at.base == req.BaseURL && (at.op == req.Op || at.op.sharesServer(req.Op))
}

// sharesServer reports whether two operations have one server, as those of most
// documents do.
func (o *Operation) sharesServer(with *Operation) bool {
	a, b := o.Servers, with.Servers
	return len(a) > 0 && len(b) > 0 && a[0].URL == b[0].URL && len(a[0].Variables) == 0 && len(b[0].Variables) == 0
}

// Locator finds the server of requests, that of those with one server once. The zero
// Locator is ready, and safe for concurrent use.
type Locator struct{ last atomic.Pointer[location] }

// Located returns a copy of a request that knows its server, as do its copies.
func (l *Locator) Located(req *Request) Request {
	out := *req
	if at := l.last.Load(); at.holds(req) {
		out.located = at
	} else if server, err := req.Server(); err == nil {
		out.located = &location{req.Op, req.BaseURL, server, server.String()}
		l.last.Store(out.located)
	}
	return out
}

func (req *Request) server() (*url.URL, error) {
	if req.BaseURL != "" {
		return checkServer(req.Op.Below(req.BaseURL), "the base URL")
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

// Below returns the server of the operation where a base URL replaces that of the
// document: the base URL itself, or where that has no path and the document's server
// is relative, as in "/v1", the place that it is relative to.
func (o *Operation) Below(base string) string {
	if len(o.Servers) == 0 {
		return base
	}
	relative, err := expandServer(o.Servers[0])
	if err != nil || strings.Contains(relative, ":") || strings.HasPrefix(relative, "//") {
		return base
	}
	u, err := url.Parse(base)
	if err != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return base
	}
	if path := strings.Trim(relative, "./"); path != "" {
		return strings.TrimRight(base, "/") + "/" + path
	}
	return base
}

// expandServer fills a server's variables in with their defaults.
func expandServer(s Server) (string, error) {
	var err error
	asWritten := func(text string) string { return text }
	out := Expand(s.URL, asWritten, func(name string) string {
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
// or fragment. Errors call it by the second argument.
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

// DisplayURL is where a request goes as far as that can be shown without its
// arguments, which may be secret.
func (req *Request) DisplayURL() string {
	base, err := req.Server()
	if err != nil {
		return req.Op.Path
	}
	return strings.TrimSuffix(base.String(), "/") + req.Op.Path
}

// SplitQuery cuts a path template before its query. A "?" inside a parameter's
// name is part of the name.
func SplitQuery(template string) (path, query string) {
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

// Piece is a part of a path template: text, or the name of a parameter.
type Piece struct{ Text, Name string }

// Pieces takes a template apart, as in "/ships/{imo}". A brace without its
// partner is text.
func Pieces(template string) []Piece {
	var out []Piece
	for template != "" {
		before, rest, found := strings.Cut(template, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return append(out, Piece{Text: template})
		}
		if before != "" {
			out = append(out, Piece{Text: before})
		}
		out, template = append(out, Piece{Name: name}), after
	}
	return out
}

// Expand fills a template in.
func Expand(template string, text, value func(string) string) string {
	if template == "" || !strings.Contains(template, "{") {
		return text(template)
	}
	var b strings.Builder
	for _, p := range Pieces(template) {
		if p.Text != "" {
			b.WriteString(text(p.Text))
		} else {
			b.WriteString(value(p.Name))
		}
	}
	return b.String()
}

// Placeholders returns the names in a path template.
func Placeholders(template string) []string {
	if !strings.Contains(template, "{") {
		return nil
	}
	var names []string
	for _, p := range Pieces(template) {
		if p.Text == "" {
			names = append(names, p.Name)
		}
	}
	return names
}
