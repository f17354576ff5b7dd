package command

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/spec"
)

// pruneFlags are the flags of `capstan runs prune`.
type pruneFlags struct {
	olderThan   time.Duration
	dryRun, yes bool
}

func (a *app) runsPruneCommand() *cobra.Command {
	f := pruneFlags{olderThan: 30 * 24 * time.Hour}
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Forget runs that ended long ago",
		Long: `Prune deletes runs that ended (succeeded, failed, timed out or were cancelled)
longer ago than --older-than, with everything they kept. Runs that wait stay,
however old. On a terminal it asks first; --dry-run only lists them.`,
		Example: `  capstan runs prune --dry-run
  capstan runs prune --older-than 2w --yes`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return with(cmd.Context(), a.openKept, func(rt durable.Runtime) error { return a.prune(cmd.Context(), rt, &f) })
		},
	}
	fs := cmd.Flags()
	fs.Var(agedFlag{duration{&f.olderThan}}, "older-than", "age since their end, with its unit: 12h, 30d, 8w")
	addConfirming(fs, &f.dryRun, &f.yes)
	return cmd
}

// agedFlag is an age.
type agedFlag struct{ duration }

// Set reads the flag.
func (f agedFlag) Set(s string) (err error) {
	*f.d, err = readAge(s)
	return err
}

// readAge reads how long ago something was. It wants its unit: 30 may be meant as days.
func readAge(text string) (time.Duration, error) {
	if _, err := strconv.Atoi(text); err == nil {
		return 0, usagef("%q has no unit: write %sd for days, %sh for hours, %sw for weeks", text, text, text, text)
	}
	return spec.ParseDuration(text)
}

func (a *app) prune(ctx context.Context, rt durable.Runtime, f *pruneFlags) error {
	before := time.Now().Add(-f.olderThan)
	if f.dryRun || !f.yes && a.canAsk() {
		old := func(do func([]durable.State) error) error { return endedBefore(ctx, rt, before, do) }
		yes, err := a.confirmed(ctx, old, f.dryRun, "forget", "would be forgotten")
		if err != nil || !yes {
			return err
		}
	}
	n, err := rt.Prune(ctx, before)
	if err != nil {
		return err
	}
	if !a.wantsText() {
		return a.printDocument(struct {
			Pruned int       `json:"pruned"`
			Before time.Time `json:"before"`
		}{n, before.UTC().Truncate(time.Second)})
	}
	a.printf("%s forgotten\n", words.Count(n, "run", "runs"))
	return nil
}

// endedBefore hands the runs that ended before a time to do, page by page.
func endedBefore(ctx context.Context, rt durable.Runtime, before time.Time, do func([]durable.State) error) error {
	ended := slices.DeleteFunc(slices.Clone(durable.RunStatuses), func(s durable.Status) bool { return !s.Ended() })
	return eachPage(ctx, rt, durable.Filter{Status: ended, Before: before}, func(runs []durable.State) error {
		return do(slices.DeleteFunc(runs, func(s durable.State) bool { return !s.Updated.Before(before) }))
	})
}

// mostShown is how many runs are listed before a question.
const mostShown = 10

// confirmed lists runs that something is about to happen to, which each hands over page by
// page, and asks whether it shall. With dryRun it lists all, and it shall not.
func (a *app) confirmed(ctx context.Context, each func(do func([]durable.State) error) error, dryRun bool, act, would string) (bool, error) {
	switch {
	case dryRun && !a.wantsText():
		list := &documentList{app: a}
		err := each(list.addRuns)
		list.end(err)
		return false, err
	case dryRun:
		n, table := 0, a.runTable(time.Now())
		err := each(func(runs []durable.State) error {
			n += len(runs)
			table.print(runs)
			return nil
		})
		if err == nil {
			a.printf("%s %s\n", words.Count(n, "run", "runs"), would)
		}
		return false, err
	}
	n, now := 0, time.Now()
	err := each(func(runs []durable.State) error {
		for _, s := range runs[:min(len(runs), max(mostShown-n, 0))] {
			a.complain("%s  %s", s.ID, describeRun(s, now))
		}
		n += len(runs)
		return nil
	})
	if err != nil || n == 0 {
		return err == nil, err
	}
	if n > mostShown {
		a.complain("and %d more", n-mostShown)
	}
	yes, err := term.Confirm(ctx, a.io.Err, term.Lines(a.io.In), act+" "+words.Count(n, "run", "runs")+"?")
	if err == nil && !yes {
		a.note("nothing was changed")
	}
	return yes, err
}
