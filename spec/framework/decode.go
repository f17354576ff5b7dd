// Package framework reads the files of the framework dialect (`naftiko:` and
// `ikanos:`, with consumes and exposes) of every published version.
package framework

import (
	"slices"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// Read decodes a file of any version, with the files that it imports.
func Read(doc *node.Document, o spec.Options, read node.Importing) (*spec.File, diag.List) {
	l := &loading{options: o, read: read, frames: map[string]*frame{}, texts: doc.Texts(), with: map[*spec.Unit][]spec.Field{}}
	f := l.frame(doc)
	out := f.whole()
	l.isolate(out)
	l.resolveRefs(out)
	l.check(out)
	addPathInputs(out)
	l.declare(out)
	out.Files, out.Texts = l.files, l.texts
	out.Section = f.standalone()
	return out.File, l.diags().Sort()
}

// whole is a file with the aggregates that its refs name.
type whole struct {
	*spec.File
	aggregates []*aggregate
}

// units yields every unit, those of exposures first.
func (w *whole) units(yield func(*spec.Unit) bool) {
	for _, x := range w.Exposures {
		for u := range offered(x) {
			if !yield(u) {
				return
			}
		}
	}
	for _, a := range w.aggregates {
		for _, u := range a.flows {
			if !yield(u) {
				return
			}
		}
	}
}

// loading is one call of Read: the files that it reads.
type loading struct {
	options  spec.Options
	read     node.Importing
	frames   map[string]*frame // by the name that positions have
	order    []*frame
	files    []string // read for imports
	texts    map[string][]byte
	open     []string                    // files with imports that are being followed
	compared int                         // names that suggestions were sought among
	with     map[*spec.Unit][]spec.Field // beside a ref: arguments for the call that it names
}

func (l *loading) frame(s *node.Document) *frame {
	f := &frame{Decoder: node.NewDecoder(&s.Tree, l.options.Strict), loading: l, doc: s, said: map[string]bool{}, missing: map[string]bool{}, sections: map[string]any{}}
	f.edition, f.known = editionOf(f.family(), s.Version)
	l.frames[s.Path()] = f
	l.order = append(l.order, f)
	return f
}

func (l *loading) diags() diag.List {
	var all diag.List
	for _, f := range l.order {
		all = append(all, f.Decoder.Diags...)
	}
	return all
}

// frame decodes one file. Its sections are decoded when they are asked for, so
// that an import is judged by the section that it takes.
type frame struct {
	*node.Decoder
	loading  *loading
	doc      *node.Document
	edition  edition
	known    bool            // the version is a published one
	said     map[string]bool // looseness that was reported
	missing  map[string]bool // namespaces that could not be imported: reported once, there
	sections map[string]any
	refused  []int // positions in diags of exposures that mean nothing
}

// family is the key that holds the version.
func (f *frame) family() string {
	for _, name := range []string{"naftiko", "ikanos"} {
		if v := node.Value(f.doc.Root, name); v != nil && v.Kind == node.ScalarNode {
			return name
		}
	}
	return ""
}

// whole decodes all of the file that is given to [Read].
func (f *frame) whole() *whole {
	out := &whole{File: &spec.File{
		Name: f.doc.Path(), Dialect: spec.DialectFramework, Version: f.doc.Version, Overlays: f.doc.Overlays,
	}}
	f.checkVersion()
	if f.Strict {
		f.checkForm()
	}
	root := f.part(f.doc.Root, kindFile)
	f.info(root, out.File)
	for _, name := range sectionNames {
		root.get(name)
	}
	capability := root.get("capability")
	if capability != nil && capability.Kind != node.ScalarNode {
		c := f.part(capability, kindCapability)
		for _, name := range sectionNames {
			c.get(name)
		}
		c.done()
	}
	f.loading.open = append(f.loading.open, f.doc.Path())
	out.Binds = bindSection.of(f)
	out.APIs = consumesSection.of(f)
	out.aggregates = aggregateSection.of(f)
	out.Exposures = exposureSection.of(f)
	f.unusable(len(out.Exposures))
	f.rootImports(root, out.File)
	f.loading.open = nil
	root.done()
	if !slices.ContainsFunc(sectionNames, f.hasSection) && !node.Has(f.doc.Root, "imports") {
		r := f.Report(f.doc.Root, "missing-key", "the file has nothing that runs: no consumes, exposes or aggregates")
		r.Hint = "add a capability with consumes and exposes"
	}
	return out
}

// sectionNames are the lists that stand under `capability` or, in a file of its
// own, at the root.
var sectionNames = []string{"binds", "consumes", "aggregates", "exposes"}

// section returns the items of a section, those at the root first.
func (f *frame) section(name string) []entryNode {
	var out []entryNode
	for _, holder := range f.holders() {
		n := f.part(holder.node, holder.kind).get(name)
		if s := node.Value(n, "namespace"); s != nil && s.Kind == node.ScalarNode {
			f.loosely(n, name+" without a list is read as a list of one", "put a dash before its first key")
			out = append(out, entryNode{node: n})
			continue
		}
		out = append(out, f.named(n, name)...)
	}
	return out
}

type holder struct {
	node *node.Node
	kind kind
}

func (f *frame) holders() []holder {
	out := []holder{{f.doc.Root, kindFile}}
	if c := node.Value(f.doc.Root, "capability"); c != nil && c.Kind == node.MappingNode {
		out = append(out, holder{c, kindCapability})
	}
	return out
}

func (f *frame) hasSection(name string) bool {
	for _, h := range f.holders() {
		if node.Has(h.node, name) || slices.ContainsFunc(older(h.kind, name), func(s spelling) bool { return node.Has(h.node, s.was) }) {
			return true
		}
	}
	return false
}

// info reads the description of the file.
func (f *frame) info(root *part, out *spec.File) {
	for _, name := range []string{"naftiko", "ikanos"} {
		root.get(name)
	}
	if c := node.Value(f.doc.Root, "capability"); c != nil && c.Kind == node.ScalarNode {
		out.Title = f.words(c, "capability")
	}
	p := f.part(root.get("info"), kindInfo)
	if p == nil {
		for _, name := range []string{"name", "title"} {
			if s := root.text(name); s.IsSet() && !out.Title.IsSet() {
				out.Title = s
			}
		}
		out.Description = root.text("description")
		return
	}
	if s := p.text("display"); s.IsSet() {
		out.Title = s
	}
	out.Description = p.text("description")
	out.InfoVersion = p.text("version")
	out.Tags = p.texts("tags", "a tag")
	p.Allow("created", "modified", "stakeholders")
	p.done()
}
