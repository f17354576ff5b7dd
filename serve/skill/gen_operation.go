package skill

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
)

// operation writes the entry of one operation.
func (p *page) operation(op *operations.Operation) {
	title := oneLine(op.Summary)
	if title == "" {
		title = op.ID
	}
	p.para("## %s", prose(title, 200))
	marks := []string{op.Method + " " + code(op.Path), string(op.Effect()) + "s"}
	if op.Deprecated {
		marks = append(marks, "deprecated: use another")
	}
	if operations.Pageable(op) {
		marks = append(marks, "add `--all` for every page")
	}
	p.para("%s", strings.Join(marks, ", "))
	if d := firstParagraph(op.Description); d != "" && d != title {
		p.para("%s", prose(d, 500))
	}
	p.shell(callLine(op))
	p.takes(op)
	p.answers(op)
}

// filters warns of a list that shows everything unless it is narrowed.
func (p *page) filters(op *operations.Operation, things map[string]bool) {
	if names := tenantFilters(op, things); len(names) > 0 {
		p.para("Without a filter (%s) it lists everything that the credential can see.", codes(names, 8))
	}
}

// tenantFilters lists the optional parameters by which a list is narrowed to
// what belongs to something else: by its id, or by its name where the API deals
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

// firstParagraph is what a long description begins with.
func firstParagraph(s string) string {
	first, _, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(s), "\r\n", "\n"), "\n\n")
	return oneLine(first)
}

// takes lists what an operation takes, required values first.
func (p *page) takes(op *operations.Operation) {
	var required, optional [][]string
	fields := op.BodyFields()
	add := func(name string, in operations.In, must bool, s *operations.Schema, description string) {
		if ambiguous(op, fields, name) {
			name = string(in) + "." + name
		}
		row := []string{code(name), string(in), cell(typeInWords(s), 60), "", cell(valueInWords(s, description), 240)}
		if must {
			row[3] = "yes"
			required = append(required, row)
			return
		}
		optional = append(optional, row)
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
	p.table([]string{"takes", "in", "type", "required", "what"}, append(required, optional...))
	if op.Body != nil && len(fields) == 0 {
		p.para("Its body is no object with known properties: `--body FILE`.")
	}
}

// typeInWords names a schema's type.
func typeInWords(s *operations.Schema) string {
	if s == nil {
		return "any"
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

// valueInWords describes a value: the values it may have, then what it is.
func valueInWords(s *operations.Schema, description string) string {
	text := oneLine(description)
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
		values = append(values, strings.Trim(compactJSON(v), `"`))
	}
	return strings.TrimSpace("one of " + strings.Join(values, ", ") + ". " + text)
}

// answers says what comes back.
func (p *page) answers(op *operations.Operation) {
	doc := op.Success()
	if doc == nil {
		return
	}
	if doc.JSON() == nil {
		what := "without a body"
		if len(doc.Media) > 0 {
			what = "as " + code(doc.Media[0].Type)
		}
		p.para("Answers %s %s.", prose(doc.Status, 10), what)
		return
	}
	r := op.Resource()
	fields := codes(fieldNames(r.Item), 16)
	switch {
	case r.List && r.ItemsAt != "":
		p.line("Answers %s with a list in %s; each item has %s.\n", prose(doc.Status, 10), code(r.ItemsAt), orSomething(fields))
	case r.List:
		p.line("Answers %s with a list; each item has %s.\n", prose(doc.Status, 10), orSomething(fields))
	default:
		p.line("Answers %s with %s.\n", prose(doc.Status, 10), orSomething(fields))
	}
}

func orSomething(fields string) string {
	if fields == "" {
		return "what the document does not tell"
	}
	return fields
}

// fieldNames lists the properties of an object, of all its alternatives.
func fieldNames(s *operations.Schema) []string {
	var names []string
	seen := map[*operations.Schema]bool{}
	var walk func(s *operations.Schema)
	walk = func(s *operations.Schema) {
		if s == nil || seen[s] {
			return
		}
		seen[s] = true
		for _, prop := range s.Properties {
			if !slices.Contains(names, prop.Name) {
				names = append(names, prop.Name)
			}
		}
		for _, parts := range [][]*operations.Schema{s.AllOf, s.OneOf, s.AnyOf} {
			for _, part := range parts {
				walk(part)
			}
		}
	}
	walk(s)
	return names
}
