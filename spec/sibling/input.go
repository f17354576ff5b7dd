package sibling

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// inputKeys are the keys of the inputs of a workflow or tool, and of the parameters of an
// operation.
var inputKeys = []string{"inputs", "parameters", "inputSchema", "input_schema", "inputParameters", "params"}

// inputs reads inputs in any of their forms: names, mappings in a list, a mapping by
// name, a JSON Schema.
func (f *frame) inputs(n *node.Node) []*spec.Input {
	var out []*spec.Input
	add := func(in *spec.Input) {
		repeated := func(x *spec.Input) bool { return x.Name.Value == in.Name.Value }
		if in.Name.IsSet() && !slices.ContainsFunc(out, repeated) {
			out = append(out, in)
		}
	}
	if properties := node.Value(n, "properties"); properties != nil {
		var required []string
		for _, name := range items(node.Value(n, "required")) {
			required = append(required, name.Value)
		}
		for k, v := range node.Entries(properties) {
			in := f.input(f.plain(k), v)
			in.Required = in.Default == nil && slices.Contains(required, k.Value)
			add(in)
		}
		return out
	}
	for _, item := range items(n) {
		if item.Kind == node.ScalarNode {
			add(f.input(f.plain(item), nil))
		} else {
			add(f.input(f.textOf(item, "name", "id"), item))
		}
	}
	for k, v := range node.Entries(n) {
		add(f.input(f.plain(k), v))
	}
	return out
}

// input reads one input: v is its mapping, or its type.
func (f *frame) input(name spec.Str, v *node.Node) *spec.Input {
	in := &spec.Input{Name: name, Pos: name.Pos}
	if v == nil {
		return in
	}
	if v.Kind == node.ScalarNode {
		in.Type = typeOf(f.plain(v))
		return in
	}
	in.Description, in.Type, in.In = f.textOf(v, "description", "summary"), typeOf(f.textOf(v, "type")), f.textOf(v, "in")
	if items := node.Value(v, "items"); items != nil {
		in.Items = typeOf(f.textOf(items, "type"))
		if items.Kind == node.ScalarNode {
			in.Items = typeOf(f.plain(items))
		}
	}
	in.Required = f.textOf(v, "required").Value == "true"
	for _, item := range items(node.Value(v, "enum")) {
		in.Enum = append(in.Enum, f.Value(item))
	}
	if fallback := node.Value(v, "default"); fallback != nil && !node.IsNull(fallback) {
		value := f.Value(fallback)
		in.Default, in.Required = &value, false
	}
	in.Filled = in.Required
	return in
}

// typeOf is a type that inputs may have, unset for any other: anything fits.
func typeOf(s spec.Str) spec.Str {
	name := strings.ToLower(s.Value)
	if meant := node.OtherTypeName(name); meant != "" {
		name = meant
	}
	switch name {
	case "string", "integer", "number", "boolean", "array", "object":
		return spec.Reworded(s, name)
	}
	return spec.Str{}
}
