package framework

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/framework/internal/form"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// inputs decodes the inputs of a unit: the value of one is its default, or in the
// body of a REST request its place.
func (f *frame) inputs(p *part, k form.Kind) []*spec.Input {
	var out []*spec.Input
	for _, p := range f.params(p, k) {
		in := &p.Input
		in.Convert = true
		if k == form.KindInput {
			in.In = spec.Str{} // loose files name the place to which a call puts it, as `with` does
		}
		if in.In.Value == "body" && p.Value != nil && p.Value.Kind == spec.Scalar {
			in.At = p.Value.Str
		} else if p.Value != nil {
			in.Default = p.Value
		}
		out = append(out, in)
	}
	return out
}

func (f *frame) params(p *part, k form.Kind) []*spec.Param {
	return node.DecodeEach(p.named("inputParameters"), func(e entryNode) *spec.Param { return f.param(e, k) })
}

// param decodes an input. Where the file does not state it, those of a tool or a flow
// are required, others only in the path.
func (f *frame) param(e entryNode, k form.Kind) *spec.Param {
	if e.key != nil && e.node.Kind == node.ScalarNode && !node.IsNull(e.node) {
		return f.shortParam(e, k)
	}
	p := f.item(e, k)
	if p == nil {
		return nil
	}
	in := &spec.Param{Input: spec.Input{
		Name: e.name, In: f.place(p), Type: f.paramType(p), Description: p.text("description"), Display: p.text("display"),
		Pattern: p.text("pattern"), Pos: f.Pos(e.node),
	}}
	in.Sensitive = isOn(p.flag("sensitive"), false)
	required := p.flag("required")
	in.Optional = required != nil && !*required
	in.Required = isOn(required, k == form.KindInput) || k != form.KindInput && in.In.Value == "path"
	f.paramValue(p, in)
	if n := p.get("items"); n != nil {
		in.Items = f.itemType(n)
	}
	if n := p.get("example"); n != nil {
		v := f.Value(n)
		in.Example = &v
	}
	if !in.Name.IsSet() {
		f.loosely(e.node, "an input without a name is left out", "give it a name, or remove it")
		return nil
	}
	if k == form.KindConsumedInput && !in.In.IsSet() {
		p.Absent = append(p.Absent, "in")
	}
	p.done()
	return in
}

// shortParam reads `name: string`, and of a consumed API's input `name: value`.
func (f *frame) shortParam(e entryNode, k form.Kind) *spec.Param {
	in := &spec.Param{Input: spec.Input{Name: e.name, Pos: f.Pos(e.key), Required: k == form.KindInput}}
	s := f.words(e.node, e.name.Value)
	if slices.Contains(form.ParamTypes, s.Value) || node.OtherTypeName(s.Value) != "" {
		f.loosely(e.node, "an input that is one word is read as its type", fmt.Sprintf("write %s: {type: %s}", e.name.Value, s.Value))
		in.Type = f.typeName(s, e.node)
		return in
	}
	f.Report(e.node, "wrong-type", "input %q must be a mapping of keys to values, found %s", e.name.Value, node.Describe(e.node)).Hint = "write {type: string, description: ...}"
	return nil
}

func (f *frame) place(p *part) spec.Str {
	s := p.text("in")
	if !s.IsSet() {
		return s
	}
	low := spec.Reworded(s, strings.ToLower(s.Value))
	switch low.Value {
	case "form", "formdata", "multipart":
		return low
	case "headers":
		return spec.Reworded(low, "header")
	case "env":
		return spec.Reworded(low, "environment")
	}
	if !slices.Contains(form.Places, low.Value) {
		suggest.Explain(f.Report(p.get("in"), "bad-value", "in cannot be %q", node.Shorten(s.Value)), low.Value, "write one of ", form.Places)
	}
	return low
}

// paramType is the type of an input; of a list of types the one that is not
// null.
func (f *frame) paramType(p *part) spec.Str {
	n := p.get("type")
	if n != nil && n.Kind == node.SequenceNode {
		f.loosely(n, "a list of types is read as the first one that is not null", "write one type")
		for _, item := range n.Content {
			if item.Kind == node.ScalarNode && item.Value != "null" && !node.IsNull(item) {
				n = item
				break
			}
		}
	}
	s := f.words(n, "type")
	if s.Value == "file" || s.Value == "binary" {
		f.loosely(n, fmt.Sprintf("type %q is read as string", s.Value), "write type: string")
		return spec.Reworded(s, "string")
	}
	return f.typeName(s, n)
}

// typeName checks a type; a name that other formats have for one is taken for it.
func (f *frame) typeName(s spec.Str, n *node.Node) spec.Str {
	if !s.IsSet() || slices.Contains(form.ParamTypes, s.Value) {
		return s
	}
	if meant := node.OtherTypeName(s.Value); slices.Contains(form.ParamTypes, meant) {
		f.loosely(n, fmt.Sprintf("type %q is read as %s", s.Value, meant), "write type: "+meant)
		return spec.Reworded(s, meant)
	}
	if low := strings.ToLower(s.Value); slices.Contains(form.ParamTypes, low) {
		return spec.Reworded(s, low)
	}
	suggest.Explain(f.Report(n, "bad-value", "type cannot be %q", node.Shorten(s.Value)), s.Value, "write one of ", form.ParamTypes)
	return spec.Str{}
}

// itemType is the type of an array's items, "" for shapes with more to them.
func (f *frame) itemType(n *node.Node) spec.Str {
	if n.Kind == node.SequenceNode && len(n.Content) == 1 {
		n = n.Content[0]
	}
	if n.Kind == node.MappingNode {
		n = node.Value(n, "type")
	}
	if n == nil || n.Kind != node.ScalarNode {
		return spec.Str{}
	}
	return f.typeName(f.words(n, "items"), n)
}

func (f *frame) paramValue(p *part, in *spec.Param) {
	if n := p.get("value"); n != nil {
		v := f.Value(n)
		in.Value = &v
	}
	if n := p.get("const"); n != nil && in.Value == nil {
		v := f.Value(n)
		in.Value, in.Const = &v, true
	}
	if n := p.get("default"); n != nil {
		v := f.Value(n)
		in.Default = &v
	}
}

// innermost merges inputs: of several with one name and place the later ones.
func innermost[T any](outer, inner []T, input func(T) *spec.Input) []T {
	out := slices.Clone(outer)
	for _, in := range inner {
		i := slices.IndexFunc(out, func(t T) bool { return sameInput(input(t), input(in)) })
		if i < 0 {
			out = append(out, in)
		} else {
			out[i] = in
		}
	}
	return out
}

func paramInput(p *spec.Param) *spec.Input { return &p.Input }

func self(in *spec.Input) *spec.Input { return in }

// sameInput compares header names as HTTP does (RFC 9110, section 5.1).
func sameInput(a, b *spec.Input) bool {
	if a.In.Value != b.In.Value {
		return false
	}
	return a.Name.Value == b.Name.Value || a.In.Value == "header" && strings.EqualFold(a.Name.Value, b.Name.Value)
}
