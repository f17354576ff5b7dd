package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/cmd/capstan/internal/term"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
)

// listFlags are the flags of `capstan runs list`.
type listFlags struct {
	status     []string
	capability string
	limit      int
}

func (a *app) runsListCommand() *cobra.Command {
	var f listFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List runs, newest first, with what they wait for",
		Example: `  capstan runs list
  capstan runs list --status waiting,in_doubt --capability b2b-enterprise-onboarding
  capstan runs list --limit 20 -o json`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter, err := f.filter()
			if err != nil {
				return err
			}
			return with(cmd.Context(), a.openToLook, func(rt durable.Runtime) error { return a.listRuns(cmd.Context(), rt, filter) })
		},
	}
	a.addFilters(cmd, &f)
	cmd.Flags().IntVar(&f.limit, "limit", 0, "at most `N` runs (default all)")
	return cmd
}

// addFilters adds the flags that choose runs.
func (a *app) addFilters(cmd *cobra.Command, f *listFlags) {
	fs := cmd.Flags()
	fs.StringSliceVar(&f.status, "status", nil, "only runs of this `STATUS`: running, waiting, in_doubt, succeeded, failed, timed_out or cancelled (repeat)")
	fs.StringVar(&f.capability, "capability", "", "only runs of the capability `NAME`")
	a.complete(cmd, "status", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return statusWords(), noFiles
	})
	a.complete(cmd, "capability", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return a.capabilityWords(cmd.Context()), noFiles
	})
}

func (f *listFlags) filter() (durable.Filter, error) {
	filter := durable.Filter{Capability: f.capability, Limit: f.limit}
	if f.limit < 0 {
		return filter, usagef("--limit %d: give a number of runs, or 0 for all", f.limit)
	}
	for _, word := range f.status {
		s, err := runStatus(word)
		if err != nil {
			return filter, err
		}
		filter.Status = append(filter.Status, s)
	}
	return filter, nil
}

func (a *app) listRuns(ctx context.Context, rt durable.Runtime, f durable.Filter) error {
	runs, err := rt.List(ctx, f)
	if err != nil {
		return err
	}
	if !a.wantsText() {
		entries := []document.Entry{}
		for _, s := range runs {
			entries = append(entries, document.EntryOf(s))
		}
		return a.printDocument(entries)
	}
	if len(runs) == 0 {
		a.note("no runs")
		return nil
	}
	a.runTable(runs, time.Now())
	return nil
}

// runTable prints one run a line, cut to a terminal's width.
func (a *app) runTable(runs []durable.State, now time.Time) {
	rows := [][]string{{"RUN", "STATUS", "CAPABILITY", "SINCE", "WAITING FOR"}}
	for _, s := range runs {
		rows = append(rows, []string{s.ID, string(s.Status), marked(term.OneLine(s.Capability), s.Mock), age(max(now.Sub(s.Updated), 0)), waitingNote(s, now)})
	}
	a.table(rows)
}

// marked adds to a name that its run was on the mock.
func marked(name string, mock bool) string {
	if mock {
		return name + " (mock)"
	}
	return name
}

// waitingNote describes the wait of a run, "" when it has ended or goes on.
func waitingNote(s durable.State, now time.Time) string {
	w := s.Waiting
	switch {
	case s.Status == durable.StatusRunning && !s.Driven:
		return "somebody to resume it"
	case w == nil || s.Status.Ended():
		return ""
	case w.Reason == durable.ReasonTimer:
		return w.Path + ", " + dueIn(w.Until, now)
	case w.Reason == durable.ReasonInDoubt && !w.Until.IsZero():
		return w.Path + ", to be looked up, " + dueIn(w.Until, now)
	case w.Reason == durable.ReasonInDoubt:
		return w.Path + ", to be settled"
	}
	return w.Path + ": " + term.OneLine(w.Description)
}

// dueIn describes how long it is until a time.
func dueIn(t, now time.Time) string {
	if d := t.Sub(now); d > 0 {
		return "due in " + age(d)
	}
	return "due now"
}

// capabilityWords lists the capabilities that have runs.
func (a *app) capabilityWords(ctx context.Context) []string {
	var words []string
	a.lookAtRuns(ctx, func(rt durable.Runtime) {
		runs, err := rt.List(ctx, durable.Filter{})
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, s := range runs {
			if !seen[s.Capability] {
				seen[s.Capability] = true
				words = append(words, s.Capability)
			}
		}
	})
	return words
}
