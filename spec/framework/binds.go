package framework

import (
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

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

func (f *frame) aggregate(e entryNode) *aggregate {
	p := f.item(e, kindAggregate)
	if p == nil {
		return nil
	}
	a := &aggregate{namespace: p.text("namespace")}
	if !a.namespace.IsSet() {
		a.namespace = e.name
	}
	seen := f.Names("flow of " + a.namespace.Value)
	for _, e := range p.named("flows") {
		if fl := f.aggregateFlow(e, a); fl != nil && !seen.Repeats(fl.Short) {
			a.flows = append(a.flows, fl)
		}
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
