// Package sibling reads the relatives of compositions: files around `tools`,
// `workflow`, `workflows`, `steps` or `capabilities`, and the files that they share,
// plain or as cluster resources. Two tables hold all that tells one from another:
// [places], where steps and tools sit, and [namings], how an operation is named.
package sibling

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// Read decodes a file, with the files that it shares.
func Read(doc *node.Document, o spec.Options, read node.Importing) (*spec.File, diag.List) {
	r := &reading{
		options: o, read: read, frames: map[string]*frame{}, tools: map[string]*node.Node{}, taken: map[string]bool{},
		out: &spec.File{Name: doc.Path(), Version: doc.Version, Overlays: doc.Overlays, Texts: doc.Texts()},
	}
	r.main = r.frame(doc)
	r.out.Title = r.main.text(titles...)
	r.out.InfoVersion = r.main.text("version")
	r.gather()
	r.listTools()
	for _, p := range places {
		for _, n := range p.all(r.main) {
			p.read(r, n, p.what)
		}
	}
	r.whole()
	return r.out, r.diags().Sort()
}

// reading is one call of Read: the file that it makes, and those that it reads.
type reading struct {
	options   spec.Options
	read      node.Importing
	out       *spec.File
	main      *frame
	frames    map[string]*frame // by the name that positions have
	order     []*frame
	sources   []*source             // APIs, as the file and those that it shares name them
	mine      *source               // the file's own API, nil while nothing needs it
	described *source               // as far as the file describes it
	tools     map[string]*node.Node // by name, for the steps that use them
	taken     map[string]bool       // names of units

	called   int         // steps and tools that name an operation
	nameless []*nameless // those that do not
}

// nameless is a step or tool that names no operation.
type nameless struct {
	frame *frame
	node  *node.Node
	what  string // "step", "tool", ...
}

// listTools finds the tools that steps may name.
func (r *reading) listTools() {
	for _, p := range places {
		if p.what != "tool" {
			continue
		}
		for _, n := range p.all(r.main) {
			if name := r.main.textOf(n, "name", "id"); name.IsSet() && r.tools[name.Value] == nil {
				r.tools[name.Value] = n
			}
		}
	}
}

// whole finishes the file: its description, and one reason where nothing runs.
func (r *reading) whole() {
	for _, s := range r.sources {
		if s.used || len(r.out.Units) == 0 && s == r.mine && len(s.entries) > 0 {
			r.out.APIs = append(r.out.APIs, s.finish())
		}
	}
	switch {
	case r.called == 0 && len(r.nameless) > 0:
		r.out.Units = nil
		r.refuse(r.nameless[0].what)
	case len(r.out.Units) == 0 && len(r.out.APIs) > 0:
		r.out.Section, r.out.Import = true, r.importable()
	case len(r.out.Units) == 0 && !r.main.Diags.HasErrors():
		r.refuse("")
	default:
		for _, x := range r.nameless {
			x.frame.Report(x.node, "missing-key", "this %s says not which operation it calls", x.what).Hint = sayOperation
		}
	}
}

const sayOperation = "add operationId: ID, with openapi: PATH at the root of the file; or method: GET and path: /..., with baseUrl: URL at the root"

// importable is the text with which a capability takes an operation of a shared file.
func (r *reading) importable() string {
	name := filepath.Base(r.out.Name)
	if filepath.Base(filepath.Dir(r.out.Name)) == "shared" {
		name = "shared/" + name
	}
	for _, s := range r.sources {
		if len(s.entries) > 0 {
			return fmt.Sprintf("consumes: [{ref: %s, operations: [%s]}]", name, s.entries[0].name.Value)
		}
	}
	return fmt.Sprintf("imports: [%s]", name)
}

// refuse is the one problem of a file that names nothing to call.
func (r *reading) refuse(what string) {
	at := r.main.doc.Sign
	if at == nil {
		at = r.main.doc.Root
	}
	said := "it has no tools, steps or operations"
	if what != "" {
		said = fmt.Sprintf("each %s says what it is for, not which operation it calls", what)
	}
	r.main.Diags = slices.DeleteFunc(r.main.Diags, func(d diag.Diagnostic) bool { return d.Severity == diag.Error })
	r.main.Report(at, "dialect-not-runnable", "nothing in this file can be called: %s", said).Hint = sayOperation
}

func (r *reading) diags() diag.List {
	var all diag.List
	for _, f := range r.order {
		all = append(all, f.Diags...)
	}
	return all
}

// frame is one file: its parts in which the keys of the file as a whole may stand.
type frame struct {
	*node.Decoder
	doc   *node.Document
	parts []*node.Node
}

// inner are the mappings whose keys count as those of the file, below the root
// and below each other.
var inner = []string{"spec", "metadata", "info", "capability"}

func (r *reading) frame(doc *node.Document) *frame {
	f := &frame{Decoder: node.NewDecoder(&doc.Tree, r.options.Strict), doc: doc, parts: []*node.Node{doc.Root}}
	for _, name := range inner {
		if v := node.Value(doc.Root, name); v != nil && v.Kind == node.MappingNode {
			f.parts = append(f.parts, v)
		}
	}
	r.frames[doc.Path()] = f
	r.order = append(r.order, f)
	return f
}

// get returns the value of the first of the keys that the file has.
func (f *frame) get(names ...string) *node.Node { return first(f.parts, names...) }

// first returns the value of the first key that one of the mappings has.
func first(parts []*node.Node, names ...string) *node.Node {
	for _, name := range names {
		for _, p := range parts {
			if v := node.Value(p, name); v != nil && !node.IsNull(v) {
				return v
			}
		}
	}
	return nil
}

// titles are the keys of the name that people read.
var titles = []string{"title", "displayName", "label", "name", "id"}

// text returns a plain text of the file, nothing for other values.
func (f *frame) text(names ...string) spec.Str { return f.plain(f.get(names...)) }

// textOf is text for a mapping in the file.
func (f *frame) textOf(n *node.Node, names ...string) spec.Str {
	return f.plain(first([]*node.Node{n}, names...))
}

// plain is a scalar as text, unset for anything else.
func (f *frame) plain(n *node.Node) spec.Str {
	if n == nil || n.Kind != node.ScalarNode || strings.TrimSpace(n.Value) == "" {
		return spec.Str{}
	}
	s, _ := f.Cursor(n).Scalar(n)
	return s
}

// loosely warns of a form that is read as another one.
func (f *frame) loosely(n *node.Node, hint, format string, args ...any) {
	d := f.Report(n, "lenient-form", format, args...)
	d.Severity, d.Hint = diag.Warning, hint
}

// items returns the items of a list.
func items(n *node.Node) []*node.Node {
	if n == nil || n.Kind != node.SequenceNode {
		return nil
	}
	return n.Content
}

// callKeys are the keys by which a mapping is known to be a tool, a step or a workflow.
var callKeys = []string{"operationId", "operation", "operations", "method", "path", "steps", "uses", "call", "import", "sharedTool", "operationRef"}

// named is items for a list that may be a mapping, too, whose keys are the names.
func named(n *node.Node) []*node.Node {
	calls := false
	for _, v := range node.Entries(n) {
		if v.Kind != node.MappingNode {
			return nil
		}
		calls = calls || node.Has(v, callKeys...)
	}
	if calls {
		return node.Named(n, "name")
	}
	return items(n)
}
