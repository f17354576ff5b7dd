// Package framework reads the files of the framework dialect (`naftiko:` and
// `ikanos:`, with consumes and exposes) of every published version.
package framework

import (
	"slices"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/framework/internal/form"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// Read decodes a file of any version, with the files that it imports.
func Read(doc *node.Document, o spec.Options, read node.Importing) (*spec.File, diag.List) {
	l := &loading{
		options: o, read: read, frames: map[string]*frame{}, with: map[*spec.Unit][]spec.Field{}, resolved: map[*spec.Unit]bool{},
		renamed: map[string]string{}, counts: map[string]int{}, files: map[*spec.Unit]bool{},
		out: &spec.File{Name: doc.Path(), Version: doc.Version, Overlays: doc.Overlays, Texts: doc.Texts()},
	}
	f := l.frame(doc)
	f.whole()
	l.isolate()
	l.resolveRefs()
	l.check()
	l.offerSkillCalls()
	l.placeAll()
	l.declare()
	l.out.Section = f.standalone()
	l.out.Import = f.importable()
	for _, f := range l.order {
		for name, spans := range f.missing {
			l.out.Lost = append(l.out.Lost, spec.Lost{Namespace: name.namespace, Spans: spans, Binds: name.section == bindSection.name})
		}
	}
	return l.out, l.diags().Sort()
}

// loading is one call of Read: the file that it makes, and those that it reads.
type loading struct {
	options    spec.Options
	read       node.Importing
	out        *spec.File
	aggregates []*aggregate      // that refs of the whole file name
	frames     map[string]*frame // by the name that positions have
	order      []*frame
	open       []string                    // files with imports that are being followed
	imports    int                         // files that were read
	compared   int                         // names that suggestions were sought among
	with       map[*spec.Unit][]spec.Field // beside a ref: arguments for the call that it names
	resolved   map[*spec.Unit]bool         // units with a ref that was followed
	renamed    map[string]string           // file and namespace -> namespace in out
	files      map[*spec.Unit]bool         // MCP resources that are files, which need no call
	counts     map[string]int              // units of one name
	skillCalls []skillCall                 // of skills in groups
	unreadable []spec.Span                 // files that an import names and that do not parse
}

// units returns every unit, those of exposures first.
func (l *loading) units() []*spec.Unit {
	var out []*spec.Unit
	for _, x := range l.out.Exposures {
		out = append(out, offered(x)...)
	}
	for _, a := range l.aggregates {
		out = append(out, a.flows...)
	}
	return out
}

func (l *loading) frame(s *node.Document) *frame {
	f := &frame{Decoder: node.NewDecoder(&s.Tree, l.options.Strict), loading: l, doc: s, said: map[string]bool{}, missing: map[missing][]spec.Span{}, sections: map[string]any{}}
	f.edition, f.known = form.EditionOf(f.family(), s.Version)
	f.root = f.part(s.Root, form.KindFile)
	if c := node.Value(s.Root, "capability"); c != nil && c.Kind != node.ScalarNode {
		f.capability = f.part(c, form.KindCapability)
	}
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
	loading          *loading
	doc              *node.Document
	root, capability *part // that hold sections; capability is nil in a file of its own
	edition          form.Edition
	known            bool            // the version is a published one
	said             map[string]bool // looseness that was reported
	// missing are items that could not be imported, with the parts where that is
	// reported.
	missing  map[missing][]spec.Span
	sections map[string]any
	refused  []int // positions in diags of exposures that mean nothing
}

// missing is an item that could not be imported, by its section and the namespace that
// it would have here.
type missing struct{ section, namespace string }

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
func (f *frame) whole() {
	out := f.loading.out
	f.checkVersion()
	if f.Strict {
		f.checkForm()
	}
	f.info(f.root)
	f.loading.open = append(f.loading.open, f.doc.Path())
	out.Binds = bindSection.of(f)
	out.APIs = consumesSection.of(f)
	f.loading.aggregates = aggregateSection.of(f)
	out.Exposures = exposureSection.of(f)
	f.unusable(len(out.Exposures))
	f.misspeltCapability()
	f.rootImports(f.root)
	f.loading.open = nil
	f.root.done()
	f.capability.done()
	if !slices.ContainsFunc(sectionNames, f.hasSection) && !node.Has(f.doc.Root, "imports") {
		r := f.Report(f.doc.Root, "missing-key", "the file has nothing that runs: no consumes, exposes or aggregates")
		r.Hint = "add a capability with consumes and exposes"
	}
}

// misspeltCapability refuses a file that seems to have nothing that runs, since the key
// of its capability is misspelt. Other unknown keys are ignored.
func (f *frame) misspeltCapability() {
	if k := f.root.Misspelt("capability"); k != nil && !f.Strict && !node.Has(f.doc.Root, "capability") {
		suggest.Explain(f.Report(k, "unknown-key", "unknown key %q in the file, which has no capability", k.Value), k.Value, "", []string{"capability"})
		f.root.Allow(k.Value)
	}
}

// sectionNames are the lists that stand under `capability` or, in a file of its
// own, at the root.
var sectionNames = []string{"binds", "consumes", "aggregates", "exposes"}

// section returns the items of a section, those at the root first.
func (f *frame) section(name string) []entryNode {
	var out []entryNode
	for _, p := range []*part{f.root, f.capability} {
		n := p.get(name)
		if s := node.Value(n, "namespace"); s != nil && s.Kind == node.ScalarNode {
			f.loosely(n, name+" without a list is read as a list of one", "put a dash before its first key")
			out = append(out, entryNode{node: n})
			continue
		}
		out = append(out, f.named(n, name)...)
	}
	return out
}

func (f *frame) hasSection(name string) bool {
	for _, p := range []*part{f.root, f.capability} {
		if p == nil {
			continue
		}
		for key := range node.Entries(p.Node) {
			if key.Value == name || form.WasCalled(p.kind, name, key.Value) {
				return true
			}
		}
	}
	return false
}

// info reads the description of the file.
func (f *frame) info(root *part) {
	out := f.loading.out
	for _, name := range []string{"naftiko", "ikanos"} {
		root.get(name)
	}
	if c := node.Value(f.doc.Root, "capability"); c != nil && c.Kind == node.ScalarNode {
		out.Title = f.words(c, "capability")
	}
	p := f.part(root.get("info"), form.KindInfo)
	if p == nil {
		root.accept(form.KindUntitled)
		for _, name := range []string{"name", "title"} {
			if s := root.text(name); s.IsSet() && !out.Title.IsSet() {
				out.Title = s
			}
		}
		root.text("description")
		return
	}
	if s := p.text("display"); s.IsSet() {
		out.Title = s
	}
	p.text("description")
	out.InfoVersion = p.text("version")
	p.texts("tags", "a tag")
	p.done()
}
