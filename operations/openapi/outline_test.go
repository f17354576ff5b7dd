package openapi_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/operations/openapi"
)

// A glance finds ids, servers and paths in every way of writing.
func TestGlance(t *testing.T) {
	for name, doc := range map[string]string{
		"block YAML": "openapi: 3.1.0\nservers:\n  - url: https://API.ships.test/v1/ # production\npaths:\n  /ships/{imo}:\n    get:\n      operationId: getShip\n  '/ports':\n    get:\n      operationId: \"listPorts\"\n",
		"flow YAML":  "openapi: 3.0.3\nservers: [{url: 'https://api.ships.test/v1'}]\npaths: {/ships/{imo}: {get: {operationId: getShip}}, \"/ports\": {get: {operationId: listPorts, tags: [a]}}}\n",
		"JSON":       `{"openapi":"3.1.0","servers":[{"url":"https:\/\/api.ships.test\/v1"}],"paths":{"\/ships\/{imo}":{"get":{"operationId":"getShip"}},"/ports":{"get" : {"operationId" : "listPorts"}}}}`,
		"Swagger":    "swagger: '2.0'\nhost: api.ships.test\nbasePath: /v1\npaths:\n  /ships/{imo}:\n    get: {operationId: getShip}\n  /ports:\n    get: {operationId: listPorts}\n",
	} {
		got, ok := openapi.Glance([]byte(doc))
		want := &openapi.Outline{IDs: []string{"getShip", "listPorts"}, Servers: []string{"api.ships.test/v1"}, Paths: []string{"/ports", "/ships/{imo}"}}
		if !ok {
			t.Errorf("%s: not a document", name)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, text := range []string{"", "naftiko: 1.0.0-alpha2\n", "openapi:\n", "type: object\nproperties: {openapi: {type: string}}\n"} {
		if _, ok := openapi.Glance([]byte(text)); ok {
			t.Errorf("%q is taken for a document", text)
		}
	}
}
