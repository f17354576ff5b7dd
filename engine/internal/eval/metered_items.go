package eval

import "encoding/json"

// fieldsOf returns an object and its field names in order.
func fieldsOf(m *meter, name string, v any) (map[string]any, []string, error) {
	v, err := m.plainValue(v)
	if err != nil {
		return nil, nil, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, nil, failf("%s needs an object, got %s", name, describe(v))
	}
	return object, sortedKeys(object), nil
}

func keys(m *meter, args []any) (any, error) {
	_, names, err := fieldsOf(m, "keys", args[0])
	out := make([]any, len(names))
	for i, name := range names {
		out[i] = name
	}
	return out, err
}

func values(m *meter, args []any) (any, error) {
	object, names, err := fieldsOf(m, "values", args[0])
	out := make([]any, len(names))
	for i, name := range names {
		out[i] = object[name]
	}
	return out, err
}

func toPairs(m *meter, args []any) (any, error) {
	object, names, err := fieldsOf(m, "toPairs", args[0])
	out := make([]any, len(names))
	for i, name := range names {
		out[i] = []any{name, object[name]}
	}
	return out, err
}

func fromPairs(m *meter, args []any) (any, error) {
	pairs, err := itemsOf("fromPairs", args[0])
	if err != nil {
		return nil, err
	}
	out := make(map[string]any, len(pairs))
	for _, item := range pairs {
		pair, err := itemsOf("fromPairs", item)
		if err != nil || len(pair) != 2 {
			return nil, failf("fromPairs needs an array of [name, value] pairs")
		}
		name, ok := pair[0].(string)
		if !ok {
			return nil, failf("fromPairs needs a string as a name, got %s", describe(pair[0]))
		}
		out[name] = pair[1]
	}
	return out, m.item(len(out))
}

// uniq compares items by their JSON, in which 1 and 1.0 are the same.
func uniq(m *meter, args []any) (any, error) {
	items, err := itemsOf("uniq", args[0])
	if err != nil {
		return nil, err
	}
	seen, out := map[string]bool{}, []any{}
	for _, item := range items {
		v, err := m.plainValue(item)
		if err != nil {
			return nil, err
		}
		key, err := json.Marshal(canonical(v))
		if err != nil {
			return nil, failf("uniq cannot compare %s", describe(item))
		}
		if err := m.text(len(key)); err != nil {
			return nil, err
		}
		if !seen[string(key)] {
			seen[string(key)] = true
			out = append(out, item)
		}
	}
	return out, nil
}

func concat(m *meter, args []any) (any, error) {
	out := []any{}
	for _, arg := range args {
		items, err := itemsOf("concat", arg)
		if err != nil {
			return nil, err
		}
		if err := m.item(len(items)); err != nil {
			return nil, err
		}
		out = append(out, items...)
	}
	return out, nil
}

func flatten(m *meter, args []any) (any, error) {
	items, err := itemsOf("flatten", args[0])
	if err != nil {
		return nil, err
	}
	return m.flattenInto([]any{}, items)
}

func (m *meter) flattenInto(out, items []any) ([]any, error) {
	if err := m.item(len(items)); err != nil {
		return nil, err
	}
	for _, item := range items {
		inner, err := itemsOf("flatten", item)
		if err != nil {
			out = append(out, item)
			continue
		}
		if out, err = m.flattenInto(out, inner); err != nil {
			return nil, err
		}
	}
	return out, nil
}
