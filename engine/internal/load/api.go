package load

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/connect"
	"github.com/capstan-run/capstan/engine/internal/reach"
	"github.com/capstan-run/capstan/operations"
)

// API is an API with its operations.
type API struct {
	Name     string
	Set      *operations.Set
	API      connect.API
	Document string        // path, "" when it is built in
	Limit    time.Duration // of one exchange, 0 for none
	MaxPages int           // of a list, 0 for the default
}

// OpenAPI finds the document of an API, as if a capability in the working directory
// named it. name may also be the path of a document. The problems are the document's
// own.
func OpenAPI(ctx context.Context, name string, opts *Options) (*API, diag.List, error) {
	within := reach.New(opts.FS, "capstan.yaml", opts.AllowRead)
	proj, problems := findProject(opts, "capstan.yaml", within, map[string][]byte{})
	if err := problems.Err(); err != nil {
		return nil, nil, err
	}
	docs := newDocuments(opts, proj, within, ".")
	if ext := filepath.Ext(name); ext == ".yaml" || ext == ".yml" || ext == ".json" {
		path := name
		name = strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), ext), ".openapi")
		docs.named = map[string]string{name: path}
	}
	docs.own = name
	declared, document := catalogue(within, ".", name)
	set, problems, err := docs.find(ctx, want{name: name, document: document})
	if err != nil {
		return nil, problems, err
	}
	d := proj.api(name).Or(declared)
	return &API{Name: name, Set: set, API: connect.Documented(name, d, set), Document: docs.source(name), Limit: proj.limit(), MaxPages: proj.maxPages()}, problems, nil
}
