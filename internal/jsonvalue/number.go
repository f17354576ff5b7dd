package jsonvalue

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
)

// Number returns the value of a JSON number literal in the form that [Decode]
// gives it. ok is false for text that is no such literal.
func Number(text string) (v any, ok bool) {
	if _, ok := split(text); !ok {
		return nil, false
	}
	if v, ok = number(text); !ok {
		v = json.Number(text)
	}
	return v, true
}

// number returns the int or float64 that is written as text again, if there is one.
func number(text string) (v any, ok bool) {
	fraction, digits := false, 0
	for i := range len(text) {
		switch text[i] {
		case '.':
			fraction = true
		case 'e', 'E':
			return nil, false
		case '-':
		default:
			digits++
		}
	}
	if !fraction {
		if i, err := strconv.Atoi(text); err == nil && (i != 0 || text == "0") {
			return i, true
		}
		return nil, false
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && written(f, text, digits) {
		return f, true
	}
	return nil, false
}

// fewDigits is how many digits of any decimal a float64 gives back.
const fewDigits = 15

// written reports whether encoding/json writes f as text, which is a literal
// with a fraction. Below 1e-6 it writes an exponent.
func written(f float64, text string, digits int) bool {
	if math.Abs(f) < 1e-6 {
		return false
	}
	if digits <= fewDigits {
		return text[len(text)-1] != '0'
	}
	var buf [32]byte
	return string(strconv.AppendFloat(buf[:0], f, 'f', -1, 64)) == text
}

// IsNumber reports whether v is a number of any kind.
func IsNumber(v any) bool {
	switch v.(type) {
	case int, float64, json.Number:
		return true
	case nil, bool, string, []any, map[string]any:
		return false
	}
	r := reflect.ValueOf(v)
	return r.CanInt() || r.CanUint() || r.CanFloat()
}

// IsInteger reports whether v is a number without a fraction, such as 3, 3.0
// and 3e400.
func IsInteger(v any) bool {
	if _, ok := v.(int); ok {
		return true
	}
	d, ok := decimalOf(v)
	return ok && d.isInteger()
}

// Compare orders two numbers by their exact value, a float64 counting as the
// shortest decimal that names it. ok is false when one is no number, not finite,
// or has an exponent beyond 2^62.
func Compare(a, b any) (order int, ok bool) {
	switch x := a.(type) {
	case int:
		switch y := b.(type) {
		case int:
			return cmp.Compare(x, y), true
		case float64:
			if isExact(x) {
				return compareFloats(float64(x), y)
			}
		}
	case float64:
		switch y := b.(type) {
		case float64:
			return compareFloats(x, y)
		case int:
			if isExact(y) {
				return compareFloats(x, float64(y))
			}
		}
	case json.Number:
		if y, same := b.(json.Number); same && x == y {
			return 0, true
		}
	}
	x, okX := decimalOf(a)
	y, okY := decimalOf(b)
	if !okX || !okY {
		return 0, false
	}
	return x.compare(y), true
}

func compareFloats(x, y float64) (int, bool) {
	return cmp.Compare(x, y), !math.IsNaN(x) && !math.IsNaN(y)
}

// isExact reports whether a float64 holds i and nothing else rounds to it.
func isExact(i int) bool { return -1<<53 < i && i < 1<<53 }

// Exact returns the int, or else the float64, of exactly v's value. ok is
// false for a number that neither holds, and for any other value.
func Exact(v any) (n any, ok bool) {
	switch v := v.(type) {
	case int:
		return v, true
	case float64:
		return v, true
	}
	d, ok := decimalOf(v)
	if !ok {
		return nil, false
	}
	if i, ok := d.int(); ok {
		return i, true
	}
	f, err := strconv.ParseFloat(d.String(), 64)
	if err != nil {
		return nil, false
	}
	if back, _ := decimalOf(f); back != d {
		return nil, false
	}
	return f, true
}

// Float returns the float64 of exactly v's value.
func Float(v any) (float64, bool) {
	n, _ := Exact(v)
	switch n := n.(type) {
	case float64:
		return n, true
	case int:
		f := float64(n)
		back, _ := decimalOf(f)
		same, _ := decimalOf(n)
		return f, isExact(n) || back == same
	}
	return 0, false
}

// Canonical returns a number in a form that is the same for all numbers of its
// value: an int, else a float64, else a json.Number. Other values come back as
// they are.
func Canonical(v any) any {
	if _, ok := v.(int); ok {
		return v
	}
	d, ok := decimalOf(v)
	if !ok {
		return v
	}
	if n, ok := Exact(json.Number(d.String())); ok {
		return n
	}
	return json.Number(d.String())
}

// Canonicals returns v with every number in it in the form of [Canonical], so that
// equal values have the same JSON. v itself is not changed.
func Canonicals(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = Canonicals(item)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, item := range v {
			out[name] = Canonicals(item)
		}
		return out
	}
	return Canonical(v)
}

// Show is a number's text in a message, shortened where it is very long.
func Show(v any) string {
	const most = 60
	text := fmt.Sprint(v)
	if len(text) <= most {
		return text
	}
	return fmt.Sprintf("%s... (%d characters)", text[:most], len(text))
}
