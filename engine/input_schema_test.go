package engine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The schema of an input has the constraints of every place that it always reaches.
func TestInputSchemasHaveWhatDocumentsAsk(t *testing.T) {
	type object = map[string]any
	p := craneProgram(t)
	got, _ := p.InputSchema()["properties"].(object)
	want := object{
		"mode":   object{"type": "string", "enum": []any{"slow", "fast"}},
		"code":   object{"type": "string", "pattern": "^[A-Z]{2}$", "anyOf": []any{object{"type": "string", "minLength": 2, "maxLength": 2}, object{"type": "string", "maxLength": 3}}},
		"kind":   object{"type": "string", "enum": []any{"dry", "cold"}},
		"holds":  object{"type": "array", "default": []any{}, "items": object{"type": "integer", "minimum": 1.0}},
		"crates": object{"type": "array", "maxItems": 3, "items": object{"type": "object", "required": []any{"kind"}, "properties": object{"kind": object{"type": "string", "enum": []any{"dry", "cold"}}, "hold": object{"type": "integer", "minimum": 1.0}}}},
		"odd":    object{"type": "string", "pattern": "(?<=x)y", "format": "moonphase"},
		"day":    object{"type": "string", "format": "date", "default": "2026-02-28"},
		"by":     object{"type": "string", "enum": []any{"rail", "road"}},
		"berth":  object{"type": "object"},
		"late":   object{"type": "string", "default": "none"}, // its step may be skipped
		"seen":   object{"type": "string"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, in := range p.Plan().Inputs {
		if in.Name == "kind" && in.Limits() != `one of "dry", "cold"` {
			t.Errorf("limits of kind: %s", in.Limits())
		}
	}
}
