package request

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
	"golang.org/x/net/http/httpguts"
)

// message collects the encoded arguments of a request.
type message struct {
	path    map[string]string // the values of the path template, its query too
	query   []string
	header  http.Header
	cookies []string
	placed  []string          // names that stand in the query of the path template
	whole   *operations.Param // the parameter that is the whole query, nil for none
	// taken holds the names that arguments brought to query and cookies, each with
	// its parameter, and fixed those of the path's query. Names of the operation's
	// parameters are taken too.
	taken map[place]string
	fixed []string
	op    *operations.Operation
}

// place is where something travels under a name.
type place struct {
	in   operations.In
	name string
}

// placeOf returns the place of a parameter: names of headers have no case
// (RFC 9110, section 5.1).
func placeOf(p *operations.Param) place {
	if p.In == operations.InHeader {
		return place{p.In, textproto.CanonicalMIMEHeaderKey(p.Name)}
	}
	return place{p.In, p.Name}
}

// encodeArgs encodes every argument into its place.
func encodeArgs(req *operations.Request) (*message, error) {
	m := newMessage(req.Op)
	seen := map[place]bool{}
	var errs []error
	for _, a := range req.Args {
		key := placeOf(a.Param)
		if seen[key] {
			errs = append(errs, fmt.Errorf("parameter %q is given twice", a.Param.Name))
			continue
		}
		seen[key] = true
		if err := m.add(a); err != nil {
			errs = append(errs, fmt.Errorf("parameter %q %w", a.Param.Name, err))
		}
	}
	errs = append(errs, missingParams(req)...)
	if _, query := operations.SplitQuery(req.Op.Path); m.whole != nil && !isForm(m.whole.MediaType) && (len(m.query) > 1 || query != "") {
		errs = append(errs, fmt.Errorf("parameter %q is the whole query, and the request has other parts of it", m.whole.Name))
	}
	return m, joinErrors(errs...)
}

// newMessage returns the message of an operation without arguments.
func newMessage(op *operations.Operation) *message {
	m := &message{op: op, header: make(http.Header, 8)}
	_, query := operations.SplitQuery(op.Path)
	if query == "" {
		return m
	}
	m.placed = operations.Placeholders(query)
	for piece := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(piece, "=")
		if text, err := url.QueryUnescape(name); err == nil {
			name = text
		}
		m.fixed = append(m.fixed, name)
	}
	return m
}

// owner returns the parameter that alone may bring a name, "" for the path's query.
func (m *message) owner(at place) (param string, taken bool) {
	if owner, taken := m.taken[at]; taken {
		return owner, true
	}
	if at.in == operations.InQuery && (at.name == "" || slices.Contains(m.fixed, at.name)) {
		return "", true
	}
	return at.name, !slices.Contains(m.placed, at.name) && slices.ContainsFunc(m.op.Params, func(p *operations.Param) bool { return p.In == at.in && p.Name == at.name })
}

// take keeps each name of query and cookies to one parameter: a server could not
// distinguish the values of two. The pieces are encoded.
func (m *message) take(p *operations.Param, pieces []string) error {
	for _, piece := range pieces {
		name, _, _ := strings.Cut(piece, "=")
		if text, err := url.PathUnescape(name); err == nil {
			name = text
		}
		at := place{p.In, name}
		if owner, taken := m.owner(at); taken && owner != p.Name {
			return fmt.Errorf("would be sent as %q, which is another value of the request", name)
		}
		if m.taken == nil {
			m.taken = map[place]string{}
		}
		m.taken[at] = p.Name
	}
	return nil
}

// missingParams reports the parameters that the operation needs and req lacks.
func missingParams(req *operations.Request) []error {
	given := func(in operations.In, name string) bool { return req.Arg(in, name) != nil }
	var errs []error
	path, query := operations.SplitQuery(req.Op.Path)
	names, inQuery := operations.Placeholders(path), operations.Placeholders(query)
	for _, name := range names {
		if !given(operations.InPath, name) {
			errs = append(errs, fmt.Errorf("parameter %q is missing; the path %s needs it", name, req.Op.Path))
		}
	}
	if req.Op.Effect() != operations.Read { // without it the write would reach more than was meant
		for _, name := range inQuery {
			if !given(operations.InPath, name) && !given(operations.InQuery, name) {
				errs = append(errs, fmt.Errorf("parameter %q is missing; the path %s needs it", name, req.Op.Path))
			}
		}
		names = append(names, inQuery...)
	}
	for _, p := range req.Op.Params {
		if !p.Required || given(p.In, p.Name) || p.In == operations.InPath && slices.Contains(names, p.Name) || isReservedHeader(p) || isCredential(req.Op, p) {
			continue
		}
		errs = append(errs, fmt.Errorf("parameter %q is missing; the operation needs it in the %s", p.Name, p.In))
	}
	for _, a := range req.Args {
		if a.Param.In == operations.InPath && !slices.Contains(names, a.Param.Name) && !slices.Contains(inQuery, a.Param.Name) {
			errs = append(errs, fmt.Errorf("parameter %q has no place in the path %s", a.Param.Name, req.Op.Path))
		}
	}
	return errs
}

// isReservedHeader reports a header parameter that OpenAPI ignores
// (3.1.1, section 4.8.12.1): its value follows from elsewhere in the document.
// No compiled document has one. Of an operation made by hand it is sent when it
// is given, and need not be.
func isReservedHeader(p *operations.Param) bool {
	if p.In != operations.InHeader {
		return false
	}
	switch textproto.CanonicalMIMEHeaderKey(p.Name) {
	case "Accept", "Content-Type", "Authorization":
		return true
	}
	return false
}

// isCredential reports a parameter that the credential fills when the request is
// sent.
func isCredential(op *operations.Operation, p *operations.Param) bool {
	_, filled := op.Credential(p.In, p.Name)
	return filled
}

// add encodes one argument. Errors continue a sentence about the parameter.
func (m *message) add(a operations.Arg) error {
	p := a.Param
	if a.Value == nil {
		return nil
	}
	in := p.In
	if in == operations.InQuery && slices.Contains(m.placed, p.Name) {
		in = operations.InPath // its place is written there
	}
	switch in {
	case operations.InPath:
		text, err := encodePath(p, a.Value)
		if m.path == nil {
			m.path = map[string]string{}
		}
		if err == nil {
			m.path[p.Name] = text
		}
		return err
	case operations.InQuery:
		pieces, err := encodeQuery(p, a.Value)
		m.query = append(m.query, pieces...)
		return cmp.Or(err, m.take(p, pieces))
	case operations.InQueryString:
		pieces, err := encodeQueryString(p, a.Value)
		m.query, m.whole = append(m.query, pieces...), p
		if isForm(p.MediaType) {
			err = cmp.Or(err, m.take(&operations.Param{Name: p.Name, In: operations.InQuery}, pieces))
		}
		return err
	case operations.InHeader:
		return m.addHeader(p, a.Value)
	case operations.InCookie:
		pieces, err := encodeCookie(p, a.Value)
		m.cookies = append(m.cookies, pieces...)
		return cmp.Or(err, m.take(p, pieces))
	}
	return fmt.Errorf("cannot travel in %q", p.In)
}

func (m *message) addHeader(p *operations.Param, v any) error {
	text, err := headerText(p, v)
	switch {
	case err != nil:
		return err
	case !httpguts.ValidHeaderFieldValue(text):
		return errors.New("holds a line break or control character, which a header cannot carry")
	case strings.Trim(text, " \t") != text:
		return errors.New("begins or ends with a space, which a header cannot carry")
	case !httpguts.ValidHeaderFieldName(p.Name):
		return errors.New("is not the name of a header: it holds a character that no header name can")
	}
	m.header.Set(p.Name, text)
	return nil
}

// framing are the headers of a connection, as http.Header has their names.
var framing = [...]string{"Host", "Content-Length", "Transfer-Encoding", "Trailer", "Connection", "Upgrade", "Keep-Alive", "Te", "Expect"}

// checkFramed refuses headers of the message's own framing, which the HTTP
// client writes and a parameter cannot: it would be left out. One that names
// the host it goes to anyway is no loss.
func checkFramed(h http.Header, host string) error {
	for _, name := range framing {
		if v := h[name]; len(v) == 0 || name == "Host" && strings.EqualFold(v[0], host) {
			continue
		}
		return fmt.Errorf("parameter %q is a header that belongs to the connection, and is not sent; leave it out", name)
	}
	if agent := h["User-Agent"]; agent != nil && agent[0] == "" {
		return errors.New(`parameter "User-Agent" is empty, and is not sent so; leave it out or give it a value`)
	}
	return nil
}

func headerText(p *operations.Param, v any) (string, error) {
	if p.MediaType != "" {
		return contentText(p, v)
	}
	sh, err := shapeOf(v, p.Schema)
	if err != nil {
		return "", err
	}
	for _, part := range sh.parts() {
		if strings.Trim(part, " \t") != part {
			return "", errors.New("holds a value that begins or ends with a space, which a header cannot carry")
		}
	}
	return styler{name: p.Name, explode: p.Explode, escape: escapeNothing}.header(sh)
}

func encodePath(p *operations.Param, v any) (string, error) {
	if p.MediaType != "" {
		text, err := contentText(p, v)
		return escapeStrict(text), err
	}
	sh, err := shapeOf(v, p.Schema)
	if err != nil {
		return "", err
	}
	if p.In == operations.InQuery { // in the query of a path template
		return styler{name: p.Name, explode: p.Explode, escape: escapeStrict}.path(sh)
	}
	// An empty text would still print as "." or ";name" in label and matrix.
	if sh.kind == isText && sh.text == "" {
		return "", nil
	}
	return styler{name: p.Name, style: p.Style, explode: p.Explode, escape: escapeStrict}.path(sh)
}

func encodeQuery(p *operations.Param, v any) ([]string, error) {
	s := styler{name: p.Name, style: p.Style, explode: p.Explode, escape: escapeStrict}
	if p.AllowReserved {
		s.escape = escapeReserved
	}
	if p.MediaType != "" {
		text, err := contentText(p, v)
		return []string{s.pair(p.Name, text)}, err
	}
	if p.Style == "deepObject" {
		return s.deepObject(v, p.Schema)
	}
	sh, err := shapeOf(v, p.Schema)
	if err != nil {
		return nil, err
	}
	return s.query(sh)
}

// encodeQueryString writes a parameter that is the whole query (OpenAPI 3.2,
// section 4.12.2): a form as such, anything else as one encoded text.
func encodeQueryString(p *operations.Param, v any) ([]string, error) {
	if isForm(p.MediaType) {
		b, err := encodeForm(&operations.Media{Type: p.MediaType, Schema: p.Schema, Encoding: p.Encoding}, v)
		if err != nil || len(b) == 0 {
			return nil, cmp.Or(err, errEmpty)
		}
		return strings.Split(string(b), "&"), nil
	}
	text, err := contentText(p, v)
	return []string{escapeStrict(text)}, err
}

func isForm(mediaType string) bool { return sameMedia(mediaType, "application/x-www-form-urlencoded") }

// encodeCookie writes a cookie. The style cookie (OpenAPI 3.2) is that of a form
// without percent-encoding.
func encodeCookie(p *operations.Param, v any) ([]string, error) {
	if p.Style != "cookie" {
		return encodeQuery(p, v)
	}
	sh, err := shapeOf(v, p.Schema)
	if err != nil {
		return nil, err
	}
	pieces, err := styler{name: p.Name, explode: p.Explode, escape: escapeNothing}.query(sh)
	for _, piece := range pieces {
		if !httpguts.ValidHeaderFieldValue(piece) || strings.ContainsAny(piece, " ;\"\\") || p.Explode && strings.Contains(piece, ",") {
			return nil, errors.New("holds a character that a cookie cannot carry")
		}
	}
	return pieces, err
}

// contentText serialises a parameter described by `content` instead of a style.
func contentText(p *operations.Param, v any) (string, error) {
	if operations.IsJSON(p.MediaType) {
		b, err := jsonvalue.Encode(v)
		return string(b), err
	}
	return jsonvalue.Text(v)
}
