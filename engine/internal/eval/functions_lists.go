package eval

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// eachField is the body of a function that makes one item of each field of an
// object, in the order of names.
func eachField(name string, item func(name string, v any) any) func(*meter, []any) (any, error) {
	return func(m *meter, args []any) (any, error) {
		v, err := m.plainValue(args[0])
		if err != nil {
			return nil, err
		}
		object, ok := v.(map[string]any)
		if !ok {
			return nil, failf("%s needs an object, got %s", name, describe(v))
		}
		out := make([]any, 0, len(object))
		for _, name := range slices.Sorted(maps.Keys(object)) {
			out = append(out, item(name, object[name]))
		}
		return out, nil
	}
}

func fromPairs(m *meter, pairs []any) (any, error) {
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
func uniq(m *meter, items []any) (any, error) {
	seen, out := map[string]bool{}, []any{}
	for _, item := range items {
		v, err := m.plainValue(item)
		if err != nil {
			return nil, err
		}
		key, err := json.Marshal(jsonvalue.Canonicals(v))
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

func flatten(m *meter, items []any) (any, error) {
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

// sortItems is sort(array, order?).
func sortItems(m *meter, args []any) (any, error) {
	items, err := itemsOf("sort", args[0])
	if err != nil {
		return nil, err
	}
	return sortBy(m, "sort", items, items, args[1:])
}

// sortPairs sorts the pairs that sortBy made of its array: [item, key] for each
// item.
func sortPairs(m *meter, args []any) (any, error) {
	pairs, err := itemsOf("sortBy", args[0])
	if err != nil {
		return nil, err
	}
	items, keys := make([]any, len(pairs)), make([]any, len(pairs))
	for i, p := range pairs {
		pair, err := itemsOf("sortBy", p)
		if err != nil {
			return nil, err
		}
		items[i], keys[i] = pair[0], pair[1]
	}
	return sortBy(m, "sortBy", items, keys, args[1:])
}

func sortBy(m *meter, name string, items, keys, order []any) (any, error) {
	sign := 1
	if len(order) > 0 {
		switch order[0] {
		case "asc":
		case "desc":
			sign = -1
		default:
			return nil, failf(`the order of %s is "asc" or "desc"`, name)
		}
	}
	if err := m.item(len(items)); err != nil {
		return nil, err
	}
	places := make([]int, len(items))
	for i := range places {
		places[i] = i
	}
	var failed error
	slices.SortStableFunc(places, func(i, j int) int {
		order, ok := compare(keys[i], keys[j])
		if !ok && failed == nil {
			failed = failf("%s cannot order %s and %s", name, describe(keys[i]), describe(keys[j]))
		}
		return sign * order
	})
	out := make([]any, len(items))
	for i, place := range places {
		out[i] = items[place]
	}
	return out, failed
}
