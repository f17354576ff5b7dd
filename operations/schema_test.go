package operations_test

import (
	"encoding/json"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/openapi"
	"github.com/google/go-cmp/cmp"
)

// schemaOf compiles a schema written as YAML, with components A and B beside it.
func schemaOf(t testing.TB, schema string) *operations.Schema {
	t.Helper()
	doc := "openapi: 3.1.0\npaths: {/a: {get: {operationId: x, responses: {'200': {description: d, content: {application/json: {schema: " + schema + "}}}}}}}\n" +
		"components: {schemas: {A: {type: object, required: [a], properties: {a: {type: string}, b: {$ref: '#/components/schemas/B'}}}," +
		" B: {allOf: [{$ref: '#/components/schemas/A'}, {properties: {object: {const: bee}, n: {type: integer}}}]}," +
		" Loop: {allOf: [{$ref: '#/components/schemas/Loop'}, {$ref: '#/components/schemas/Loop'}, {anyOf: [{$ref: '#/components/schemas/Loop'}]}], properties: {x: {type: string}}}}}\n"
	index, problems := openapi.Compile("t", []byte(doc), nil)
	if index == nil || len(problems) > 0 {
		t.Fatal(problems)
	}
	return optest.Lookup(t, optest.Set(t, index), "x").Result()
}

func TestSchemaIs(t *testing.T) {
	for _, test := range []struct {
		schema, is string
		want       bool
	}{
		{"{type: integer}", "integer", true},
		{"{type: integer}", "number", true},
		{"{type: number}", "integer", false},
		{"{type: [string, 'null']}", "null", true},
		{"{allOf: [{description: d}, {$ref: '#/components/schemas/A'}]}", "object", true},
		{"{oneOf: [{type: string}, {type: array}]}", "array", true},
		{"{items: {}}", "array", true},
		{"{}", "string", false},
		{"{$ref: '#/components/schemas/Loop'}", "array", false},
	} {
		if got := schemaOf(t, test.schema).Is(test.is); got != test.want {
			t.Errorf("%s is %s: %v", test.schema, test.is, got)
		}
	}
	if (*operations.Schema)(nil).Is("string") {
		t.Error("no schema is a string")
	}
}

func TestSchemaProperty(t *testing.T) {
	b := schemaOf(t, "{$ref: '#/components/schemas/B'}")
	if p := b.Property("a"); p == nil || !p.Is("string") {
		t.Errorf("a, through allOf: %+v", p)
	}
	if b.Property("b") != b {
		t.Error("b is not B itself")
	}
	if b.Property("zzz") != nil || (*operations.Schema)(nil).Property("a") != nil {
		t.Error("a property out of nowhere")
	}
	if p := schemaOf(t, "{$ref: '#/components/schemas/Loop'}").Property("none"); p != nil {
		t.Errorf("a schema made of itself has %+v", p)
	}
}

// Of a property that only one of several alternatives has, nothing is certain.
func TestSchemaCommonProperty(t *testing.T) {
	for _, test := range []struct {
		schema string
		fits   []any
		breaks []any
	}{
		{"{properties: {p: {enum: [a, b]}}}", []any{"a"}, []any{"c"}},
		{"{allOf: [{properties: {p: {enum: [a, b]}}}, {properties: {p: {enum: [b, c]}}}]}", []any{"b"}, []any{"a", "c"}},
		{"{oneOf: [{properties: {p: {const: a}}}, {properties: {p: {const: b}}}]}", []any{"a", "b"}, []any{"c"}},
		{"{oneOf: [{properties: {p: {const: a}}}, {properties: {q: {const: b}}}]}", []any{"a", "c"}, nil},
		{"{properties: {p: {type: string}}, anyOf: [{properties: {p: {const: a}}}, {required: [q]}]}", []any{"a", "c"}, []any{1}},
		{"{$ref: '#/components/schemas/Loop'}", []any{1}, nil},
	} {
		s := schemaOf(t, test.schema).CommonProperty("p")
		for _, v := range test.fits {
			if found := check.Value(s, v); found != nil {
				t.Errorf("%s: %v: %v", test.schema, v, found)
			}
		}
		for _, v := range test.breaks {
			if check.Value(s, v) == nil {
				t.Errorf("%s takes %v", test.schema, v)
			}
		}
	}
}

func TestFlatten(t *testing.T) {
	s := schemaOf(t, "{description: mine, required: [n], allOf: [{$ref: '#/components/schemas/B'}, {type: object, minProperties: 1, additionalProperties: false}]}")
	flat := s.Flatten()
	var names []string
	for _, p := range flat.Properties {
		names = append(names, p.Name)
	}
	if diff := cmp.Diff([]string{"a", "b", "object", "n"}, names); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"n", "a"}, flat.Required); diff != "" {
		t.Error(diff)
	}
	if flat.Description != "mine" || !flat.Closed || flat.AllOf != nil || len(s.AllOf) != 2 {
		t.Errorf("got %+v", flat)
	}
	if loop := schemaOf(t, "{$ref: '#/components/schemas/Loop'}").Flatten(); len(loop.Properties) != 1 {
		t.Errorf("loop: %+v", loop)
	}
}

func TestOneValue(t *testing.T) {
	for _, test := range []struct {
		schema string
		want   any
		ok     bool
	}{
		{"{const: sso}", "sso", true},
		{"{const: null}", nil, true},
		{"{enum: [3]}", 3, true},
		{"{enum: [3, 4]}", nil, false},
		{"{allOf: [{type: string}, {const: x}]}", "x", true},
		{"{default: x}", nil, false},
	} {
		if got, ok := schemaOf(t, test.schema).OneValue(); got != test.want || ok != test.ok {
			t.Errorf("%s: %v, %v", test.schema, got, ok)
		}
	}
}

func TestCheck(t *testing.T) {
	const person = "{type: object, required: [name], additionalProperties: false, properties: {name: {type: string, minLength: 2, pattern: '^[a-z]*$'}, " +
		"age: {type: integer, minimum: 0, exclusiveMaximum: 150}, tags: {type: array, maxItems: 2, items: {enum: [x, y]}}, 'a/b': {const: 1}, or: {oneOf: [{type: string}, {type: object, required: [k]}]}}}"
	const patterned = "{type: object, additionalProperties: false, patternProperties: {'^x-': {type: string}}}"
	for _, test := range []struct {
		schema, value string
		want          []string
	}{
		{person, `{"name": "ab", "age": 3.0, "tags": ["x"], "a/b": 1.0, "or": {"k": 1}}`, nil},
		{person, `"ab"`, []string{"is a string where object is documented"}},
		{person, `{"nam": "ab"}`, []string{`property "name" is missing`, `property "nam" is not documented`}},
		{person, `{"name": "A"}`, []string{"/name: has 1 characters, at least 2 are documented", `/name: "A" does not match the pattern ^[a-z]*$`}},
		{person, `{"name": "ab", "age": 150}`, []string{"/age: is 150, less than 150 is documented"}},
		{person, `{"name": "ab", "age": -1}`, []string{"/age: is -1, at least 0 is documented"}},
		{person, `{"name": "ab", "age": 1.5}`, []string{"/age: is a number where integer is documented"}},
		{person, `{"name": "ab", "tags": ["x", "z", "y"]}`, []string{"/tags: has 3 items, at most 2 are documented", `/tags/1: is "z", which is none of the documented values ("x", "y")`}},
		{person, `{"name": "ab", "a/b": 2}`, []string{"/a~1b: is 2 where only 1 is documented"}},
		{person, `{"name": "ab", "or": {}}`, []string{`/or: fits none of the 2 documented shapes; the nearest: is an object where string is documented`}},
		{person, `null`, []string{"is null where object is documented"}},
		{"{$ref: '#/components/schemas/B'}", `{"a": "x", "b": {"object": "bee"}}`, []string{`/b: property "a" is missing`}},
		{"{$ref: '#/components/schemas/Loop'}", `{"x": 1}`, []string{"/x: is an integer where string is documented"}},
		{"{type: object, additionalProperties: {type: string}}", `{"k": 1}`, []string{"/k: is an integer where string is documented"}},
		{patterned, `{"x-1": "v"}`, nil},
		{patterned, `{"x-1": 1}`, []string{"/x-1: is an integer where string is documented"}},
		{"{}", `[1, {"a": null}]`, nil},
	} {
		var value any
		if err := json.Unmarshal([]byte(test.value), &value); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, optest.Messages(check.Value(schemaOf(t, test.schema), value))); diff != "" {
			t.Errorf("%s: %s", test.value, diff)
		}
	}
	if v := check.Value((*operations.Schema)(nil), 1); v != nil {
		t.Errorf("no schema: %v", v)
	}
	if v := check.Value(schemaOf(t, "{type: integer, maximum: 5}"), json.Number("7")); len(v) != 1 {
		t.Errorf("json.Number: %v", v)
	}
}

func TestResource(t *testing.T) {
	object := func(name string) string { return "{type: object, properties: {object: {const: " + name + "}}}" }
	for _, test := range []struct {
		schema string
		want   operations.Resource
	}{
		{object("organization"), operations.Resource{Name: "organization"}},
		{"{type: object, properties: {object: {const: list}, other: {type: string}, data: {type: array, items: " + object("connection") + "}}}", operations.Resource{Name: "connection", List: true, ItemsAt: "data"}},
		{"{type: array, items: " + object("user") + "}", operations.Resource{Name: "user", List: true}},
		{"{type: object, properties: {directories: {type: array, items: {type: object}}, next_page: {type: string}}}", operations.Resource{Name: "ship_yard", List: true, ItemsAt: "directories"}},
		{"{type: object, properties: {name: {type: string}, tags: {type: array, items: {type: string}}}}", operations.Resource{Name: "ship_yard"}},
		{"{oneOf: [" + object("user") + ", " + object("user") + "]}", operations.Resource{Name: "user"}},
		{"{oneOf: [" + object("user") + ", " + object("group") + "]}", operations.Resource{Name: "ship_yard"}},
		{"{$ref: '#/components/schemas/APIKeyResponseDto'}", operations.Resource{Name: "api_key"}},
		{"{type: array, items: {$ref: '#/components/schemas/APIKeyResponseDto'}}", operations.Resource{Name: "api_key", List: true}},
	} {
		doc := "openapi: 3.1.0\npaths: {'/docks/ship-yards/{id}': {parameters: [{name: id, in: path}], get: {operationId: x, responses: {'200': {description: d, content: {application/json: {schema: " +
			test.schema + "}}}}}}}\ncomponents: {schemas: {APIKeyResponseDto: {type: object}}}"
		index, problems := openapi.Compile("t", []byte(doc), nil)
		if index == nil || len(problems) > 0 {
			t.Fatal(problems)
		}
		got := optest.Lookup(t, optest.Set(t, index), "x").Resource()
		if got.Item == nil {
			t.Errorf("%s: no item", test.schema)
		}
		got.Item = nil
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.schema, diff)
		}
	}
	if got := (&operations.Operation{Path: "/addresses/{id}"}).Resource(); got.Name != "address" || got.Item != nil {
		t.Errorf("an operation without an answer: %+v", got)
	}
}
