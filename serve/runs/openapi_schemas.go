package runs

import (
	"maps"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/timeline"
)

// commonSchemas are those that every served capability shares.
func commonSchemas() object {
	text, number := object{"type": "string"}, object{"type": "integer"}
	schemas := document.Schemas("#/components/schemas/")
	run, _ := schemas["Run"].(object)
	of, _ := run["properties"].(object)
	for _, name := range []string{"source", "source_changed", "driven", "events"} { // of the machine that keeps it
		delete(of, name)
	}
	run["required"] = append(run["required"].([]any), "started", "updated")
	maps.Copy(schemas, timelineSchemas())
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

// timelineSchemas are those of a time line.
func timelineSchemas() object {
	text, number, flag := object{"type": "string"}, object{"type": "integer"}, object{"type": "boolean"}
	when, share := object{"type": "string", "format": "date-time"}, object{"type": "number", "minimum": 0, "maximum": 1, "description": "Of the axis."}
	kinds := []any{timeline.Sent, timeline.Failed, timeline.Open, timeline.Pause, timeline.Poll, timeline.Timer, timeline.Person, timeline.Doubt}
	return object{
		"Timeline": shape(object{
			"from": when, "to": when,
			"live":   object{"type": "boolean", "description": "The run has not ended: the axis ends now."},
			"rows":   arrayOf(ref("schemas", "TimelineRow")),
			"breaks": object{"type": "array", "items": ref("schemas", "TimelineSpan"), "description": "Stretches without sendings that are drawn shorter than they were."},
		}, "from", "to", "live", "rows", "breaks"),
		"TimelineRow": shape(object{
			"step": text, "status": text, "attempts": number, "took_ms": number, "bars": arrayOf(ref("schemas", "TimelineBar")),
		}, "step", "status", "attempts", "took_ms", "bars"),
		"TimelineBar": shape(object{
			"from": when, "to": when, "at": share, "width": share, "path": text, "count": number, "until": when,
			"kind": object{"type": "string", "enum": kinds, "description": "A sending that brought an answer of use, one that did not, or one under way; or a wait: until it is sent again, for something to come about, for a time, for a person, or until a write in doubt is settled."},
			"text": object{"type": "string", "description": "The bar in a few words."},
			"open": flag,
		}, "from", "to", "at", "width", "kind", "text", "path", "count"),
		"TimelineSpan": shape(object{"from": when, "to": when, "at": share, "width": share}, "from", "to", "at", "width"),
	}
}

// shape is an object with some properties that are always there.
func shape(properties object, required ...any) object {
	return object{"type": "object", "properties": properties, "required": required}
}

func arrayOf(items object) object { return object{"type": "array", "items": items} }
