package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/catalog"
)

// documents finds and keeps the operations of APIs for one load.
type documents struct {
	opts    *Options
	project *project
	reach   *reach
	dir     string // where the capability is
	sets    map[string]*operations.Set
}

// find returns the operations of an API: from --openapi, from the project file,
// or built in. The problems are those of the document itself; they are told
// once.
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
		d.reach.note(path, "OpenAPI document of "+name)
		set, problems, err := catalog.Load(ctx, name, path, "")
		if err != nil {
			return nil, problems, fmt.Errorf("the OpenAPI document of %q cannot be used: %w", name, err)
		}
		if problems.HasErrors() {
			return nil, problems, fmt.Errorf("the OpenAPI document of %q cannot be used: see %s", name, path)
		}
		for _, file := range set.Files() {
			d.reach.note(file, "part of the OpenAPI document of "+name)
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
	if d.opts.OpenAPI[name] != "" || d.opts.OpenAPI[""] != "" || d.project.given() {
		return nil
	}
	if _, _, err := d.reach.find(path, d.project.dir()); err != nil {
		return fmt.Errorf("the OpenAPI document of %q cannot be used: %w", name, err)
	}
	return nil
}

func (d *documents) path(name string) string {
	if p, ok := d.opts.OpenAPI[name]; ok {
		return p
	}
	if p, ok := d.opts.OpenAPI[""]; ok {
		return p
	}
	return d.project.document(name)
}
