package command

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/columns"
	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/internal/suggest"
)

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [CODE]",
		Short: "Explain a problem's code, with an example; without one, list them",
		Example: `  capstan explain unknown-field
  capstan explain`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("unexpected argument %q", args[1])
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return diag.Codes(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.explainAll()
			}
			return a.explain(args[0])
		},
	}
}

func (a *app) explain(code string) error {
	e, ok := diag.Explain(code)
	if !ok {
		err := usagef("there is no code %q", code)
		err.hint = suggest.Hint(code, "", diag.Codes())
		return err
	}
	if !a.wantsText() {
		return a.printDocument(e)
	}
	p, width := term.Paint(a.color(a.io.OutTTY)), a.textWidth(a.io.OutTTY)
	a.printf("%s\n", columns.Fold(p.Bold(e.Code)+": "+e.Title, width))
	rules := ""
	if len(e.Rules) > 0 {
		rules = "Rules of the reference ruleset: " + strings.Join(e.Rules, ", ")
	}
	for _, part := range []string{columns.Fill(e.Text, width), columns.Fill(rules, width), e.Example, columns.Fold(e.Output, width)} {
		if part != "" {
			a.printf("\n%s\n", part)
		}
	}
	return nil
}

func (a *app) explainAll() error {
	list := []diag.Explanation{}
	for _, code := range diag.Codes() {
		if e, ok := diag.Explain(code); ok {
			list = append(list, diag.Explanation{Code: e.Code, Title: e.Title})
		}
	}
	if !a.wantsText() {
		return a.printDocument(list)
	}
	var rows [][]string
	for _, e := range list {
		rows = append(rows, []string{e.Code, e.Title})
	}
	a.table(rows)
	return nil
}
