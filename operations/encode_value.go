package operations

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// shape is a value as the parameter styles see it: one text, a list of texts,
// or named texts. The styles are defined for nothing deeper.
type shape struct {
	kind   shapeKind
	text   string
	items  []string
	fields []textField
}

// isEmpty reports a list or object without content.
func (sh shape) isEmpty() bool {
	return sh.kind == isList && len(sh.items) == 0 || sh.kind == isObject && len(sh.fields) == 0
}

// parts lists the texts that it is made of, one text aside.
func (sh shape) parts() []string {
	parts := slices.Clone(sh.items)
	for _, f := range sh.fields {
		parts = append(parts, f.name, f.text)
	}
	return parts
}

type textField struct{ name, text string }

type shapeKind int

const (
	isText shapeKind = iota
	isList
	isObject
)

func (k shapeKind) String() string { return [...]string{"a single value", "a list", "an object"}[k] }

// shapeOf flattens a JSON-like value. The fields of an object come in the order
// of the schema's properties, then by name.
func shapeOf(v any, schema *Schema) (shape, error) {
	sh, err := flatten(v, schema)
	if err != nil || schema == nil || len(schema.Types) == 0 {
		return sh, err
	}
	only := func(t string) bool {
		return !slices.ContainsFunc(schema.Types, func(other string) bool { return other != t && other != "null" })
	}
	switch {
	case sh.kind == isText && only("array"): // a server reads it as a list of one
		return shape{kind: isList, items: []string{sh.text}}, nil
	case sh.kind == isObject && only("array"), sh.kind != isObject && only("object"):
		return sh, fmt.Errorf("is %s where the document has only %s, and would be read as something else", sh.kind, strings.Join(schema.Types, " or "))
	}
	return sh, nil
}

func flatten(v any, schema *Schema) (shape, error) {
	switch v := plain(v).(type) {
	case []any:
		items, err := texts(v)
		return shape{kind: isList, items: items}, err
	case map[string]any:
		sh := shape{kind: isObject}
		for _, name := range fieldOrder(v, schema) {
			text, err := textOf(v[name])
			if err != nil {
				return shape{}, fmt.Errorf("field %q %w", name, err)
			}
			sh.fields = append(sh.fields, textField{name, text})
		}
		return sh, nil
	default:
		text, err := textOf(v)
		return shape{kind: isText, text: text}, err
	}
}

func texts(list []any) ([]string, error) {
	out := make([]string, len(list))
	for i, item := range list {
		text, err := textOf(item)
		if err != nil {
			return nil, fmt.Errorf("item %d %w", i, err)
		}
		out[i] = text
	}
	return out, nil
}

// The errors of values that no style can carry. They continue a sentence whose
// subject is the value.
var (
	errNested = errors.New("is a list or object inside a list or object, which has no defined form here")
	errNull   = errors.New("is null")
	errBytes  = errors.New("is binary data, which cannot travel here")
)

// textOf writes a scalar as it stands in URLs, headers and forms.
func textOf(v any) (string, error) {
	switch v := plain(v).(type) {
	case nil:
		return "", errNull
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case float64:
		return floatText(v)
	case json.Number:
		return v.String(), nil
	case time.Time:
		return v.Format(time.RFC3339Nano), nil
	case []byte:
		return "", errBytes
	case []any, map[string]any:
		return "", errNested
	}
	switch rv := reflect.ValueOf(v); {
	case rv.CanInt():
		return strconv.FormatInt(rv.Int(), 10), nil
	case rv.CanUint():
		return strconv.FormatUint(rv.Uint(), 10), nil
	}
	return "", errors.New("is not a JSON value")
}

// floatText never uses an exponent below 1e21, as JavaScript does not.
func floatText(f float64) (string, error) {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return "", errors.New("is not a finite number")
	case math.Abs(f) < 1e21:
		return strconv.FormatFloat(f, 'f', -1, 64), nil
	default:
		return strconv.FormatFloat(f, 'g', -1, 64), nil
	}
}

// plain turns typed slices, maps, named strings and float32 into the few Go
// types that the encoders switch on; anything else comes back as it is.
func plain(v any) any {
	switch v.(type) {
	case nil, string, bool, int, int64, float64, json.Number, time.Time, []byte, []any, map[string]any:
		return v
	}
	switch rv := reflect.ValueOf(v); rv.Kind() {
	case reflect.Slice, reflect.Array:
		out := make([]any, rv.Len())
		for i := range out {
			out[i] = rv.Index(i).Interface()
		}
		return out
	case reflect.Map:
		if rv.Type().Key().Kind() != reflect.String {
			return v
		}
		out := make(map[string]any, rv.Len())
		for it := rv.MapRange(); it.Next(); {
			out[it.Key().String()] = it.Value().Interface()
		}
		return out
	case reflect.String:
		return rv.String()
	case reflect.Bool:
		return rv.Bool()
	case reflect.Float32:
		// The shortest decimal that names the float32, not its binary neighbour.
		f, _ := strconv.ParseFloat(strconv.FormatFloat(rv.Float(), 'g', -1, 32), 64)
		return f
	}
	return v
}

// fieldOrder returns the keys of m: first those the schema lists, in its order,
// then the others by name.
func fieldOrder(m map[string]any, schema *Schema) []string {
	var names []string
	if schema != nil {
		for _, p := range schema.Properties {
			if _, ok := m[p.Name]; ok && !slices.Contains(names, p.Name) {
				names = append(names, p.Name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
