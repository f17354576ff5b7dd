package jsonpath

import "github.com/capstan-run/capstan/engine/internal/eval"

func listType() eval.Type {
	item := eval.Object(map[string]eval.Type{
		"id": eval.String(), "state": eval.String(), "count": eval.Int(), "score": eval.Float(), "ok": eval.Bool(), "tags": eval.ArrayOf(eval.String()),
	}, false)
	return eval.Object(map[string]eval.Type{
		"data":          eval.ArrayOf(item),
		"list_metadata": eval.Object(map[string]eval.Type{"after": eval.String()}, false),
		"total-count":   eval.Int(),
		"raw":           eval.Object(nil, true),
		"extra":         eval.Any(),
	}, false)
}

// shape writes a type with its items.
func shape(t eval.Type) string {
	if t.Kind() == "array" {
		return "[" + shape(t.Elem()) + "]"
	}
	return t.Kind()
}
