package eval

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// meteredFunc is a function of ours: what the checker must know of it, and
// what it does. run gets as many arguments as types or validate let pass;
// their values may be of any kind all the same.
type meteredFunc struct {
	name     string
	types    []reflect.Type
	validate func([]reflect.Type) (reflect.Type, error)
	run      func(m *meter, args []any) (any, error)
}

// Names of functions that only lowering calls.
const (
	tickName   = "tick"
	addName    = "+"
	chargeName = "charge"
	wholeName  = "whole"
)

// metered lists the builtins that we make ourselves, because expr's version
// may make far more than it is given, takes quadratic time, or depends on Go's
// random order of map keys.
func metered() []meteredFunc {
	return []meteredFunc{
		{name: "join", run: join, types: signatures(func([]any) string { return "" }, func([]any, string) string { return "" },
			func([]string) string { return "" }, func([]string, string) string { return "" })},
		{name: "replace", run: replaceText, types: signatures(strings.ReplaceAll, strings.Replace)},
		{name: "repeat", run: repeat, types: signatures(strings.Repeat)},
		{name: "string", run: toText, types: signatures(func(any) string { return "" })},
		{name: "toJSON", run: toJSON, types: signatures(func(any) string { return "" })},
		{name: "keys", run: keys, validate: oneOf("keys", "object", reflect.Map)},
		{name: "values", run: values, validate: oneOf("values", "object", reflect.Map)},
		{name: "toPairs", run: toPairs, validate: oneOf("toPairs", "object", reflect.Map)},
		{name: "fromPairs", run: fromPairs, types: signatures(func([]any) map[string]any { return nil })},
		{name: "uniq", run: uniq, validate: oneOf("uniq", "array", reflect.Slice)},
		{name: "flatten", run: flatten, validate: oneOf("flatten", "array", reflect.Slice)},
		{name: "concat", run: concat, validate: manyArrays},
	}
}

// internal lists the functions that stand for no builtin.
func internal() []meteredFunc {
	return []meteredFunc{
		{name: tickName, run: func(m *meter, _ []any) (any, error) { return nil, m.tick() }},
		{name: addName, run: func(m *meter, args []any) (any, error) { return m.add(args[0], args[1]) }},
		{name: chargeName, run: func(m *meter, args []any) (any, error) { return args[0], m.charge(args[0]) }},
		{name: wholeName, run: func(_ *meter, args []any) (any, error) { return whole(args[0]), nil }},
	}
}

func signatures(funcs ...any) []reflect.Type {
	types := make([]reflect.Type, len(funcs))
	for i, f := range funcs {
		types[i] = reflect.TypeOf(f)
	}
	return types
}

func oneOf(name, want string, kind reflect.Kind) func([]reflect.Type) (reflect.Type, error) {
	result := reflect.TypeFor[[]any]()
	return func(args []reflect.Type) (reflect.Type, error) {
		if len(args) != 1 {
			return result, fmt.Errorf("%s takes one argument, not %d", name, len(args))
		}
		if k := args[0].Kind(); k != kind && k != reflect.Interface {
			return result, fmt.Errorf("%s takes an %s, not %s", name, want, userWords(args[0].String()))
		}
		return result, nil
	}
}

func manyArrays(args []reflect.Type) (reflect.Type, error) {
	result := reflect.TypeFor[[]any]()
	if len(args) == 0 {
		return result, fmt.Errorf("concat takes one or more arrays")
	}
	for _, arg := range args {
		if k := arg.Kind(); k != reflect.Slice && k != reflect.Interface {
			return result, fmt.Errorf("concat takes arrays, not %s", userWords(arg.String()))
		}
	}
	return result, nil
}

func textArg(name string, args []any, i int) (string, error) {
	s, ok := args[i].(string)
	if !ok {
		return "", failf("%s needs a string, got %s", name, describe(args[i]))
	}
	return s, nil
}

func join(m *meter, args []any) (any, error) {
	separator := ""
	if len(args) == 2 {
		var err error
		if separator, err = textArg("join", args, 1); err != nil {
			return nil, err
		}
	}
	items, err := itemsOf("join", args[0])
	if err != nil {
		return nil, err
	}
	parts := make([]string, len(items))
	for i := range items {
		if parts[i], err = textArg("join", items, i); err != nil {
			return nil, err
		}
		if err := m.text(len(parts[i]) + len(separator)); err != nil {
			return nil, err
		}
	}
	return strings.Join(parts, separator), nil
}

func replaceText(m *meter, args []any) (any, error) {
	var s [3]string
	for i := range s {
		var err error
		if s[i], err = textArg("replace", args, i); err != nil {
			return nil, err
		}
	}
	times := strings.Count(s[0], s[1])
	if len(args) == 4 {
		n, ok := wholeNumber(args[3])
		if !ok {
			return nil, failf("replace needs a whole number of times, got %s", describe(args[3]))
		}
		if n >= 0 {
			times = min(times, n)
		}
	}
	if err := m.text(len(s[0])); err != nil {
		return nil, err
	}
	if grow := len(s[2]) - len(s[1]); grow > 0 && times > 0 {
		if err := m.text(min(times, maxBytes+1) * min(grow, maxBytes+1)); err != nil {
			return nil, err
		}
	}
	return strings.Replace(s[0], s[1], s[2], times), nil
}

func repeat(m *meter, args []any) (any, error) {
	s, err := textArg("repeat", args, 0)
	if err != nil {
		return nil, err
	}
	n, ok := wholeNumber(args[1])
	if !ok || n < 0 {
		return nil, failf("repeat needs a whole number of times, not below 0")
	}
	if err := m.text(min(len(s), maxBytes+1) * min(n, maxBytes+1)); err != nil {
		return nil, err
	}
	return strings.Repeat(s, n), nil
}

func toText(m *meter, args []any) (any, error) {
	v, err := m.plainValue(args[0])
	if err != nil {
		return nil, err
	}
	s, err := text(v)
	if err != nil {
		return nil, err
	}
	return s, m.text(len(s))
}

func toJSON(m *meter, args []any) (any, error) {
	v, err := m.plainValue(args[0])
	if err != nil {
		return nil, err
	}
	s, err := compactJSON(v)
	if err != nil {
		return nil, err
	}
	return s, m.text(len(s))
}

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
		key, err := json.Marshal(v)
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

// itemsOf returns the items of any of the arrays that expr makes. The result
// must not be written to.
func itemsOf(name string, v any) ([]any, error) {
	switch v := v.(type) {
	case []any:
		return v, nil
	case []string:
		return boxed(v), nil
	case []int:
		return boxed(v), nil
	case []float64:
		return boxed(v), nil
	}
	return nil, failf("%s needs an array, got %s", name, describe(v))
}

func boxed[T any](items []T) []any {
	out := make([]any, len(items))
	for i, item := range items {
		out[i] = item
	}
	return out
}

// whole returns whole numbers as int, and every other value as it is.
func whole(v any) any {
	if n, ok := wholeNumber(v); ok {
		return n
	}
	return v
}

func wholeNumber(v any) (int, bool) {
	switch v := v.(type) {
	case int:
		return v, true
	case int64:
		return int(v), true
	case float64:
		return int(v), v == float64(int(v))
	}
	return 0, false
}

// meteredNamed returns the function that lowering calls by name.
func meteredNamed(name string) meteredFunc {
	all := slices.Concat(metered(), internal())
	return all[slices.IndexFunc(all, func(f meteredFunc) bool { return f.name == name })]
}

// bind returns f as the evaluation environment holds it. An error ends the
// evaluation.
func (m *meter) bind(f meteredFunc) func(...any) any {
	return func(args ...any) any {
		v, err := f.run(m, args)
		if err != nil {
			panic(err)
		}
		return v
	}
}
