package mock_test

import (
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/mock"
)

// Every operation of a real document, called with its own examples, answers
// with something that fits its own schema.
func TestEveryAnswerFitsItsSchema(t *testing.T) {
	for _, looks := range []int{2, -1} {
		c := workos(t, &mock.Options{Looks: looks})
		for round := range 2 {
			for _, id := range c.set.IDs() {
				op, _ := c.set.Lookup(id)
				resp := c.any(id, exampleBody(op), exampleParams(op)...)
				if resp.Status >= 300 && resp.Status != 404 {
					t.Errorf("round %d: %s %s %s: status %d: %s", round, op.Method, op.Path, id, resp.Status, resp.Body)
				}
			}
		}
	}
}

// exampleParams fills every required parameter, and the optional ones that
// have an example too.
func exampleParams(op *operations.Operation) []any {
	var out []any
	for _, p := range op.Params {
		if v := mock.Sample(p.Schema, p.Name); p.Required || p.In == operations.InPath {
			out = append(out, p.Name, v)
		}
	}
	return out
}

func exampleBody(op *operations.Operation) any {
	if op.Body == nil || len(op.Body.Media) == 0 {
		return nil
	}
	return mock.Sample(op.Body.Media[0].Schema, "")
}
