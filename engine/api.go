package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/capstan-run/capstan/capabilities"
	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/catalog"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

// API is a provider's operations and the way to call them, for programs that
// call one operation at a time (`capstan call`, `capstan operations`).
type API struct {
	Name string
	Set  *operations.Set
	// Call sends a request with the API's credentials. It is safe for
	// concurrent use. A missing credential is a *[CredentialError].
	Call operations.Caller
	// Problems are those of the OpenAPI document itself, none of them errors.
	Problems diag.List

	api      *api
	document string
}

// Source returns what is known of the API: where its document is, its server,
// how it authenticates.
func (a *API) Source() SourceAPI {
	if a.api == nil { // made by hand
		return SourceAPI{Name: a.Name}
	}
	s := a.api.source(nil)
	s.Document = a.document
	return s
}

// Env lists the environment variables that hold the credentials of op: those of
// its first alternative. It is safe for concurrent use.
func (a *API) Env(ctx context.Context, op *operations.Operation) []document.Env {
	if a.api == nil {
		return []document.Env{}
	}
	var hosts []string
	if host, err := a.api.hostOf(op); err == nil {
		hosts = append(hosts, host)
	}
	return a.api.taken(ctx, [][]operations.Requirement{a.api.alternatives(op)}, hosts)
}

// OpenAPI finds the document of the API called name (options, project file in
// the working directory or above, built in) and readies a Caller for it. name
// may also be the path of a document.
func OpenAPI(ctx context.Context, name string, opts *Options) (*API, error) {
	if opts == nil {
		opts = &Options{}
	}
	if opts.BaseURL != "" {
		if err := checkBaseURL(opts.BaseURL); err != nil {
			return nil, fmt.Errorf("the base URL cannot be used: %w", err)
		}
	}
	reach := newReach("capstan.yaml", opts.AllowRead) // as if in the working directory
	proj, _, problems := findProject(opts.Project, ".", reach)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	opts = proj.shape(opts)
	docs := &documents{opts: opts, project: proj, reach: reach, dir: ".", sets: map[string]*operations.Set{}}
	if ext := filepath.Ext(name); ext == ".yaml" || ext == ".yml" || ext == ".json" {
		path := name
		name = strings.TrimSuffix(filepath.Base(path), ext)
		name = strings.TrimSuffix(name, ".openapi")
		docs.opts = &Options{OpenAPI: map[string]string{name: path}}
	}
	set, problems, err := docs.find(ctx, name)
	if err != nil {
		return nil, errors.Join(err, problems.Err())
	}
	a := newAPI(name, opts, proj, readCatalogue(reach, ".", name), newKeyring(opts.Secrets), set)
	out := &API{Name: name, Set: set, Problems: problems, api: a, document: docs.path(name)}
	call := a.caller(opts, newSession(a.keys.redactor))
	out.Call = func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
		if missing := a.missing(ctx, req.Op); len(missing) > 0 && opts.sends() {
			return nil, &CredentialError{missing}
		}
		with := *req
		with.BaseURL, with.Timeout = cmp.Or(req.BaseURL, a.base), cmp.Or(req.Timeout, opts.exchangeLimit())
		return call(ctx, &with)
	}
	return out, nil
}

// APIs lists the names of the APIs that are built in.
func APIs() []string { return catalog.Builtins() }

// api is what a program knows of one API beside its operations.
type api struct {
	name     string
	base     string      // server, "" for the document's own
	declared declaredEnv // environment variables that the catalogue or project file names
	// fallback is the security that the catalogue or project file declares, for
	// documents that declare none.
	fallback []operations.Requirement
	keys     *keyring
	names    map[string]schemeNames     // of the variables, by scheme
	needs    [][]operations.Requirement // alternatives of the operations that are used, unique
	hosts    []string

	// own is what a framework file says of an API that it consumes, nil for
	// those with a document.
	own *consumedAPI

	once sync.Once
	live operations.Caller
}

// newAPI combines the options, the project file and the catalogue, each of which
// goes before the next. set is the API's document, nil when only these settings
// are wanted.
func newAPI(name string, opts *Options, proj *project, cat *spec.Catalogue, keys *keyring, set *operations.Set) *api {
	a := &api{name: name, keys: keys, base: opts.BaseURL}
	base, env := proj.api(name)
	a.declared = env
	a.fallback = proj.security(name)
	if a.base == "" {
		a.base = base
	}
	if cat != nil {
		if a.base == "" {
			a.base = cat.BaseURL.Value
		}
		if len(a.declared.names) == 0 && cat.AuthEnv.IsSet() {
			a.declared = declaredEnv{[]string{cat.AuthEnv.Value}, cat.AuthType.Value}
		}
		if a.fallback == nil {
			a.fallback = declaredSecurity(cat.AuthType.Value)
		}
	}
	if set != nil {
		a.nameCredentials(set)
	}
	return a
}

// readCatalogue reads shared/<api>.yaml beside a capability, else the shipped
// one, else returns nil. A catalogue that does not parse is not used: validate
// says why when it is given the file.
func readCatalogue(reach *reach, dir, api string) *spec.Catalogue {
	name := filepath.Join(dir, "shared", api+".yaml")
	text, err := reach.text(name, "catalogue of "+api, realPath(dir))
	if err != nil {
		return shippedCatalogue(api)
	}
	return parseCatalogue(name, text)
}

// shippedCatalogue returns the catalogue of an API that ships, nil when none
// does.
func shippedCatalogue(api string) *spec.Catalogue {
	f, ok := capabilities.Catalogue(api)
	if !ok {
		return nil
	}
	return parseCatalogue(f.Name, f.Data)
}

func parseCatalogue(name string, text []byte) *spec.Catalogue {
	src, _ := dialect.Read(name, text)
	if src == nil || src.Dialect() != spec.DialectCatalogue {
		return nil
	}
	c, _ := src.Catalogue()
	return c
}

// apis gathers the APIs of a plan.
func (l *loader) apis(p *plan.Plan, keys *keyring) map[string]*api {
	out := map[string]*api{}
	for _, s := range p.Steps {
		op := s.Operation()
		if op == nil {
			continue
		}
		a := out[op.API]
		if a == nil {
			a = newAPI(op.API, l.opts, l.project, readCatalogue(l.reach, l.docs.dir, op.API), keys, l.docs.sets[op.API])
			out[op.API] = a
		}
		a.use(op.Op)
		if err := a.server(op.Op); err != nil && l.opts.sends() {
			l.report.Diagnostics.Errorf(op.At.Pos, "no-server", "%v", err)
		}
	}
	return out
}

// security returns what an operation needs: as its document says, else as the
// catalogue or project file does.
func (a *api) security(op *operations.Operation) []operations.Requirement {
	if len(op.Security) > 0 {
		return op.Security
	}
	return a.fallback
}

// secured lets a caller see the declared security of operations whose document
// has none.
func (a *api) secured(next operations.Caller) operations.Caller {
	if a.fallback == nil {
		return next
	}
	return func(ctx context.Context, req *operations.Request) (*operations.Response, error) {
		if len(req.Op.Security) == 0 {
			op, with := *req.Op, *req
			op.Security, with.Op = a.fallback, &op
			req = &with
		}
		return next(ctx, req)
	}
}

// declaredSecurity is the requirement that an auth type of a catalogue stands
// for; nil for types that need a document to say more.
func declaredSecurity(authType string) []operations.Requirement {
	var scheme operations.SecurityScheme
	switch strings.ToLower(authType) {
	case "bearer", "basic":
		scheme = operations.SecurityScheme{Type: "http", Scheme: strings.ToLower(authType)}
	default:
		return nil
	}
	return []operations.Requirement{{{Name: strings.ToLower(authType), Scheme: scheme}}}
}

// server notes the host that an operation goes to.
func (a *api) server(op *operations.Operation) error {
	host, err := a.hostOf(op)
	if err == nil && !slices.Contains(a.hosts, host) {
		a.hosts = append(a.hosts, host)
	}
	return err
}

// hostOf returns the scheme and host of the server that an operation goes to.
func (a *api) hostOf(op *operations.Operation) (string, error) {
	url := a.base
	if url == "" && len(op.Servers) > 0 {
		url = op.Servers[0].URL
		for name, v := range op.Servers[0].Variables {
			url = strings.ReplaceAll(url, "{"+name+"}", v.Default)
		}
	}
	host := origin(url)
	if host == "" {
		return "", fmt.Errorf("the OpenAPI document of %q names no server for %s; give one with --base-url", a.name, op.ID)
	}
	return host, nil
}
