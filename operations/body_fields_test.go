package operations_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/operations"
)

func TestBodyFieldsAreThoseOfEveryPart(t *testing.T) {
	text := &operations.Schema{Types: []string{"string"}}
	property := func(name string) operations.Property { return operations.Property{Name: name, Schema: text} }
	schema := &operations.Schema{
		Properties: []operations.Property{property("name"), {Name: "id", Schema: &operations.Schema{ReadOnly: true}}},
		Required:   []string{"name", "port", "id"},
		AllOf: []*operations.Schema{
			{Properties: []operations.Property{property("port"), property("name"), property("flag")}, Required: []string{"flag"}},
		},
		OneOf: []*operations.Schema{{Properties: []operations.Property{property("sail")}, Required: []string{"sail"}}},
		AnyOf: []*operations.Schema{{Properties: []operations.Property{property("engine")}, Required: []string{"engine"}}},
	}
	schema.AllOf = append(schema.AllOf, schema) // cyclic
	op := &operations.Operation{Body: &operations.Body{Media: []operations.Media{{Type: "application/json", Schema: schema}}}}
	want := []operations.BodyField{
		{Name: "name", Schema: text, Required: true},
		{Name: "port", Schema: text, Required: true},
		{Name: "flag", Schema: text, Required: true},
		{Name: "sail", Schema: text},
		{Name: "engine", Schema: text},
	}
	if diff := cmp.Diff(want, op.BodyFields()); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestBodyFieldsOfNoObjectAreNone(t *testing.T) {
	for name, body := range map[string]*operations.Body{
		"no body":   nil,
		"no media":  {},
		"a list":    {Media: []operations.Media{{Schema: &operations.Schema{Types: []string{"array"}, Items: &operations.Schema{}}}}},
		"no schema": {Media: []operations.Media{{Type: "text/plain"}}},
	} {
		if got := (&operations.Operation{Body: body}).BodyFields(); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}
