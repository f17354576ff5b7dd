package plan

import (
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/spec"
)

// shapeType is the static type of a declared output.
func shapeType(o *spec.Shape) eval.Type {
	switch o.Type.Value {
	case "string":
		return eval.String()
	case "integer":
		return eval.Int()
	case "number":
		return eval.Float()
	case "boolean":
		return eval.Bool()
	case "array":
		if o.Items != nil {
			return eval.ArrayOf(shapeType(o.Items))
		}
		return eval.ArrayOf(eval.Any())
	case "object":
		if len(o.Properties) == 0 {
			return eval.Object(nil, true)
		}
		fields := map[string]eval.Type{}
		for _, p := range o.Properties {
			fields[p.Name.Value] = shapeType(p)
		}
		return eval.Object(fields, false)
	}
	return eval.Any()
}

// shapeSchema is the JSON Schema of a declared output. Every value may be null:
// what an answer lacks is.
func shapeSchema(o *spec.Shape) map[string]any {
	s := map[string]any{}
	if o.Description.IsSet() {
		s["description"] = o.Description.Value
	}
	switch t := o.Type.Value; t {
	case "string", "integer", "number", "boolean":
		s["type"] = []any{t, "null"}
	case "array":
		s["type"] = []any{t, "null"}
		if o.Items != nil {
			s["items"] = shapeSchema(o.Items)
		}
	case "object":
		s = objectSchema(o.Properties, true)
	}
	return s
}

// objectSchema is the schema of named outputs.
func objectSchema(outputs []*spec.Shape, nullable bool) map[string]any {
	s := map[string]any{"type": "object"}
	if nullable {
		s["type"] = []any{"object", "null"}
	}
	properties := map[string]any{}
	for _, o := range outputs {
		if o.Name.IsSet() {
			properties[o.Name.Value] = shapeSchema(o)
		}
	}
	if len(properties) > 0 {
		s["properties"] = properties
	}
	return s
}
