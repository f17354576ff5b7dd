package openapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/openapi"
)

// A schema costs the same however many lead to it: chains of references are
// followed once, not once from each of their links.
func TestWorkOfAChainOfReferences(t *testing.T) {
	few, many := chainWork(t, 250), chainWork(t, 1000)
	if many > 6*few {
		t.Errorf("250 links allocate %d bytes, 1,000 links %d", few, many)
	}
}

func chainWork(t *testing.T, links int) uint64 {
	t.Helper()
	var doc strings.Builder
	doc.WriteString("openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {operationId: x, responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/S0'}}}}}}}}\ncomponents:\n  schemas:\n")
	for i := range links {
		fmt.Fprintf(&doc, "    S%d: {type: object, properties: {a: {$ref: '#/components/schemas/S%d'}}}\n", i, i+1)
	}
	fmt.Fprintf(&doc, "    S%d: {type: object}\n", links)
	return optest.Allocated(func() {
		index, problems := openapi.Compile("t", []byte(doc.String()), nil)
		if index == nil || len(problems) > 0 {
			t.Fatal(problems)
		}
		optest.Set(t, index)
	})
}

// A schema that is made of another in two ways, again and again, is searched for the
// property of a discriminator once, not once for each of the ways.
func TestWorkOfSchemasThatDouble(t *testing.T) {
	var doc strings.Builder
	doc.WriteString("openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {operationId: x, responses: {'200': {description: d, content: {application/json: {schema: {oneOf: [{$ref: '#/components/schemas/S0'}], discriminator: {propertyName: kind}}}}}}}}}\ncomponents:\n  schemas:\n")
	for i := range 60 {
		fmt.Fprintf(&doc, "    S%d: {allOf: [{$ref: '#/components/schemas/S%d'}, {$ref: '#/components/schemas/S%d'}]}\n", i, i+1, i+1)
	}
	doc.WriteString("    S60: {type: object}\n")
	index, problems := openapi.Compile("t", []byte(doc.String()), nil)
	if index == nil || len(problems) > 0 {
		t.Fatal(problems)
	}
	if s := operationOf(t, optest.Set(t, index), "x"); s == nil {
		t.Error("no operation")
	}
}
