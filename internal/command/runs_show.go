package command

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/columns"
	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/internal/words"
)

func (a *app) runsShowCommand() *cobra.Command {
	var showSensitive bool
	cmd := &cobra.Command{
		Use:   "show RUN",
		Short: "Show where a run stands and what happened in it",
		Long: `Show prints a run's steps, what it waits for, when it goes on by itself, and its
history. Of the values that steps were called with, only the run's inputs are shown.`,
		Example: `  capstan runs show run_01k9w4
  capstan runs show run_01k9w4 -o json`,
		Args: exactArgs("RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return with(cmd.Context(), a.openToLook, func(rt durable.Runtime) error { return a.showRun(cmd.Context(), rt, args[0], showSensitive) })
		},
	}
	addShowSensitive(cmd.Flags(), &showSensitive)
	a.completeRuns(cmd, anyRun, nil)
	return cmd
}

func (a *app) showRun(ctx context.Context, rt durable.Runtime, text string, showSensitive bool) error {
	s, err := a.findRun(ctx, rt, text)
	if err != nil {
		return err
	}
	run, err := looker(rt).Inspect(ctx, s.ID)
	if err != nil {
		return err
	}
	run = a.worded(run)
	run.Inputs = run.ShownInputs(showSensitive)
	if !a.wantsText() {
		return a.printDocument(run)
	}
	v := &runView{app: a, run: run, now: time.Now(), paint: term.Paint(a.color(a.io.OutTTY)), width: a.textWidth(a.io.OutTTY), showSensitive: showSensitive}
	v.head()
	v.inputs()
	v.steps()
	v.waiting()
	v.problem()
	v.outputs()
	v.history()
	return nil
}

// runView writes a run for people to stdout.
type runView struct {
	app           *app
	run           *document.Run
	now           time.Time
	paint         term.Paint
	width         int
	showSensitive bool
}

func (v *runView) printf(format string, args ...any) { v.app.printf(format, args...) }

// line writes a line, folded to a terminal.
func (v *runView) line(text string) { v.printf("%s\n", columns.Fold(text, v.width)) }

func (v *runView) head() {
	r := v.run
	v.printf("run         %s\n", v.paint.Bold(r.Run))
	v.line("capability  " + marked(term.OneLine(r.Capability), r.Mock))
	if r.Title != "" {
		v.line("title       " + term.OneLine(r.Title))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Labels)) {
		v.line("label       " + name + "=" + term.OneLine(r.Labels[name]))
	}
	status := string(r.Status)
	if r.Driven {
		status += ", and a process drives it"
	} else if r.Status == durable.StatusRunning {
		status += ", but no process drives it: " + v.app.command("resume", r.Run)
	}
	v.line("status      " + status)
	source := term.OneLine(r.Source)
	if r.SourceChanged {
		source += "  (changed since; the run goes on with what it was started with)"
	}
	v.line("file        " + source)
	for _, server := range r.Servers {
		v.line("server      " + term.OneLine(server))
	}
	v.printf("started     %s\n", v.when(r.Started))
	v.printf("updated     %s\n", v.when(r.Updated))
	if r.Due != nil {
		v.printf("next        %s (%s)\n", clock(*r.Due), dueIn(*r.Due, v.now))
	}
	if r.Parked {
		v.line("parked      no server takes it up, until it is resumed")
	}
}

func (v *runView) inputs() {
	names := slices.Sorted(maps.Keys(v.run.Inputs))
	if len(names) == 0 {
		return
	}
	v.printf("\n%s\n", v.paint.Bold("inputs"))
	width := term.Column(names, func(name string) string { return name })
	for _, name := range names {
		v.printf("  %s  %s\n", term.Pad(name, width), columns.Cut(term.OneLine(term.Value(v.run.Inputs[name])), v.valueWidth(width+4)))
	}
}

// valueWidth is the columns that are left beside others, 0 for no limit.
func (v *runView) valueWidth(taken int) int {
	if v.width == 0 {
		return 0
	}
	return max(v.width-taken, 1)
}

func (v *runView) when(t time.Time) string { return clock(t) + " (" + ago(t, v.now) + ")" }

// clock shows a time where the reader is.
func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

func (v *runView) steps() {
	v.printf("\n%s\n", v.paint.Bold("steps"))
	width := term.Column(v.run.Steps, func(s document.StepRun) string { return s.ID })
	for _, s := range v.run.Steps {
		line := "  " + v.mark(s.Status) + " " + term.Pad(s.ID, width) + "  " + strings.ReplaceAll(string(s.Status), "_", " ")
		if s.HTTPStatus > 0 {
			line += fmt.Sprintf("  %d", s.HTTPStatus)
		}
		if s.Attempts > 1 {
			line += "  " + words.Count(s.Attempts, "attempt", "attempts")
		}
		if s.DurationMS > 0 {
			line += "  " + term.Duration(time.Duration(s.DurationMS)*time.Millisecond)
		}
		v.line(line)
	}
}

func (v *runView) mark(status durable.Status) string {
	switch status {
	case durable.StatusSucceeded:
		return v.paint.Green("✓")
	case durable.StatusFailed, durable.StatusTimedOut, durable.StatusCancelled:
		return v.paint.Red("✗")
	case durable.StatusInDoubt:
		return v.paint.Yellow("!")
	case durable.StatusSkipped:
		return v.paint.Dim("-")
	case durable.StatusPending:
		return v.paint.Dim("·")
	}
	return "…"
}

func (v *runView) waiting() {
	w := v.run.Waiting
	if w == nil {
		return
	}
	v.printf("\n%s\n", v.paint.Bold("waiting for "+w.Step))
	term.Task{Description: w.Description, With: w.With, Sensitive: w.Sensitive}.Write(v.app.out, v.showSensitive, term.RevealsByFlag, v.width)
	v.printf("%s\n", term.Command("  then:", term.OneLine(w.Resume), v.width))
}

func (v *runView) problem() {
	e := v.run.Error
	if e == nil {
		return
	}
	v.printf("\n%s\n", v.paint.Bold("problem"))
	text := e.Message
	if e.Step != "" {
		text = "step \"" + e.Step + "\": " + text
	}
	v.line("  " + term.OneLine(text))
	if e.Hint != "" {
		v.line("  = hint: " + strings.ReplaceAll(term.Printable(e.Hint), "\n", "\n    "))
	}
}

func (v *runView) outputs() {
	if len(v.run.Outputs) == 0 {
		return
	}
	v.printf("\n%s\n", v.paint.Bold("outputs"))
	if form := v.run.Answer; form != nil && form.Encoding != "" {
		text, _ := v.run.Outputs[form.Output].(string)
		v.printf("%s:  (%s; -o json has them)\n", form.Output, bytesText(form, base64.StdEncoding.DecodedLen(len(text))))
		return
	}
	v.app.outputs(v.run, v.showSensitive)
}

func (v *runView) history() {
	v.printf("\n%s\n", v.paint.Bold("history"))
	for _, e := range v.run.Events {
		line := v.paint.Dim(e.Time.Local().Format("2006-01-02 15:04:05.000")) + "  "
		if e.Step != "" {
			line += e.Step + ": "
		}
		v.line("  " + line + happening(e))
	}
}

// happening describes an entry of a history in a few words.
func happening(e durable.Event) string {
	text := eventWords(e)
	if e.Message != "" {
		text += ": " + term.OneLine(e.Message)
	}
	return text
}

func eventWords(e durable.Event) string {
	switch e.Kind {
	case durable.EventIntent:
		return fmt.Sprintf("about to send %s (attempt %d, %s)", e.Operation, max(e.Attempt, 1), e.Policy)
	case durable.EventDone:
		return "done" + howDone(e)
	case durable.EventFailed:
		return "failed"
	case durable.EventRetry:
		return fmt.Sprintf("attempt %d failed%s", max(e.Attempt, 1), until(e))
	case durable.EventNotBefore:
		return "told to wait" + until(e)
	case durable.EventPoll:
		return "looked " + words.Count(e.Tries, "time", "times") + until(e)
	case durable.EventTimer:
		return "waits" + until(e)
	case durable.EventWaiting:
		if e.Message != "" {
			return "in doubt"
		}
		return "waits to be done"
	case durable.EventSignal:
		return "said to be done" + by(e)
	case durable.EventSettled:
		return "settled" + by(e)
	case durable.EventCancelled:
		return "to be cancelled" + by(e)
	case durable.EventReopened:
		return "tried again"
	case durable.EventCorrected:
		return "inputs corrected" + by(e)
	}
	return e.Kind // started, ended
}

func howDone(e durable.Event) string {
	switch {
	case e.Via == durable.ViaProbe:
		return ": it had taken effect, as its probe found"
	case e.Via == durable.ViaResend:
		return fmt.Sprintf(": it had taken effect, as the answer %d to the resend shows", e.HTTPStatus)
	case e.Via == durable.ViaHandler:
		return ", by a command or a person here"
	case e.Via == durable.ViaSignal:
		return ", as was said"
	case e.HTTPStatus > 0:
		return fmt.Sprintf(", %d", e.HTTPStatus)
	}
	return ""
}

func until(e durable.Event) string {
	if e.Until == nil {
		return ""
	}
	return ", next at " + clock(*e.Until)
}

func by(e durable.Event) string {
	if e.By == "" {
		return ""
	}
	return ", by " + term.OneLine(e.By)
}
