package command

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/command/internal/author"
	"github.com/capstan-run/capstan/spec"
)

func (a *app) initOverlayCommand() *cobra.Command {
	var load loadFlags
	var file string
	var force bool
	cmd := &cobra.Command{
		Use:   "overlay FILE",
		Short: "Write what a composition lacks as an overlay beside it",
		Long: `Overlay writes NAME.overlay.yaml beside a composition that cannot run: the operations
that are meant where one does not exist, values from inputs that are alike, further
inputs for what nothing gives, conditions where a description waits for a state, and
outputs that exist. Each action has its reason. What cannot be decided is left: it is
reported, with exit code 3.

The overlay acts in the place of one that ships with Capstan. A file that runs as it is
gets none; --no-overlay looks at it without its overlays.`,
		Example: `  capstan init overlay certify-vessel.yaml
  capstan init overlay b2b-enterprise-onboarding.yaml --no-overlay -o mine.overlay.yaml`,
		Args: exactArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts, err := load.options(a)
			if err != nil {
				return err
			}
			return a.initOverlay(cmd.Context(), args[0], file, force, opts)
		},
	}
	load.add(cmd.Flags())
	// Here -o is a file, not a format: the output is a path anyway.
	cmd.Flags().StringVarP(&file, "output", "o", "", "`FILE` to write, or - for stdout (default: NAME.overlay.yaml beside the file)")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite the overlay")
	a.completeFile(cmd, &load)
	return cmd
}

func (a *app) initOverlay(ctx context.Context, file, to string, force bool, opts *engine.LoadOptions) error {
	r := engine.NewRunner(nil)
	if _, report := opened(ctx, file, opts, r); !report.Diagnostics.HasErrors() && report.Runnable {
		a.note("%s lacks nothing: it can run as it is%s", file, overlaidBy(report.Overlays))
		return nil
	}
	bare := *opts
	bare.NoOverlay, bare.Documents = true, &engine.Documents{}
	f, report := opened(ctx, file, &bare, r)
	switch {
	case f == nil:
		return refused(report)
	case len(f.Spec().Units) != 1 || f.Spec().Units[0].Kind != spec.UnitComposition:
		return usage(file+" is no composition: an overlay is written for one", "")
	}
	plan := func(overlay []byte) *document.Plan {
		with := bare
		with.NoOverlay, with.OverlaySource = overlay == nil, overlay
		return drafted(ctx, file, &with)
	}
	text := author.Overlay(&author.Lacking{Unit: f.Spec().Units[0], Name: f.Spec().Title.Value, Operations: f.Operations, Plan: plan})
	if text == nil {
		a.note("nothing can be written for %s: what it lacks is for its author to decide", file)
		return &engine.LoadError{Report: report}
	}
	return a.writeOverlay(ctx, file, to, force, text, &bare)
}

func overlaidBy(overlays []string) string {
	if len(overlays) == 0 {
		return ""
	}
	return ", with " + strings.Join(overlays, ", ") + " (--no-overlay looks at it without)"
}

// writeOverlay writes an overlay, and reports the errors that are left with it.
func (a *app) writeOverlay(ctx context.Context, file, to string, force bool, text []byte, opts *engine.LoadOptions) error {
	if to == "" {
		to = strings.TrimSuffix(file, filepath.Ext(file)) + ".overlay.yaml"
	}
	if to == "-" {
		a.printf("%s", text)
	} else if err := writeNew(to, text, force); err != nil {
		return err
	} else {
		a.printf("%s\n", to)
	}
	with := *opts
	with.NoOverlay, with.OverlaySource = false, text
	if _, report := opened(ctx, file, &with, engine.NewRunner(nil)); report.Diagnostics.HasErrors() {
		a.note("what is left is for the author to decide:")
		return &engine.LoadError{Report: report}
	}
	return nil
}
