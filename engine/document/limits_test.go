package document_test

import (
	"testing"

	"github.com/capstan-run/capstan/engine/document"
)

func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		schema map[string]any
		want   string
	}{
		{nil, ""},
		{map[string]any{"type": "string", "description": "d"}, ""},
		{map[string]any{"enum": []any{"asc", 2}}, `one of "asc", 2`},
		{map[string]any{"minLength": 1}, "not empty"},
		{map[string]any{"minimum": 1.0, "maximum": 100.0}, "at least 1, at most 100"},
		{map[string]any{"pattern": "^a$", "minLength": 2, "format": "email"}, "email, at least 2 characters, matches ^a$"},
		{map[string]any{"maxItems": 3, "items": map[string]any{"enum": []any{"a"}}}, `at most 3 items, each one of "a"`},
	} {
		if got := (document.Input{Schema: tt.schema}).Limits(); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.schema, got, tt.want)
		}
	}
}
