package operations

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
)

// Build makes the HTTP message of a request, following OpenAPI's rules for
// styles, media types and servers. It sends nothing and needs no network; ctx
// becomes the message's context.
//
// Argument values are JSON-like Go data ([]byte too in bodies). A nil argument
// of an optional parameter is not sent; a missing required one, an empty path
// value, an empty list and a value that its style cannot carry are errors, all
// reported together. The error is a *[CallError] of phase NotSent.
func Build(ctx context.Context, req *Request) (*http.Request, error) {
	hr, err := build(ctx, req)
	if err != nil {
		return nil, &CallError{
			Op: req.Op.ID, Method: req.Op.Method, URL: req.Op.Path,
			Phase: NotSent, Reason: ReasonInvalid, Detail: err.Error(), Err: err,
		}
	}
	return hr, nil
}

func build(ctx context.Context, req *Request) (*http.Request, error) {
	m, argErr := encodeArgs(req)
	target, urlErr := targetURL(req, m)
	body, contentType, bodyErr := encodeBody(req)
	if err := joinErrors(argErr, urlErr, bodyErr); err != nil {
		return nil, err
	}
	hr, err := http.NewRequestWithContext(ctx, req.Op.Method, target.String(), nil)
	if err != nil {
		return nil, err
	}
	hr.URL = target // NewRequest parsed the text again; keep the exact path
	setHeaders(hr, req, m, contentType)
	setBody(hr, req, body)
	return hr, nil
}

// message collects the encoded arguments of a request.
type message struct {
	path    map[string]string
	query   []string
	header  http.Header
	cookies []string
}

// encodeArgs encodes every argument into its place.
func encodeArgs(req *Request) (*message, error) {
	m := &message{path: map[string]string{}, header: http.Header{}}
	type place struct {
		in   In
		name string
	}
	seen := map[place]bool{}
	var errs []error
	for _, a := range req.Args {
		key := place{a.Param.In, a.Param.Name}
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
	return m, joinErrors(errs...)
}

// missingParams reports what the operation needs and req lacks.
func missingParams(req *Request) []error {
	given := func(in In, name string) bool {
		return slices.ContainsFunc(req.Args, func(a Arg) bool {
			return a.Param.In == in && a.Param.Name == name && a.Value != nil
		})
	}
	var errs []error
	names := placeholders(req.Op.Path)
	for _, name := range names {
		if !given(InPath, name) {
			errs = append(errs, fmt.Errorf("parameter %q is missing; the path %s needs it", name, req.Op.Path))
		}
	}
	for _, p := range req.Op.Params {
		if !p.Required || given(p.In, p.Name) || p.In == InPath && slices.Contains(names, p.Name) || isReservedHeader(p) {
			continue
		}
		errs = append(errs, fmt.Errorf("parameter %q is missing; the operation needs it in the %s", p.Name, p.In))
	}
	for _, a := range req.Args {
		if a.Param.In == InPath && !slices.Contains(names, a.Param.Name) {
			errs = append(errs, fmt.Errorf("parameter %q has no place in the path %s", a.Param.Name, req.Op.Path))
		}
	}
	return errs
}

// isReservedHeader reports a header parameter that OpenAPI says to ignore
// (3.1.1, section 4.8.12.1): its value follows from elsewhere in the document.
func isReservedHeader(p *Param) bool {
	if p.In != InHeader {
		return false
	}
	switch textproto.CanonicalMIMEHeaderKey(p.Name) {
	case "Accept", "Content-Type", "Authorization":
		return true
	}
	return false
}

// add encodes one argument. Errors continue a sentence about the parameter.
func (m *message) add(a Arg) error {
	p := a.Param
	if a.Value == nil {
		return nil
	}
	switch p.In {
	case InPath:
		text, err := encodePath(p, a.Value)
		if err == nil {
			m.path[p.Name] = text
		}
		return err
	case InQuery:
		pieces, err := encodeQuery(p, a.Value)
		m.query = append(m.query, pieces...)
		return err
	case InHeader:
		return m.addHeader(p, a.Value)
	case InCookie:
		pieces, err := encodeQuery(p, a.Value)
		m.cookies = append(m.cookies, pieces...)
		return err
	}
	return fmt.Errorf("cannot travel in %q", p.In)
}

func (m *message) addHeader(p *Param, v any) error {
	if isReservedHeader(p) {
		return errors.New("is a header that Capstan sets itself; OpenAPI says to ignore the parameter")
	}
	text, err := headerText(p, v)
	if err != nil {
		return err
	}
	if strings.ContainsFunc(text, isControl) {
		return errors.New("holds a line break or control character, which a header cannot carry")
	}
	m.header.Set(p.Name, text)
	return nil
}

// isControl reports the characters that a header value must not hold (RFC 9110,
// section 5.5).
func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

func headerText(p *Param, v any) (string, error) {
	if p.MediaType != "" {
		return contentText(p, v)
	}
	sh, err := shapeOf(v, p.Schema)
	if err != nil {
		return "", err
	}
	return styler{name: p.Name, explode: p.Explode, escape: escapeNothing}.header(sh), nil
}

func encodePath(p *Param, v any) (string, error) {
	if p.MediaType != "" {
		text, err := contentText(p, v)
		return escapeStrict(text), err
	}
	sh, err := shapeOf(v, p.Schema)
	if err != nil {
		return "", err
	}
	// An empty text would still print as "." or ";name" in label and matrix.
	if sh.kind == isText && sh.text == "" {
		return "", nil
	}
	return styler{name: p.Name, style: p.Style, explode: p.Explode, escape: escapeStrict}.path(sh)
}

func encodeQuery(p *Param, v any) ([]string, error) {
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

// contentText serialises a parameter described by `content` instead of a style.
func contentText(p *Param, v any) (string, error) {
	if IsJSON(p.MediaType) {
		b, err := marshalJSON(v)
		return string(b), err
	}
	return textOf(v)
}

// targetURL joins server, path and query. A path template may end in a fixed
// query ("/?Action=List"), which some published documents rely on.
func targetURL(req *Request, m *message) (*url.URL, error) {
	base, err := serverURL(req)
	if err != nil {
		return nil, err
	}
	template, fixed, _ := strings.Cut(req.Op.Path, "?")
	if strings.Contains(template, "#") {
		return nil, fmt.Errorf("the path %s holds a \"#\", which no request can carry", req.Op.Path)
	}
	path, err := expandPath(template, m.path)
	if err != nil {
		return nil, err
	}
	raw := strings.TrimSuffix(base.EscapedPath(), "/") + "/" + strings.TrimPrefix(path, "/")
	decoded, err := url.PathUnescape(raw)
	if err != nil {
		return nil, fmt.Errorf("the path %s is not a valid URL path", req.Op.Path)
	}
	u := &url.URL{Scheme: base.Scheme, Host: base.Host, Path: decoded, RawPath: raw}
	query := m.query
	if fixed != "" {
		query = append([]string{fixed}, query...)
	}
	u.RawQuery = strings.Join(query, "&")
	return u, nil
}

func setHeaders(hr *http.Request, req *Request, m *message, contentType string) {
	hr.Header = m.header
	hr.Header.Set("Accept", accept(req.Op))
	if contentType != "" {
		hr.Header.Set("Content-Type", contentType)
	}
	for name, values := range req.Header {
		hr.Header[textproto.CanonicalMIMEHeaderKey(name)] = slices.Clone(values)
	}
	if len(m.cookies) > 0 {
		all := append(slices.Clone(hr.Header["Cookie"]), m.cookies...)
		hr.Header.Set("Cookie", strings.Join(all, "; "))
	}
}

// accept names what a successful answer is documented to be.
func accept(op *Operation) string {
	r := op.Success()
	if r == nil || len(r.Media) == 0 || r.JSON() != nil {
		return "application/json"
	}
	types := make([]string, len(r.Media))
	for i, m := range r.Media {
		types[i] = m.Type
	}
	return strings.Join(types, ", ")
}

// setBody attaches the body so that net/http's own resending cannot repeat a
// write. On a kept-alive connection that died, http.Transport sends again what
// it takes for replayable: a safe method, or any request with an
// Idempotency-Key header, if its body can be had anew. It also resends any
// request of which it wrote not one byte, which is harmless and wanted. So the
// body stays replayable except where a key header is present without
// req.Resend vouching for it.
func setBody(hr *http.Request, req *Request, body []byte) {
	keyed := hr.Header["Idempotency-Key"] != nil || hr.Header["X-Idempotency-Key"] != nil
	if once := keyed && !req.Resend && !req.Op.Idempotent(); once {
		hr.Body = io.NopCloser(bytes.NewReader(body))
		hr.ContentLength = int64(len(body))
		return
	}
	if body == nil {
		return
	}
	hr.ContentLength = int64(len(body))
	hr.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	hr.Body, _ = hr.GetBody()
}

// joinErrors is errors.Join on one line.
func joinErrors(errs ...error) error {
	errs = slices.DeleteFunc(slices.Clone(errs), func(e error) bool { return e == nil })
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return errs[0]
	}
	lines := make([]string, len(errs))
	for i, e := range errs {
		lines[i] = e.Error()
	}
	return errors.New(strings.Join(lines, "; "))
}
