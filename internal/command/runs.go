package command

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/command/internal/term"
)

func (a *app) runsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List and look at the runs that are kept, cancel, settle and prune them",
		Long: `Runs shows what "capstan run" keeps. A run is named by its id, or by a beginning
of it that no other run has.`,
		Example: `  capstan runs list --status waiting
  capstan runs show run_01k9w4
  capstan runs resolve run_01k9w4 create-organization --did-not-happen`,
		Args: cobra.ArbitraryArgs,
		RunE: unknownCommand,
	}
	cmd.AddCommand(a.runsListCommand(), a.runsShowCommand(), a.runsCancelCommand(), a.runsResolveCommand(), a.runsPruneCommand(), a.runsReportCommand(), a.runsBackupCommand(), a.runsRekeyCommand())
	return cmd
}

// looker returns a Runner that reads kept runs.
func looker(rt durable.Runtime) *engine.Runner { return engine.NewRunner(&engine.Options{Runtime: rt}) }

// with runs f on the kept runs as open opens them.
func with(ctx context.Context, open func(context.Context) (durable.Runtime, error), f func(durable.Runtime) error) (err error) {
	rt, err := open(ctx)
	if err != nil {
		return err
	}
	defer closing(rt, &err)
	return f(rt)
}

// cancelFlags are the flags of `capstan runs cancel`.
type cancelFlags struct {
	listFlags
	dryRun, yes bool
}

func (a *app) runsCancelCommand() *cobra.Command {
	var f cancelFlags
	cmd := &cobra.Command{
		Use:   "cancel RUN... | FILTER",
		Short: "End runs; what they did stays done",
		Long: `Cancel ends runs for good: those named, or all that have not ended and match. One
that another process executes ends before its next request; what was sent before
stays done. On a terminal it asks first where runs are not named; --dry-run only
lists them.`,
		Example: `  capstan runs cancel run_01k9w4
  capstan runs cancel --status waiting --capability b2b-enterprise-onboarding`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			matching := f.given()
			switch {
			case len(args) > 0 && matching:
				return usagef("name runs, or say which with --status, --label and the like, not both")
			case len(args) == 0 && !matching:
				return usage("RUN is missing", "or say which: --status STATUS, --capability NAME, --label NAME=VALUE")
			}
			return with(cmd.Context(), a.openKept, func(rt durable.Runtime) error { return a.cancelRuns(cmd.Context(), rt, args, &f) })
		},
	}
	a.addFilters(cmd, &f.listFlags)
	addConfirming(cmd.Flags(), &f.dryRun, &f.yes)
	cmd.ValidArgsFunction = func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return a.runWords(cmd.Context(), typed, goesOn), noFiles
	}
	return cmd
}

// addConfirming adds the flags of commands that ask on a terminal before they do what cannot
// be undone.
func addConfirming(fs *pflag.FlagSet, dryRun, yes *bool) {
	fs.BoolVar(dryRun, "dry-run", false, "only list the runs")
	fs.BoolVarP(yes, "yes", "y", false, "do not ask")
}

// cancelRuns cancels all that it can and fails when it could not cancel one. No
// run is touched when one is misnamed, or was not there when it was asked.
func (a *app) cancelRuns(ctx context.Context, rt durable.Runtime, names []string, f *cancelFlags) error {
	each, err := a.runsToCancel(ctx, rt, names, f)
	if err != nil {
		return err
	}
	var ids []string
	noting := func(do func([]durable.State) error) error {
		return each(func(runs []durable.State) error {
			for _, s := range runs {
				ids = append(ids, s.ID)
			}
			return do(runs)
		})
	}
	if f.dryRun || len(names) == 0 && !f.yes && a.canAsk() {
		if yes, err := a.confirmed(ctx, noting, f.dryRun, "cancel", "would be cancelled"); err != nil || !yes {
			return err
		}
	} else if err := noting(func([]durable.State) error { return nil }); err != nil {
		return err
	}
	return a.cancelAll(ctx, rt, ids)
}

// cancelAll cancels runs, and reports each as it is done.
func (a *app) cancelAll(ctx context.Context, rt durable.Runtime, ids []string) error {
	var failed error
	list := &documentList{app: a}
	for _, id := range ids {
		var s durable.State
		err := rt.Cancel(ctx, id)
		if err == nil {
			s, err = rt.Get(ctx, id)
		}
		switch {
		case err != nil:
			a.complain("%s", term.Printable(err.Error()))
			failed = silent(exitFailed)
		case a.wantsText():
			a.printf("%s  %s\n", s.ID, cancelled(s))
		default:
			if err := list.add(document.EntryOf(s)); err != nil {
				return err
			}
		}
	}
	if !a.wantsText() {
		list.end(nil)
	} else if len(ids) == 0 {
		a.note("no runs")
	}
	return failed
}

// runsToCancel returns what hands over the runs that are named, or page by page those that
// match and have not ended.
func (a *app) runsToCancel(ctx context.Context, rt durable.Runtime, names []string, f *cancelFlags) (func(do func([]durable.State) error) error, error) {
	if len(names) > 0 {
		var runs []durable.State
		for _, name := range names {
			s, err := a.findRun(ctx, rt, name)
			if err != nil {
				return nil, err
			}
			runs = append(runs, s)
		}
		return func(do func([]durable.State) error) error { return do(runs) }, nil
	}
	filter, err := f.filter()
	if err != nil {
		return nil, err
	}
	if len(filter.Status) == 0 {
		filter.Status = slices.Clone(durable.RunStatuses)
	}
	filter.Status = slices.DeleteFunc(filter.Status, durable.Status.Ended)
	return func(do func([]durable.State) error) error {
		if len(filter.Status) == 0 {
			return nil
		}
		return eachPage(ctx, rt, filter, do)
	}, nil
}

func cancelled(s durable.State) string {
	if s.Status.Ended() {
		return string(s.Status)
	}
	return "told the process that drives it; it ends before its next request"
}

func (a *app) runsResolveCommand() *cobra.Command {
	var happened string
	var didNotHappen bool
	cmd := &cobra.Command{
		Use:   "resolve RUN STEP --happened[=JSON] | --did-not-happen",
		Short: "Say what became of a write whose answer was lost",
		Long: `Resolve settles a step that is in doubt: its request was sent and no answer came.
Look at the API first. With --happened the step counts as done, and JSON is the
answer that was lost, with the fields that later steps and outputs read; with
--did-not-happen it will be sent again. "capstan resume RUN" goes on then.

A settlement that was wrong is replaced by another one, as long as nothing behind it
was sent.`,
		Example: `  capstan runs resolve run_01k9w4 create-organization --happened='{"id": "org_01H"}'
  capstan runs resolve run_01k9w4 create-organization --did-not-happen`,
		Args: exactArgs("RUN", "STEP"),
		RunE: func(cmd *cobra.Command, args []string) error {
			did := cmd.Flags().Changed("happened")
			if did == didNotHappen {
				return usagef("say what became of it: --happened[=JSON] or --did-not-happen")
			}
			if did {
				if _, err := parseJSON([]byte(happened)); err != nil {
					return usagef("--happened: the answer is taken as JSON, and %v", err)
				}
			}
			return with(cmd.Context(), a.openKept, func(rt durable.Runtime) error {
				return a.resolve(cmd.Context(), rt, args[0], args[1], did, json.RawMessage(happened))
			})
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&happened, "happened", "", "it took effect; `JSON` is the answer, null when left out")
	fs.Lookup("happened").NoOptDefVal = "null"
	fs.BoolVar(&didNotHappen, "did-not-happen", false, "it took no effect, and is sent again when the run goes on")
	a.completeRuns(cmd, isInDoubt, a.completeStep(durable.ReasonInDoubt))
	return cmd
}

func (a *app) resolve(ctx context.Context, rt durable.Runtime, text, step string, happened bool, answer json.RawMessage) error {
	s, err := a.findRun(ctx, rt, text)
	if err != nil {
		return err
	}
	err = looker(rt).Signal(ctx, s.ID, engine.Signal{Step: step, Happened: &happened, Result: answer, By: "runs resolve"})
	switch {
	case errors.Is(err, durable.ErrConflict):
		return a.cannotSettle(s, err)
	case errors.Is(err, engine.ErrIncomplete):
		return usage(without(err, engine.ErrIncomplete), "look it up in the API and give it: --happened='{...}'")
	case err != nil:
		return err
	}
	if !a.flags.quiet {
		then := "settled; to go on:"
		if a.open != nil {
			then = "settled; a worker goes on with it; to follow it:"
		}
		a.withCommand(then, a.command("resume", s.ID))
	}
	if a.wantsText() {
		return nil
	}
	return a.printRun(ctx, rt, s.ID)
}

// cannotSettle names the step that could be settled instead.
func (a *app) cannotSettle(s durable.State, err error) error {
	e := usage("run "+s.ID+": "+without(err, durable.ErrConflict), a.command("runs show", s.ID)+" tells where it stands")
	if isInDoubt(s) && s.Waiting != nil {
		e.hint = "step \"" + s.Waiting.Path + "\" is"
	}
	return e
}

// without returns the message of an error without that of its kind.
func without(err, kind error) string { return strings.TrimSuffix(err.Error(), ": "+kind.Error()) }
