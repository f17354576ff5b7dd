package mock_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
	"github.com/capstan-run/capstan/operations/mock"
)

// Schemas that double with every level, or require each other without end, are
// answered with a value of bounded size.
func TestAnswerOfASchemaThatDoublesIsSmall(t *testing.T) {
	object := func(s *operations.Schema, width int) *operations.Schema {
		out := &operations.Schema{Types: []string{"object"}}
		for i := range width {
			name := fmt.Sprint("p", i)
			out.Properties, out.Required = append(out.Properties, operations.Property{Name: name, Schema: s}), append(out.Required, name)
		}
		return out
	}
	five := 5
	for name, level := range map[string]func(s *operations.Schema) *operations.Schema{
		"allOf": func(s *operations.Schema) *operations.Schema {
			return &operations.Schema{AllOf: []*operations.Schema{s, s, s}}
		},
		"anyOf": func(s *operations.Schema) *operations.Schema {
			return &operations.Schema{AnyOf: []*operations.Schema{s, s, s}}
		},
		"oneOf": func(s *operations.Schema) *operations.Schema {
			return &operations.Schema{OneOf: []*operations.Schema{s, s, s}}
		},
		"properties": func(s *operations.Schema) *operations.Schema { return object(s, 10) },
		"items": func(s *operations.Schema) *operations.Schema {
			return &operations.Schema{Types: []string{"array"}, Items: s, MinItems: &five}
		},
		"never fits": func(s *operations.Schema) *operations.Schema {
			return &operations.Schema{Types: []string{"boolean"}, OneOf: []*operations.Schema{s, s, s, s, s, s, s, s}}
		},
	} {
		s := &operations.Schema{Types: []string{"object"}, Required: []string{"name"}, Properties: []operations.Property{{Name: "name", Schema: text()}}}
		for range 24 {
			s = level(s)
		}
		body, err := json.Marshal(mock.Sample(s, "ship"))
		if err != nil || len(body) > 1<<20 {
			t.Errorf("%s: %d bytes, %v", name, len(body), err)
		}
	}
}

// A very wide schema is answered by looking names up: a walk over all names for
// each of them would reach the time-out of the test binary.
func TestAnswerOfAVeryWideSchemaHasEachProperty(t *testing.T) {
	const parts, wide = 8_000, 20
	s := &operations.Schema{Types: []string{"object"}}
	for i := range parts {
		part := &operations.Schema{}
		for j := range wide {
			name := fmt.Sprintf("p%d_%d", i, j)
			part.Properties, part.Required = append(part.Properties, operations.Property{Name: name, Schema: text()}), append(part.Required, name)
		}
		s.AllOf = append(s.AllOf, part)
	}
	if flat := s.Flatten(); len(flat.Properties) != parts*wide || len(flat.Required) != parts*wide {
		t.Errorf("%d properties, %d required", len(flat.Properties), len(flat.Required))
	}
	if v := mock.Sample(s, "ship").(map[string]any); len(v) == 0 {
		t.Error("the answer is empty")
	}
}

func TestAnswerLeavesWriteOnlyOut(t *testing.T) {
	s := ship()
	s.Properties = append(s.Properties, operations.Property{Name: "password", Schema: &operations.Schema{Types: []string{"string"}, WriteOnly: true}})
	s.Required = append(s.Required, "password")
	v := mock.Sample(s, "ship").(map[string]any)
	if _, there := v["password"]; there || len(check.Answer(s, v)) > 0 {
		t.Errorf("got %v", v)
	}
}
