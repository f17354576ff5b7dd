package framework

import (
	"fmt"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// binds decodes the variables that files and the environment provide.
func (f *frame) binds() []*spec.Bind {
	return once(f, "binds", func() []*spec.Bind {
		var out []*spec.Bind
		for _, e := range f.section("binds") {
			if f.isImport(e.node) {
				if b := imported(f, e, (*frame).binds, bindName, renameBind); b != nil {
					out = append(out, b)
				}
			} else if b := f.bind(e); b != nil {
				out = append(out, b)
			}
		}
		return unique(f, out, "bind", bindName)
	})
}

func bindName(b *spec.Bind) spec.Str { return b.Namespace }

func renameBind(b *spec.Bind, name spec.Str) *spec.Bind {
	renamed := *b
	renamed.Namespace = name
	return &renamed
}

func (f *frame) bind(e entryNode) *spec.Bind {
	p := f.item(e, kindBind)
	if p == nil {
		return nil
	}
	b := &spec.Bind{Namespace: p.text("namespace"), Description: p.text("description"), Location: p.text("location"), File: f.doc.Path(), Pos: f.Pos(e.node), Spans: p.spans()}
	if !b.Namespace.IsSet() {
		b.Namespace = e.name
	}
	if resolution := p.text("resolution"); resolution.Value == "runtime" {
		b.Location = spec.Str{} // until 0.5: the environment
	}
	b.Keys = f.bindKeys(p.need("keys"))
	p.Allow("type")
	p.done()
	return b
}

// bindKeys reads a mapping of names to keys; a loose list of names means keys
// of the same names.
func (f *frame) bindKeys(n *node.Node) []spec.BindKey {
	var out []spec.BindKey
	switch {
	case n == nil:
	case n.Kind == node.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			name, _ := f.Cursor(n.Content[i]).Scalar(n.Content[i])
			if k := f.words(n.Content[i+1], "the key of "+name.Value); k.IsSet() {
				out = append(out, spec.BindKey{Name: name, Key: k})
			}
		}
	case n.Kind == node.SequenceNode:
		f.loosely(n, "keys as a list of names are read as keys of the same names", "write keys: {NAME: NAME}")
		for _, item := range n.Content {
			if k := f.words(item, "a key"); k.IsSet() {
				out = append(out, spec.BindKey{Name: k, Key: k})
			}
		}
	default:
		f.Report(n, "wrong-type", "keys must be a mapping from names to keys, found %s", node.Describe(n)).Hint = "write keys: {NAME: NAME}"
	}
	return out
}

// aggregate is a group of flows that exposures refer to.
type aggregate struct {
	namespace spec.Str
	flows     []*spec.Unit
}

// aggregates decodes the groups of flows that exposures refer to.
func (f *frame) aggregates() []*aggregate {
	return once(f, "aggregates", func() []*aggregate {
		var out []*aggregate
		for _, e := range f.section("aggregates") {
			if f.isImport(e.node) {
				if a := imported(f, e, (*frame).aggregates, aggregateName, renameAggregate); a != nil {
					out = append(out, a)
				}
			} else if a := f.aggregate(e); a != nil {
				out = append(out, a)
			}
		}
		return unique(f, out, "aggregate", aggregateName)
	})
}

func aggregateName(a *aggregate) spec.Str { return a.namespace }

// renameAggregate keeps the old namespace good in references.
func renameAggregate(a *aggregate, name spec.Str) *aggregate {
	renamed := *a
	renamed.namespace = name
	for _, fl := range a.flows {
		fl.Namespaces = append([]string{name.Value}, fl.Namespaces...)
	}
	return &renamed
}

func (f *frame) aggregate(e entryNode) *aggregate {
	p := f.item(e, kindAggregate)
	if p == nil {
		return nil
	}
	a := &aggregate{namespace: p.text("namespace")}
	if !a.namespace.IsSet() {
		a.namespace = e.name
	}
	seen := map[string]spec.Str{}
	for _, e := range p.named("flows") {
		fl := f.aggregateFlow(e, a)
		if fl == nil {
			continue
		}
		if first, again := seen[fl.Short.Value]; again && fl.Short.IsSet() {
			f.repeated(fl.Short, first, fmt.Sprintf("flow of %s", a.namespace.Value))
			continue
		}
		seen[fl.Short.Value] = fl.Short
		a.flows = append(a.flows, fl)
	}
	p.Allow("display", "label", "description", "tags")
	p.done()
	return a
}

func (f *frame) aggregateFlow(e entryNode, a *aggregate) *spec.Unit {
	p := f.item(e, kindFlow)
	if p == nil {
		return nil
	}
	fl := f.unit(p, e.name, a.namespace)
	fl.Inputs = f.toolInputs(p)
	fl.Hints = f.semantics(p)
	if !fl.Short.IsSet() {
		p.Absent = append(p.Absent, "name")
	}
	p.done()
	return fl
}
