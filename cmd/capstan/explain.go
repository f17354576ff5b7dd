package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/cmd/capstan/internal/term"
	"github.com/capstan-run/capstan/diag"
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

// explanation is the document of `explain -o json`.
type explanation struct {
	Code    string `json:"code"`
	Title   string `json:"title"`
	Text    string `json:"text,omitempty"`
	Example string `json:"example,omitempty"`
	Output  string `json:"output,omitempty"`
}

func (a *app) explain(code string) error {
	e, ok := diag.Explain(code)
	if !ok {
		err := usagef("there is no code %q", code)
		if best := suggest.Closest(code, diag.Codes()); best != "" {
			err.Hint = fmt.Sprintf("did you mean %q?", best)
		}
		return err
	}
	if !a.wantsText() {
		return a.printDocument(explanation{e.Code, e.Title, e.Text, e.Example, e.Output})
	}
	p := term.Paint(a.color(a.io.OutTTY))
	a.printf("%s: %s\n", p.Bold(e.Code), e.Title)
	for _, part := range []string{e.Text, e.Example, e.Output} {
		if part != "" {
			a.printf("\n%s\n", part)
		}
	}
	return nil
}

func (a *app) explainAll() error {
	list := []explanation{}
	for _, code := range diag.Codes() {
		if e, ok := diag.Explain(code); ok {
			list = append(list, explanation{Code: e.Code, Title: e.Title})
		}
	}
	if !a.wantsText() {
		return a.printDocument(list)
	}
	width := term.Column(list, func(e explanation) string { return e.Code })
	for _, e := range list {
		a.printf("%s\n", term.Clip(term.Pad(e.Code, width)+"  "+e.Title, a.textWidth(a.io.OutTTY)))
	}
	return nil
}
