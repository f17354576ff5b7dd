package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/connect"
	"github.com/capstan-run/capstan/engine/internal/exec"
	"github.com/capstan-run/capstan/operations"
)

// ForwardRequest is a request that is passed on to a consumed API.
type ForwardRequest struct {
	Method string
	Path   string      // below the API's base, percent-encoded; "" is the base itself
	Query  string      // as it came; characters that may not stand raw in one are encoded
	Header http.Header // those that may be passed on, and Content-Type
	Body   []byte
}

// ErrForwardPath is returned for a path that could leave the API's base.
var ErrForwardPath = connect.ErrPath

// Forward passes a request on to the API of a namespace of the file, with its
// credentials and constant parameters, and returns its answer, of whatever status.
func (r *Runner) Forward(ctx context.Context, f *File, namespace string, req ForwardRequest) (*Answer, error) {
	if f == nil {
		return nil, errNoFile
	}
	api := f.loaded.APIs[namespace]
	if api == nil {
		return nil, fmt.Errorf("there is no API %q to pass requests on to", namespace)
	}
	l := r.link(f.loaded)
	redactor := l.Keys.Redactor
	op, args, err := api.Forward(ctx, l, req.Method, req.Path, req.Query)
	var missing *connect.MissingError
	if errors.As(err, &missing) {
		return nil, &CredentialError{missing.Missing}
	}
	if err != nil {
		return nil, err
	}
	limit := exchangeLimit(cmp.Or(r.o.RequestTimeout, f.loaded.Limit), r.o.Timeout)
	out := &operations.Request{Op: op, Args: args, Header: req.Header.Clone(), Attempts: 1, Timeout: limit, Step: "forward"}
	if out.BaseURL, err = api.Server(ctx, l); err != nil {
		return nil, fmt.Errorf("the API %q cannot be called: %w", namespace, err)
	}
	if len(req.Body) > 0 {
		out.Body, out.MediaType = req.Body, req.Header.Get("Content-Type")
	}
	resp, err := l.Served(namespace, api)(ctx, out)
	if err != nil {
		info := document.Error{Code: exec.CodeTransport, Message: redactor.String(err.Error())}
		if op.Effect() != operations.Read && operations.IsInDoubt(err) {
			info.Code = exec.CodeInDoubt
		}
		return nil, &CallError{Info: info, err: err}
	}
	a := &Answer{Status: resp.Status, Media: resp.Header.Get("Content-Type"), Body: resp.Body, Header: exec.PassedOn(resp.Header)}
	if a.Status >= 400 { // errors are where an API repeats what it was sent
		a.Body, a.Header = redactor.Bytes(a.Body), hideHeader(redactor, a.Header)
	}
	return a, nil
}
