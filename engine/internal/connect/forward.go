package connect

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/spec"
)

// ErrPath is returned for a path that could leave the API's base.
var ErrPath = errors.New("the path cannot be passed on")

func (a *consumedAPI) Forward(ctx context.Context, l *Link, method, path, query string) (*operations.Operation, []operations.Arg, error) {
	op, err := forwardOperation(a.spec, method, path, query)
	if err != nil {
		return nil, nil, err
	}
	args, err := a.constants(ctx, l, op)
	return op, args, err
}

// forwardOperation is the request as an operation of the API.
func forwardOperation(c *spec.API, method, path, query string) (*operations.Operation, error) {
	if path != "" && path[0] != '/' {
		path = "/" + path
	}
	plain, err := url.PathUnescape(path)
	if err != nil {
		return nil, ErrPath
	}
	for part := range strings.FieldsFuncSeq(plain, func(r rune) bool { return r == '/' || r == '\\' }) {
		if again, err := url.PathUnescape(part); part == "." || part == ".." || err == nil && (again == "." || again == "..") {
			return nil, ErrPath
		}
	}
	if strings.ContainsAny(path+query, "#") || strings.Contains(path, "?") {
		return nil, ErrPath
	}
	// Braces would be taken for a parameter; the rest is encoded with the URL.
	braces := strings.NewReplacer("{", "%7B", "}", "%7D")
	like := *c
	like.Operations = []*spec.ConsumedOperation{{Name: spec.Str{Value: "forward"}, Method: spec.Str{Value: method}, Path: spec.Str{Value: "/"}, Params: c.Params}}
	set, problems := consumed.Set(&like)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	found, ok := set.Lookup("forward")
	if !ok {
		return nil, ErrPath
	}
	op := *found
	op.Method, op.Path = method, braces.Replace(path)
	if query != "" {
		op.Path += "?" + braces.Replace(query)
	}
	anything := []operations.Media{{Type: "*/*", Schema: &operations.Schema{}}}
	op.Body = &operations.Body{Media: anything}
	op.Responses = []*operations.ResponseDoc{{Status: "default", Media: anything}}
	return &op, nil
}

// constants are the values of the API's own parameters.
func (a *consumedAPI) constants(ctx context.Context, l *Link, op *operations.Operation) ([]operations.Arg, error) {
	var args []operations.Arg
	for _, p := range a.spec.Params {
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
		t, problems := l.Binds.Text(spec.Str{Value: text}, false)
		if err := problems.Err(); err != nil {
			return nil, err
		}
		values, missing := l.Values(ctx, t.Keys())
		if len(missing) > 0 {
			return nil, &MissingError{missing}
		}
		s, _ := t.Render(values)
		args = append(args, operations.Arg{Param: param, Value: s})
	}
	return args, nil
}
