package main

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/cmd/capstan/internal/term"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/words"
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

// agedFlag is a duration that wants its unit: 30 may be meant as days.
type agedFlag struct{ duration }

// Set reads the flag.
func (f agedFlag) Set(s string) error {
	if _, err := strconv.Atoi(s); err == nil {
		return usagef("%q has no unit: write %sd for days, %sh for hours, %sw for weeks", s, s, s, s)
	}
	return f.duration.Set(s)
}

func (a *app) prune(ctx context.Context, rt durable.Runtime, f *pruneFlags) error {
	before := time.Now().Add(-f.olderThan)
	if f.dryRun || !f.yes && a.canAsk() {
		old, err := a.endedBefore(ctx, rt, before)
		if err != nil {
			return err
		}
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

// endedBefore lists the runs that ended before a time.
func (a *app) endedBefore(ctx context.Context, rt durable.Runtime, before time.Time) ([]durable.State, error) {
	ended := slices.DeleteFunc(slices.Clone(durable.RunStatuses), func(s durable.Status) bool { return !s.Ended() })
	var old []durable.State
	err := eachPage(ctx, rt, durable.Filter{Status: ended, Before: before}, func(runs []durable.State) error {
		old = append(old, slices.DeleteFunc(runs, func(s durable.State) bool { return !s.Updated.Before(before) })...)
		return nil
	})
	return old, err
}

// mostShown is how many runs are listed before a question.
const mostShown = 10

// confirmed lists runs that something is about to happen to, and asks whether it shall. With
// dryRun it lists all, and it shall not.
func (a *app) confirmed(ctx context.Context, runs []durable.State, dryRun bool, act, would string) (bool, error) {
	count := words.Count(len(runs), "run", "runs")
	switch {
	case dryRun && !a.wantsText():
		list := &documentList{app: a}
		err := list.addRuns(runs)
		list.end(err)
		return false, err
	case dryRun:
		if len(runs) > 0 {
			a.runTable(time.Now()).print(runs)
		}
		a.printf("%s %s\n", count, would)
		return false, nil
	case len(runs) == 0:
		return true, nil
	}
	for i, s := range runs {
		if i == mostShown {
			a.complain("and %d more", len(runs)-i)
			break
		}
		a.complain("%s  %s", s.ID, describeRun(s, time.Now()))
	}
	yes, err := term.Confirm(ctx, a.io.Err, term.Lines(a.io.In), act+" "+count+"?")
	if err == nil && !yes {
		a.note("nothing was changed")
	}
	return yes, err
}
