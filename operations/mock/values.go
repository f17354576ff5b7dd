package mock

import (
	"encoding/json"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// plainJSON turns any JSON-like Go value into the form of [jsonvalue.Decode], and
// copies it on the way.
func plainJSON(v any) (any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return jsonvalue.Decode(raw)
}

// copied returns a deep copy of a JSON value from a schema or the store.
func copied(v any) any {
	out, err := plainJSON(v)
	if err != nil {
		return nil
	}
	return out
}

// same compares two JSON values, numbers by value whatever their Go type.
func same(a, b any) bool {
	return jsonvalue.Equal(copied(a), copied(b))
}

// text spells a scalar as it stands in a URL; other values as JSON.
func text(v any) string {
	if v == nil {
		return ""
	}
	if s, err := jsonvalue.Text(v); err == nil {
		return s
	}
	return jsonvalue.Compact(v)
}

// texts spells a parameter's value, an array by its elements. Empty strings
// are left out: an empty filter is none.
func texts(v any) []string {
	list, ok := copied(v).([]any)
	if !ok {
		list = []any{v}
	}
	var out []string
	for _, e := range list {
		if s := text(e); s != "" {
			out = append(out, s)
		}
	}
	return out
}
