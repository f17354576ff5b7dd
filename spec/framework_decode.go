package spec

import (
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
)

// readFramework decodes a file of any version, with the files that it imports.
func readFramework(doc *document, o Options, read importing) (*File, diag.List) {
	f, diags := oldFramework(doc, o, read)
	return frameworkFile(doc, f, o.Strict), diags
}

// oldFramework is readFramework in the form that goes away.
func oldFramework(doc *document, o Options, read importing) (*Framework, diag.List) {
	l := &loading{options: o, read: read, frames: map[string]*frame{}, texts: doc.Texts()}
	f := l.frame(doc)
	out := f.whole()
	l.isolate(out)
	l.resolveRefs(out)
	for _, x := range out.Exposes {
		for _, doc := range x.Documents {
			doc.Name, doc.Title, doc.Description, doc.File = doc.Flow.Name, doc.Display, doc.Flow.Description, doc.Flow.File
		}
	}
	l.check(out)
	addPathInputs(out)
	out.Files, out.Texts = l.files, l.texts
	out.Section = f.standalone()
	return out, l.diags().Sort()
}

// loading is one call of Framework: the files that it reads.
type loading struct {
	options  FrameworkOptions
	read     importing
	frames   map[string]*frame // by the name that positions have
	order    []*frame
	files    []string // read for imports
	texts    map[string][]byte
	open     []string // files whose imports are being followed
	compared int      // names that suggestions were sought among
}

func (l *loading) frame(s *document) *frame {
	f := &frame{decoder: newDecoder(&s.tree, l.options.Strict), loading: l, doc: s, said: map[string]bool{}, missing: map[string]bool{}}
	f.edition, f.known = editionOf(f.family(), s.version)
	l.frames[s.Path()] = f
	l.order = append(l.order, f)
	return f
}

func (l *loading) diags() diag.List {
	var all diag.List
	for _, f := range l.order {
		all = append(all, f.decoder.diags...)
	}
	return all
}

// frame decodes one file. Its sections are decoded when they are asked for, so
// that an import is judged by what it takes.
type frame struct {
	*decoder
	loading  *loading
	doc      *document
	edition  edition
	known    bool            // the version is a published one
	said     map[string]bool // looseness that was reported
	missing  map[string]bool // namespaces whose import failed: reported once, there
	sections map[string]any
	refused  []int // positions in diags of exposures that mean nothing
}

// family is the key that holds the version.
func (f *frame) family() string {
	for _, name := range []string{"naftiko", "ikanos"} {
		if v := value(f.doc.root, name); v != nil && v.Kind == yaml.ScalarNode {
			return name
		}
	}
	return ""
}

// whole decodes all of the file that is given to [Source.Framework].
func (f *frame) whole() *Framework {
	out := &Framework{File: f.doc.Path(), Family: f.family(), Version: f.doc.version}
	f.checkVersion(out)
	if f.strict {
		f.checkForm()
	}
	root := f.part(f.doc.root, kindFile)
	f.info(root, out)
	for _, name := range sectionNames {
		root.get(name)
	}
	capability := root.get("capability")
	if capability != nil && capability.Kind != yaml.ScalarNode {
		c := f.part(capability, kindCapability)
		for _, name := range sectionNames {
			c.get(name)
		}
		c.done()
	}
	f.loading.open = append(f.loading.open, f.doc.Path())
	out.Binds = f.binds()
	out.Consumes = f.consumes()
	out.Aggregates = f.aggregates()
	out.Exposes = f.exposes()
	f.rootImports(root, out)
	f.loading.open = nil
	root.done()
	if !slices.ContainsFunc(sectionNames, f.hasSection) && !has(f.doc.root, "imports") {
		r := f.report(f.doc.root, "missing-key", "the file has nothing that runs: no consumes, exposes or aggregates")
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
		if s := value(n, "namespace"); s != nil && s.Kind == yaml.ScalarNode {
			f.loosely(n, name+" without a list is read as a list of one", "put a dash before its first key")
			out = append(out, entryNode{node: n})
			continue
		}
		out = append(out, f.named(n, name)...)
	}
	return out
}

type holder struct {
	node *yaml.Node
	kind kind
}

func (f *frame) holders() []holder {
	out := []holder{{f.doc.root, kindFile}}
	if c := value(f.doc.root, "capability"); c != nil && c.Kind == yaml.MappingNode {
		out = append(out, holder{c, kindCapability})
	}
	return out
}

func (f *frame) hasSection(name string) bool {
	for _, h := range f.holders() {
		if has(h.node, name) || slices.ContainsFunc(older(h.kind, name), func(s spelling) bool { return has(h.node, s.was) }) {
			return true
		}
	}
	return false
}

// once decodes a section the first time.
func once[T any](f *frame, name string, decode func() []T) []T {
	if f.sections == nil {
		f.sections = map[string]any{}
	}
	if done, ok := f.sections[name].([]T); ok {
		return done
	}
	out := decode()
	f.sections[name] = out
	return out
}

// info reads what tells about the file.
func (f *frame) info(root *part, out *Framework) {
	for _, name := range []string{"naftiko", "ikanos"} {
		root.get(name)
	}
	if c := value(f.doc.root, "capability"); c != nil && c.Kind == yaml.ScalarNode {
		out.Name = f.words(c, "capability")
	}
	p := f.part(root.get("info"), kindInfo)
	if p == nil {
		for _, name := range []string{"name", "title"} {
			if s := root.text(name); s.IsSet() && !out.Name.IsSet() {
				out.Name = s
			}
		}
		out.Description = root.text("description")
		return
	}
	if s := p.text("display"); s.IsSet() {
		out.Name = s
	}
	out.Description = p.text("description")
	out.InfoVersion = p.text("version")
	for _, n := range p.list("tags") {
		if s := f.words(n, "a tag"); s.IsSet() {
			out.Tags = append(out.Tags, s)
		}
	}
	p.allow("created", "modified", "stakeholders")
	p.done()
}
