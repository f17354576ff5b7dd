package load

import (
	"context"
	"fmt"
	"slices"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/reach"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/spec"
)

// complete adds to the APIs that the file describes the parts that it leaves out and
// their OpenAPI documents have.
func (l *loader) complete(ctx context.Context, f *File) diag.List {
	var problems diag.List
	for _, c := range f.Spec.APIs {
		if !c.Described {
			continue
		}
		set, documented, found := l.documentOf(ctx, f, c)
		if !c.Sketched || len(c.Operations) > 0 { // else the units that need it report it
			problems = append(problems, found...)
		}
		if set != nil {
			f.documents[c.Namespace.Value] = documentedAPI{set, documented}
		}
	}
	f.completed()
	return problems
}

// documentedAPI is the document of an API that the file describes.
type documentedAPI struct {
	set *operations.Set
	ops *consumed.Documented
}

// completed puts the completed APIs in the place of those that the file describes.
func (f *File) completed() {
	out := *f.Spec
	out.APIs = slices.Clone(out.APIs)
	for i, c := range out.APIs {
		if d, ok := f.documents[c.Namespace.Value]; ok && c.Described && !c.Sketched {
			out.APIs[i] = d.ops.Complete(c)
		}
	}
	f.Spec = &out
}

// documentOf returns the document of an API that the file describes, nil when there
// is none. A document that the user names must be usable; of those in the repository
// the file needs none.
func (l *loader) documentOf(ctx context.Context, file *File, c *spec.API) (*operations.Set, *consumed.Documented, diag.List) {
	name, problems := c.Namespace.Value, diag.List{}
	if l.docs.path(name) != "" {
		set, found, err := l.docs.openNamed(ctx, name)
		if err != nil {
			return nil, nil, append(found, l.unusable(c, err, diag.Error)...)
		}
		return set, consumed.Match(c, set), found
	}
	f, err := l.docs.pointed(c.Document)
	if f == nil && c.Sketched && len(c.Operations) == 0 { // the units name operations of the document
		f, err = l.docs.search(name, file.operations(name), c.BaseURI.Value)
	}
	if f != nil {
		set, _, err := l.docs.openFound(ctx, name, *f)
		if err != nil {
			return nil, nil, l.unusable(c, err, diag.Warning)
		}
		return set, consumed.Match(c, set), nil
	}
	if err != nil {
		problems = l.unusable(c, err, diag.Warning)
	}
	fit, err := l.docs.searchDescribed(ctx, c)
	if fit == nil {
		return nil, nil, append(problems, l.unusable(c, err, diag.Warning)...)
	}
	l.docs.keep(name, found{fit.path, fit.why(0), fit.index})
	l.docs.parts(name, fit.set)
	return fit.set, fit.documented, problems
}

// unusable reports why a document of a described API is not used.
func (l *loader) unusable(c *spec.API, err error, severity diag.Severity) (out diag.List) {
	if err == nil {
		return nil
	}
	pos, end := c.Namespace.Whole()
	d := diag.Diagnostic{Code: "unusable-document", Severity: severity, Pos: pos, EndColumn: end, Message: err.Error(),
		Hint: fmt.Sprintf("correct the document, or name another with --openapi %s=PATH", c.Namespace.Value)}
	if refused := reach.Refused(err); refused != nil {
		d.Code, d.Hint = refused.Code, refused.Hint
	}
	out.Add(d)
	return out
}
