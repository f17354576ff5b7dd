package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/openapi"
	"github.com/capstan-run/capstan/operations/paging"
)

// A schema whose parts repeat each other costs what it holds, not what it
// unfolds to. Each shape doubles with every level; work is counted as what it
// allocates.
func TestSchemaThatDoublesIsCheap(t *testing.T) {
	for _, shape := range []struct{ name, level, bottom string }{
		{"allOf", "{allOf: [S, S]}", "{type: object, required: [name], properties: {name: {type: string}}}"},
		{"anyOf", "{anyOf: [S, S]}", "{type: object, required: [name], properties: {name: {type: string}}}"},
		{"oneOf", "{oneOf: [S, S]}", "{type: object, required: [name], properties: {name: {type: string}}}"},
		{"if", "{if: S, then: S, else: S}", "{type: object, properties: {name: {type: string}}}"},
		{"not", "{allOf: [{not: S}, {not: S}]}", "{type: object, properties: {name: {type: string}}}"},
		{"inside properties", "{allOf: [{properties: {a: S}}, {properties: {a: S}}]}", "{type: object, required: [name]}"},
		{"inside items", "{anyOf: [{type: array, items: S}, {type: array, items: S}]}", "{type: string}"},
		{"inside additionalProperties", "{oneOf: [{additionalProperties: S}, {additionalProperties: S}]}", "{type: object, required: [name]}"},
		{"twice required", "{type: object, required: [a, b], properties: {a: S, b: S}}", "{type: string}"},
		{"itself, twice", "{allOf: [{properties: {a: T}}, {properties: {a: T}}]}", "{type: object}"},
		{"itself, one of two", "{oneOf: [{properties: {a: T}, required: [x]}, {properties: {a: T}}]}", "{type: object}"},
	} {
		t.Run(shape.name, func(t *testing.T) {
			few, many := checkWork(t, shape.level, shape.bottom, 10), checkWork(t, shape.level, shape.bottom, 20)
			if many > 8*few {
				t.Errorf("10 levels take %d bytes, 20 levels %d", few, many)
			}
		})
	}
}

// checkWork returns how many bytes it takes to read and use a schema of so many
// levels, and to check answers of this depth against it.
func checkWork(t *testing.T, level, bottom string, levels int) uint64 {
	t.Helper()
	ref := func(i int) string { return fmt.Sprintf("{$ref: '#/components/schemas/S%d'}", i) }
	var doc strings.Builder
	fmt.Fprintf(&doc, "openapi: 3.1.0\npaths: {/a: {post: {operationId: x, requestBody: {content: {application/json: {schema: %s}}}, "+
		"responses: {'200': {description: d, content: {application/json: {schema: %s}}}}}}}\ncomponents:\n  schemas:\n    S0: %s\n", ref(levels), ref(levels), bottom)
	for i := 1; i <= levels; i++ {
		fmt.Fprintf(&doc, "    S%d: %s\n", i, strings.NewReplacer("S", ref(i-1), "T", ref(i)).Replace(level))
	}
	index, problems := openapi.Compile("t", []byte(doc.String()), nil)
	if index == nil || problems.HasErrors() {
		t.Fatal(problems)
	}
	op := optest.Lookup(t, optest.Set(t, index), "x")
	var object, list any = map[string]any{"name": "Ada"}, "text"
	for range levels {
		object, list = map[string]any{"a": object, "name": 1}, []any{list}
	}
	return optest.Allocated(func() {
		for _, v := range []any{object, list, map[string]any{}, nil, "text"} {
			check.Response(op, 200, "application/json", v)
			check.Value(op.Result(), v)
		}
		op.BodyFields()
		op.Resource()
		paging.Supported(op)
		op.Result().Property("none")
		op.Result().Flatten()
	})
}

// What the validator cannot check in time is checked by structure, and found
// once.
func TestSchemaThatDoublesIsStillChecked(t *testing.T) {
	var doc strings.Builder
	doc.WriteString("openapi: 3.1.0\npaths: {/a: {get: {operationId: x, responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/S24'}}}}}}}}\n" +
		"components:\n  schemas:\n    S0: {type: object, required: [name]}\n")
	for i := 1; i <= 24; i++ {
		fmt.Fprintf(&doc, "    S%d: {allOf: [{$ref: '#/components/schemas/S%d'}, {$ref: '#/components/schemas/S%d'}]}\n", i, i-1, i-1)
	}
	index, _ := openapi.Compile("t", []byte(doc.String()), nil)
	got := optest.Messages(check.Response(optest.Lookup(t, optest.Set(t, index), "x"), 200, "application/json", map[string]any{}))
	if len(got) != 1 || got[0] != `property "name" is missing` {
		t.Errorf("got %q", got)
	}
}

// A long list of long enums' values is found in an index, not by comparing each
// with each.
func TestValuesOfALongEnum(t *testing.T) {
	s := &operations.Schema{Types: []string{"string"}}
	for i := range 20_000 {
		s.Enum = append(s.Enum, fmt.Sprint("value ", i))
	}
	list := &operations.Schema{Types: []string{"array"}, Items: s}
	var values []any
	for range 20_000 {
		values = append(values, s.Enum[len(s.Enum)-1])
	}
	if found := check.Value(list, values); found != nil {
		t.Error(found)
	}
	if found := check.Value(s, "other"); len(found) != 1 {
		t.Error(found)
	}
}
