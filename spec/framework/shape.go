package framework

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/framework/internal/form"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// shapeKeys distinguish a shape from a mapping of names to shapes.
var shapeKeys = []string{"type", "mapping", "value", "const", "properties", "items", "values"}

// nestedShapes are the keys with shapes below them.
var nestedShapes = []string{"properties", "items", "values"}

// outputs decodes output parameters, written as a list of shapes with or
// without names, as a mapping of names to shapes, or as one shape. named reports
// that they are the fields of one object.
func (f *frame) outputs(p *part) (out []*spec.Shape, named bool) {
	n := p.get("outputParameters")
	if isShape(n) {
		f.loosely(n, "outputParameters that is one output is read as a list of one", "write it as a list")
	}
	out, named = f.outputsOf(p)
	if named && slices.ContainsFunc(out, func(s *spec.Shape) bool { return !s.Name.IsSet() }) {
		f.Report(n, "missing-key", "some outputs have a name and some have none").Hint = "name all of them to answer with an object, or none to answer with the first that has a value"
	}
	return out, named
}

// isShape reports whether a mapping is one shape. A mapping of names may have
// an entry called "type" with a mapping as its value.
func isShape(n *node.Node) bool {
	if n == nil || n.Kind != node.MappingNode {
		return false
	}
	for _, name := range shapeKeys {
		v := node.Value(n, name)
		switch {
		case v == nil:
		case v.Kind == node.ScalarNode && !slices.Contains(nestedShapes, name):
			return true
		case node.Has(n, "type"):
		case v.Kind != node.ScalarNode && slices.Contains(nestedShapes, name) && !isShape(v):
			return true
		}
	}
	return false
}

func (f *frame) shape(e entryNode) *spec.Shape {
	if e.node.Kind == node.ScalarNode && !node.IsNull(e.node) {
		return f.shortShape(e)
	}
	p := f.item(e, form.KindShape)
	if p == nil {
		return nil
	}
	s := &spec.Shape{Name: e.name, Description: p.text("description"), Mapping: p.text("mapping"), Value: p.text("value"), Pos: f.Pos(e.node)}
	s.Type = f.paramType(p)
	if n := p.get("const"); n != nil {
		v := f.Value(n)
		s.Const = &v
	}
	s.Properties = node.DecodeEach(p.named("properties"), f.shape)
	s.Items, s.Values = f.shapeItems(p.get("items")), f.shapeItems(p.get("values"))
	if !s.Type.IsSet() {
		s.Type = inferredType(s)
	}
	p.done()
	return s
}

// inferredType is the type of a shape without one that has children.
func inferredType(s *spec.Shape) spec.Str {
	switch {
	case s.Items != nil:
		return spec.At(s.Pos, "array")
	case len(s.Properties) > 0, s.Values != nil:
		return spec.At(s.Pos, "object")
	}
	return spec.Str{}
}

// shortShape reads `name: string` and `name: $.path`.
func (f *frame) shortShape(e entryNode) *spec.Shape {
	s := f.words(e.node, "an output")
	switch {
	case !s.IsSet():
		return nil
	case strings.HasPrefix(s.Value, "$"):
		f.loosely(e.node, "an output that is one path is read as its mapping", "write {type: string, mapping: ...}")
		return &spec.Shape{Name: e.name, Mapping: s, Pos: s.Pos}
	case slices.Contains(form.ParamTypes, s.Value):
		f.loosely(e.node, "an output that is one word is read as its type", fmt.Sprintf("write {type: %s}", s.Value))
		return &spec.Shape{Name: e.name, Type: s, Pos: s.Pos}
	}
	f.Report(e.node, "wrong-type", "an output must be a mapping of keys to values, found %s", node.Describe(e.node)).Hint = "write {type: string, mapping: $.path}"
	return nil
}

// shapeItems decodes the items of an array, or the values of a dictionary: a shape, a list of one shape (until
// 0.5), or the fields of objects as named shapes.
func (f *frame) shapeItems(n *node.Node) *spec.Shape {
	switch {
	case n == nil, node.IsNull(n):
		return nil
	case n.Kind == node.ScalarNode, isShape(n):
		return f.shape(entryNode{node: n})
	case n.Kind == node.SequenceNode && len(n.Content) == 1 && !node.Has(n.Content[0], "name"):
		return f.shape(entryNode{node: n.Content[0]})
	case len(n.Content) == 0:
		return nil
	}
	return &spec.Shape{Type: spec.At(f.Pos(n), "object"), Properties: node.DecodeEach(f.named(n, "items"), f.shape), Pos: f.Pos(n)}
}

// consumedOutputs decodes the values that a consumed operation names; Value
// holds the path. Those without a name describe the answer and take nothing
// out of it.
func (f *frame) consumedOutputs(p *part) []*spec.Shape {
	out, _ := f.outputsOf(p)
	return slices.DeleteFunc(out, func(s *spec.Shape) bool {
		if s.Name.IsSet() && !s.Value.IsSet() && s.Mapping.IsSet() {
			s.Value, s.Mapping = s.Mapping, spec.Str{}
		}
		return !s.Name.IsSet()
	})
}

// outputsOf is outputs without the check that all have names.
func (f *frame) outputsOf(p *part) (out []*spec.Shape, named bool) {
	n := p.get("outputParameters")
	if isShape(n) {
		return []*spec.Shape{f.shape(entryNode{node: n})}, false
	}
	out = node.DecodeEach(f.named(n, "outputParameters"), f.shape)
	return out, slices.ContainsFunc(out, func(s *spec.Shape) bool { return s.Name.IsSet() })
}
