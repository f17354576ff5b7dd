package engine

import (
	"slices"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/operations"
)

// InputSchema returns a JSON Schema (2020-12) of the inputs: an object that
// [Program.CheckInputs] accepts when it fits. The caller may change it.
func (p *Program) InputSchema() map[string]any {
	properties := map[string]any{}
	required := []any{}
	for _, in := range p.plan.Inputs {
		s := inputSchema(in.Schema)
		if in.Description != "" {
			s["description"] = in.Description
		}
		if in.Default != nil {
			if value := in.Default(); value != nil {
				s["default"] = value
			}
		}
		if in.Required {
			required = append(required, in.Name)
			if s["type"] == "string" && s["enum"] == nil {
				s["minLength"] = 1
			}
		}
		properties[in.Name] = s
	}
	return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

// inputSchema writes the few keywords that a declared input has.
func inputSchema(in *operations.Schema) map[string]any {
	s := map[string]any{}
	if in == nil {
		return s
	}
	if len(in.Types) == 1 {
		s["type"] = in.Types[0]
	}
	if in.Items != nil {
		s["items"] = inputSchema(in.Items)
	}
	if len(in.Enum) > 0 {
		s["enum"] = slices.Clone(in.Enum)
	}
	return s
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
