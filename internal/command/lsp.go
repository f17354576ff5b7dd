package command

import (
	"context"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/command/internal/lsp"
	"github.com/capstan-run/capstan/spec/dialect"
)

func (a *app) lspCommand() *cobra.Command {
	var load loadFlags
	cmd := &cobra.Command{
		Use:   "lsp",
		Short: "Serve an editor: problems as they are typed, completion, documentation, fixes",
		Long: `Lsp speaks the Language Server Protocol on stdin and stdout. An editor starts it for
YAML files: it shows the problems that validate reports, completes keys, operations,
parameters, steps and fields, shows the documentation of operations with the rule
behind each value, finds definitions, renames steps, offers fixes and lays files out.

Nothing is sent.`,
		Example: `  capstan lsp
  capstan lsp --openapi fleet=fleet.openapi.yaml`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts, err := load.options(a)
			if err != nil {
				return err
			}
			opts.Documents, opts.Several = &engine.Documents{}, true
			return lsp.Serve(cmd.Context(), a.io.In, nopCloser{a.io.Out}, lsp.Loader{
				Version: buildVersion(debug.ReadBuildInfo()).Version,
				Open: func(ctx context.Context, path string, text []byte) (*engine.File, *engine.Report) {
					with := *opts
					with.Source = text
					f, report := opened(ctx, path, &with, engine.NewRunner(nil))
					if !isCapability(report) { // an editor opens every kind of YAML
						return nil, &engine.Report{File: report.File}
					}
					return f, report
				},
				API: func(ctx context.Context, name string) *engine.API {
					api, _ := engine.OpenAPI(ctx, name, opts) // nil with an error
					return api
				},
				Format: func(path string, text []byte) ([]byte, bool) {
					out, err := dialect.Format(path, text)
					_, ours := isLaidOut(path, text)
					return out, ours && err == nil
				},
			})
		},
	}
	load.add(cmd.Flags())
	return cmd
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
