package runs

// runPaths are the paths that every run has.
func (h *Handler) runPaths() object {
	run := pathParameter("id", "The run's id.")
	return object{
		"/runs": object{"get": h.operation("listRuns", "runs", "List runs, newest first",
			[]any{
				queryParameter("status", "Only runs of these statuses, separated by commas.", object{"type": "array", "items": ref("schemas", "Status")}, object{"style": "form", "explode": false}),
				queryParameter("capability", "Only runs of this capability.", object{"type": "string"}, nil),
				queryParameter("cursor", "Where the page before ended: its `next`.", object{"type": "string"}, nil),
				queryParameter("limit", "At most so many.", object{"type": "integer", "minimum": 1, "maximum": maxLimit, "default": defaultLimit}, nil),
			}, object{"200": jsonResponse("Runs.", ref("schemas", "RunList")), "400": problemRef()})},
		"/runs/{id}": object{"get": h.operation("getRun", "runs", "A run, where it stands", []any{run, ref("parameters", "ShowSensitive")},
			object{"200": jsonResponse("The run.", ref("schemas", "Run")), "400": problemRef(), "404": problemRef()})},
		"/runs/{id}/events": object{"get": h.operation("followRun", "runs", "Follow a run as server-sent events",
			[]any{
				run,
				object{"name": "Last-Event-ID", "in": "header", "description": "Go on after this event.", "schema": object{"type": "integer", "minimum": 0}},
				queryParameter("after", "The same, for clients that cannot set headers.", object{"type": "integer", "minimum": 0}, nil),
			},
			object{
				"200": object{
					"description": "Events until the run ends: `id` is the event's number, `event` its kind, `data` a JSON Event. Another look of a poll repeats the poll's event, without an id.",
					"content":     object{"text/event-stream": object{"schema": object{"type": "string", "contentMediaType": "application/json", "contentSchema": ref("schemas", "Event")}}},
				},
				"204": object{"description": "The run has ended and nothing is new."}, "400": problemRef(), "404": problemRef(), "503": problemRef(),
			})},
		"/runs/{id}/steps/{step}": object{"post": withBody(h.operation("finishStep", "runs", "Finish an external step, or settle a write in doubt",
			[]any{run, pathParameter("step", "The step's id."), ref("parameters", "Prefer"), ref("parameters", "ShowSensitive")}, changed()), ref("schemas", "Said"), true)},
		"/runs/{id}/cancel": object{"post": withBody(h.operation("cancelRun", "runs", "Cancel a run", []any{run, ref("parameters", "Prefer"), ref("parameters", "ShowSensitive")}, changed()),
			object{"type": "object", "additionalProperties": false}, false)},
	}
}

// changed are the answers to what changes a run.
func changed() object {
	return object{
		"200": jsonResponse("The run, where it stands now.", ref("schemas", "Run")), "400": problemRef(), "403": problemRef(),
		"404": problemRef(), "409": problemRef(), "413": problemRef(), "415": problemRef(), "422": problemRef(),
	}
}

func (h *Handler) capabilityPaths() object {
	name := pathParameter("name", "The capability's name.")
	return object{
		"/capabilities": object{"get": h.operation("listCapabilities", "capabilities", "List what can be run", nil,
			object{"200": jsonResponse("Capabilities.", object{"type": "object", "required": []any{"capabilities"}, "properties": object{
				"capabilities": object{"type": "array", "items": ref("schemas", "Capability")},
			}}), "4XX": problemRef()})},
		"/capabilities/{name}": object{"get": h.operation("getCapability", "capabilities", "A capability: what it takes, does and gives", []any{name},
			object{"200": jsonResponse("The capability.", ref("schemas", "CapabilityDetail")), "404": problemRef()})},
		"/capabilities/{name}/graph.svg": object{"get": h.operation("drawCapability", "capabilities", "A drawing of a capability", []any{name},
			object{"200": object{"description": "The drawing.", "content": object{"image/svg+xml": object{"schema": object{"type": "string"}}}}, "404": problemRef()})},
	}
}

func (h *Handler) serverPaths() object {
	open := func(o object) object {
		o["security"] = []any{}
		delete(o["responses"].(object), "401")
		return object{"get": o}
	}
	status := object{"type": "object", "required": []any{"status"}, "properties": object{"status": object{"const": "ok"}}}
	return object{
		"/openapi.json": object{"get": h.operation("getDocument", "server", "This document", nil,
			object{"200": jsonResponse("An OpenAPI 3.1 document.", object{"type": "object"}), "4XX": problemRef()})},
		"/health/live": open(h.operation("isAlive", "server", "Whether the server answers", nil,
			object{"200": jsonResponse("It does.", status), "4XX": problemRef()})),
		"/health/ready": open(h.operation("isReady", "server", "Whether runs can be started and go on", nil,
			object{"200": jsonResponse("They can.", status), "4XX": problemRef(), "503": problemRef()})),
		"/metrics": object{"get": h.operation("getMetrics", "server", "What was counted, for Prometheus", nil,
			object{"200": object{"description": "Text of version 0.0.4.", "content": object{"text/plain": object{"schema": object{"type": "string"}}}}, "4XX": problemRef()})},
	}
}

// operation is one operation without a body.
func (h *Handler) operation(id, tag, summary string, parameters []any, responses object) object {
	o := object{"operationId": id, "tags": []any{tag}, "summary": summary, "responses": h.guarded(responses)}
	if len(parameters) > 0 {
		o["parameters"] = parameters
	}
	return o
}

func withBody(o, schema object, required bool) object {
	o["requestBody"] = object{"required": required, "content": object{"application/json": object{"schema": schema}}}
	return o
}

func jsonResponse(description string, schema object) object {
	return object{"description": description, "content": object{"application/json": object{"schema": schema}}}
}

func pathParameter(name, description string) object {
	return object{"name": name, "in": "path", "required": true, "description": description, "schema": object{"type": "string", "minLength": 1}}
}

func queryParameter(name, description string, schema, more object) object {
	p := object{"name": name, "in": "query", "description": description, "schema": schema}
	for k, v := range more {
		p[k] = v
	}
	return p
}
