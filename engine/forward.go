package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/exec"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/spec"
)

// ForwardRequest is a request that is passed on to a consumed API.
type ForwardRequest struct {
	Method string
	Path   string      // below the API's base, percent-encoded; "" is the base itself
	Query  string      // as it came; what may not stand raw in one is encoded
	Header http.Header // what may be passed on, and Content-Type
	Body   []byte
}

// ErrForwardPath is returned for a path that could leave the API's base.
var ErrForwardPath = errors.New("the path cannot be passed on")

// Forward passes a request on to the API of a namespace with its credentials and
// constant parameters, and returns what it answers, of whatever status.
func (s *Service) Forward(ctx context.Context, namespace string, r ForwardRequest) (*Answer, error) {
	c, a := s.fw.file.Consumed(namespace), s.fw.apis[namespace]
	if c == nil || a == nil {
		return nil, fmt.Errorf("there is no API %q to pass requests on to", namespace)
	}
	op, err := forwardOperation(c, r)
	if err != nil {
		return nil, err
	}
	p := &Program{opts: *s.fw.opts, apis: map[string]*api{namespace: a}, creds: s.fw.creds, flows: s.fw}
	req := &operations.Request{Op: op, BaseURL: a.base, Header: r.Header.Clone(), Attempts: 1, Timeout: p.opts.exchangeLimit(), Step: "forward"}
	if req.BaseURL == "" && p.opts.sends() {
		if req.BaseURL, err = a.own.server(ctx); err != nil {
			return nil, fmt.Errorf("the API %q cannot be called: %w", namespace, err)
		}
	}
	if req.Args, err = s.fw.constants(ctx, c, op); err != nil {
		return nil, err
	}
	if len(r.Body) > 0 {
		req.Body, req.MediaType = r.Body, r.Header.Get("Content-Type")
	}
	resp, err := p.shared().get(a, &p.opts)(ctx, req)
	if err != nil {
		info := document.Error{Code: exec.CodeTransport, Message: p.creds.redactor.String(err.Error())}
		if op.Effect() != operations.Read && operations.IsInDoubt(err) {
			info.Code = exec.CodeInDoubt
		}
		return nil, &CallError{Info: info, err: err}
	}
	out := &Answer{Status: resp.Status, Media: resp.Header.Get("Content-Type"), Body: resp.Body, Header: exec.PassedOn(resp.Header)}
	if out.Status >= 400 { // errors are where an API repeats what it was sent
		out.Body, out.Header = p.creds.redactor.Bytes(out.Body), hideHeader(p.creds.redactor, out.Header)
	}
	return out, nil
}

// forwardOperation is the request as an operation of the API.
func forwardOperation(c *spec.Consumed, r ForwardRequest) (*operations.Operation, error) {
	path := r.Path
	if path != "" && path[0] != '/' {
		path = "/" + path
	}
	plain, err := url.PathUnescape(path)
	if err != nil {
		return nil, ErrForwardPath
	}
	for part := range strings.FieldsFuncSeq(plain, func(r rune) bool { return r == '/' || r == '\\' }) {
		if again, err := url.PathUnescape(part); part == "." || part == ".." || err == nil && (again == "." || again == "..") {
			return nil, ErrForwardPath
		}
	}
	if strings.ContainsAny(path+r.Query, "#") || strings.Contains(path, "?") {
		return nil, ErrForwardPath
	}
	// Braces would be taken for a parameter; the rest is encoded with the URL.
	braces := strings.NewReplacer("{", "%7B", "}", "%7D")
	like := *c
	like.Operations = []*spec.ConsumedOperation{{Name: spec.Str{Value: "forward"}, Method: spec.Str{Value: r.Method}, Path: spec.Str{Value: "/"}, Params: c.Params}}
	set, problems := consumed.Set(&like)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	found, ok := set.Lookup("forward")
	if !ok {
		return nil, ErrForwardPath
	}
	op := *found
	op.Method, op.Path = r.Method, braces.Replace(path)
	if r.Query != "" {
		op.Path += "?" + braces.Replace(r.Query)
	}
	anything := []operations.Media{{Type: "*/*", Schema: &operations.Schema{}}}
	op.Body = &operations.Body{Media: anything}
	op.Responses = []*operations.ResponseDoc{{Status: "default", Media: anything}}
	return &op, nil
}

// constants are the values of the API's own parameters.
func (f *flows) constants(ctx context.Context, c *spec.Consumed, op *operations.Operation) ([]operations.Arg, error) {
	var args []operations.Arg
	for _, p := range c.Params {
		param := op.Param(operations.In(p.In.Value), p.Name.Value)
		if p.Value != nil && param == nil && p.In.Value == string(operations.InPath) {
			return nil, fmt.Errorf("the API takes %q in the path, which a request that is passed on has no place for", p.Name.Value)
		}
		if p.Value == nil || param == nil {
			continue
		}
		text, ok := p.Value.Scalar.(string)
		if !ok || p.Const {
			args = append(args, operations.Arg{Param: param, Value: p.Value.Go()})
			continue
		}
		t, problems := f.text(spec.Str{Value: text}, false)
		if err := problems.Err(); err != nil {
			return nil, err
		}
		values, missing, err := f.binds.values(ctx, t.Keys())
		if err != nil {
			return nil, err
		}
		if len(missing) > 0 {
			return nil, &CredentialError{missing}
		}
		s, _ := t.Render(values)
		args = append(args, operations.Arg{Param: param, Value: s})
	}
	return args, nil
}
