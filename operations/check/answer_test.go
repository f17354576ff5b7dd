package check_test

import (
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/openapi"
	"github.com/google/go-cmp/cmp"
)

// responseOf compiles a response's schema of a document of this version.
func responseOf(t *testing.T, version, schema string) *operations.Operation {
	t.Helper()
	doc := "openapi: " + version + "\npaths: {/a: {get: {operationId: x, responses: {'200': {description: d, content: {application/json: {schema: " + schema + "}}}}}}}\n" +
		"components: {schemas: {User: {type: object, required: [name, password], properties: {name: {type: string}, password: {type: string, writeOnly: true}}}," +
		" Secret: {type: string, writeOnly: true}, Kind: {type: string, enum: [a, b]}, Keyed: {required: [key]}}}\n"
	index, problems := openapi.Compile("t", []byte(doc), nil)
	if index == nil || len(problems) > 0 {
		t.Fatal(problems)
	}
	return optest.Lookup(t, optest.Set(t, index), "x")
}

func TestRequiredWriteOnlyPropertyCountsForRequestsOnly(t *testing.T) {
	const user = "{$ref: '#/components/schemas/User'}"
	name := map[string]any{"name": "Ada"}
	missing := []string{`property "name" is missing`}
	for _, test := range []struct {
		name, schema string
		value        any
		want         []string
	}{
		{"a component", user, name, nil},
		{"what is not writeOnly stays required", user, map[string]any{"password": "x"}, missing},
		{"an item", "{type: array, items: " + user + "}", []any{name}, nil},
		{"required by another part", "{allOf: [{properties: {key: {type: string, writeOnly: true}}}, {required: [key]}]}", map[string]any{}, nil},
		{"required beside the part", "{required: [key], allOf: [{properties: {key: {type: string, writeOnly: true}}}]}", map[string]any{}, nil},
		{"required by another component", "{allOf: [{$ref: '#/components/schemas/Keyed'}, {properties: {key: {type: string, writeOnly: true}}}]}", map[string]any{}, nil},
		{"a reference", "{type: object, required: [key], properties: {key: {$ref: '#/components/schemas/Secret'}}}", map[string]any{}, nil},
		{"an alternative", "{oneOf: [" + user + ", {type: string}]}", name, nil},
		{"its type still counts", user, map[string]any{"name": "Ada", "password": 1}, []string{"/password: is a number where string is documented"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			op := responseOf(t, "3.0.3", test.schema)
			if diff := cmp.Diff(test.want, optest.Messages(check.Response(op, 200, "application/json", test.value))); diff != "" {
				t.Error("by the validator:", diff)
			}
			if got := check.Answer(op.Result(), test.value); len(got) != len(test.want) {
				t.Errorf("by structure: %v", got)
			}
		})
	}
	if found := optest.Messages(check.Value(responseOf(t, "3.0.3", user).Result(), name)); len(found) != 1 || found[0] != `property "password" is missing` {
		t.Errorf("a request without it: %v", found)
	}
}

func TestNullForNullableComposition(t *testing.T) {
	for _, schema := range []string{
		"{nullable: true, allOf: [{$ref: '#/components/schemas/User'}]}",
		"{type: object, nullable: true, allOf: [{$ref: '#/components/schemas/User'}]}",
		"{nullable: true, description: d, oneOf: [{$ref: '#/components/schemas/User'}, {$ref: '#/components/schemas/Kind'}]}",
		"{type: object, nullable: true, anyOf: [{$ref: '#/components/schemas/User'}]}",
		"{nullable: true, allOf: [{allOf: [{$ref: '#/components/schemas/Kind'}]}]}",
		"{type: string, nullable: true, allOf: [{$ref: '#/components/schemas/Kind'}]}",
	} {
		op := responseOf(t, "3.0.3", schema)
		if found := check.Response(op, 200, "application/json", nil); found != nil {
			t.Errorf("%s: the validator finds %v", schema, found)
		}
		if found := check.Value(op.Result(), nil); found != nil {
			t.Errorf("%s: by structure %v is found", schema, found)
		}
		if !op.Result().Is("null") {
			t.Errorf("%s: null is not among its types", schema)
		}
		if found := check.Value(op.Result(), true); found == nil {
			t.Errorf("%s: true is accepted", schema)
		}
	}
}

func TestRequiredReadOnlyPropertyCountsForAnswersOnly(t *testing.T) {
	s := responseOf(t, "3.0.3", "{type: object, required: [id, name], properties: {id: {type: string, readOnly: true}, name: {type: string}}}").Result()
	if found := check.Value(s, map[string]any{"name": "Ada"}); found != nil {
		t.Errorf("a request without it: %v", found)
	}
	if found := optest.Messages(check.Value(s, map[string]any{"id": "1"})); len(found) != 1 || found[0] != `property "name" is missing` {
		t.Errorf("a request without the other: %v", found)
	}
	if found := check.Answer(s, map[string]any{"name": "Ada"}); len(found) != 1 {
		t.Errorf("an answer without it: %v", found)
	}
}

func TestText(t *testing.T) {
	for _, test := range []struct {
		schema string
		value  any
		want   []string
	}{
		{"{type: integer, maximum: 5}", "4", nil},
		{"{type: integer, maximum: 5}", "6", []string{"is a string where integer is documented"}},
		{"{type: integer}", "four", []string{"is a string where integer is documented"}},
		{"{type: boolean}", "true", nil},
		{"{type: array, items: {enum: [a, b]}}", "a", nil},
		{"{type: array, items: {enum: [a, b]}}", "c", []string{"is a string where array is documented"}},
		{"{type: string, maxLength: 2}", 12, nil},
		{"{type: string, maxLength: 2}", 123, []string{"is an integer where string is documented"}},
		{"{type: string, enum: [a, b]}", "c", []string{`is "c", which is none of the documented values ("a", "b")`}},
		{"{type: string}", map[string]any{}, []string{"is an object where string is documented"}},
	} {
		s := responseOf(t, "3.0.3", test.schema).Result()
		if diff := cmp.Diff(test.want, optest.Messages(check.Text(s, test.value))); diff != "" {
			t.Errorf("%s: %v: %s", test.schema, test.value, diff)
		}
	}
}
