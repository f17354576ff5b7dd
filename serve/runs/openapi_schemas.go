package runs

// commonSchemas are those that every served capability shares.
func commonSchemas() object {
	text, number := object{"type": "string"}, object{"type": "integer"}
	when := object{"type": "string", "format": "date-time"}
	var status []any
	for _, s := range statuses() {
		status = append(status, string(s))
	}
	failure := shape(object{
		"code": text, "step": text, "message": text, "hint": text, "http_status": number, "request_id": text,
	}, "message")
	run := shape(object{
		"run": object{"type": "string", "description": "The run's id."}, "capability": text, "status": ref("schemas", "Status"),
		"outputs": object{"type": "object", "description": "By name; sensitive ones are [redacted] unless asked for."},
		"steps":   arrayOf(ref("schemas", "Step")), "waiting": ref("schemas", "Waiting"), "error": ref("schemas", "Failure"),
		"started": when, "updated": when,
		"due": object{"type": "string", "format": "date-time", "description": "When it goes on by itself."},
	}, "run", "capability", "status", "outputs", "steps", "started", "updated")
	return object{
		"Status":  object{"type": "string", "enum": status, "description": "How a run stands. The last four are ends."},
		"Run":     run,
		"Failure": failure,
		"Step": shape(object{
			"id":       text,
			"status":   object{"type": "string", "description": "pending, running, waiting, in_doubt, succeeded, skipped, failed, timed_out or cancelled."},
			"attempts": number, "http_status": number, "duration_ms": number, "error": ref("schemas", "Failure"),
		}, "id", "status", "attempts", "duration_ms"),
		"Waiting": shape(object{
			"step": text, "description": text, "resume": text,
			"with": object{"type": "object", "description": "What the step needs; sensitive values are [redacted] unless asked for."},
		}, "step", "description", "resume"),
		"RunList": shape(object{
			"runs": arrayOf(shape(object{
				"run": text, "capability": text, "status": ref("schemas", "Status"), "started": when, "updated": when, "due": when,
				"waiting": shape(object{"step": text, "reason": object{"enum": []any{"external", "timer", "in_doubt"}}, "description": text}, "step", "reason"),
			}, "run", "capability", "status", "started", "updated")),
			"next": object{"type": "string", "description": "The cursor of the next page; absent on the last."},
		}, "runs"),
		"Event": shape(object{
			"seq": number, "time": when, "kind": text, "step": text, "attempt": number, "operation": text, "policy": text,
			"http_status": number, "tries": number, "until": when, "by": text, "via": text, "message": text,
		}, "seq", "time", "kind"),
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
	}
}

// shape is an object with some properties that are always there.
func shape(properties object, required ...any) object {
	return object{"type": "object", "properties": properties, "required": required}
}

func arrayOf(items object) object { return object{"type": "array", "items": items} }

func commonResponses() object {
	return object{"Problem": object{
		"description": "What is wrong, as RFC 9457 has it.",
		"content":     object{"application/problem+json": object{"schema": ref("schemas", "Problem")}},
	}}
}

func commonParameters() object {
	return object{
		"IdempotencyKey": object{
			"name": "Idempotency-Key", "in": "header",
			"description": "The same key with the same body is the same run, however often it is asked for.",
			"schema":      object{"type": "string", "minLength": 1, "maxLength": maxKey},
		},
		"Prefer": object{
			"name": "Prefer", "in": "header", "description": "`wait=N`: answer when the run has ended or waits for somebody, after N seconds at the latest.",
			"schema": object{"type": "string"}, "example": "wait=10",
		},
		"ShowSensitive": object{
			"name": "show-sensitive", "in": "query", "description": "Show sensitive values in clear.",
			"schema": object{"type": "boolean", "default": false},
		},
	}
}
