package eval

import (
	"math"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

func absolute(v any) (any, error) {
	if !isNumber(v) {
		return nil, failf("abs cannot take %s", describe(v))
	}
	if order, ok := jsonvalue.Compare(v, 0); ok && order < 0 {
		return negate(v)
	}
	return v, nil
}

// rounding is the body of a function that rounds. A number that is whole
// already keeps its digits, whether a float64 has them or not.
func rounding(name string, f func(float64) float64) func(*meter, []any) (any, error) {
	return ofOne(func(v any) (any, error) {
		if !isNumber(v) {
			return nil, failf("%s cannot take %s", name, describe(v))
		}
		x, err := float(v)
		if err != nil && jsonvalue.IsInteger(v) {
			return v, nil
		}
		return f(x), err
	})
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

// extreme is the body of min and max; of no number the result is null.
func extreme(name string, sign int) func(*meter, []any) (any, error) {
	return func(_ *meter, args []any) (any, error) {
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
}

// ofFloats is the body of a function of numbers; that of none is 0.
func ofFloats(name string, f func(list []float64) float64) func(*meter, []any) (any, error) {
	return func(_ *meter, args []any) (any, error) {
		var list []float64
		err := numbersIn(name, args, func(n any) error {
			x, err := float(n)
			list = append(list, x)
			return err
		})
		if err != nil || len(list) == 0 {
			return 0.0, err
		}
		return f(list), nil
	}
}

func mean(list []float64) float64 {
	total := 0.0
	for _, f := range list {
		total += f
	}
	return total / float64(len(list))
}

func median(list []float64) float64 {
	slices.Sort(list)
	middle := len(list) / 2
	if len(list)%2 == 0 {
		return (list[middle-1] + list[middle]) / 2
	}
	return list[middle]
}

func sum(m *meter, items []any) (any, error) {
	var total any = 0
	var err error
	for _, item := range items {
		if total, err = m.add(total, item); err != nil {
			return nil, err
		}
	}
	return total, nil
}
