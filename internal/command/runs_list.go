package command

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/command/internal/term"
)

// listFlags choose runs.
type listFlags struct {
	status        []string
	capability    string
	labels        []string
	inputs        []string
	since, before string
	waiting       string
	search        string
	limit         int
}

func (a *app) runsListCommand() *cobra.Command {
	var f listFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List runs, newest first, with what they wait for",
		Long: `List shows the runs that are kept, newest first. A run's title is made of its labels,
or of the input that names the thing. On a narrow terminal the capability and what is
waited for are shortened first.`,
		Example: `  capstan runs list
  capstan runs list --status waiting,in_doubt --capability b2b-enterprise-onboarding
  capstan runs list --label customer=Acme --since 2w
  capstan runs list --search acme --limit 20 -o json`,
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
	textsVar(fs, &f.labels, "label", "only runs with the label `NAME=VALUE` (repeat: with all of them)")
	textsVar(fs, &f.inputs, "input", "only runs with the input `NAME=VALUE`; of a list one item is enough (repeat: with all of them)")
	fs.StringVar(&f.since, "since", "", "only runs that were started since `TIME`: 12h, 2d or 4w ago, 2026-05-22, or 2026-05-22T10:00:00Z")
	fs.StringVar(&f.before, "before", "", "only runs that were started before `TIME`, written as for --since")
	fs.StringVar(&f.waiting, "waiting", "", "only runs that wait for the `STEP`, or for this reason: external, timer or in_doubt")
	fs.StringVar(&f.search, "search", "", "only runs with `TEXT` in their title, labels, inputs or id, whatever its case")
	a.complete(cmd, "status", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return statusWords(), noFiles
	})
	a.complete(cmd, "capability", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return a.capabilityWords(cmd.Context()), noFiles
	})
}

// given reports whether the flags choose among the runs.
func (f *listFlags) given() bool {
	return len(f.status)+len(f.labels)+len(f.inputs) > 0 || f.capability+f.since+f.before+f.waiting+f.search != ""
}

func (f *listFlags) filter() (durable.Filter, error) {
	filter := durable.Filter{Capability: f.capability, Limit: f.limit, Waiting: f.waiting, Text: f.search}
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
	var err error
	if filter.Labels, err = labelsOf(f.labels); err != nil {
		return filter, err
	}
	if filter.Inputs, err = pairs("--input", f.inputs); err != nil {
		return filter, err
	}
	if filter.Since, err = pointInTime("--since", f.since, time.Now()); err != nil {
		return filter, err
	}
	filter.Before, err = pointInTime("--before", f.before, time.Now())
	return filter, err
}

// labelsOf reads --label NAME=VALUE.
func labelsOf(flags []string) (map[string]string, error) {
	labels, err := pairs("--label", flags)
	if err == nil {
		err = durable.CheckLabels(labels)
	}
	if err != nil {
		return nil, usage(err.Error(), "")
	}
	return labels, nil
}

// pairs reads a flag NAME=VALUE that may be repeated.
func pairs(flag string, given []string) (map[string]string, error) {
	if len(given) == 0 {
		return nil, nil
	}
	out := map[string]string{}
	for _, g := range given {
		name, value, ok := strings.Cut(g, "=")
		if !ok || name == "" {
			return nil, usagef("%s %q: write NAME=VALUE", flag, g)
		}
		if old, again := out[name]; again && old != value {
			return nil, usagef("%s gives %q two values: %q and %q", flag, name, old, value)
		}
		out[name] = value
	}
	return out, nil
}

// pointInTime reads a time that a flag gives: how long ago it is, a day, or a day with a
// time. A day begins where the reader is.
func pointInTime(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, time.Local); err == nil {
		return t, nil
	}
	if d, err := readAge(text); err == nil {
		return now.Add(-d), nil
	}
	return time.Time{}, usagef("%s %q: write how long ago, such as 12h or 2d, or a day, such as 2026-05-22", flag, text)
}

// listPage is how many runs are read at once.
const listPage = 500

// eachPage hands the runs that match to do, page by page.
func eachPage(ctx context.Context, rt durable.Runtime, f durable.Filter, do func([]durable.State) error) error {
	left := f.Limit
	for {
		f.Limit = listPage
		if left > 0 {
			f.Limit = min(left, listPage)
		}
		runs, err := rt.List(ctx, f)
		if err != nil || len(runs) == 0 {
			return err
		}
		last := runs[len(runs)-1] // before do, which may change the page
		if err := do(runs); err != nil || len(runs) < f.Limit || len(runs) == left {
			return err
		}
		left -= len(runs) // stays negative where there is no limit
		f.After = durable.Mark{Started: last.Started, ID: last.ID}
	}
}

func (a *app) listRuns(ctx context.Context, rt durable.Runtime, f durable.Filter) error {
	if !a.wantsText() {
		list := &documentList{app: a}
		err := eachPage(ctx, rt, f, list.addRuns)
		list.end(err)
		return err
	}
	table := a.runTable(time.Now())
	err := eachPage(ctx, rt, f, func(runs []durable.State) error {
		table.print(runs)
		return nil
	})
	if err == nil && table.layout == nil {
		a.note("no runs")
	}
	return err
}

// addRuns writes runs as entries.
func (l *documentList) addRuns(runs []durable.State) error {
	for _, s := range runs {
		if err := l.add(document.EntryOf(s)); err != nil {
			return err
		}
	}
	return nil
}

// runTable prints one run a line, as wide as the terminal is. The first runs decide how
// wide the columns are.
type runTable struct {
	app    *app
	now    time.Time
	layout *term.Layout
}

func (a *app) runTable(now time.Time) *runTable { return &runTable{app: a, now: now} }

// print prints runs, the first time below a heading.
func (t *runTable) print(runs []durable.State) {
	if len(runs) == 0 {
		return
	}
	var rows [][]string
	if t.layout == nil {
		rows = append(rows, []string{"RUN", "STATUS", "TITLE", "CAPABILITY", "SINCE", "WAITING FOR"})
	}
	for _, s := range runs {
		rows = append(rows, []string{
			s.ID, string(s.Status), term.OneLine(s.Title), marked(term.OneLine(s.Capability), s.Mock), age(max(t.now.Sub(s.Updated), 0)), term.OneLine(t.waiting(s)),
		})
	}
	if t.layout == nil {
		const title, capability, since, waiting = 2, 3, 4, 5
		layout := term.Lay(rows, t.app.textWidth(t.app.io.OutTTY), title,
			term.Narrow{Column: waiting, Least: 8}, term.Narrow{Column: capability, Least: 8}, term.Narrow{Column: since, Least: 5})
		t.layout = &layout
	}
	for _, row := range rows {
		t.app.printf("%s\n", term.Printable(t.layout.Line(row)))
	}
}

// marked adds to a name that its run was on the mock.
func marked(name string, mock bool) string {
	if mock {
		return name + " (mock)"
	}
	return name
}

// waiting describes the wait of a run, for the place that keeps it.
func (t *runTable) waiting(s durable.State) string {
	if s.Unreadable == nil && t.app.open != nil && s.Status == durable.StatusRunning && !s.Driven && !s.Parked {
		return "a worker to execute it"
	}
	return waitingNote(s, t.now)
}

// waitingNote describes the wait of a run, "" when it has ended or goes on.
func waitingNote(s durable.State, now time.Time) string {
	w := s.Waiting
	if s.Unreadable != nil {
		return "cannot be read: " + s.Unreadable.Error()
	}
	if s.Parked && !s.Driven {
		return "somebody to resume it (parked)"
	}
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
		_ = eachPage(ctx, rt, durable.Filter{}, func(runs []durable.State) error {
			for _, s := range runs {
				if !slices.Contains(words, s.Capability) {
					words = append(words, s.Capability)
				}
			}
			return nil
		})
	})
	return words
}
