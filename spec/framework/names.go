package framework

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/framework/internal/form"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// entryNode is an item of a collection that newer versions write as a mapping
// keyed by name, and older ones as a list of items that hold their name.
type entryNode struct {
	name spec.Str
	key  *node.Node // of the mapping, nil in a list
	node *node.Node
}

// named returns the items of a list or of a keyed mapping, in order.
func (f *frame) named(n *node.Node, what string) []entryNode {
	if n == nil || node.IsNull(n) {
		return nil
	}
	var out []entryNode
	switch n.Kind {
	case node.SequenceNode:
		first := map[string]*node.Node{}
		for _, item := range n.Content {
			if !node.IsNull(item) && (what == "steps" || !f.standsAgain(item, first)) {
				out = append(out, entryNode{name: f.words(node.Value(item, "name"), "name"), node: item})
			}
		}
	case node.MappingNode:
		for k, v := range node.Entries(n) {
			name, _ := f.Cursor(k).Scalar(k)
			out = append(out, entryNode{name: name, key: k, node: v})
		}
	default:
		if n.Value == "" {
			return nil
		}
		f.Report(n, "wrong-type", "%s must be a list, or a mapping from names, found %s", what, node.Describe(n)).Hint = fmt.Sprintf("write %s: with its items below it", what)
	}
	return out
}

// standsAgain reports whether an item is word for word the first one of its name.
func (f *frame) standsAgain(item *node.Node, first map[string]*node.Node) bool {
	id := cmp.Or(node.Value(item, "namespace"), node.Value(item, "name"))
	if f.Strict || id == nil || id.Value == "" {
		return false
	}
	before := first[id.Value]
	if before == nil {
		first[id.Value] = item
	}
	if !node.Equal(before, item) {
		return false
	}
	f.loosely(item, "an item that stands in a list twice, word for word, is read once", "remove one of the two")
	return true
}

// item returns an entry's mapping with its name read; nil when it is none. In
// a keyed mapping an entry without a value has no keys.
func (f *frame) item(e entryNode, k form.Kind) *part {
	n := e.node
	if e.key != nil && node.IsNull(n) {
		n = &node.Node{Kind: node.MappingNode, Tag: "!!map", Line: e.key.Line, Column: e.key.Column}
		if other := f.Tree.FileOf(e.key); other != f.Tree.Main {
			return nil
		}
	}
	p := f.part(n, k)
	if p != nil {
		p.key = e.key
	}
	return p
}

// section is one of the lists that a file consists of: an item of it may stand for
// one of another file.
type section[T any] struct {
	name, what string
	decode     func(*frame, entryNode) *T
	namespace  func(*T) *spec.Str
	renamed    func(t *T, name string)                        // nil where nothing refers to the namespace
	shared     bool                                           // items of a file without a version may share a namespace
	repeated   func(f *frame, t *T) bool                      // judges another item of a namespace: whether it stays; nil drops it
	only       func(f *frame, t *T, operations []spec.Str) *T // nil where an import lists none
}

var (
	bindSection = section[spec.Bind]{
		name: "binds", what: "bind", decode: (*frame).bind, namespace: func(b *spec.Bind) *spec.Str { return &b.Namespace },
		repeated: func(*frame, *spec.Bind) bool { return true }, // units that name one of its keys are refused
	}
	consumesSection = section[spec.API]{
		name: "consumes", what: "consumed API", decode: (*frame).consumed, namespace: func(a *spec.API) *spec.Str { return &a.Namespace },
		repeated: func(f *frame, a *spec.API) bool {
			f.loading.out.Lost = append(f.loading.out.Lost, spec.Lost{Namespace: a.Namespace.Value, Spans: a.Spans})
			return false
		},
		only: (*frame).withOperations,
	}
	aggregateSection = section[aggregate]{
		name: "aggregates", what: "aggregate", decode: (*frame).aggregate, namespace: func(a *aggregate) *spec.Str { return &a.namespace },
		renamed: func(a *aggregate, name string) { reachedAs(a.flows, name) },
		repeated: func(f *frame, a *aggregate) bool {
			f.loading.out.Lost = append(f.loading.out.Lost, spec.Lost{Namespace: a.namespace.Value, Spans: a.spans})
			return true
		},
	}
	exposureSection = section[spec.Exposure]{
		name: "exposes", what: "exposure", decode: (*frame).exposure, namespace: func(x *spec.Exposure) *spec.Str { return &x.Namespace },
		renamed: func(x *spec.Exposure, name string) { reachedAs(offered(x), name) }, shared: true,
		repeated: func(*frame, *spec.Exposure) bool { return true },
	}
)

// reachedAs lets references to units begin with another namespace, too.
func reachedAs(units []*spec.Unit, name string) {
	for _, u := range units {
		u.Namespaces = append([]string{name}, u.Namespaces...)
	}
}

// of decodes the section of a file the first time, imported items in their place.
// Of those with one namespace the first counts.
func (s section[T]) of(f *frame) []*T {
	if done, ok := f.sections[s.name].([]*T); ok {
		return done
	}
	out := node.DecodeEach(f.section(s.name), func(e entryNode) *T {
		if f.isImport(e.node) {
			return s.imported(f, e)
		}
		return s.decode(f, e)
	})
	if seen := f.Names(s.what); !s.shared || f.family() != "" {
		out = slices.DeleteFunc(out, func(t *T) bool {
			return seen.Repeats(*s.namespace(t)) && (s.repeated == nil || !s.repeated(f, t))
		})
	}
	f.sections[s.name] = out
	return out
}

// as returns a copy under another name. The old one stays good in references.
func (s section[T]) as(t *T, name spec.Str) *T {
	c := *t
	*s.namespace(&c) = name
	if s.renamed != nil {
		s.renamed(t, name.Value)
	}
	return &c
}
