package command

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/command/internal/term"
)

// mostCandidates is how many runs a prefix of several is explained with.
const mostCandidates = 8

// findRun finds a kept run by its id, or by a beginning that no other run has.
func (a *app) findRun(ctx context.Context, rt durable.Runtime, text string) (durable.State, error) {
	state, err := rt.Get(ctx, text)
	if !errors.Is(err, durable.ErrUnknown) {
		return state, err
	}
	var found []durable.State
	if text != "" {
		if found, err = rt.List(ctx, durable.Filter{Prefix: text, Limit: mostCandidates + 1}); err != nil {
			return state, err
		}
	}
	switch len(found) {
	case 0:
		e := usagef("there is no run %q", text)
		e.hint = a.listCommand() + " shows the runs that are kept"
		return state, e
	case 1:
		return found[0], nil
	}
	e := usagef("more than one run begins with %q", text)
	e.hint = "it is one of"
	for i, s := range found {
		if i == mostCandidates {
			e.hint += "\n    and more"
			break
		}
		e.hint += "\n    " + s.ID + "  " + describeRun(s, time.Now())
	}
	return state, e
}

// describeRun identifies a run in a few words.
func describeRun(s durable.State, now time.Time) string {
	name := term.OneLine(s.Capability)
	if s.Title != "" {
		name += fmt.Sprintf(" %q", term.OneLine(s.Title))
	}
	return fmt.Sprintf("%s, %s, started %s", name, s.Status, ago(s.Started, now))
}

// ago describes how long ago a time was, as people read it.
func ago(t, now time.Time) string {
	d := now.Sub(t)
	if d < time.Second {
		return "just now"
	}
	return age(d) + " ago"
}

// age rounds a length of time to its largest unit.
func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// completeRuns completes a command's run ids with those that fit it. more
// completes the arguments after the first; nil offers nothing.
func (a *app) completeRuns(cmd *cobra.Command, fits func(durable.State) bool, more completer) {
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			if more == nil {
				return nil, noFiles
			}
			return more(cmd, args, typed)
		}
		return a.runWords(cmd.Context(), typed, fits), noFiles
	}
}

func (a *app) runWords(ctx context.Context, typed string, fits func(durable.State) bool) []string {
	var words []string
	a.lookAtRuns(ctx, func(rt durable.Runtime) {
		runs, err := rt.List(ctx, durable.Filter{Prefix: typed})
		if err != nil {
			return
		}
		for _, s := range runs {
			if fits(s) {
				words = append(words, s.ID+"\t"+describeRun(s, time.Now()))
			}
		}
	})
	return words
}

// completeStep completes the step that the run on the command line waits for.
func (a *app) completeStep(reason durable.Reason) completer {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		var words []string
		a.lookAtRuns(cmd.Context(), func(rt durable.Runtime) {
			if len(args) != 1 {
				return
			}
			state, err := a.findRun(cmd.Context(), rt, args[0])
			if w := state.Waiting; err == nil && w != nil && w.Reason == reason {
				words = append(words, w.Path+"\t"+term.OneLine(w.Description))
			}
		})
		return words, noFiles
	}
}

// lookAtRuns hands the kept runs to look, or does nothing: completion has no place
// for an error.
func (a *app) lookAtRuns(ctx context.Context, look func(durable.Runtime)) {
	_ = with(ctx, a.openToLook, func(rt durable.Runtime) error {
		look(rt)
		return nil
	})
}

// isResumable reports whether resume would send anything for a run.
func isResumable(s durable.State) bool {
	return s.Status != durable.StatusSucceeded && s.Status != durable.StatusCancelled
}

func goesOn(s durable.State) bool { return !s.Status.Ended() }

func isInDoubt(s durable.State) bool { return s.Status == durable.StatusInDoubt }

func anyRun(durable.State) bool { return true }

// statusWords lists the statuses of runs, for messages and completion.
func statusWords() []string {
	var words []string
	for _, s := range durable.RunStatuses {
		words = append(words, string(s))
	}
	return words
}

func runStatus(word string) (durable.Status, error) {
	for _, s := range durable.RunStatuses {
		if string(s) == strings.ReplaceAll(word, "-", "_") {
			return s, nil
		}
	}
	return "", usagef("%q is no status of a run: %s", word, strings.Join(statusWords(), ", "))
}
