package spec

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// shapeKeys tell a shape from a mapping of names to shapes.
var shapeKeys = []string{"type", "mapping", "value", "const", "properties", "items"}

// outputs decodes output parameters, written as a list of shapes with or
// without names, as a mapping of names to shapes, or as one shape. named says
// that they are the fields of one object.
func (f *frame) outputs(p *part) (out []*Shape, named bool) {
	n := p.get("outputParameters")
	if n == nil {
		return nil, false
	}
	if isShape(n) {
		f.loosely(n, "outputParameters that is one output is read as a list of one", "write it as a list")
		return []*Shape{f.shape(entryNode{node: n})}, false
	}
	for _, e := range f.named(n, "outputParameters") {
		if s := f.shape(e); s != nil {
			out = append(out, s)
			named = named || s.Name.IsSet()
		}
	}
	if named && slices.ContainsFunc(out, func(s *Shape) bool { return !s.Name.IsSet() }) {
		f.report(n, "missing-key", "some outputs have a name and some have none").Hint = "name all of them to answer with an object, or none to answer with the first that has a value"
	}
	return out, named
}

// isShape reports whether a mapping is one shape. A mapping of names may have
// an entry called "type", whose value is a mapping then.
func isShape(n *yaml.Node) bool {
	if n == nil || n.Kind != yaml.MappingNode {
		return false
	}
	for _, name := range shapeKeys {
		v := value(n, name)
		switch {
		case v == nil:
		case v.Kind == yaml.ScalarNode && name != "properties" && name != "items":
			return true
		case has(n, "type"):
		case v.Kind != yaml.ScalarNode && (name == "properties" || name == "items") && !isShape(v):
			return true
		}
	}
	return false
}

func (f *frame) shape(e entryNode) *Shape {
	if e.node.Kind == yaml.ScalarNode && !isNull(e.node) {
		return f.shortShape(e)
	}
	p := f.item(e, kindShape)
	if p == nil {
		return nil
	}
	s := &Shape{Name: e.name, Description: p.text("description"), Mapping: p.text("mapping"), Value: p.text("value"), Pos: f.pos(e.node)}
	s.Type = f.shapeType(p)
	if n := p.get("const"); n != nil {
		v := f.value(n)
		s.Const = &v
	}
	for _, q := range p.named("properties") {
		if child := f.shape(q); child != nil {
			s.Properties = append(s.Properties, child)
		}
	}
	s.Items = f.shapeItems(p.get("items"))
	if !s.Type.IsSet() {
		s.Type = inferredType(s)
	}
	p.allow("required", "format", "example", "enum", "sensitive", "display", "label", "tags")
	p.done()
	return s
}

// inferredType is the type of a shape that does not say it but has children.
func inferredType(s *Shape) Str {
	switch {
	case s.Items != nil:
		return at(s.Pos, "array")
	case len(s.Properties) > 0:
		return at(s.Pos, "object")
	}
	return Str{}
}

// shortShape reads `name: string` and `name: $.path`.
func (f *frame) shortShape(e entryNode) *Shape {
	s := f.words(e.node, "an output")
	switch {
	case !s.IsSet():
		return nil
	case strings.HasPrefix(s.Value, "$"):
		f.loosely(e.node, "an output that is one path is read as its mapping", "write {type: string, mapping: ...}")
		return &Shape{Name: e.name, Mapping: s, Pos: s.Pos}
	case slices.Contains(paramTypes, s.Value):
		f.loosely(e.node, "an output that is one word is read as its type", fmt.Sprintf("write {type: %s}", s.Value))
		return &Shape{Name: e.name, Type: s, Pos: s.Pos}
	}
	f.report(e.node, "wrong-type", "an output must be a mapping of keys to values, found %s", describe(e.node)).Hint = "write {type: string, mapping: $.path}"
	return nil
}

func (f *frame) shapeType(p *part) Str {
	s := f.paramType(p)
	return s
}

// shapeItems decodes the items of an array: a shape, a list of one shape (until
// 0.5), or the fields of objects as named shapes.
func (f *frame) shapeItems(n *yaml.Node) *Shape {
	switch {
	case n == nil, isNull(n):
		return nil
	case n.Kind == yaml.ScalarNode:
		return f.shape(entryNode{node: n})
	case isShape(n):
		return f.shape(entryNode{node: n, name: Str{}})
	case n.Kind == yaml.SequenceNode && len(n.Content) == 1 && !has(n.Content[0], "name"):
		return f.shape(entryNode{node: n.Content[0]})
	case len(n.Content) == 0:
		return nil
	}
	object := &Shape{Type: at(f.pos(n), "object"), Pos: f.pos(n)}
	for _, e := range f.named(n, "items") {
		if s := f.shape(e); s != nil {
			object.Properties = append(object.Properties, s)
		}
	}
	return object
}

// consumedOutputs decodes the values that a consumed operation names; Value
// holds the path. Those without a name describe the answer and take nothing
// out of it.
func (f *frame) consumedOutputs(p *part) []*Shape {
	out, _ := f.outputsOf(p)
	return slices.DeleteFunc(out, func(s *Shape) bool {
		if s.Name.IsSet() && !s.Value.IsSet() && s.Mapping.IsSet() {
			s.Value, s.Mapping = s.Mapping, Str{}
		}
		return !s.Name.IsSet()
	})
}

// outputsOf is outputs without the check that all have names.
func (f *frame) outputsOf(p *part) (out []*Shape, named bool) {
	n := p.get("outputParameters")
	if isShape(n) {
		return []*Shape{f.shape(entryNode{node: n})}, false
	}
	for _, e := range f.named(n, "outputParameters") {
		if s := f.shape(e); s != nil {
			out = append(out, s)
			named = named || s.Name.IsSet()
		}
	}
	return out, named
}
