package command

import (
	"errors"
	"fmt"
	"slices"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/command/internal/term"
)

// finishRun prints how a run ended: the document for a machine, or outputs on
// stdout and the rest on stderr for a person.
func (a *app) finishRun(res *engine.Result, err error, showSensitive bool) error {
	if !a.io.Interrupts.Claim() {
		return silent(exitInterrupted)
	}
	res = a.worded(res)
	if !a.wantsText() {
		if printErr := a.printDocument(res); printErr != nil {
			return printErr
		}
	}
	var (
		failed  *engine.RunError
		waiting *engine.WaitingError
	)
	switch {
	case err == nil:
		if a.wantsText() {
			a.outputs(res, showSensitive)
		}
		return nil
	case errors.As(err, &waiting):
		a.reportWaiting(res, showSensitive)
	case errors.As(err, &failed):
		failed.Result = res
		a.complain("%s", term.Printable(failed.Backtrace()))
		if res.Next().Kind == document.NextRetry {
			a.withCommand("  try again from there, without repeating what is done:", a.command("resume", res.Run))
		}
	default:
		a.complain("%s", term.Printable(err.Error()))
		a.withCommand("the run stands where it stopped; to go on:", a.command("resume", res.Run))
	}
	return silent(exitCode(err))
}

// worded returns the run with the commands that go on with it.
func (a *app) worded(r *document.Run) *document.Run {
	return r.Worded(func(next document.Next, hint string) string { return a.nextText(r, next, hint) })
}

// nextText describes how a run goes on. Of several commands each has a line of its own.
func (a *app) nextText(r *document.Run, next document.Next, hint string) string {
	run := r.Run
	resume := a.command("resume", run)
	settle := "\n  " + a.command("runs resolve", run, next.Step, "--happened='{...}'") +
		"\nor\n  " + a.command("runs resolve", run, next.Step, "--did-not-happen")
	switch next.Kind {
	case document.NextFinish:
		return a.command("resume", run, "--done", next.Step)
	case document.NextWait:
		return resume
	case document.NextResume:
		text := "it goes on from where it stopped with\n  " + resume + "\nand is ended with\n  " + a.command("runs cancel", run)
		if r.Parked {
			return text + "\nit is parked: nothing else takes it up"
		}
		if a.open != nil {
			return text + "\nelse a worker takes it up"
		}
		return text + "\nelse a server on the same state, or `capstan resume --all`, takes it up"
	case document.NextRepeat:
		if hint == "" {
			return fmt.Sprintf("run it again with --done %s once it is done; this run is kept in memory only, so the steps before it are done again", next.Step)
		}
	case document.NextSettle:
		switch next.Policy {
		case durable.Idempotent:
			return fmt.Sprintf("%s sends it again: %s has the same effect once or twice", resume, next.Method)
		case durable.Keyed:
			return resume + " sends it again under the same idempotency key"
		case durable.Probed:
			return fmt.Sprintf("it was not sent again; %s looks it up with %s and goes on; where that cannot tell, look yourself, then say so:%s", resume, next.Probe, settle)
		}
		return hint + ", then say so:" + settle
	}
	return hint
}

// outputs prints "name: value", aligned, in the capability's order.
func (a *app) outputs(res *engine.Result, showSensitive bool) {
	if res.Answer != nil {
		a.wholeAnswer(res, showSensitive)
		return
	}
	label := func(name string) string { return name + ":" }
	width := term.Column(res.OutputNames, label)
	hidden := false
	for _, name := range res.OutputNames {
		v, ok := res.Outputs[name]
		if !ok {
			continue
		}
		text := term.Value(v)
		if v != nil && slices.Contains(res.SensitiveOutputs, name) && !showSensitive {
			text, hidden = term.Redacted, true
		}
		a.printf("%s  %s\n", term.Pad(label(name), width), text)
	}
	if hidden {
		a.hiddenOutputs()
	}
}

// reportWaiting prints the task and how to go on. Commands stay on one
// line, to be copied.
func (a *app) reportWaiting(res *engine.Result, showSensitive bool) {
	w := res.Waiting
	if w == nil {
		a.complain("run %s is waiting", res.Run)
		return
	}
	if w.Next.Kind == document.NextWait {
		a.complain("waiting: step %q is not due yet; %s", w.Step, w.Description)
	} else {
		a.complain("waiting: step %q is to be done by somebody else", w.Step)
		term.Task{Description: w.Description, With: w.With, Sensitive: w.Sensitive}.Write(a.io.Err, showSensitive, term.RevealsByFlag, a.textWidth(a.io.ErrTTY))
	}
	if w.Resume != "" {
		a.withCommand("then:", term.OneLine(w.Resume))
	}
	if res.Parked {
		a.complain("it is parked: nothing else takes it up, also when the step is done from elsewhere")
	}
}
