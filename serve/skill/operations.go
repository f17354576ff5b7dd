package skill

import (
	"cmp"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/columns"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// tenantFilters lists the optional parameters by which a list is narrowed to
// the items of one thing: by its id, or by its name where the API deals
// with such things.
func tenantFilters(op *operations.Operation, things map[string]bool) []string {
	if op.Effect() != operations.Read || !op.Resource().List {
		return nil
	}
	var names []string
	for _, param := range op.Params {
		id := strings.HasSuffix(param.Name, "_id") || strings.HasSuffix(param.Name, "Id")
		if param.In == operations.InQuery && !param.Required && (id || things[strings.ToLower(param.Name)]) {
			names = append(names, param.Name)
		}
	}
	return names
}

// title is the heading of an operation.
func title(op *operations.Operation) string { return cmp.Or(columns.OneLine(op.Summary), op.ID) }

// lead is the first paragraph of an operation's description, where it is more
// than the title.
func lead(op *operations.Operation) string {
	first, _, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(op.Description), "\r\n", "\n"), "\n\n")
	if first = columns.OneLine(first); first == title(op) {
		return ""
	}
	return prose(first, 500)
}

// taken is one value that an operation takes.
type taken struct {
	Name     string
	In       operations.In
	Type     string
	Required bool
	What     string
}

// takes lists the values that an operation takes, required ones first.
func takes(op *operations.Operation) []taken {
	var out []taken
	fields := op.BodyFields()
	add := func(name string, in operations.In, must bool, s *operations.Schema, description string) {
		if ambiguous(op, fields, name) {
			name = string(in) + "." + name
		}
		out = append(out, taken{name, in, typeInWords(s), must, valueInWords(s, description)})
	}
	for _, param := range op.Params {
		add(param.Name, param.In, param.Required || param.In == operations.InPath, param.Schema, param.Description)
	}
	for _, f := range fields {
		description := ""
		if f.Schema != nil {
			description = f.Schema.Description
		}
		add(f.Name, operations.InBody, f.Required && op.Body.Required, f.Schema, description)
	}
	slices.SortStableFunc(out, func(a, b taken) int { return rank(a) - rank(b) })
	return out
}

func rank(t taken) int {
	if t.Required {
		return 0
	}
	return 1
}

// typeInWords names a schema's type.
func typeInWords(s *operations.Schema) string {
	switch {
	case s == nil:
		return "any"
	case s.IsFile():
		return "file"
	}
	var names []string
	for _, kind := range []string{"string", "integer", "number", "boolean", "array", "object"} {
		switch {
		case kind == "number" && s.Is("integer") && !slices.Contains(s.Types, "number"):
		case kind == "array" && s.Is("array") && s.Items != nil:
			names = append(names, "array of "+typeInWords(shallow(s.Items)))
		case s.Is(kind):
			names = append(names, kind)
		}
	}
	if len(names) == 0 {
		return "any"
	}
	return strings.Join(names, " or ")
}

// shallow stops typeInWords at lists of lists, which may be cyclic.
func shallow(s *operations.Schema) *operations.Schema {
	if s.Items == nil {
		return s
	}
	flat := *s
	flat.Items = nil
	return &flat
}

// valueInWords describes a value: the values it may have, then its description.
func valueInWords(s *operations.Schema, description string) string {
	text := columns.OneLine(description)
	if s == nil {
		return text
	}
	enum := s.Enum
	if len(enum) == 0 && s.Items != nil {
		enum = s.Items.Enum
	}
	if len(enum) == 0 {
		return text
	}
	var values []string
	for _, v := range enum {
		if len(values) == 8 {
			values = append(values, "…")
			break
		}
		values = append(values, strings.Trim(jsonvalue.Compact(v), `"`))
	}
	return strings.TrimSpace("one of " + strings.Join(values, ", ") + ". " + text)
}

// answers describes the answer of an operation.
func answers(op *operations.Operation) string {
	doc := op.Success()
	if doc == nil {
		return ""
	}
	status := "Answers " + prose(doc.Status, 10)
	switch r := op.Resource(); {
	case doc.JSON() == nil && len(doc.Media) > 0:
		return status + " as " + code(doc.Media[0].Type) + "."
	case doc.JSON() == nil:
		return status + " without a body."
	case r.List && r.ItemsAt != "":
		return status + " with a list in " + code(r.ItemsAt) + "; each item has " + fieldsOf(r.Item) + "."
	case r.List:
		return status + " with a list; each item has " + fieldsOf(r.Item) + "."
	default:
		return status + " with " + fieldsOf(r.Item) + "."
	}
}

func fieldsOf(s *operations.Schema) string {
	return cmp.Or(codes(fieldNames(s), 16), "what the document does not tell")
}

// fieldNames lists the properties of an object, of all its alternatives.
func fieldNames(s *operations.Schema) (names []string) {
	s.Any(func(part *operations.Schema) bool {
		for _, prop := range part.Properties {
			if !slices.Contains(names, prop.Name) {
				names = append(names, prop.Name)
			}
		}
		return false
	})
	return names
}
