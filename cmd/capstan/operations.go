package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/cmd/capstan/internal/term"
	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/columns"
	"github.com/capstan-run/capstan/operations"
)

func (a *app) operationsCommand() *cobra.Command {
	var apis apiFlags
	var tag string
	cmd := &cobra.Command{
		Use:   "operations API [WORDS...]",
		Short: "List and search an API's operations",
		Long: `Operations lists what an API offers. Words narrow the list: each must occur in
the id, method, path, summary or tags. One word that is an operation's exact id
shows what that operation takes.`,
		Example: `  capstan operations workos
  capstan operations workos directory users
  capstan operations workos --tag organizations -o json
  capstan operations workos OrganizationsController_create`,
		Args: someArgs("API"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts, err := apis.options(a)
			if err != nil {
				return err
			}
			api, err := a.api(cmd.Context(), args[0], opts)
			if err != nil {
				return err
			}
			if len(args) == 2 && tag == "" {
				if op, ok := api.Set.Lookup(args[1]); ok {
					return a.describe(op)
				}
			}
			return a.list(api, args[1:], tag)
		},
	}
	apis.add(cmd.Flags())
	cmd.Flags().StringVar(&tag, "tag", "", "only operations with this `TAG`")
	a.completeOperations(cmd, &apis)
	return cmd
}

// api finds an API by name. An unknown API is wrong usage.
func (a *app) api(ctx context.Context, name string, opts *engine.LoadOptions) (*engine.API, error) {
	api, err := engine.OpenAPI(ctx, name, opts)
	var load *engine.LoadError
	if err == nil || ctx.Err() != nil || errors.As(err, &load) {
		return api, err
	}
	return nil, usage(err.Error(), "")
}

// operationRow is one operation in the document of `operations -o json`.
type operationRow struct {
	ID         string   `json:"id"`
	Method     string   `json:"method"`
	Path       string   `json:"path"`
	Summary    string   `json:"summary"`
	Tags       []string `json:"tags"`
	Deprecated bool     `json:"deprecated,omitempty"`
}

func (a *app) list(api *engine.API, words []string, tag string) error {
	rows := []operationRow{}
	for _, s := range api.Set.Summaries() {
		row := operationRow(s)
		row.Tags = append([]string{}, s.Tags...)
		if row.matches(words, tag) {
			rows = append(rows, row)
		}
	}
	if !a.wantsText() {
		return a.printDocument(rows)
	}
	if len(rows) == 0 {
		a.complain("%s has no operation that matches", api.Name)
		return nil
	}
	a.operationTable(rows)
	return nil
}

func (r operationRow) matches(words []string, tag string) bool {
	if tag != "" && !slices.ContainsFunc(r.Tags, func(t string) bool { return strings.EqualFold(t, tag) }) {
		return false
	}
	text := strings.ToLower(strings.Join(append([]string{r.ID, r.Method, r.Path, r.Summary}, r.Tags...), " "))
	for _, w := range words {
		if !strings.Contains(text, strings.ToLower(w)) {
			return false
		}
	}
	return true
}

// operationTable prints one line an operation, or two where the terminal is too
// narrow for that. Ids are never cut, since people copy them.
func (a *app) operationTable(list []operationRow) {
	var rows [][]string
	for _, r := range list {
		rows = append(rows, []string{r.ID, r.Method, r.Path})
	}
	width := a.textWidth(a.io.OutTTY)
	for i, line := range term.Table(rows) {
		r := list[i]
		if width > 0 && columns.Of(line)+20 > width {
			a.printf("%s\n%s\n", term.Printable(r.ID), fit("    "+r.Method+" "+r.Path+"  "+r.title(), width))
			continue
		}
		a.printf("%s\n", fit(line+"  "+r.title(), width))
	}
}

func (r operationRow) title() string {
	if r.Deprecated {
		return "(deprecated) " + term.OneLine(r.Summary)
	}
	return term.OneLine(r.Summary)
}

// table prints rows, each cut to a terminal's width.
func (a *app) table(rows [][]string) {
	for _, line := range term.Table(rows) {
		a.printf("%s\n", fit(line, a.textWidth(a.io.OutTTY)))
	}
}

// fit makes a table's line fit for a terminal of that width.
func fit(line string, width int) string {
	return strings.TrimRight(columns.Cut(term.Printable(line), width), " ")
}

// operationDoc describes an operation, the document of `operations API ID`.
type operationDoc struct {
	operationRow
	Effect string     `json:"effect"`
	Takes  []takenRow `json:"takes"`
}

type takenRow struct {
	Name        string `json:"name"`
	In          string `json:"in"`
	Type        string `json:"type"`
	Required    bool   `json:"required"`
	Description string `json:"description,omitempty"`
}

func (a *app) describe(op *operations.Operation) error {
	doc := operationDoc{
		operationRow: operationRow{op.ID, op.Method, op.Path, op.Summary, append([]string{}, op.Tags...), op.Deprecated},
		Effect:       string(op.Effect()),
		Takes:        []takenRow{},
	}
	for _, t := range targets(op) {
		row := takenRow{Name: t.name, In: string(t.in), Type: typeText(t.schema), Required: t.required}
		if t.param != nil {
			row.Description = t.param.Description
		} else if t.schema != nil {
			row.Description = t.schema.Description
		}
		doc.Takes = append(doc.Takes, row)
	}
	if !a.wantsText() {
		return a.printDocument(doc)
	}
	a.describeText(doc)
	return nil
}

func (a *app) describeText(doc operationDoc) {
	a.printf("%s  %s %s  [%ss]\n", doc.ID, doc.Method, doc.Path, doc.Effect)
	if doc.Summary != "" {
		a.printf("%s\n", term.OneLine(doc.Summary))
	}
	var rows [][]string
	for _, t := range doc.Takes {
		kind := t.Type
		if t.Required {
			kind += ", required"
		}
		rows = append(rows, []string{"  " + t.Name, t.In, kind, term.OneLine(t.Description)})
	}
	a.table(rows)
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
