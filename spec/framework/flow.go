package framework

import (
	"strings"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/framework/internal/form"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// aliases are the names that loose files put before an input, whatever the
// exposure's namespace is.
var aliases = []string{"rest", "tools", "tool", "mcp", "flow", "inputs", "resource"}

// unit decodes the part that tools, REST operations, MCP resources and flows of
// aggregates share. The keys of each kind are read by the caller, which then
// calls done.
func (f *frame) unit(p *part, name spec.Str, namespace spec.Str) *spec.Unit {
	u := &spec.Unit{
		Short: name, Namespace: namespace, Title: p.text("display"), Description: p.text("description"), Ref: p.text("ref"),
		Answer: &spec.Answer{Media: p.text("outputMediaType")}, Language: spec.Placeholders, Binding: spec.BindByName,
		File: f.doc.Path(), Pos: f.Pos(p.Node), Spans: p.spans(),
	}
	if namespace.IsSet() {
		u.Namespaces = append(u.Namespaces, namespace.Value)
	}
	u.Namespaces = append(u.Namespaces, aliases...)
	call, with := f.call(p), f.with(p)
	if call.IsSet() {
		u.Direct = true
		u.Steps = []*spec.Step{{Pos: u.Pos, Action: &spec.Operation{Call: call, With: with}}}
	} else if with != nil {
		f.loading.with[u] = with
	}
	f.steps(p, u)
	u.Answer.Mappings = append(u.Answer.Mappings, f.mappings(p)...)
	u.Answer.Shapes, u.Answer.Named = f.outputs(p)
	return u
}

// call is "namespace.operation"; 0.3 wrote a mapping around it.
func (f *frame) call(p *part) spec.Str {
	n := p.get("call")
	if n != nil && n.Kind == node.MappingNode && node.Has(n, "operation") {
		f.loosely(n, `call with "operation" below it is read as the operation`, "write call: namespace.operation")
		n = node.Value(n, "operation")
	}
	s := f.words(n, "call")
	return spec.Reworded(s, strings.TrimSpace(s.Value))
}

// with reads the values for a call's inputs: a mapping, or a list of names and
// values.
func (f *frame) with(p *part) []spec.Field {
	n := p.get("with")
	switch {
	case n == nil:
		return nil
	case n.Kind == node.SequenceNode:
		f.loosely(n, "with as a list of names and values is read as a mapping", "write with: {name: value}")
		return f.pairs(n)
	}
	return f.Arguments(n, "with")
}

// pairs reads a list of {name, value}.
func (f *frame) pairs(n *node.Node) []spec.Field {
	var out []spec.Field
	for _, e := range f.named(n, "with") {
		v := e.node
		if e.node.Kind == node.MappingNode && node.Has(e.node, "value") {
			v = node.Value(e.node, "value")
		} else if e.key == nil {
			f.Report(e.node, "wrong-type", "a value for a call must have a name and a value").Hint = "write with: {name: value}"
			continue
		}
		out = append(out, spec.Field{Key: e.name, Value: f.Value(v)})
	}
	return out
}

func (f *frame) mappings(p *part) []spec.Target {
	var out []spec.Target
	n := p.get("mappings")
	if n == nil {
		return nil
	}
	for _, e := range f.named(n, "mappings") {
		if e.key != nil && e.node.Kind == node.ScalarNode {
			f.loosely(n, "mappings from names to values are read as a list", "write - {target: ..., value: ...}")
			out = append(out, spec.Target{Name: e.name, Value: f.Value(e.node)})
			continue
		}
		m := f.item(e, form.KindMapping)
		if m == nil {
			continue
		}
		t := spec.Target{Name: m.text("target")}
		if !t.Name.IsSet() {
			t.Name = e.name
		}
		if !t.Name.IsSet() {
			m.need("target")
		}
		if v := m.need("value"); v != nil {
			t.Value = f.Value(v)
			out = append(out, t)
		}
		m.done()
	}
	return out
}

// hints reads the hints of a tool. Those of its aggregate's flow hold where the
// tool has none.
func (f *frame) hints(p *part) spec.Hints {
	h := f.part(p.get("hints"), form.KindHints)
	if h == nil {
		return spec.Hints{}
	}
	out := spec.Hints{ReadOnly: h.flag("readOnly"), Destructive: h.flag("destructive"), Idempotent: h.flag("idempotent"), OpenWorld: h.flag("openWorld")}
	h.done()
	return out
}

// semantics turns the semantics of an aggregate's flow into hints.
func (f *frame) semantics(p *part) spec.Hints {
	s := f.part(p.get("semantics"), form.KindSemantics)
	if s == nil {
		return spec.Hints{}
	}
	var out spec.Hints
	if safe := s.flag("safe"); safe != nil {
		unsafe := !*safe
		out.ReadOnly, out.Destructive = safe, &unsafe
	}
	out.Idempotent = s.flag("idempotent")
	s.done()
	return out
}
