package document

import "github.com/capstan-run/capstan/engine/durable"

type schema = map[string]any

// RunSchema returns the JSON Schema (2020-12) of a run document whose outputs have
// the schema given, nil for any. The caller may change it.
func RunSchema(outputs map[string]any) map[string]any {
	defs := Schemas("#/$defs/")
	run, _ := defs["Run"].(schema)
	delete(defs, "Run")
	delete(defs, "RunEntry")
	if outputs != nil {
		run["properties"].(schema)["outputs"] = outputs
	}
	run["$defs"] = defs
	return run
}

// Schemas returns the JSON Schemas of the documents about runs, by name. They
// refer to each other by prefix and name. The caller may change them.
func Schemas(prefix string) map[string]any {
	ref := func(name string) schema { return schema{"$ref": prefix + name} }
	text, number, flag := schema{"type": "string"}, schema{"type": "integer"}, schema{"type": "boolean"}
	when := schema{"type": "string", "format": "date-time"}
	due := schema{"type": "string", "format": "date-time", "description": "When it goes on by itself."}
	mocked := schema{"type": "boolean", "description": "A mock answers in place of the APIs."}
	title := schema{"type": "string", "description": "One line that names the run among others."}
	labels := schema{"type": "object", "description": "Labels tell runs apart.", "additionalProperties": text}
	var run, step []any
	for _, s := range durable.RunStatuses {
		run = append(run, string(s))
	}
	step = append([]any{string(durable.StatusPending), string(durable.StatusSkipped)}, run...)
	return map[string]any{
		"Status": schema{"type": "string", "enum": run, "description": "How a run stands. The last four are ends."},
		"Run": shape(schema{
			"run": schema{"type": "string", "description": "The run's id."}, "capability": text, "mock": mocked, "status": ref("Status"),
			"outputs": schema{"type": "object", "description": "By name; sensitive ones are [redacted] unless asked for."},
			"answer": described(shape(schema{"output": text, "media_type": text, "encoding": text}, "output"),
				"Set where one output is the whole answer."),
			"steps": list(ref("Step")), "waiting": ref("Waiting"), "error": ref("Failure"),
			"title": title, "labels": labels, "servers": list(text),
			"inputs": schema{"type": "object", "description": "By name; sensitive ones are [redacted] unless asked for."},
			"source": text, "source_changed": flag, "started": when, "updated": when, "due": due, "driven": flag,
			"events": list(ref("Event")),
		}, "run", "capability", "status", "outputs", "steps"),
		"Step": shape(schema{
			"id": text, "status": schema{"type": "string", "enum": step},
			"attempts": number, "http_status": number, "duration_ms": number, "error": ref("Failure"),
		}, "id", "status", "attempts", "duration_ms"),
		"Waiting": shape(schema{
			"step": text, "description": text, "resume": schema{"type": "string", "description": "How to go on."},
			"with": schema{"type": "object", "description": "What the step needs; sensitive values are [redacted] unless asked for."},
		}, "step", "description", "resume"),
		"Failure": shape(schema{
			"code": text, "step": text, "message": text, "hint": text, "http_status": number, "request_id": text,
		}, "message"),
		"Event": shape(schema{
			"seq": number, "time": when, "kind": text, "step": text, "attempt": number, "operation": text, "policy": text,
			"http_status": number, "duration_ms": number, "tries": number, "until": when, "by": text, "via": text, "message": text,
		}, "seq", "time", "kind"),
		"RunEntry": shape(schema{
			"run": text, "capability": text, "title": title, "labels": labels, "mock": mocked, "status": ref("Status"), "started": when, "updated": when, "due": due,
			"waiting": shape(schema{
				"step": text, "description": text, "until": when,
				"reason": schema{"enum": []any{string(durable.ReasonExternal), string(durable.ReasonTimer), string(durable.ReasonInDoubt)}},
			}, "step", "reason"),
		}, "run", "capability", "status", "started", "updated"),
	}
}

// shape is the schema of an object with some properties that are always there.
func shape(properties schema, required ...any) schema {
	return schema{"type": "object", "properties": properties, "required": required}
}

func list(items schema) schema { return schema{"type": "array", "items": items} }

func described(s schema, text string) schema {
	s["description"] = text
	return s
}
