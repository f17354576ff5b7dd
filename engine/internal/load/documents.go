package load

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/reach"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/catalog"
	"github.com/capstan-run/capstan/spec"
)

// documents finds and keeps the operations of APIs for one load.
type documents struct {
	named   map[string]string // by the user: paths by API, "" for the capability's own
	own     string            // the capability's own API, "" when it has none
	project *project
	within  *reach.Reach
	dir     string // where the capability is
	shipped bool   // the capability is in no repository
	shared  *Documents
	sets    map[string]*operations.Set
	found   map[string]found // in the repository, by API
}

func newDocuments(opts *Options, p *project, within *reach.Reach, dir string) *documents {
	shared := opts.Documents
	if shared == nil || within.Own() { // one FS is not another
		shared = &Documents{}
	}
	return &documents{named: opts.OpenAPI, project: p, within: within, dir: dir, shared: shared, sets: map[string]*operations.Set{}, found: map[string]found{}}
}

// want is an API whose document is looked for.
type want struct {
	name     string
	ids      []string // the operations that the file names
	base     string   // the server, where it is known
	document spec.Str // path of the document as a file names it
}

// find returns the operations of an API: from --openapi, from the project file,
// from the repository of the capability, or built in. The problems are those of the
// document itself; they are reported once.
func (d *documents) find(ctx context.Context, w want) (*operations.Set, diag.List, error) {
	if set, ok := d.sets[w.name]; ok {
		return set, nil, nil
	}
	set, problems, err := d.open(ctx, w)
	if err == nil {
		d.sets[w.name] = set
	}
	return set, problems, err
}

func (d *documents) open(ctx context.Context, w want) (*operations.Set, diag.List, error) {
	if d.path(w.name) != "" {
		return d.openNamed(ctx, w.name)
	}
	f, err := d.pointed(w.document)
	if f == nil && err == nil {
		f, err = d.search(w.name, w.ids, w.base)
	}
	if err != nil {
		return nil, nil, err
	}
	if f != nil {
		return d.openFound(ctx, w.name, *f)
	}
	if set, ok := catalog.Builtin(w.name); ok {
		return set, nil, nil
	}
	return nil, nil, fmt.Errorf("there is no OpenAPI document for the API %q (built in: %s)", w.name, strings.Join(catalog.Builtins(), ", "))
}

// openNamed returns the operations of an API whose document the user or the project
// file names.
func (d *documents) openNamed(ctx context.Context, name string) (*operations.Set, diag.List, error) {
	path := d.path(name)
	if err := d.allowed(name, path); err != nil {
		return nil, nil, err
	}
	d.within.Note(path, "OpenAPI document of "+name)
	set, problems, err := catalog.Load(ctx, name, path, d.reading())
	return d.opened(name, path, set, problems, err)
}

// unused reports the documents that the user names for APIs that the file has not.
func (l *loader) unused(f *File) (out diag.List) {
	if l.opts.Several || len(f.operations("")) > 0 { // those need a name first
		return nil
	}
	var names []string
	for _, c := range f.Spec.APIs {
		names = append(names, c.Namespace.Value)
	}
	if own := f.Spec.API.Value; own != "" && !slices.Contains(names, own) {
		names = append(names, own)
	}
	for _, name := range slices.Sorted(maps.Keys(l.opts.OpenAPI)) {
		d := diag.Diagnostic{Code: "unused-document", Severity: diag.Error, Pos: diag.Pos{File: "--openapi " + cmp.Or(name, l.opts.OpenAPI[name])}}
		switch {
		case len(names) == 0:
			d.Message, d.Hint = "the file calls no API, so it cannot use an OpenAPI document", "leave it out"
		case name == "" && l.docs.own == "":
			d.Message = fmt.Sprintf("the file calls %d APIs, and the OpenAPI document is for none of them by name", len(names))
			d.Hint = fmt.Sprintf("write --openapi NAME=%s with one of: %s", l.opts.OpenAPI[name], strings.Join(names, ", "))
		case name != "" && !slices.Contains(names, name):
			d.Message = fmt.Sprintf("the file calls no API %q, so it cannot use its OpenAPI document", name)
			d.Hint = suggest.Hint(name, "it calls: ", names)
		default:
			continue
		}
		out.Add(d)
	}
	return out
}

// reading is how documents that the user names are read.
func (d *documents) reading() *catalog.Options {
	if d.within.Own() {
		return &catalog.Options{Read: d.within.ReadNamed, Uncached: true}
	}
	return nil
}

// openFound returns the operations of an API whose document was found.
func (d *documents) openFound(ctx context.Context, name string, f found) (*operations.Set, diag.List, error) {
	d.keep(name, f)
	doc, err := d.shared.compile(ctx, d.within, f.path)
	if err != nil {
		return d.opened(name, f.path, nil, nil, err)
	}
	if doc.Problems.HasErrors() {
		return d.opened(name, f.path, nil, doc.Problems, nil)
	}
	set, err := doc.Set(name)
	return d.opened(name, f.path, set, doc.Problems, err)
}

// keep records the document that was found for an API, and why.
func (d *documents) keep(name string, f found) {
	d.found[name] = f
	if f.index != "" {
		d.within.Note(f.index, "index of APIs")
	}
	d.within.NoteWhy(f.path, "OpenAPI document of "+name, f.why)
}

func (d *documents) opened(name, path string, set *operations.Set, problems diag.List, err error) (*operations.Set, diag.List, error) {
	if err != nil {
		return nil, problems, fmt.Errorf("the OpenAPI document of %q cannot be used: %w", name, err)
	}
	if problems.HasErrors() {
		return nil, problems, fmt.Errorf("the OpenAPI document of %q cannot be used: see %s", name, path)
	}
	d.parts(name, set)
	return set, problems, nil
}

// parts records the files that a document refers to.
func (d *documents) parts(name string, set *operations.Set) {
	for _, file := range set.Files() {
		d.within.Note(file, "part of the OpenAPI document of "+name)
	}
}

// upwards lists the folders whose documents may be those of the capability's APIs.
func (d *documents) upwards() []string {
	if d.shipped {
		return nil
	}
	return d.within.Upwards(d.dir)
}

// pointed returns the document that a file names: relative to its folder or to one
// above it. One on the network, or that is not there, is looked for as if none was
// named.
func (d *documents) pointed(document spec.Str) (*found, error) {
	if !document.IsSet() || strings.Contains(document.Value, "://") && !strings.HasPrefix(document.Value, "file:") {
		return nil, nil
	}
	path, err := reach.Locate(document.Pos.File, document.Value)
	if err != nil {
		return nil, nil
	}
	paths := []string{path}
	for _, at := range d.upwards() {
		paths = append(paths, filepath.Join(at, filepath.FromSlash(document.Value)))
	}
	var refused error
	for _, path := range paths {
		if _, _, err := d.within.Find(path); err != nil {
			refused = cmp.Or(refused, err)
		} else if d.within.IsFile(path) {
			return &found{path: path, why: "named by " + document.Pos.File}, nil
		}
	}
	return nil, refused
}

// allowed refuses a document out of reach that a project file names which was
// found, not given: it may have come with the capability.
func (d *documents) allowed(name, path string) error {
	if d.given(name) != "" || d.project.named {
		return nil
	}
	_, dir := d.project.document(name)
	if _, _, err := d.within.Find(path, reach.Real(dir)); err != nil {
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

// path returns the document that the user or the project file names for an API.
func (d *documents) path(name string) string {
	if p := d.given(name); p != "" {
		return p
	}
	path, _ := d.project.document(name)
	return path
}

// source returns the path of an API's document, "" when it is built in.
func (d *documents) source(name string) string { return cmp.Or(d.path(name), d.found[name].path) }
