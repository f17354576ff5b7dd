package load

import (
	"context"
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/reach"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/catalog"
	"github.com/capstan-run/capstan/operations/openapi"
)

// documents finds and keeps the operations of APIs for one load.
type documents struct {
	named   map[string]string // by the user: paths by API, "" for the capability's own
	own     string            // the capability's own API, "" when it has none
	project *project
	within  *reach.Reach
	dir     string // where the capability is
	sets    map[string]*operations.Set
}

// find returns the operations of an API: from --openapi, from the project file,
// or built in. The problems are those of the document itself; they are
// reported once.
func (d *documents) find(ctx context.Context, name string) (*operations.Set, diag.List, error) {
	if set, ok := d.sets[name]; ok {
		return set, nil, nil
	}
	set, problems, err := d.open(ctx, name)
	if err == nil {
		d.sets[name] = set
	}
	return set, problems, err
}

func (d *documents) open(ctx context.Context, name string) (*operations.Set, diag.List, error) {
	if path := d.path(name); path != "" {
		if err := d.allowed(name, path); err != nil {
			return nil, nil, err
		}
		d.within.Note(path, "OpenAPI document of "+name)
		set, problems, err := d.load(ctx, name, path)
		if err != nil {
			return nil, problems, fmt.Errorf("the OpenAPI document of %q cannot be used: %w", name, err)
		}
		if problems.HasErrors() {
			return nil, problems, fmt.Errorf("the OpenAPI document of %q cannot be used: see %s", name, path)
		}
		for _, file := range set.Files() {
			d.within.Note(file, "part of the OpenAPI document of "+name)
		}
		return set, problems, nil
	}
	if set, ok := catalog.Builtin(name); ok {
		return set, nil, nil
	}
	return nil, nil, fmt.Errorf("there is no OpenAPI document for the API %q (built in: %s)", name, strings.Join(catalog.Builtins(), ", "))
}

// allowed refuses a document out of reach that a project file names which was
// found, not given: it may have come with the capability.
func (d *documents) allowed(name, path string) error {
	if d.given(name) != "" || d.project.named {
		return nil
	}
	if _, _, err := d.within.Find(path, d.project.dir()); err != nil {
		return fmt.Errorf("the OpenAPI document of %q cannot be used: %w", name, err)
	}
	return nil
}

// given returns the path that the user names for an API's document.
func (d *documents) given(name string) string {
	if p, ok := d.named[name]; ok || name != d.own {
		return p
	}
	return d.named[""]
}

func (d *documents) path(name string) string {
	if p := d.given(name); p != "" {
		return p
	}
	return d.project.document(name)
}

// load compiles a document. One of an fs.FS has nothing beside it.
func (d *documents) load(ctx context.Context, name, path string) (*operations.Set, diag.List, error) {
	if !d.within.Own() {
		return catalog.Load(ctx, name, path, nil)
	}
	text, err := d.within.ReadNamed(path)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the OpenAPI document of %q: %w", name, err)
	}
	index, problems := openapi.Compile(name, text, nil)
	if index == nil {
		return nil, problems, nil
	}
	set, err := index.Set()
	return set, problems, err
}
