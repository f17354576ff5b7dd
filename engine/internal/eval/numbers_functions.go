package eval

import (
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// numeric lists our versions of expr's functions on numbers. The checker uses
// expr's own signatures; lowering puts these in their place.
func numeric() []meteredFunc {
	one := func(name string, f func(v any) (any, error)) meteredFunc {
		return meteredFunc{name: name, run: func(_ *meter, args []any) (any, error) { return f(args[0]) }}
	}
	rounding := func(name string, f func(float64) float64) meteredFunc {
		return one(name, func(v any) (any, error) { return round(name, f, v) })
	}
	extreme := func(name string, sign int) meteredFunc {
		return meteredFunc{name: name, run: func(_ *meter, args []any) (any, error) { return extremeOf(name, sign, args) }}
	}
	return []meteredFunc{
		one("abs", absolute), one("int", toInt), one("float", toFloat),
		rounding("ceil", math.Ceil), rounding("floor", math.Floor), rounding("round", math.Round),
		extreme("min", -1), extreme("max", 1),
		{name: "mean", run: func(_ *meter, args []any) (any, error) { return mean(args) }},
		{name: "median", run: func(_ *meter, args []any) (any, error) { return median(args) }},
		{name: "sum", run: func(m *meter, args []any) (any, error) { return m.sum(args[0]) }},
		{name: "sort", run: sortItems},
		{name: sortPairsName, run: sortPairs},
		{name: "fromJSON", run: fromJSON},
		{name: "type", run: func(_ *meter, args []any) (any, error) { return typeName(args[0]), nil }},
		{name: canonicalName, run: func(_ *meter, args []any) (any, error) { return jsonvalue.Canonical(args[0]), nil }},
		{name: itemsName, run: func(_ *meter, args []any) (any, error) { return hasItems(args[0]) }},
	}
}

// isNumeric reports whether numeric has a version of expr's builtin.
func isNumeric(name string) bool {
	switch name {
	case "abs", "int", "float", "ceil", "floor", "round", "min", "max", "mean", "median", "sum", "sort", "fromJSON", "type":
		return true
	}
	return false
}

func absolute(v any) (any, error) {
	if !isNumber(v) {
		return nil, failf("abs cannot take %s", describe(v))
	}
	if order, ok := jsonvalue.Compare(v, 0); ok && order < 0 {
		return negate(v)
	}
	return v, nil
}

// round rounds a number. One that is whole already keeps its digits, whether a
// float64 has them or not.
func round(name string, f func(float64) float64, v any) (any, error) {
	if !isNumber(v) {
		return nil, failf("%s cannot take %s", name, describe(v))
	}
	x, err := float(v)
	if err != nil && jsonvalue.IsInteger(v) {
		return v, nil
	}
	return f(x), err
}

// toInt cuts a fraction off, and reads text.
func toInt(v any) (any, error) {
	text, isText := v.(string)
	if n, ok := jsonvalue.Number(strings.TrimPrefix(text, "+")); ok && !strings.ContainsAny(text, ".eE") {
		v = n
	}
	switch {
	case isText && v == any(text):
		return nil, failf("int needs a number, got %q", text)
	case !isNumber(v):
		return nil, failf("int needs a number, got %s", describe(v))
	case jsonvalue.IsInteger(v):
		if n, ok := jsonvalue.Canonical(v).(int); ok {
			return n, nil
		}
		return v, nil
	}
	x, err := float(v)
	if err != nil {
		return nil, err
	}
	return toInt(math.Trunc(x))
}

// toFloat returns numbers as they are held best, and reads text.
func toFloat(v any) (any, error) {
	text, isText := v.(string)
	if n, ok := jsonvalue.Number(strings.TrimPrefix(text, "+")); ok {
		v = n
	}
	switch {
	case isText && v == any(text):
		return nil, failf("float needs a number, got %q", text)
	case !isNumber(v):
		return nil, failf("float needs a number, got %s", describe(v))
	}
	if x, ok := jsonvalue.Float(v); ok {
		return x, nil
	}
	return v, nil
}

// numbersIn calls do with every number of args and of the arrays among them.
func numbersIn(name string, args []any, do func(n any) error) error {
	for _, arg := range args {
		if isNumber(arg) {
			if err := do(arg); err != nil {
				return err
			}
			continue
		}
		items, err := itemsOf(name, arg)
		if err != nil {
			return failf("%s cannot take %s", name, describe(arg))
		}
		if err := numbersIn(name, items, do); err != nil {
			return err
		}
	}
	return nil
}

// extremeOf returns the least or the greatest number; null of none.
func extremeOf(name string, sign int, args []any) (any, error) {
	var best any
	err := numbersIn(name, args, func(n any) error {
		order, ok := jsonvalue.Compare(n, best)
		if best == nil || ok && order == sign {
			best = n
		}
		return nil
	})
	return best, err
}

func floatsIn(name string, args []any) ([]float64, error) {
	var out []float64
	err := numbersIn(name, args, func(n any) error {
		f, err := float(n)
		out = append(out, f)
		return err
	})
	return out, err
}

func mean(args []any) (any, error) {
	list, err := floatsIn("mean", args)
	if err != nil || len(list) == 0 {
		return 0.0, err
	}
	sum := 0.0
	for _, f := range list {
		sum += f
	}
	return sum / float64(len(list)), nil
}

func median(args []any) (any, error) {
	list, err := floatsIn("median", args)
	if err != nil || len(list) == 0 {
		return 0.0, err
	}
	slices.Sort(list)
	if middle := len(list) / 2; len(list)%2 == 0 {
		return (list[middle-1] + list[middle]) / 2, nil
	} else {
		return list[middle], nil
	}
}

func (m *meter) sum(v any) (any, error) {
	items, err := itemsOf("sum", v)
	if err != nil {
		return nil, err
	}
	var total any = 0
	for _, item := range items {
		if total, err = m.add(total, item); err != nil {
			return nil, err
		}
	}
	return total, nil
}

// sortItems is sort(array, order?).
func sortItems(m *meter, args []any) (any, error) {
	items, err := itemsOf("sort", args[0])
	if err != nil {
		return nil, err
	}
	return sortBy(m, "sort", items, items, args[1:])
}

// sortPairs sorts what sortBy made of its array: [item, key] for each item.
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

func fromJSON(m *meter, args []any) (any, error) {
	text, err := textArg("fromJSON", args, 0)
	if err != nil {
		return nil, err
	}
	v, err := jsonvalue.Decode([]byte(text))
	switch {
	case err != nil:
		return nil, failf("fromJSON cannot read the text: %v", err)
	case strings.TrimSpace(text) == "":
		return nil, failf("fromJSON cannot read the text: it is empty")
	}
	return v, m.charge(v)
}

// typeName is the type function.
func typeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case bool:
		return "bool"
	case string:
		return "string"
	case json.Number:
		if strings.ContainsAny(string(v), ".eE") {
			return "float"
		}
		return "int"
	case float64, float32:
		return "float"
	case map[string]any, map[any][]any:
		return "map"
	}
	if isNumber(v) {
		return "int"
	}
	return "array"
}

// hasItems passes on what has a length and can be cut: to expr, a json.Number
// is text.
func hasItems(v any) (any, error) {
	if n, ok := v.(json.Number); ok {
		return nil, failf("a number has no length and no parts: %s", jsonvalue.Show(n))
	}
	return v, nil
}

// canonical returns v with every number in the form that all numbers of its
// value have.
func canonical(v any) any {
	switch v := v.(type) {
	case json.Number:
		return jsonvalue.Canonical(v)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = canonical(item)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, item := range v {
			out[name] = canonical(item)
		}
		return out
	}
	return v
}
