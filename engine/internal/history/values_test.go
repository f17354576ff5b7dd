package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
)

// decode reads JSON with the digits of its numbers.
func decode(text []byte) any {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		panic(fmt.Sprintf("%v: %s", err, text))
	}
	return v
}

// plain is a Go value as JSON has it.
func plain(v any) any {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return decode(text)
}

// textOf is a value as it stands in a path.
func textOf(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// same compares two decoded values, numbers by value.
func same(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		n, ok := b.(json.Number)
		if !ok {
			return false
		}
		x, okA := new(big.Rat).SetString(a.String())
		y, okB := new(big.Rat).SetString(n.String())
		return okA && okB && x.Cmp(y) == 0
	case []any:
		list, ok := b.([]any)
		return ok && slices.EqualFunc(a, list, same)
	case object:
		m, ok := b.(object)
		if !ok || len(a) != len(m) {
			return false
		}
		for k, v := range a {
			other, ok := m[k]
			if !ok || !same(v, other) {
				return false
			}
		}
		return true
	}
	return a == b
}

func jsonOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// without returns a JSON object without a field.
func without(text, field string) string {
	m, ok := decode([]byte(text)).(object)
	if !ok || m[field] == nil {
		return text
	}
	delete(m, field)
	return jsonOf(m)
}

// with returns a JSON object with another value in a field that it has.
func with(text, field, value string) string {
	m, ok := decode([]byte(text)).(object)
	if !ok || m[field] == nil {
		return text
	}
	m[field] = json.RawMessage(value)
	return jsonOf(m)
}

// field returns a field of an object, nil of anything else.
func field(v any, name string) any {
	m, _ := v.(object)
	return m[name]
}
