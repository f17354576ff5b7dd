package framework

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/framework/internal/form"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// isImport reports whether an item of a section stands for one of another
// file.
func (f *frame) isImport(n *node.Node) bool {
	if n == nil || n.Kind != node.MappingNode {
		return false
	}
	return node.Has(n, "import") || node.Has(n, "from") || node.Has(n, "location") && len(n.Content) == 2 ||
		(node.Has(n, "ref") || node.Has(n, "url")) && !node.Has(n, "baseUri") && !node.Has(n, "resources")
}

// imported returns the item that an import names, out of the same section of another
// file, under the name that it has here; nil with a problem when there is none.
func (s section[T]) imported(f *frame, e entryNode) *T {
	p := f.item(e, form.KindImport)
	if p == nil {
		return nil
	}
	wanted, only := p.text("import"), p.texts("operations", "an operation")
	from, fromNode, as := f.importedFrom(p)
	whole := !wanted.IsSet() && from.IsSet()
	switch {
	case whole:
		f.loosely(fromNode, "an item that only names a file is read as an import of the only namespace in it", "write from: "+from.Value+" and import: NAMESPACE")
		wanted = as
	case !wanted.IsSet():
		p.need("import")
	case !from.IsSet() && yamlFile.MatchString(wanted.Value):
		f.loosely(p.get("import"), "an import of a file is read as one of the only namespace in it", "write from: "+wanted.Value+" and import: NAMESPACE")
		from, whole, fromNode = wanted, true, p.get("import")
	}
	if !from.IsSet() {
		p.need("from")
	}
	p.done()
	name := missing{s.name, cmp.Or(as.Value, wanted.Value)}
	f.missing[name] = append(f.missing[name], p.spans()...)
	if !from.IsSet() || !wanted.IsSet() && !whole {
		return nil
	}
	if f != f.loading.order[0] {
		f.Report(fromNode, "import", "%s imports from another file in turn, which no version allows", f.doc.Path()).Hint =
			strings.TrimSpace("import "+wanted.Value) + " from " + from.Value + " in the file that needs it"
		return nil
	}
	other := f.open(fromNode, from)
	if other == nil {
		f.missing[name] = append(f.missing[name], f.loading.unreadable...)
		return nil
	}
	all := s.followed(f, other)
	i := slices.IndexFunc(all, func(t *T) bool { return s.namespace(t).Value == wanted.Value || whole && len(all) == 1 })
	if i < 0 {
		if _, again := other.missing[missing{s.name, wanted.Value}]; again {
			return nil
		}
		f.reportUnknownImport(cmp.Or(p.get("import"), fromNode), other, wanted, s.names(all))
		return nil
	}
	delete(f.missing, name)
	found := all[i]
	switch {
	case as.IsSet() && as.Value != s.namespace(found).Value:
		found = s.as(found, as)
	case wanted.IsSet() && !whole:
		here := *found
		*s.namespace(&here) = wanted // so that a second one is reported where it is imported
		found = &here
	}
	if s.only != nil && len(only) > 0 {
		found = s.only(f, found, only)
	}
	return found
}

// importedFrom returns the file of an import, and the name that the item has here.
// Loose files write `ref` or `url`, with `namespace` for the name.
func (f *frame) importedFrom(p *part) (from spec.Str, at *node.Node, as spec.Str) {
	for _, key := range []string{"ref", "url"} {
		if at = node.Value(p.Node, key); at != nil {
			as = f.words(cmp.Or(node.Value(p.Node, "as"), node.Value(p.Node, "namespace")), "namespace")
			return f.words(at, key), at, as
		}
	}
	return p.text("from"), p.get("from"), p.text("as")
}

// withOperations returns an API with the operations that an import lists.
func (f *frame) withOperations(a *spec.API, only []spec.Str) *spec.API {
	c := *a
	c.Operations = nil
	for _, name := range only {
		if op := a.Operation(name.Value); op != nil {
			c.Operations = append(c.Operations, op)
			continue
		}
		var there []string
		for _, op := range a.Operations {
			there = append(there, op.Name.Value)
		}
		suggest.Explain(f.ReportAt(name, "unknown-import", "%s has no operation %q to import", a.Namespace.Value, name.Value), name.Value, "it has ", there)
	}
	return &c
}

// yamlFile matches the path of a file, which is no namespace.
var yamlFile = lazyregexp.New(`\.(ya?ml|json)$`)

// followed decodes a section of a file that another one imports.
func (s section[T]) followed(f, other *frame) []*T {
	l := f.loading
	l.open = append(l.open, other.doc.Path())
	defer func() { l.open = l.open[:len(l.open)-1] }()
	return s.of(other)
}

func (s section[T]) names(all []*T) []string {
	var out []string
	for _, t := range all {
		if name := s.namespace(t); name.IsSet() {
			out = append(out, name.Value)
		}
	}
	return out
}

func (f *frame) reportUnknownImport(n *node.Node, other *frame, wanted spec.Str, there []string) {
	if !wanted.IsSet() && len(there) > 0 {
		f.Report(n, "unknown-import", "%s has several namespaces, and the import names none", other.doc.Path()).Hint = "write import: and one of " + strings.Join(there, ", ")
		return
	}
	r := f.Report(n, "unknown-import", "%s has no %q to import", other.doc.Path(), wanted.Value)
	if !wanted.IsSet() {
		r.Message = other.doc.Path() + " has nothing to import here"
	}
	if suggest.Explain(r, wanted.Value, "it has ", there); r.Hint == "" {
		r.Hint = "it has nothing to import in this section"
	}
}

// open reads the file that an import names, once; nil with a problem when it
// cannot be.
func (f *frame) open(n *node.Node, path spec.Str) *frame {
	l := f.loading
	if l.options.Open == nil {
		f.Report(n, "import", "%s cannot be imported here: only the one file is read", path.Value).Hint = "put what it holds into this file"
		return nil
	}
	name, text, err := l.options.Open(f.doc.Path(), path.Value)
	var refused *spec.FileError
	switch {
	case errors.As(err, &refused):
		f.Report(n, refused.Code, "%s cannot be imported: %v", path.Value, err).Hint = refused.Hint
		return nil
	case err != nil:
		f.Report(n, "import", "%s cannot be imported: %v", path.Value, err).Hint = "paths are relative to the folder of the importing file, and stay inside the project's"
		return nil
	}
	if slices.Contains(l.open, name) {
		f.Report(n, "import", "%s imports itself", path.Value).Hint = "move what both files need into a third one"
		return nil
	}
	if len(l.open) > maxImports || l.imports > maxImports {
		f.Report(n, "import", "more than %d files are imported", maxImports).Hint = "put what they hold into fewer files"
		return nil
	}
	if other := l.frames[name]; other != nil {
		return other
	}
	doc, same, diags := l.read(name, text)
	l.imports, l.out.Texts[name] = l.imports+1, doc.Text()
	if diags.HasErrors() {
		l.order = append(l.order, &frame{Decoder: &node.Decoder{Diags: diags}})
		l.unreadable = append(l.unreadable, spec.Span{From: diag.Pos{File: name}, To: diag.Pos{File: name, Line: math.MaxInt}})
		return nil
	}
	if !same {
		f.Report(n, "import", "%s is no file of the framework dialect", path.Value).Hint = "give it a list of consumes, exposes, aggregates or binds"
		return nil
	}
	other := l.frame(doc)
	other.Decoder.Diags = append(other.Decoder.Diags, diags...)
	return other
}

// maxImports bounds how many files one capability is made of.
const maxImports = 100

// rootImports reads `imports` at the root, which loose files write for all
// that another file consumes.
func (f *frame) rootImports(root *part) {
	out := f.loading.out
	for _, n := range root.list("imports") {
		p := f.part(n, form.KindImport)
		if p == nil {
			continue
		}
		f.loosely(n, "imports at the root are read as imports of all that the file consumes", "write capability: {consumes: [{from: ..., import: NAMESPACE}]}")
		from, at, as := f.importedFrom(p)
		if !from.IsSet() {
			p.need("from")
		}
		p.done()
		out.Lost = append(out.Lost, spec.Lost{Spans: p.spans()}) // a call of what it lacks is refused at the call
		if !from.IsSet() {
			continue
		}
		other := f.open(at, from)
		if other == nil {
			continue
		}
		all := consumesSection.followed(f, other)
		for _, c := range all {
			if as.IsSet() && len(all) == 1 {
				c = consumesSection.as(c, as)
			}
			if out.Described(c.Namespace.Value) == nil {
				out.APIs = append(out.APIs, c)
			}
		}
	}
}

// importable is what a file with nothing but sections to import from is for: an
// import, as the file's version writes it.
func (f *frame) importable() string {
	out := f.loading.out
	if !f.standalone() || len(out.Units)+len(out.Exposures) > 0 {
		return ""
	}
	from := "from"
	if f.edition < form.FirstNew {
		from = "location"
	}
	section, names := "consumes", f.loading.namespaces()
	if len(names) == 0 {
		section, names = "binds", bindSection.names(out.Binds)
	}
	if len(names) == 0 || names[0] == "" {
		return ""
	}
	return fmt.Sprintf("%s: [{import: %s, %s: %s}]", section, names[0], from, filepath.Base(out.Name))
}
