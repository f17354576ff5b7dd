package engine_test

import (
	"context"
	"testing"
	"testing/fstest"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/operations"
)

const berthAPI = `openapi: 3.1.0
info: {title: Quay, version: '1'}
servers: [{url: http://127.0.0.1:1}]
paths:
  /berths:
    post:
      operationId: reserveBerth
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, required: [ship], properties: {ship: {type: string}, flags: {type: array, items: {type: string}}}}}}
      responses: {'201': {description: reserved, content: {application/json: {schema: {$ref: '#/components/schemas/Berth'}}}}}
  /berths/{id}:
    get:
      operationId: getBerth
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: found, content: {application/json: {schema: {$ref: '#/components/schemas/Berth'}}}}}
components:
  schemas:
    Berth: {type: object, required: [id], properties: {id: {type: string}, quay: {type: string}}}
`

const berthFile = `name: Reserve a berth
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: quay
inputs:
  - {name: ship, type: string, required: true}
  - {name: flags, type: array, default: [green, white]}
steps:
  - {id: reserve, operation: reserveBerth, with: {flags: '{{ inputs.flags }}'}}
  - {id: agree, external: true, description: agree on the berth, with: {flags: '{{ inputs.flags }}', id: '{{ reserve.id }}'}}
  - {id: look, operation: getBerth, with: {id: '{{ reserve.id }}'}}
outputs:
  - {name: quay, source: look.quay}
  - {name: flags, source: inputs.flags}
`

// quayFiles are an embedding program's own files.
func quayFiles() fstest.MapFS {
	return fstest.MapFS{
		"berth.yaml":        {Data: []byte(berthFile)},
		"quay.openapi.yaml": {Data: []byte(berthAPI)},
		".capstan.yaml":     {Data: []byte("apis:\n  quay: {openapi: quay.openapi.yaml}\n")},
	}
}

func loadBerth(t *testing.T) *engine.Program {
	t.Helper()
	p, err := engine.Load(t.Context(), "berth.yaml", &engine.LoadOptions{FS: quayFiles()})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// quay is a Caller of an embedding program.
func quay(_ context.Context, req *operations.Request) (*operations.Response, error) {
	status := 200
	if req.Op.Method == "POST" {
		status = 201
	}
	return &operations.Response{Status: status, IsJSON: true, Value: map[string]any{"id": "b1", "quay": "north"}}, nil
}

// agreed performs every external step.
func agreed(context.Context, engine.ExternalStep) (any, error) { return nil, nil }

func byAnyone(h engine.ExternalHandler) map[string]engine.ExternalHandler {
	return map[string]engine.ExternalHandler{"": h}
}
