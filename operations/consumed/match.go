package consumed

import (
	"net/url"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// Documented are the operations of an OpenAPI document that a file describes too.
type Documented struct {
	// Exact counts the operations of the file that have the document's method, server
	// and path; Near those that have its method and path below another base.
	Exact, Near int

	byName map[string]*match // by the name that the file gives an operation
}

// match is an operation of a document, with the parameters that its path has a
// place for and the file's has not.
type match struct {
	op     *operations.Operation
	exact  bool
	named  bool // the document calls them as the file does
	places []gap
}

// gap is where a parameter belongs: before a segment of the file's path.
type gap struct {
	param  string
	before int
}

// Operation returns the operation of the document that the file calls name, or nil.
func (d *Documented) Operation(name string) *operations.Operation {
	if d == nil || d.byName[name] == nil {
		return nil
	}
	return d.byName[name].op
}

// Match finds the operations of c in a document.
func Match(c *spec.API, doc *operations.Set) *Documented {
	out := &Documented{byName: map[string]*match{}}
	f := newFinder(c, doc)
	for _, op := range c.Operations {
		m := f.find(op)
		if m == nil {
			continue
		}
		out.byName[op.Name.Value] = m
		if m.exact {
			out.Exact++
		} else {
			out.Near++
		}
	}
	return out
}

// SameNames counts the operations that the file and the document call the same.
func (d *Documented) SameNames() int {
	n := 0
	for name, m := range d.byName {
		if words.Fold(name) == words.Fold(m.op.ID) {
			n++
		}
	}
	return n
}

// finder finds the operations of an API in a document.
type finder struct {
	api      *spec.API
	doc      *operations.Set
	byMethod map[string][]candidate
	base     []string // segments of the base URI

	summaries []operations.Summary
	known     bool // base is known without the values of binds
}

type candidate struct {
	id   string
	path []string
}

func newFinder(c *spec.API, doc *operations.Set) *finder {
	f := &finder{api: c, doc: doc, byMethod: map[string][]candidate{}}
	if u, err := url.Parse(c.BaseURI.Value); err == nil && u.Host != "" && !strings.ContainsAny(c.BaseURI.Value, "{}") {
		f.base, f.known = Segments(u.Path), true
	}
	f.summaries = doc.Summaries()
	for _, op := range f.summaries {
		f.byMethod[op.Method] = append(f.byMethod[op.Method], candidate{op.ID, Segments(op.Path)})
	}
	return f
}

// Segments takes a path apart, without its query. Every variable is {name}.
func Segments(path string) []string {
	var out []string
	path, _, _ = strings.Cut(strings.NewReplacer("${{", "{", "{{", "{", "}}", "}", "${", "{").Replace(path), "?")
	for s := range strings.SplitSeq(path, "/") {
		if s != "" {
			out = append(out, strings.ReplaceAll(s, " ", ""))
		}
	}
	return out
}

// find returns the one operation of the document that op is: the one that has a place
// for the parameters that op's path lacks, else the one of the same path.
func (f *finder) find(op *spec.ConsumedOperation) *match {
	unplaced := f.unplaced(op)
	own := Segments(op.Path.Value)
	method := methodOf(op)
	if len(unplaced) > 0 {
		var found []*match
		for _, c := range f.byMethod[method] {
			found = append(found, f.compare(c, own, unplaced)...)
		}
		if m := only(found); m != nil {
			return m
		}
	}
	var found []*match
	for _, c := range f.byMethod[method] {
		found = append(found, f.compare(c, own, nil)...)
	}
	for _, m := range found {
		if m.exact {
			return m
		}
	}
	if len(found) > 0 {
		return found[0]
	}
	return nil
}

// only returns the best of several, nil where two are alike.
func only(found []*match) *match {
	for _, better := range []func(*match) bool{
		func(m *match) bool { return m.exact && m.named },
		func(m *match) bool { return m.named },
		func(m *match) bool { return m.exact },
		func(*match) bool { return true },
	} {
		var best []*match
		for _, m := range found {
			if better(m) {
				best = append(best, m)
			}
		}
		if len(best) == 1 {
			return best[0]
		}
		if len(best) > 1 {
			return nil
		}
	}
	return nil
}

// unplaced lists the operation's own path parameters without a place in its path.
func (f *finder) unplaced(op *spec.ConsumedOperation) []string {
	var out []string
	path := strings.Join(Segments(op.Path.Value), "/")
	for _, p := range op.Params {
		if place(p) == "path" && !slices.Contains(f.api.Params, p) &&
			!strings.Contains(path, "{"+p.Name.Value+"}") {
			out = append(out, p.Name.Value)
		}
	}
	return out
}

// compare returns the ways in which a path of the document is the file's with places
// for some parameters.
func (f *finder) compare(c candidate, own, params []string) []*match {
	if len(c.path) > len(own)+len(f.base)+len(params) {
		return nil
	}
	op, _ := f.doc.Lookup(c.id)
	full := slices.Concat(f.base, own)
	for _, server := range serverPaths(op) {
		if !f.known {
			server, full = nil, own
		}
		if found := matches(op, true, slices.Concat(server, c.path), full, len(full)-len(own), params); found != nil {
			return found
		}
	}
	return matches(op, false, c.path, own, 0, params)
}

// serverPaths returns the paths of an operation's servers.
func serverPaths(op *operations.Operation) [][]string {
	var out [][]string
	for _, s := range op.Servers {
		text := operations.Expand(s.URL, strings.Clone, func(name string) string { return s.Variables[name].Default })
		if u, err := url.Parse(text); err == nil {
			out = append(out, Segments(u.Path))
		}
	}
	if out == nil {
		return [][]string{nil}
	}
	return out
}

// matches aligns a path of the document with the file's, whose first segments belong
// to its base.
func matches(op *operations.Operation, exact bool, path, own []string, base int, params []string) []*match {
	var out []*match
	for _, extra := range align(path, own, len(params)) {
		m := &match{op: op, exact: exact, named: true}
		taken := map[string]bool{}
		for n, i := range extra {
			name := strings.Trim(path[i], "{}")
			p := sameName(params, name)
			if p == "" || taken[p] {
				if m.named = false; len(params) > 1 {
					break
				}
				p = params[0]
			}
			taken[p] = true
			if i-n < base {
				break
			}
			m.places = append(m.places, gap{p, i - n - base})
		}
		if len(m.places) == len(params) {
			out = append(out, m)
		}
	}
	return out
}

// align returns the segments of path, variables all, that are left over when own
// is taken out of it.
func align(path, own []string, extra int) [][]int {
	if len(path)-len(own) != extra {
		return nil
	}
	if len(path) == 0 {
		return [][]int{nil}
	}
	var out [][]int
	shifted := func(from []string, list [][]int, first ...int) {
		for _, rest := range list {
			for i := range rest {
				rest[i] += len(path) - len(from)
			}
			out = append(out, append(slices.Clone(first), rest...))
		}
	}
	if len(own) > 0 && alike(path[0], own[0]) {
		shifted(path[1:], align(path[1:], own[1:], extra))
	}
	if extra > 0 && isVariable(path[0]) {
		shifted(path[1:], align(path[1:], own, extra-1), 0)
	}
	return out
}

func isVariable(segment string) bool {
	return strings.HasPrefix(segment, "{") && strings.IndexByte(segment, '}') == len(segment)-1
}

// alike reports whether two segments are the same but for the names of variables.
func alike(a, b string) bool {
	return a == b || strings.Contains(a, "{") && strings.Contains(b, "{") && unnamed(a) == unnamed(b)
}

func unnamed(segment string) string {
	return operations.Expand(segment, strings.Clone, func(string) string { return "{}" })
}

// sameName returns the name among names that is the same but for case, "-" and "_".
func sameName(names []string, name string) string {
	for _, n := range names {
		if words.Fold(n) == words.Fold(name) {
			return n
		}
	}
	return ""
}
