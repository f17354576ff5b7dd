package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/connect"
	"github.com/capstan-run/capstan/engine/internal/load"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/catalog"
)

// API is a provider's operations, for programs that call one operation at a time
// (`capstan call`, `capstan operations`).
type API struct {
	Name string
	Set  *operations.Set
	// Problems are those of the OpenAPI document itself, none of them errors.
	Problems diag.List

	loaded *load.API // nil when made by hand
}

// OpenAPI finds the document of the API called name (options, project file in
// the working directory or above, built in). name may also be the path of a
// document.
func OpenAPI(ctx context.Context, name string, opts *LoadOptions) (*API, error) {
	a, problems, err := load.OpenAPI(ctx, name, (*load.Options)(cmp.Or(opts, &LoadOptions{})))
	problems = problems.Placed(name)
	if err != nil {
		return nil, errors.Join(err, problems.Err())
	}
	return &API{Name: a.Name, Set: a.Set, Problems: problems, loaded: a}, nil
}

// APIs lists the names of the APIs that are built in.
func APIs() []string { return catalog.Builtins() }

// Source describes the API: its document, its server, its credentials.
func (a *API) Source() SourceAPI {
	if a.loaded == nil {
		return SourceAPI{Name: a.Name}
	}
	return sourceAPI(a.Name, a.loaded.API, a.loaded.Document)
}

// apiLink links an API that stands alone with the outside.
func (r *Runner) apiLink() *connect.Link { return r.newLink(r.settings(), connect.NoBinds) }

// Caller returns a Caller of an API, which sends requests with its credentials. It is
// safe for concurrent use. A missing credential is a *[CredentialError].
func (r *Runner) Caller(a *API) (operations.Caller, error) {
	if r.o.BaseURL != "" {
		if err := connect.CheckBaseURL(r.o.BaseURL); err != nil {
			return nil, fmt.Errorf("the base URL cannot be used: %w", err)
		}
	}
	if a.loaded == nil {
		return nil, fmt.Errorf("the API %q has no document: OpenAPI finds it", a.Name)
	}
	l, api := r.apiLink(), a.loaded.API
	call := l.Caller(a.Name, api, l.Session())
	limit := exchangeLimit(cmp.Or(r.o.RequestTimeout, a.loaded.Limit), r.o.Timeout)
	return func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
		use := connect.Use{Name: a.Name, API: api, Ops: []*operations.Operation{req.Op}}
		if missing := l.Missing(ctx, []connect.Use{use}, nil); len(missing) > 0 {
			return nil, &CredentialError{missing}
		}
		base, err := api.Server(ctx, l)
		if err != nil {
			return nil, err
		}
		with := *req
		with.BaseURL, with.Timeout = cmp.Or(req.BaseURL, base), cmp.Or(req.Timeout, limit)
		return call(ctx, &with)
	}, nil
}

// MaxPages returns how many pages of a list of the API are read at most, 0 for
// [paging.MaxPages].
func (r *Runner) MaxPages(a *API) int {
	if a.loaded == nil {
		return r.o.MaxPages
	}
	return cmp.Or(r.o.MaxPages, a.loaded.MaxPages)
}

// Env lists the environment variables that hold the credentials of an operation: those
// of its first alternative.
func (r *Runner) Env(ctx context.Context, a *API, op *operations.Operation) []document.Env {
	if a.loaded == nil {
		return []document.Env{}
	}
	return a.loaded.API.Env(ctx, r.apiLink(), []*operations.Operation{op})
}
