package command

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/capabilities"
	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/command/internal/term"
)

// shipped is the document of a built-in capability.
type shipped struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Runnable    bool   `json:"runnable"`
}

func (a *app) capabilitiesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "capabilities",
		Short: "List the capabilities that are built in",
		Long: `Capabilities lists the capability files that ship with capstan. Other commands take
one by its bare name, where no file of that name is in the way.`,
		Example: `  capstan capabilities
  capstan plan b2b-enterprise-onboarding`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.listCapabilities(cmd.Context()) },
	}
}

func (a *app) listCapabilities(ctx context.Context) error {
	list := []shipped{}
	for _, name := range capabilities.Names() {
		f, err := engine.Open(ctx, name, nil)
		if err != nil {
			return err
		}
		for _, u := range f.Units() {
			list = append(list, shipped{name, u.Description, u.Program != nil})
		}
	}
	if !a.wantsText() {
		return a.printDocument(list)
	}
	rows := [][]string{{"NAME", "RUNS", "DESCRIPTION"}}
	for _, c := range list {
		runs := "yes"
		if !c.Runnable {
			runs = "no"
		}
		rows = append(rows, []string{c.Name, runs, term.OneLine(c.Description)})
	}
	a.table(rows)
	return nil
}
