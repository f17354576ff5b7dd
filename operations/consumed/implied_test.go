package consumed_test

import (
	"testing"

	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/spec"
	"github.com/google/go-cmp/cmp"
)

func TestAnswersThatPathsImply(t *testing.T) {
	whole := []*spec.Shape{shape("result", "object", "$.")}
	add := op("add", "POST", "/ports/{{port}}/berths", param("body", "depth", "number"), param("body", "tags", "array"))
	c := api(
		add, op("all", "GET", "/ports/{{port}}/berths"), op("one", "GET", "/ports/{harbour}/berths/{berth}"),
		op("whole", "PUT", "/pilots/{id}", param("body", "pilot", "object")), op("tide", "GET", "/tide"), op("head", "HEAD", "/tide"),
	)
	for name, tt := range map[string]struct {
		outputs []*spec.Shape
		want    []string
	}{
		"add":   {whole, []string{"$.id", "$['port']", "$['depth']", "$['tags']", "$['harbour']", "$['berth']"}},
		"all":   {whole, []string{"$['berths'][*].id", "$['berths'][*]['port']", "$['berths'][*]['depth']", "$['berths'][*]['tags']", "$['berths'][*]['harbour']", "$['berths'][*]['berth']"}},
		"one":   {nil, []string{"$.id", "$['port']", "$['depth']", "$['tags']", "$['harbour']", "$['berth']"}},
		"whole": {[]*spec.Shape{shape("", "array", "$")}, []string{"$[*].id", "$[*]['id']"}},
		"tide":  {whole, []string{"$.id"}},
		"head":  {whole, nil},
	} {
		var got []string
		for _, s := range consumed.Implied(c, c.Operation(name), tt.outputs) {
			got = append(got, s.Value.Value)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for _, known := range [][]*spec.Shape{
		{shape("level", "number", "$.level")}, {shape("text", "string", "$")}, {list("a", "$", shape("", "string", ""))}, {object("o", "$", shape("x", "string", ""))},
	} {
		if got := consumed.Implied(c, c.Operation("tide"), known); got != nil {
			t.Errorf("%s: implied %v", known[0].Name.Value, got)
		}
	}
}
