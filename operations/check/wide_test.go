package check_test

import (
	"fmt"
	"testing"

	"github.com/capstan-run/capstan/operations"
)

// Of a property that several of many wide parts have the first counts, and each
// is listed once.
func TestFlattenKeepsTheFirstOfEachName(t *testing.T) {
	const parts, wide = 300, 100
	s := &operations.Schema{}
	for i := range parts {
		part := &operations.Schema{Description: fmt.Sprint(i)}
		for j := range wide {
			name := fmt.Sprint("p", i*wide/2+j) // half of them are in the next part too
			part.Properties = append(part.Properties, operations.Property{Name: name, Schema: part})
			part.Required = append(part.Required, name)
		}
		s.AllOf = append(s.AllOf, part)
	}
	flat := s.Flatten()
	if want := (parts + 1) * wide / 2; len(flat.Properties) != want || len(flat.Required) != want {
		t.Fatalf("%d properties, %d required", len(flat.Properties), len(flat.Required))
	}
	for i, p := range flat.Properties {
		if want := fmt.Sprint("p", i); p.Name != want || flat.Required[i] != want || p.Schema.Description != fmt.Sprint(max(0, (i-wide/2)/(wide/2))) {
			t.Fatalf("property %d is %s of part %s", i, p.Name, p.Schema.Description)
		}
	}
}
