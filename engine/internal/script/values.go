package script

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/dop251/goja"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// bind makes vars the properties of `context`, and globals where the language
// has none of that name. `result` is there from the start, so that strict
// scripts can assign it.
func (s *sandbox) bind(vars map[string]any) error {
	global := s.rt.GlobalObject()
	context := s.rt.NewObject()
	s.put(global, "context", context)
	s.put(global, "result", goja.Undefined())
	names := slices.Sorted(maps.Keys(vars))
	free := func(name string) bool { return global.Get(name) == nil && name != "undefined" }
	for _, name := range names {
		v, err := s.in(vars[name], 0)
		if err != nil {
			return fmt.Errorf("value %q: %w", name, err)
		}
		s.put(context, name, v)
		if free(name) {
			s.put(global, name, v)
		}
	}
	for _, name := range names { // after all: a name as written goes first
		if camel := camelCase(name); free(camel) {
			s.put(global, camel, context.Get(name))
		}
	}
	return nil
}

// camelCase joins the words of a name: fetch-data is fetchData.
func camelCase(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == '.' || unicode.IsSpace(r) })
	for i := range words {
		if i > 0 {
			r := []rune(words[i])
			words[i] = string(unicode.ToUpper(r[0])) + string(r[1:])
		}
	}
	return strings.Join(words, "")
}

// in copies a value into the script's world. Objects have their keys in
// order, so that loops over them repeat.
func (s *sandbox) in(v any, depth int) (goja.Value, error) {
	if depth > maxJSONDepth {
		return nil, fmt.Errorf("it is nested more than %d deep", maxJSONDepth)
	}
	switch v := v.(type) {
	case nil:
		return goja.Null(), nil
	case bool, float64, string:
		return s.rt.ToValue(v), nil
	case int:
		return s.integer(v), nil
	case json.Number:
		return s.number(v), nil
	case []any:
		items := make([]any, len(v))
		for i, item := range v {
			value, err := s.in(item, depth+1)
			if err != nil {
				return nil, err
			}
			items[i] = value
		}
		return s.rt.NewArray(items...), nil
	case map[string]any:
		o := s.rt.NewObject()
		for _, key := range slices.Sorted(maps.Keys(v)) {
			value, err := s.in(v[key], depth+1)
			if err != nil {
				return nil, err
			}
			s.put(o, key, value)
		}
		return o, nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("it has no JSON form: %w", err)
	}
	plain, err := jsonvalue.Decode(text)
	if err != nil {
		return nil, err
	}
	return s.in(plain, depth+1)
}
