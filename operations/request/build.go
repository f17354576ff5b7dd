// Package request writes the HTTP message of a call: URLs, parameters and bodies
// as OpenAPI has them. It sends nothing. Start with [Build].
package request

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

	"github.com/capstan-run/capstan/internal/loopback"

	"github.com/capstan-run/capstan/operations"
)

// Build makes the HTTP message of a request, following OpenAPI's rules for
// styles, media types and servers. It sends nothing and needs no network; ctx
// becomes the message's context.
//
// Argument values are JSON-like Go data ([]byte too in bodies). A nil argument
// of an optional parameter is not sent. Any other value arrives as it is, or is
// refused: a missing required one, an empty path value, a list or object that is
// empty at any depth, and any that a server would read as something else or not
// see at all. A write needs the parameters in the query of its path, too. All
// errors are reported together, in one *[CallError] of phase NotSent.
//
// Operations made by hand may do things that OpenAPI has no words for:
// parameters in the query of the path, and header parameters called Accept,
// Content-Type (the body's media type, see [Request]) and Authorization, which
// as any credential goes over plain http to a loopback address only.
func Build(ctx context.Context, req *operations.Request) (*http.Request, error) {
	hr, err := build(ctx, req)
	if err != nil {
		e := operations.NewError(req, operations.ReasonInvalid, err, "%v", err)
		e.URL = req.Op.Path
		return nil, e
	}
	return hr, nil
}

func build(ctx context.Context, req *operations.Request) (*http.Request, error) {
	m, argErr := encodeArgs(req)
	target, urlErr := targetURL(req, m)
	body, contentType, bodyErr := Body(req)
	if err := joinErrors(argErr, urlErr, bodyErr); err != nil {
		return nil, err
	}
	hr, err := newMessageOf(ctx, req.Op.Method)
	if err != nil {
		return nil, err
	}
	hr.URL, hr.Host = target, strings.TrimSuffix(target.Host, ":") // the exact path, and not parsed again
	setHeaders(hr, req, m, contentType)
	setBody(hr, req, body)
	return hr, nil
}

// empty is a message without a method and a URL, not to be changed.
var empty = &http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}

// newMessageOf is http.NewRequestWithContext, without its work for the methods of most
// operations.
func newMessageOf(ctx context.Context, method string) (*http.Request, error) {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		hr := empty.WithContext(ctx)
		hr.Method = method
		return hr, nil
	}
	return http.NewRequestWithContext(ctx, method, "/", nil)
}

// targetURL joins server, path and query. A path template may end in a fixed
// query ("/?Action=List"), which some published documents rely on, with
// parameters in it ("/search?q={text}"). An empty one is the server's own path.
func targetURL(req *operations.Request, m *message) (*url.URL, error) {
	base, err := req.Server()
	if err != nil {
		return nil, err
	}
	template, fixed := operations.SplitQuery(req.Op.Path)
	if strings.Contains(template, "#") {
		return nil, fmt.Errorf("the path %s holds a \"#\", which no request can carry", req.Op.Path)
	}
	path, err := expandPath(template, m.path)
	if err != nil {
		return nil, err
	}
	raw := strings.TrimSuffix(base.EscapedPath(), "/") + "/" + strings.TrimPrefix(path, "/")
	if path == "" { // the server's own path, to which a slash would add a segment
		raw = base.EscapedPath()
	}
	decoded, err := url.PathUnescape(raw)
	if err != nil {
		return nil, fmt.Errorf("the path %s is not a valid URL path", req.Op.Path)
	}
	u := &url.URL{Scheme: base.Scheme, Host: base.Host, Path: decoded, RawPath: raw}
	if err := checkFramed(m.header, u.Host); err != nil {
		return nil, err
	}
	query := m.query
	if fixed != "" {
		query = append(expandQuery(fixed, m.path), query...)
	}
	u.RawQuery = strings.Join(query, "&")
	if m.header["Authorization"] != nil && !loopback.Confidential(u) {
		return nil, fmt.Errorf("the header Authorization is not sent over plain http to %s; use https (plain http is for localhost only)", u.Host)
	}
	return u, nil
}

func setHeaders(hr *http.Request, req *operations.Request, m *message, contentType string) {
	hr.Header = m.header
	if hr.Header["Accept"] == nil {
		hr.Header["Accept"] = accept(req.Op)
	}
	switch contentType {
	case "":
	case jsonOnly[0]:
		hr.Header["Content-Type"] = jsonOnly
	default:
		hr.Header.Set("Content-Type", contentType)
	}
	for name, values := range req.Header {
		hr.Header[textproto.CanonicalMIMEHeaderKey(name)] = slices.Clip(values)
	}
	if len(m.cookies) > 0 {
		all := append(slices.Clone(hr.Header["Cookie"]), m.cookies...)
		hr.Header.Set("Cookie", strings.Join(all, "; "))
	}
}

// accept names the documented types of a successful answer.
func accept(op *operations.Operation) []string {
	r := op.Success()
	if r == nil || len(r.Media) == 0 || r.JSON() != nil {
		return jsonOnly
	}
	types := make([]string, len(r.Media))
	for i, m := range r.Media {
		types[i] = m.Type
	}
	return []string{strings.Join(types, ", ")}
}

// jsonOnly is the value of headers of most requests, not to be changed.
var jsonOnly = []string{"application/json"}

// setBody attaches the body so that net/http's own resending cannot repeat a
// write, whatever transport carries the message (the [Client]'s does not resend
// at all, see sendOnce). On a kept-alive connection that died, http.Transport
// sends again a message that it takes for replayable: a safe method, or any
// request with an Idempotency-Key header, if its body can be had anew. It also
// resends any request of which it wrote not one byte, which is harmless and
// wanted. So the body stays replayable except where a key header is present
// without req.Resend vouching for it.
func setBody(hr *http.Request, req *operations.Request, body []byte) {
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
	fault := func(e error) bool { return e != nil }
	if !slices.ContainsFunc(errs, fault) {
		return nil
	}
	errs = slices.DeleteFunc(slices.Clone(errs), func(e error) bool { return !fault(e) })
	switch len(errs) {
	case 1:
		return errs[0]
	}
	lines := make([]string, len(errs))
	for i, e := range errs {
		lines[i] = e.Error()
	}
	return errors.New(strings.Join(lines, "; "))
}
