package sibling

import (
	"path"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// source is an API as files name it: by an alias, by a file that they share, or by the
// keys of the file itself.
type source struct {
	frame    *frame     // that names it
	at       *node.Node // there
	name     string     // its namespace
	names    []string   // other names of it
	about    *frame     // the file that describes it, nil where it is only named
	base     spec.Str
	auth     *spec.Authentication
	document spec.Str
	entries  []*entry
	spans    []spec.Span
	used     bool
	loose    bool // another server of the file's own API, no candidate for an id
}

// naming keys of sources.
var (
	listsOfSources = []string{"imports", "shared", "sharedCapabilities", "combines", "apis", "apisComposed", "composes", "uses", "consumes", "capabilities"}
	pathKeys       = []string{"ref", "path", "file", "from", "location", "url", "shared", "capability", "sharedCapability"}
	aliasKeys      = []string{"as", "alias", "namespace", "name", "api", "id"}
)

// gather finds the APIs that the file names at its head, and its own.
func (r *reading) gather() {
	f := r.main
	for _, key := range listsOfSources {
		for _, part := range f.parts {
			for _, n := range items(node.Value(part, key)) {
				switch {
				case n.Kind == node.ScalarNode && f.plain(n).IsSet():
					r.add(f, n, n.Value)
				case n.Kind == node.MappingNode && (key != "capabilities" && key != "consumes" || node.Has(n, "ref")):
					r.sourceOf(f, n)
				}
			}
		}
	}
	own := &source{frame: f, about: f, at: f.doc.Root}
	own.describeFrom(f, listingsOfMain)
	if r.described = own; own.base.IsSet() || own.document.IsSet() || len(own.entries) > 0 {
		r.own()
	}
}

// own is the API of operations that the file describes, or for which it names no other.
func (r *reading) own() *source {
	if r.mine == nil {
		r.adopt(r.described)
	}
	return r.mine
}

// names reports whether the file names its own API in any way.
func (r *reading) names() bool {
	return r.mine != nil || r.main.get("api", "provider") != nil
}

// adopt makes s the file's own API, or adds what it has to the API of that name.
func (r *reading) adopt(s *source) {
	f := r.main
	name := f.text("api")
	if !name.IsSet() {
		name = f.textOf(f.get("api"), aliasKeys...)
	}
	if !name.IsSet() {
		name = f.text("provider")
	}
	if !name.IsSet() {
		name = f.textOf(f.get("provider"), aliasKeys...)
	}
	if own := f.text("name"); !name.IsSet() && len(s.entries) > 0 && !strings.Contains(own.Value, " ") {
		name = own
	}
	s.name = strings.ToLower(slugOf(name.Value))
	if s.name == "" {
		s.name = spec.NameOf(r.main.doc.Path())
	}
	s.names = append(s.names, name.Value)
	if there := r.find(s.name); there != nil && there.about == nil {
		there.about, there.base, there.auth, there.document, there.entries = f, s.base, s.auth, s.document, s.entries
		s = there
	} else {
		r.sources = append(r.sources, s)
	}
	r.mine = s
}

// based is the file's own API at another server.
func (r *reading) based(f *frame, base spec.Str) *source {
	own := r.own()
	base = baseOf(base)
	if !own.base.IsSet() {
		own.base = base
	}
	for _, s := range r.sources {
		if s.base.Value == base.Value {
			return s
		}
	}
	s := &source{frame: f, about: f, at: own.at, name: own.name + "-" + strings.ToLower(slugOf(base.Value)), base: base, auth: own.auth, loose: true}
	r.sources = append(r.sources, s)
	return s
}

// find returns the source of a name.
func (r *reading) find(name string) *source {
	for _, s := range r.sources {
		if s.name == name || slices.Contains(s.names, name) {
			return s
		}
	}
	return nil
}

// known is find for a name, or for the path of a shared file; a file of that name is
// looked for beside the others.
func (r *reading) known(name string) *source {
	if s := r.find(name); s != nil {
		return s
	}
	if s := r.find(fileName(name)); s != nil && strings.Contains(name, "/") {
		return s
	}
	if r.taken["shared "+name] || strings.ContainsAny(name, " {}$#") {
		return nil
	}
	r.taken["shared "+name] = true
	if about := r.shared(r.main, nil, name); about != nil {
		return r.from(r.main, r.main.doc.Root, about, "", name)
	}
	return nil
}

func fileName(name string) string {
	base := path.Base(name)
	return strings.TrimSuffix(base, path.Ext(base))
}

// add returns the source that a text names: the path of a shared file, or a name.
func (r *reading) add(f *frame, n *node.Node, text string) *source {
	if s := r.find(text); s != nil {
		return s
	}
	return r.from(f, n, r.shared(f, n, text), "", text)
}

// addAt is add for a part of a text.
func (r *reading) addAt(f *frame, text spec.Str, name string) *source {
	return r.from(f, f.doc.Root, nil, "", name)
}

// sourceOf returns the source that a mapping names, nil where it names none.
func (r *reading) sourceOf(f *frame, n *node.Node) *source {
	at := first([]*node.Node{n}, pathKeys...)
	where, alias := f.plain(at), f.textOf(n, aliasKeys...)
	if strings.Contains(where.Value, "://") || where.Value == alias.Value {
		where = spec.Str{}
	}
	document, base := f.textOf(n, documents...), f.textOf(n, bases...)
	if !where.IsSet() && !alias.IsSet() {
		return nil
	}
	for _, name := range []string{alias.Value, where.Value} {
		if s := r.find(name); s != nil && name != "" {
			return s
		}
	}
	var about *frame
	if where.IsSet() {
		about = r.shared(f, at, where.Value)
	} else if !document.IsSet() {
		about = r.shared(f, nil, alias.Value)
	}
	s := r.from(f, n, about, alias.Value, where.Value)
	if document.IsSet() {
		s.document = document
	}
	if base.IsSet() {
		s.base = baseOf(base)
	}
	return s
}

// from makes a source of a shared file, or of names alone.
func (r *reading) from(f *frame, n *node.Node, about *frame, alias, where string) *source {
	s := &source{frame: f, at: n, about: about, names: []string{alias, where}}
	if where != "" {
		s.names = append(s.names, fileName(where))
	}
	choice := []string{alias}
	if !yamlFile.MatchString(where) {
		choice = append(choice, where)
	}
	if about != nil {
		for _, key := range []string{"namespace", "name", "id", "api", "title"} {
			name := about.text(key).Value
			s.names = append(s.names, name)
			if key != "api" && key != "title" && !strings.ContainsAny(name, " :/") {
				choice = append(choice, name)
			}
		}
		s.describeFrom(about, listings)
	}
	s.names = slices.DeleteFunc(s.names, func(name string) bool { return name == "" })
	for _, name := range append(choice, fileName(where), where) {
		if s.name = nameOfAPI(name); s.name != "" && s.name != "." {
			break
		}
	}
	if there := r.find(s.name); there != nil {
		there.names = append(there.names, s.names...)
		return there
	}
	r.sources = append(r.sources, s)
	return s
}

// nameOfAPI is a name as environment variables and flags take it.
func nameOfAPI(name string) string {
	if strings.ContainsAny(name, " ") {
		return strings.ToLower(slugOf(name))
	}
	return strings.Trim(name, "/.")
}

// shared reads the file that a text names, nil where there is none. n is the text's
// place, nil where the file need not be there.
func (r *reading) shared(f *frame, n *node.Node, text string) *frame {
	if r.options.Open == nil {
		return nil
	}
	file := yamlFile.MatchString(text)
	for i, p := range tries(text, file) {
		name, src, err := r.options.Open(f.doc.Path(), p)
		if err != nil {
			continue
		}
		about := r.frames[name]
		if about == nil {
			doc, same, diags := r.read(name, src)
			if !same || diags.HasErrors() || doc.Root == nil {
				continue
			}
			r.out.Texts[name] = doc.Text()
			about = r.frame(doc)
		}
		if !file && i > 1 && !about.calledLike(text) {
			continue
		}
		if n != nil && file && i > 0 {
			f.loosely(n, "write "+p, "there is no %s here: %s is read", text, p)
		}
		return about
	}
	if n != nil && file && !r.wanted(n) {
		f.loosely(n, "paths are relative to the folder of the file", "there is no %s: the operations of %s are looked for in an OpenAPI document", text, fileName(text))
	}
	return nil
}

// wanted reports whether n is the path of a file whose operations are all taken: it is
// an error there that the file is not.
func (r *reading) wanted(n *node.Node) bool {
	for _, part := range r.main.parts {
		for _, x := range items(node.Value(part, "consumes")) {
			if node.Value(x, "ref") == n && !node.Has(x, "operations") {
				return true
			}
		}
	}
	return false
}

var yamlFile = lazyregexp.New(`\.(ya?ml|json)$`)

// tries are the paths that a name, or a path, of a shared file may stand for: published
// files write them relative to their repository, or leave out folder and ending.
func tries(text string, file bool) []string {
	if file {
		out := []string{text}
		for _, p := range []string{"../" + text, "shared/" + path.Base(text)} {
			if p = path.Clean(p); !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
		return out
	}
	if strings.ContainsAny(text, "/\\ :") {
		return nil
	}
	out := []string{"shared/" + text + ".yaml", "shared/" + text + ".yml"}
	for rest := text; rest != ""; _, rest, _ = strings.Cut(rest, "-") {
		for _, name := range []string{rest, strings.TrimSuffix(rest, "-api")} {
			if p := "shared/" + name + ".yaml"; !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out
}

// calledLike reports whether a file gives itself a name.
func (f *frame) calledLike(name string) bool {
	for _, key := range []string{"namespace", "name", "id", "api"} {
		if f.text(key).Value == name {
			return true
		}
	}
	return false
}
