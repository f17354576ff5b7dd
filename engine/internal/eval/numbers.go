package eval

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/vm/runtime"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// A number that neither an int nor a float64 holds as it was written is a
// json.Number, which expr's machine does not know. Wherever one may arrive,
// lowering puts the functions of this file in the place of expr's operators:
// they compare by exact value, and calculate with numbers that an int or a
// float64 holds exactly. Every other number is an error that names the number.

// isNumber reports whether v is a number. A byte is none: expr makes one of a
// character of text.
func isNumber(v any) bool {
	_, isByte := v.(byte)
	return !isByte && jsonvalue.IsNumber(v)
}

// equal is the == operator.
func equal(a, b any) bool {
	switch x := a.(type) {
	case string:
		y, ok := b.(string)
		return ok && x == y
	case int:
		if y, ok := b.(int); ok {
			return x == y
		}
	case map[string]any, []any:
		if isJSON(b) {
			return jsonvalue.Equal(a, b)
		}
	}
	if isNumber(a) && isNumber(b) {
		order, ok := jsonvalue.Compare(a, b)
		return ok && order == 0
	}
	if x, err := itemsOf("", a); err == nil {
		y, err := itemsOf("", b)
		return err == nil && slices.EqualFunc(x, y, equal)
	}
	return runtime.Equal(a, b)
}

func isJSON(v any) bool {
	switch v.(type) {
	case nil, bool, string, int, float64, json.Number, []any, map[string]any:
		return true
	}
	return false
}

// ordered is the body of an operator that holds for some orders.
func ordered(op string, holds func(order int) bool) func(*meter, []any) (any, error) {
	return func(_ *meter, args []any) (any, error) {
		order, ok := compare(args[0], args[1])
		if !ok {
			return nil, failf("cannot apply %s to %s and %s", op, describe(args[0]), describe(args[1]))
		}
		return holds(order), nil
	}
}

// compare orders two numbers or two strings.
func compare(a, b any) (order int, ok bool) {
	if x, isText := a.(string); isText {
		y, ok := b.(string)
		return strings.Compare(x, y), ok
	}
	if !isNumber(a) || !isNumber(b) {
		return 0, false
	}
	return jsonvalue.Compare(a, b)
}

// in is the `in` operator for anything but text.
func in(needle, of any) (any, error) {
	if list, ok := of.([]int); ok { // of a range, which may be long
		n, isInt := jsonvalue.Canonical(needle).(int)
		return isInt && slices.Contains(list, n), nil
	}
	if items, err := itemsOf("", of); err == nil {
		for _, item := range items {
			if equal(item, needle) {
				return true, nil
			}
		}
		return false, nil
	}
	fields, ok := of.(map[string]any)
	name, isText := needle.(string)
	switch {
	case of == nil:
		return false, nil
	case !ok:
		return nil, failf("in needs an array or an object, got %s", describe(of))
	case !isText:
		return nil, failf("in cannot use %s as a key", describe(needle))
	}
	_, found := fields[name]
	return found, nil
}

// exact returns a number that can be calculated with, as an int or a float64.
func exact(v any) (any, error) {
	switch v.(type) {
	case int, float64:
		return v, nil
	}
	n, ok := jsonvalue.Exact(v)
	if !ok {
		return nil, failf("cannot calculate with %s: no 64-bit number holds all its digits", jsonvalue.Show(v))
	}
	return n, nil
}

// float returns a number as a float64 that holds it exactly.
func float(v any) (float64, error) {
	f, ok := jsonvalue.Float(v)
	if !ok {
		return 0, failf("cannot calculate with %s: no 64-bit floating-point number holds all its digits", jsonvalue.Show(v))
	}
	return f, nil
}

// calculation is the body of one of the operators - * / % **.
func calculation(op string) func(*meter, []any) (any, error) {
	return func(_ *meter, args []any) (any, error) { return calculate(op, args[0], args[1]) }
}

// calculate is one of the operators + - * / % ** on numbers.
func calculate(op string, a, b any) (any, error) {
	if !isNumber(a) || !isNumber(b) {
		return nil, failf("cannot apply %s to %s and %s", op, describe(a), describe(b))
	}
	a, err := exact(a)
	if err != nil {
		return nil, err
	}
	if b, err = exact(b); err != nil {
		return nil, err
	}
	if op == "%" {
		return remainder(a, b)
	}
	x, isInt := a.(int)
	y, areInts := b.(int)
	if isInt && areInts && op != "/" && op != "**" {
		return calculateInts(op, x, y)
	}
	return calculateFloats(op, a, b)
}

func calculateInts(op string, x, y int) (any, error) {
	var n int
	overflow := false
	switch op {
	case "+":
		n = x + y
		overflow = (n > x) != (y > 0) && y != 0
	case "-":
		n = x - y
		overflow = (n < x) != (y > 0) && y != 0
	case "*":
		n = x * y
		overflow = x != 0 && (n/x != y || x == -1 && y == math.MinInt)
	}
	if overflow {
		return nil, failf("%d %s %d is beyond what 64 bits hold", x, op, y)
	}
	return n, nil
}

func calculateFloats(op string, a, b any) (any, error) {
	x, err := float(a)
	if err != nil {
		return nil, err
	}
	y, err := float(b)
	if err != nil {
		return nil, err
	}
	switch op {
	case "+":
		return x + y, nil
	case "-":
		return x - y, nil
	case "*":
		return x * y, nil
	case "/":
		return x / y, nil
	}
	return math.Pow(x, y), nil
}

func remainder(a, b any) (any, error) {
	x, isInt := wholeNumber(a)
	y, areInts := wholeNumber(b)
	switch {
	case !isInt || !areInts:
		return nil, failf("%% needs whole numbers")
	case y == 0:
		return nil, failf("division by zero")
	}
	return x % y, nil
}

// negate is the unary - operator, which keeps the digits of every number.
func negate(v any) (any, error) {
	switch n := v.(type) {
	case float64:
		return -n, nil
	case int:
		if n == math.MinInt {
			return negate(json.Number(strconv.Itoa(n)))
		}
		return -n, nil
	case json.Number:
		text, negative := strings.CutPrefix(string(n), "-")
		if !negative {
			text = "-" + text
		}
		negated, _ := jsonvalue.Number(text)
		return negated, nil
	}
	return nil, failf("cannot negate %s", describe(v))
}

// whole returns whole numbers as int, and every other value as it is; a
// json.Number that no int holds is an error.
func whole(v any) (any, error) {
	if n, ok := wholeNumber(v); ok {
		return n, nil
	}
	if n, ok := v.(json.Number); ok {
		return nil, failf("a whole number is needed that 64 bits hold, not %s", jsonvalue.Show(n))
	}
	return v, nil
}

func wholeNumber(v any) (int, bool) {
	switch v := v.(type) {
	case int:
		return v, true
	case int64:
		return int(v), true
	case float64:
		return int(v), v == float64(int(v))
	case json.Number:
		n, ok := jsonvalue.Exact(v)
		i, isInt := n.(int)
		return i, ok && isInt
	}
	return 0, false
}
