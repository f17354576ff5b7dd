package skill

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/mock"
)

// callLine is the command that sends an operation, with example values for all
// it requires.
func callLine(op *operations.Operation) string {
	words := []string{"capstan", "call", op.API, op.ID}
	fields := op.BodyFields()
	for _, p := range op.Params {
		if !p.Required && p.In != operations.InPath {
			continue
		}
		name := p.Name
		if ambiguous(op, fields, name) {
			name = string(p.In) + "." + name
		}
		words = append(words, "-p", assign(name, mock.Example(p.Schema, p.Name), p.Schema))
	}
	body, ok := exampleBody(op)
	if !ok {
		return command(words...)
	}
	object, isObject := body.(map[string]any)
	if !isObject || len(object) == 0 {
		return "printf %s " + quote(jsonvalue.Compact(body)) + " | " + command(append(words, "--body", "-")...)
	}
	for _, name := range bodyNames(fields, object) {
		words = append(words, "-p", bodyFlag(op, fields, name, object[name]))
	}
	return command(words...)
}

// bodyNames orders the properties of a body as the document does.
func bodyNames(fields []operations.BodyField, object map[string]any) []string {
	var names []string
	for _, f := range fields {
		if _, ok := object[f.Name]; ok {
			names = append(names, f.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func bodyFlag(op *operations.Operation, fields []operations.BodyField, name string, v any) string {
	var schema *operations.Schema
	for _, f := range fields {
		if f.Name == name {
			schema = f.Schema
		}
	}
	if schema == nil || ambiguous(op, fields, name) {
		name = "body." + name
	}
	return assign(name, v, schema)
}

// ambiguous reports whether a name stands for more than one value.
func ambiguous(op *operations.Operation, fields []operations.BodyField, name string) bool {
	n := 0
	for _, p := range op.Params {
		if p.Name == name {
			n++
		}
	}
	for _, f := range fields {
		if f.Name == name {
			n++
		}
	}
	return n > 1
}

// assign writes a value as -p takes it: as text where that comes to the same,
// else as JSON.
func assign(name string, v any, s *operations.Schema) string {
	if s.IsFile() || s != nil && s.Items.IsFile() {
		return name + "=@FILE"
	}
	if list, ok := v.([]any); ok && s != nil && slices.Equal(s.Types, []string{"array"}) && len(list) == 1 && takesText(s.Items) {
		if text, ok := list[0].(string); ok {
			v = text
		}
	}
	switch v := v.(type) {
	case string:
		if takesText(s) && !strings.HasPrefix(v, "@") && !strings.ContainsFunc(v, unicode.IsControl) {
			return name + "=" + v
		}
	case bool, int, int64, float64, json.Number:
		if text, err := jsonvalue.Text(v); err == nil && s != nil && len(s.Types) == 1 && s.Types[0] != "string" {
			return name + "=" + text
		}
	}
	return name + ":=" + jsonvalue.Compact(v)
}

// takesText reports whether text is taken as it is, or is of unknown
// type; an array takes its items as such.
func takesText(s *operations.Schema) bool {
	if s == nil || len(s.Types) == 0 {
		return s == nil || len(s.AllOf)+len(s.OneOf)+len(s.AnyOf) == 0
	}
	return slices.Contains(s.Types, "string") || slices.Equal(s.Types, []string{"array"})
}
