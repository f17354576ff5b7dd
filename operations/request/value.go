package request

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
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
func shapeOf(v any, schema *operations.Schema) (shape, error) {
	sh, err := flatten(v, schema)
	if err != nil || schema == nil || len(schema.Types) == 0 {
		return sh, err
	}
	switch {
	case sh.kind == isText && isOnly(schema, "array"): // a server reads it as a list of one
		return shape{kind: isList, items: []string{sh.text}}, nil
	case sh.kind == isObject && isOnly(schema, "array"), sh.kind != isObject && isOnly(schema, "object"):
		return sh, fmt.Errorf("is %s where the document has only %s, and would be read as something else", sh.kind, strings.Join(schema.Types, " or "))
	}
	return sh, nil
}

// isOnly reports whether a schema has no type but t, and perhaps null.
func isOnly(s *operations.Schema, t string) bool {
	return s != nil && len(s.Types) > 0 && !slices.ContainsFunc(s.Types, func(other string) bool { return other != t && other != "null" })
}

func flatten(v any, schema *operations.Schema) (shape, error) {
	switch v := jsonvalue.Plain(v).(type) {
	case []any:
		items, err := texts(v)
		return shape{kind: isList, items: items}, err
	case map[string]any:
		sh := shape{kind: isObject}
		for _, name := range schema.FieldOrder(v) {
			text, err := jsonvalue.Text(v[name])
			if err != nil {
				return shape{}, fmt.Errorf("field %q %w", name, err)
			}
			sh.fields = append(sh.fields, textField{name, text})
		}
		return sh, nil
	default:
		text, err := jsonvalue.Text(v)
		return shape{kind: isText, text: text}, err
	}
}

func texts(list []any) ([]string, error) {
	out := make([]string, len(list))
	for i, item := range list {
		text, err := jsonvalue.Text(item)
		if err != nil {
			return nil, fmt.Errorf("item %d %w", i, err)
		}
		out[i] = text
	}
	return out, nil
}
