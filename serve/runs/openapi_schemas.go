package runs

import (
	"maps"

	"github.com/capstan-run/capstan/engine/document"
)

// commonSchemas are those that every served capability shares.
func commonSchemas() object {
	text, number := object{"type": "string"}, object{"type": "integer"}
	schemas := document.Schemas("#/components/schemas/")
	run, _ := schemas["Run"].(object)
	of, _ := run["properties"].(object)
	for _, name := range []string{"source", "source_changed", "servers", "driven", "events"} { // of the machine that keeps it
		delete(of, name)
	}
	run["required"] = append(run["required"].([]any), "started", "updated")
	maps.Copy(schemas, object{
		"RunList": shape(object{
			"runs": arrayOf(ref("schemas", "RunEntry")),
			"next": object{"type": "string", "description": "The cursor of the next page; absent on the last."},
		}, "runs"),
		"Said": object{"type": "object", "additionalProperties": false, "properties": object{
			"result":   object{"description": "What later steps see: of an external step, or the answer that was lost of a write that happened."},
			"happened": object{"type": "boolean", "description": "Of a write that is in doubt: whether it happened. Left out for an external step."},
		}},
		"Capability": shape(object{"name": text, "title": text, "description": text}, "name", "title"),
		"CapabilityDetail": shape(object{
			"name": text, "title": text, "description": text,
			"inputs": arrayOf(shape(object{
				"name": text, "type": text, "required": object{"type": "boolean"}, "description": text,
				"schema": object{"type": "object", "description": "JSON Schema."},
			}, "name", "type", "required", "schema")),
			"steps":   arrayOf(shape(object{"id": text, "kind": text, "description": text, "operation": text, "effect": text}, "id", "kind")),
			"outputs": arrayOf(shape(object{"name": text, "type": text, "sensitive": object{"type": "boolean"}}, "name", "type")),
			"links":   shape(object{"runs": text, "graph": text}, "runs", "graph"),
		}, "name", "title", "inputs", "steps", "outputs", "links"),
		"Problem": shape(object{
			"type": text, "title": text, "status": number, "detail": text, "instance": text,
			"errors": arrayOf(shape(object{"pointer": object{"type": "string", "description": "A JSON pointer into the body."}, "detail": text}, "detail")),
		}, "type", "title", "status"),
	})
	return schemas
}

// shape is an object with some properties that are always there.
func shape(properties object, required ...any) object {
	return object{"type": "object", "properties": properties, "required": required}
}

func arrayOf(items object) object { return object{"type": "array", "items": items} }
