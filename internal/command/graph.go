package command

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/graph"
)

func (a *app) graphCommand() *cobra.Command {
	var load loadFlags
	var format string
	cmd := &cobra.Command{
		Use:   "graph FILE [EXPOSURE]",
		Short: "Draw a capability: its steps and the values that flow between them",
		Example: `  capstan graph b2b-enterprise-onboarding.yaml
  capstan graph b2b-enterprise-onboarding.yaml --format svg > onboarding.svg
  capstan graph ships.yaml --format dot | dot -Tpng > ships.png
  capstan graph harbour.yaml harbour.get-berth`,
		Args: fileAndExposure,
		RunE: func(cmd *cobra.Command, args []string) error {
			draw, err := graphWriter(format)
			if err != nil {
				return err
			}
			opts, err := load.options(a)
			if err != nil {
				return err
			}
			prog, report, err := program(cmd.Context(), args[0], second(args), opts, engine.NewRunner(nil))
			if err != nil {
				return exposureError(err)
			}
			if prog == nil {
				return refused(report)
			}
			if a.wantsText() {
				return draw(a.out, graph.Of(prog.Plan()))
			}
			var drawing strings.Builder
			if err := draw(&drawing, graph.Of(prog.Plan())); err != nil {
				return err
			}
			return a.printDocument(graphDocument{format, drawing.String()})
		},
	}
	load.add(cmd.Flags())
	cmd.Flags().StringVar(&format, "format", "mermaid", "`FORMAT` of the drawing: mermaid, dot or svg")
	a.completeFile(cmd, &load)
	return cmd
}

// graphDocument is the document of `graph -o json`.
type graphDocument struct {
	Format string `json:"format"`
	Graph  string `json:"graph"`
}

func graphWriter(format string) (func(io.Writer, graph.Graph) error, error) {
	switch format {
	case "mermaid":
		return graph.Mermaid, nil
	case "dot":
		return graph.DOT, nil
	case "svg":
		return graph.SVG, nil
	}
	return nil, usagef("--format %q is not a format: mermaid, dot or svg", format)
}
