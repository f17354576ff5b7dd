package engine_test

import (
	"path/filepath"
	"testing"

	"github.com/capstan-run/capstan/engine"
)

// berths is a composition of a read and a write, with its API's document.
var berths = map[string]string{
	"berths.yaml": `name: Berths
specification: Naftiko Capability Composition
specificationVersion: '0.1'
api: berths
inputs: [{name: ship, type: string, required: true}]
steps:
  - {id: list, capability: berths, operation: listBerths}
  - id: book
    capability: berths
    operation: bookBerth
    probe: {operation: listBerths}
outputs:
  - {name: booking, source: book.id}
`,
	"berths.openapi.yaml": `openapi: 3.0.3
info: {title: Berths, version: '1'}
servers: [{url: 'http://127.0.0.1'}]
paths:
  /berths:
    get:
      operationId: listBerths
      responses:
        '200': {description: ok, content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}
    post:
      operationId: bookBerth
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [ship], properties: {ship: {type: string}}}}}}
      responses:
        '200': {description: ok, content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}
`,
	".capstan.yaml": "apis: {berths: {openapi: berths.openapi.yaml}}\n",
	"harbour.yaml": `naftiko: 1.0.0-alpha4
info: {label: Harbour, description: Berths}
capability:
  consumes:
    - namespace: berths
      type: http
      baseUri: http://127.0.0.1
      resources:
        - {name: all, path: /berths, operations: [{name: list, method: GET}, {name: book, method: POST}]}
  aggregates:
    - namespace: harbour
      functions:
        - {name: list, description: Lists berths, call: berths.list}
        - {name: book, description: Books a berth, call: berths.book}
`,
}

// written writes the fixture, with changes, and returns its folder.
func written(t *testing.T, changes map[string]string) string {
	t.Helper()
	return writeFiles(t, writeFiles(t, t.TempDir(), berths), changes)
}

// loadBerths loads a file of the fixture in dir.
func loadBerths(t *testing.T, dir, file string, o *options) *program {
	t.Helper()
	return mustLoad(t, filepath.Join(dir, file), o)
}

var aShip = engine.Inputs{"ship": "Fram"}
