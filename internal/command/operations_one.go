package command

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/command/internal/author"
	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/paging"
)

// operationDoc describes an operation, the document of `operations API ID`.
type operationDoc struct {
	operationRow
	Effect string     `json:"effect"` // read, write, delete
	Repeat string     `json:"repeat"` // safe, idempotent, unsafe
	Pages  bool       `json:"pages"`  // `all` can read its list whole
	Takes  []fieldRow `json:"takes"`
	Gives  []fieldRow `json:"gives"`
	Errors []errorRow `json:"errors"`
}

// fieldRow is a value that an operation takes, or gives under a path.
type fieldRow struct {
	Name        string `json:"name,omitempty"`
	Path        string `json:"path,omitempty"`
	In          string `json:"in,omitempty"`
	Type        string `json:"type"`
	Required    *bool  `json:"required,omitempty"` // nil of what is given
	Enum        []any  `json:"enum,omitempty"`
	Default     any    `json:"default,omitempty"`
	Description string `json:"description,omitempty"`
}

// errorRow is an error that the document describes.
type errorRow struct {
	Status      string `json:"status"`
	Description string `json:"description,omitempty"`
}

func takenRow(f author.Field) fieldRow {
	row := fieldRow{Name: f.Path, In: string(f.In), Type: typeText(f.Schema), Required: &f.Required, Description: term.Printable(author.Sentence(f.Text))}
	if s := f.Schema.Flatten(); s != nil {
		row.Enum, row.Default = s.Enum, s.Default
	}
	return row
}

func givenRow(f author.Field) fieldRow {
	row := takenRow(f)
	row.Name, row.Path, row.Required, row.Default = "", f.Path, nil, nil
	return row
}

func (a *app) describe(op *operations.Operation) error {
	doc := operationDoc{
		operationRow: operationRow{op.ID, op.Method, op.Path, op.Summary, append([]string{}, op.Tags...), op.Deprecated},
		Effect:       string(op.Effect()), Repeat: repeat(op), Pages: paging.Supported(op),
		Takes: []fieldRow{}, Gives: []fieldRow{}, Errors: []errorRow{},
	}
	for _, f := range author.Takes(op) {
		doc.Takes = append(doc.Takes, takenRow(f))
	}
	for _, f := range author.Gives(op) {
		doc.Gives = append(doc.Gives, givenRow(f))
	}
	for _, r := range op.Responses {
		if r != op.Success() && (r.Status == "default" || strings.HasPrefix(r.Status, "4") || strings.HasPrefix(r.Status, "5")) {
			doc.Errors = append(doc.Errors, errorRow{r.Status, term.Printable(author.Sentence(r.Description))})
		}
	}
	if !a.wantsText() {
		return a.printDocument(doc)
	}
	a.describeText(doc)
	return nil
}

// repeat is the effect of a second request.
func repeat(op *operations.Operation) string {
	switch {
	case op.Effect() == operations.Read:
		return "safe"
	case op.Idempotent():
		return "idempotent"
	}
	return "unsafe"
}

// repeats explains the words of repeat.
var repeats = map[string]string{
	"safe":       "safe: it changes nothing",
	"idempotent": "idempotent: a second request changes nothing more",
	"unsafe":     "unsafe: a second request does it again",
}

func (a *app) describeText(doc operationDoc) {
	a.printf("%s  %s %s  [%ss]\n", term.Printable(doc.ID), doc.Method, term.Printable(doc.Path), doc.Effect)
	if title := doc.title(); title != "" {
		a.printf("%s\n", title)
	}
	facts := [][]string{{"repeated", repeats[doc.Repeat]}}
	if doc.Pages {
		facts = append(facts, []string{"pages", "yes: all of them with `all: true`"})
	}
	var errors []string
	for _, e := range doc.Errors {
		errors = append(errors, e.Status)
	}
	facts = append(facts, []string{"errors", "none documented"})
	if len(errors) > 0 {
		facts[len(facts)-1][1] = strings.Join(errors, ", ")
	}
	a.table(facts)
	a.fieldTable("takes", doc.Takes)
	a.fieldTable("gives", doc.Gives)
}

// fieldTable prints fields under a title, or that there are none.
func (a *app) fieldTable(title string, fields []fieldRow) {
	if len(fields) == 0 {
		a.printf("\n%s nothing that is documented\n", title)
		return
	}
	a.printf("\n%s\n", title)
	var rows [][]string
	for _, f := range fields {
		rows = append(rows, f.cells())
	}
	a.table(rows)
}

func (f fieldRow) cells() []string {
	kind, about := f.Type, []string{}
	if f.Required != nil && *f.Required {
		kind += ", required"
	}
	if len(f.Enum) > 0 {
		about = append(about, "one of "+valuesText(f.Enum)+".")
	}
	if f.Default != nil {
		about = append(about, "default "+term.Value(f.Default)+".")
	}
	about = append(about, f.Description)
	cells := []string{"  " + f.Name + f.Path, f.In, kind, strings.TrimSpace(strings.Join(about, " "))}
	if f.In == "" {
		cells = slices.Delete(cells, 1, 2)
	}
	return cells
}

// mostValues bounds the values of an enum that a line lists.
const mostValues = 8

func valuesText(values []any) string {
	var texts []string
	for _, v := range values[:min(len(values), mostValues)] {
		texts = append(texts, term.Value(v))
	}
	if more := len(values) - mostValues; more > 0 {
		texts = append(texts, words.Count(more, "more", "more"))
	}
	return strings.Join(texts, ", ")
}

// useRow is an operation that gives or takes a field, with the places of it.
type useRow struct {
	operationRow
	Fields []fieldRow `json:"fields"`
}

// usesDoc is the document of `operations API --for FIELD`.
type usesDoc struct {
	Field string   `json:"field"`
	Gives []useRow `json:"gives"`
	Takes []useRow `json:"takes"`
}

func useRows(uses []author.Use, row func(author.Field) fieldRow) []useRow {
	out := []useRow{}
	for _, u := range uses {
		r := useRow{operationRow: operationRow{u.Op.ID, u.Op.Method, u.Op.Path, u.Op.Summary, append([]string{}, u.Op.Tags...), u.Op.Deprecated}}
		for _, f := range u.Fields {
			r.Fields = append(r.Fields, row(f))
		}
		out = append(out, r)
	}
	return out
}

// listFor lists the operations that give a field, and those that take it.
func (a *app) listFor(api *engine.API, field string) error {
	gives, takes, near := author.For(api.Set, field)
	doc := usesDoc{field, useRows(gives, givenRow), useRows(takes, takenRow)}
	if !a.wantsText() {
		return a.printDocument(doc)
	}
	if len(gives)+len(takes) == 0 {
		a.complain("no operation of %s gives or takes %q", api.Name, field)
		if hint := suggest.Hint(field, "", near); hint != "" {
			a.complain("%s", hint)
		}
		return nil
	}
	a.useTable("gives", doc.Gives)
	if len(gives) > 0 && len(takes) > 0 {
		a.printf("\n")
	}
	a.useTable("takes", doc.Takes)
	return nil
}

func (a *app) useTable(title string, uses []useRow) {
	if len(uses) == 0 {
		return
	}
	a.printf("%s\n", title)
	var rows [][]string
	for _, u := range uses {
		var at []string
		for _, f := range u.Fields {
			at = append(at, f.place())
		}
		rows = append(rows, []string{"  " + u.ID, u.Method, u.Path, strings.Join(at, ", ")})
	}
	a.table(rows)
}

// place is where an operation has a field: its path in the result, or its place in the
// request.
func (f fieldRow) place() string {
	if f.In == "" {
		return f.Path
	}
	text := f.In + " " + f.Name
	if f.Required != nil && *f.Required {
		text += ", required"
	}
	return text
}

func typeText(s *operations.Schema) string {
	w := typeOfSchema(s)
	kind := w.kind
	if w.kind == "array" {
		kind = w.item
	}
	if w.file {
		kind = "file"
	}
	if w.kind == "array" {
		return "array of " + kind
	}
	return kind
}
