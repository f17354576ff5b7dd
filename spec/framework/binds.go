package framework

import (
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/framework/internal/form"
	"github.com/capstan-run/capstan/spec/internal/node"
)

func (f *frame) bind(e entryNode) *spec.Bind {
	p := f.item(e, form.KindBind)
	if p == nil {
		return nil
	}
	b := &spec.Bind{Namespace: p.text("namespace"), File: f.doc.Path(), Spans: p.spans()}
	p.text("description")
	b.Location = p.text("location")
	if !b.Namespace.IsSet() {
		b.Namespace = e.name
	}
	if resolution := p.text("resolution"); resolution.Value == "runtime" {
		b.Location = spec.Str{} // until 0.5: the environment
	}
	b.Keys = f.bindKeys(p.need("keys"))
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
		for k, v := range node.Entries(n) {
			name, _ := f.Cursor(k).Scalar(k)
			if key := f.words(v, "the key of "+name.Value); key.IsSet() {
				out = append(out, spec.BindKey{Name: name, Key: key})
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
	spans     []spec.Span // without the flows
}

func (f *frame) aggregate(e entryNode) *aggregate {
	p := f.item(e, form.KindAggregate)
	if p == nil {
		return nil
	}
	a := &aggregate{namespace: p.text("namespace"), spans: p.around("flows", "functions")}
	if !a.namespace.IsSet() {
		a.namespace = e.name
	}
	seen := f.Names("flow of " + a.namespace.Value)
	a.flows = node.DecodeEach(p.named("flows"), func(e entryNode) *spec.Unit { return f.aggregateFlow(e, a) })
	for _, u := range a.flows {
		seen.Repeats(u.Short)
	}
	p.done()
	return a
}

func (f *frame) aggregateFlow(e entryNode, a *aggregate) *spec.Unit {
	p := f.item(e, form.KindFlow)
	if p == nil {
		return nil
	}
	fl := f.unit(p, e.name, a.namespace)
	fl.Inputs = f.inputs(p, form.KindInput)
	fl.Hints = f.semantics(p)
	if !fl.Short.IsSet() {
		p.Absent = append(p.Absent, "name")
	}
	p.done()
	return fl
}
