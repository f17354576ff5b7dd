package engine

import (
	"slices"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/operations"
)

// InputSchema returns a JSON Schema (2020-12) of the inputs, with what the documents of
// the APIs ask of those that reach a parameter unchanged. [Program.CheckInputs] accepts an
// object that fits, except that deep parts of large objects, and the second of two
// patterns, are not written out. The caller may change it.
func (p *Program) InputSchema() map[string]any {
	properties := map[string]any{}
	required := []any{}
	for _, in := range p.plan.Inputs {
		s := inputSchema(in)
		if about := in.About(); about != "" {
			s["description"] = about
		}
		if in.Default != nil {
			if value := in.Default(); value != nil {
				s["default"] = value
			}
		}
		if in.Required {
			required = append(required, in.Name)
			if least, _ := s["minLength"].(int); s["type"] == "string" && s["enum"] == nil && least == 0 {
				s["minLength"] = 1
			}
		}
		properties[in.Name] = s
	}
	return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

// Accepts returns the schema that a value of an input has to fit, as [Program.InputSchema]
// writes it; nil where any does, and for a name that no input has. It must not be changed.
func (p *Program) Accepts(input string) *operations.Schema {
	for _, in := range p.plan.Inputs {
		if in.Name == input {
			return in.Accepts()
		}
	}
	return nil
}

// inputSchema writes the schema that an input has to fit, without its description. Null
// means that it is not given.
func inputSchema(in *plan.Input) map[string]any {
	s := in.Accepts()
	if s == nil {
		return map[string]any{}
	}
	given := *s
	given.Description = ""
	if len(s.Types) > 1 {
		given.Types = slices.DeleteFunc(slices.Clone(s.Types), func(t string) bool { return t == "null" })
		given.Enum = slices.DeleteFunc(slices.Clone(s.Enum), func(v any) bool { return v == nil })
	}
	return schemaWriter{}.write(&given)
}

// maxSchemaDepth bounds how far inputs are described, which documents do without end.
const maxSchemaDepth = 4

// schemaWriter writes schemas as JSON Schema. It is the chain of those that are being
// written: a schema may be a part of itself.
type schemaWriter []*operations.Schema

func (w schemaWriter) write(s *operations.Schema) map[string]any {
	out := map[string]any{}
	if s = s.Flatten(); s == nil || slices.Contains(w, s) || len(w) > maxSchemaDepth {
		return out
	}
	w = append(slices.Clip(w), s)
	switch len(s.Types) {
	case 0:
	case 1:
		out["type"] = s.Types[0]
	default:
		types := make([]any, len(s.Types))
		for i, t := range s.Types {
			types[i] = t
		}
		out["type"] = types
	}
	if s.HasConst {
		out["const"] = s.Const
	}
	if len(s.Enum) > 0 {
		out["enum"] = slices.Clone(s.Enum)
	}
	for name, text := range map[string]string{"format": s.Format, "pattern": s.Pattern, "description": s.Description} {
		if text != "" {
			out[name] = text
		}
	}
	for name, bound := range map[string]*int{"minLength": s.MinLength, "maxLength": s.MaxLength, "minItems": s.MinItems, "maxItems": s.MaxItems} {
		if bound != nil {
			out[name] = *bound
		}
	}
	for name, bound := range map[string]*float64{
		"minimum": s.Minimum, "maximum": s.Maximum, "exclusiveMinimum": s.ExclusiveMinimum, "exclusiveMaximum": s.ExclusiveMaximum,
	} {
		if bound != nil {
			out[name] = *bound
		}
	}
	w.parts(s, out)
	return out
}

// parts writes what a schema has for items, members and alternatives. Exactly one of
// OneOf is not asked for when a value is checked.
func (w schemaWriter) parts(s *operations.Schema, out map[string]any) {
	if s.Items != nil {
		out["items"] = w.write(s.Items)
	}
	if members, required := w.members(s); len(members) > 0 {
		out["properties"] = members
		if len(required) > 0 {
			out["required"] = required
		}
	}
	if s.Closed && s.Additional == nil {
		out["additionalProperties"] = false
	}
	if alternatives := slices.Concat(s.AnyOf, s.OneOf); len(alternatives) > 0 {
		list := make([]any, len(alternatives))
		for i, part := range alternatives {
			list[i] = w.write(part)
		}
		out["anyOf"] = list
	}
}

// members writes the properties that a request may carry.
func (w schemaWriter) members(s *operations.Schema) (members map[string]any, required []any) {
	members = map[string]any{}
	for _, p := range s.Properties {
		if p.Schema != nil && p.Schema.ReadOnly {
			continue
		}
		members[p.Name] = w.write(p.Schema)
		if slices.Contains(s.Required, p.Name) {
			required = append(required, p.Name)
		}
	}
	return members, required
}

// OutputSchema returns a JSON Schema (2020-12) of the outputs as far as the
// documents of the APIs have their types. Any output may be null, and a run that
// did not succeed has none or some. The caller may change it.
func (p *Program) OutputSchema() map[string]any {
	properties := map[string]any{}
	for _, o := range p.plan.Outcome.Parts() {
		properties[o.Name] = outputSchema(o.Type)
	}
	return map[string]any{"type": "object", "properties": properties}
}

func outputSchema(t eval.Type) map[string]any {
	s := typeSchema(t, maxTypeDepth)
	nullable(s)
	return s
}

// maxTypeDepth bounds how far OutputSchema follows types, which may be cyclic.
const maxTypeDepth = 6

func typeSchema(t eval.Type, depth int) map[string]any {
	s := map[string]any{}
	if t.IsAny() || depth == 0 {
		return s
	}
	s["type"] = t.Kind()
	switch t.Kind() {
	case "array":
		if items := typeSchema(t.Elem(), depth-1); len(items) > 0 {
			nullable(items)
			s["items"] = items
		}
	case "object":
		properties := map[string]any{}
		for _, name := range t.Fields() {
			field, _ := t.Field(name)
			f := typeSchema(field, depth-1)
			nullable(f)
			properties[name] = f
		}
		if len(properties) > 0 {
			s["properties"] = properties
		}
	}
	return s
}

// nullable lets a schema with one type be null too: every value of a run may.
func nullable(s map[string]any) {
	if t, ok := s["type"].(string); ok {
		s["type"] = []any{t, "null"}
	}
}
