package eval

import (
	"encoding/json"
	"maps"
	"math"
)

// plainValue returns v as JSON-like data: expr's own kinds of arrays and maps
// become []any and map[string]any, copied only where one occurs. It bounds the
// size, since a value may hold one item many times, and refuses values that
// JSON has no form for.
func (m *meter) plainValue(v any) (any, error) {
	out, _, err := m.plain(v)
	return out, err
}

// plain also reports whether out is another value than v.
func (m *meter) plain(v any) (out any, changed bool, err error) {
	switch v := v.(type) {
	case nil, bool, string, int, int8, int16, int32, int64, uint, uint16, uint32, uint64, float32, json.Number:
		return v, false, nil
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return nil, false, failf("result is not a finite number; was something divided by zero?")
		}
		return v, false, nil
	case []any:
		return m.plainItems(v)
	case map[string]any:
		return m.plainFields(v)
	case map[any][]any:
		return m.plainGroups(v)
	}
	items, err := itemsOf("", v)
	if err != nil {
		return nil, false, failf("result is not a value that JSON can hold")
	}
	return items, true, m.item(len(items))
}

func (m *meter) plainItems(items []any) (any, bool, error) {
	if err := m.item(len(items)); err != nil {
		return nil, false, err
	}
	out := items
	copied := false
	for i, item := range items {
		v, changed, err := m.plain(item)
		if err != nil {
			return nil, false, err
		}
		if changed && !copied {
			out, copied = append([]any(nil), items...), true
		}
		if changed {
			out[i] = v
		}
	}
	return out, copied, nil
}

func (m *meter) plainFields(fields map[string]any) (any, bool, error) {
	if err := m.item(len(fields)); err != nil {
		return nil, false, err
	}
	var out map[string]any
	for name, field := range fields {
		v, changed, err := m.plain(field)
		if err != nil {
			return nil, false, err
		}
		if changed && out == nil {
			out = maps.Clone(fields)
		}
		if changed {
			out[name] = v
		}
	}
	if out == nil {
		return fields, false, nil
	}
	return out, true, nil
}

// plainGroups turns the result of groupBy into an object.
func (m *meter) plainGroups(groups map[any][]any) (any, bool, error) {
	if err := m.item(len(groups)); err != nil {
		return nil, false, err
	}
	out := make(map[string]any, len(groups))
	for key, items := range groups {
		name, err := TextOf(key)
		if err != nil {
			return nil, false, failf("groupBy cannot make a field name of %s", describe(key))
		}
		if out[name], _, err = m.plainItems(items); err != nil {
			return nil, false, err
		}
	}
	return out, true, nil
}
