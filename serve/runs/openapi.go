package runs

import (
	"cmp"
	_ "embed" // for the document
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/serve/internal/answer"
)

// object is a JSON object of the OpenAPI document.
type object = map[string]any

// openapiText is the part of the document that every server has.
//
//go:embed openapi.json
var openapiText []byte

// openapi answers with an OpenAPI 3.1 document of this server: a path of its own
// for each capability, with its inputs and outputs.
func (h *Handler) openapi(w http.ResponseWriter, r *http.Request) {
	var doc object
	if err := json.Unmarshal(openapiText, &doc); err != nil {
		h.fail(w, r, err)
		return
	}
	doc["info"].(object)["title"] = h.title()
	doc["servers"] = []any{object{"url": cmp.Or(h.o.Base, "/")}}
	paths, components := doc["paths"].(object), doc["components"].(object)
	schemas := commonSchemas()
	components["schemas"] = schemas
	for i, p := range h.live.Programs() {
		id := componentName(p.Name(), i)
		maps.Copy(schemas, capabilitySchemas(p, id))
		paths["/capabilities/"+url.PathEscape(p.Name())+"/runs"] = object{"post": startOperation(p, id)}
	}
	if h.o.Guard != nil {
		components["securitySchemes"] = object{"key": object{"type": "http", "scheme": "bearer", "description": "A key from the operator of this server."}}
		doc["security"] = []any{object{"key": []any{}}}
		guard(paths)
	}
	answer.JSON(w, r, http.StatusOK, doc)
}

// guard adds the answer to a request without a key, to all but open operations.
func guard(paths object) {
	for _, path := range paths {
		for _, operation := range path.(object) {
			if op := operation.(object); op["security"] == nil {
				op["responses"].(object)["401"] = problemRef()
			}
		}
	}
}

func (h *Handler) title() string {
	if programs := h.live.Programs(); len(programs) == 1 {
		return programs[0].Title()
	}
	return "Capabilities"
}

// startOperation is the operation that runs one capability.
func startOperation(p *engine.Program, id string) object {
	content := object{"application/json": object{"schema": ref("schemas", "RunOf"+id)}}
	return object{
		"operationId": "start" + id, "tags": []any{"runs"}, "summary": "Run " + p.Title(), "description": p.Description(),
		"parameters": []any{ref("parameters", "IdempotencyKey"), ref("parameters", "Prefer"), ref("parameters", "ShowSensitive")},
		"requestBody": object{
			"required": true,
			"content":  object{"application/json": object{"schema": ref("schemas", "StartOf"+id)}},
		},
		"responses": object{
			"200": object{"description": "The run ended while the client waited.", "headers": runHeaders(), "content": content},
			"202": object{"description": "The run goes on.", "headers": runHeaders(), "content": content},
			"400": problemRef(), "403": problemRef(), "413": problemRef(), "415": problemRef(), "422": problemRef(), "503": problemRef(),
		},
	}
}

func runHeaders() object {
	return object{
		"Location":    object{"description": "The run.", "schema": object{"type": "string"}},
		"Retry-After": object{"description": "When to look again, in seconds; of a run that has not ended.", "schema": object{"type": "integer"}},
	}
}

// capabilitySchemas are the body that starts a capability, and its run.
func capabilitySchemas(p *engine.Program, id string) object {
	outputs := p.OutputSchema()
	properties, _ := outputs["properties"].(object)
	for _, o := range p.Plan().Outputs {
		if !o.Sensitive {
			continue
		}
		// A masked value is text, of any type in clear.
		properties[o.Name] = object{"description": "Sensitive: [redacted] unless asked for with show-sensitive."}
	}
	body := object{"type": "object", "properties": object{"inputs": p.InputSchema(), "labels": labelsSchema()}, "additionalProperties": false}
	if required, _ := p.InputSchema()["required"].([]any); len(required) > 0 {
		body["required"] = []any{"inputs"}
	}
	return object{
		"StartOf" + id: body,
		"RunOf" + id:   object{"allOf": []any{ref("schemas", "Run"), object{"properties": object{"outputs": outputs}}}},
	}
}

// labelsSchema are the labels of a run that is started.
func labelsSchema() object {
	return object{
		"type": "object", "description": "Labels tell the run apart and find it.", "maxProperties": 32, "example": object{"env": "prod"},
		"propertyNames":        object{"pattern": "^[A-Za-z0-9._-]{1,64}$"},
		"additionalProperties": object{"type": "string", "minLength": 1, "maxLength": durable.MaxLabel},
	}
}

// componentName makes a name for components of a capability's name.
func componentName(name string, i int) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(name, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9')
	}) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	if b.Len() == 0 {
		return fmt.Sprintf("Capability%d", i+1)
	}
	return b.String()
}

func ref(kind, name string) object { return object{"$ref": "#/components/" + kind + "/" + name} }

func problemRef() object { return ref("responses", "Problem") }
