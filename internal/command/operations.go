package command

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/columns"
	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/operations"
)

func (a *app) operationsCommand() *cobra.Command {
	var apis apiFlags
	var tag, field, like string
	cmd := &cobra.Command{
		Use:   "operations API [WORDS...]",
		Short: "List and search an API's operations",
		Long: `Operations lists what an API offers. Words narrow the list: each must occur in
the id, method, path, summary or tags. One word that is an operation's exact id
shows what that operation takes and gives: the fields of its result are written as an
expression has them behind a step's id.

--for finds the operations that give a field and those that take it. The field
organization_id is also the id of an organization. --like searches for words in ids,
paths, summaries and descriptions, and lists the best match first.`,
		Example: `  capstan operations workos
  capstan operations workos directory users
  capstan operations workos --tag organizations -o json
  capstan operations workos OrganizationsController_create
  capstan operations workos --for organization_id
  capstan operations workos --like "invite a user"`,
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
			all := api.Set.Summaries()
			switch {
			case field != "" && (like != "" || tag != "" || len(args) > 1):
				return usagef("--for stands alone")
			case field != "":
				return a.listFor(api, field)
			case like != "":
				all = api.Set.Search(like)
			case len(args) == 2 && tag == "":
				if op, ok := api.Set.Lookup(args[1]); ok {
					return a.describe(op)
				}
			}
			return a.list(api, all, args[1:], tag)
		},
	}
	apis.add(cmd.Flags())
	cmd.Flags().StringVar(&tag, "tag", "", "only operations with this `TAG`")
	cmd.Flags().StringVar(&field, "for", "", "the operations that give this `FIELD`, and those that take it")
	cmd.Flags().StringVar(&like, "like", "", "the operations that this `TEXT` describes, best first")
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

func (a *app) list(api *engine.API, all []operations.Summary, words []string, tag string) error {
	rows := []operationRow{}
	for _, s := range all {
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
