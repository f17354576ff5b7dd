package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/cmd/capstan/internal/term"
	"github.com/capstan-run/capstan/engine"
)

// finishRun prints how a run ended: the document for a machine, or outputs on
// stdout and the rest on stderr for a person.
func (a *app) finishRun(res *engine.Result, err error, showSensitive bool) error {
	if !a.io.Interrupts.Claim() {
		return silent{exitInterrupted}
	}
	res = a.tidyResult(res)
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
		a.complain("%s", a.toCopy(term.Printable(strings.TrimRight(failed.Backtrace(), "\n")), res.Run))
	default:
		a.complain("%s", term.Printable(err.Error()))
		a.complain("the run stands where it stopped; to go on: %s", a.toCopy("capstan resume "+res.Run, res.Run))
	}
	return silent{exitCode(err)}
}

// The codes of errors in documents, beside those of a run's steps.
const (
	codeInvalid     = "invalid-capability"
	codeInterrupted = "interrupted" // the engine's word
	codeInputs      = "bad-inputs"
	codeCredentials = "missing-credentials"
	codeState       = "state" // what keeps runs failed
)

func refusalCode(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return codeInterrupted
	case errors.As(err, new(*engine.InputError)):
		return codeInputs
	case errors.As(err, new(*engine.CredentialError)):
		return codeCredentials
	}
	return codeState
}

// tidyResult returns the result with its empty collections written out and its
// commands ready to be copied.
func (a *app) tidyResult(r *engine.Result) *engine.Result {
	q := *r
	fill(&q.Steps)
	if q.Outputs == nil {
		q.Outputs = map[string]any{}
	}
	if q.Waiting != nil {
		w := *q.Waiting
		w.Resume = a.toCopy(w.Resume, q.Run)
		q.Waiting = &w
	}
	if q.Error != nil {
		e := *q.Error
		e.Hint = a.toCopy(e.Hint, q.Run)
		q.Error = &e
	}
	return &q
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

// reportWaiting says what is to be done and how to go on. Commands stay on one
// line, to be copied.
func (a *app) reportWaiting(res *engine.Result, showSensitive bool) {
	w := res.Waiting
	if w == nil {
		a.complain("run %s is waiting", res.Run)
		return
	}
	if waitsForTime(res) {
		a.complain("waiting: step %q is not due yet; %s", w.Step, w.Description)
	} else {
		a.complain("waiting: step %q is to be done by somebody else", w.Step)
		term.Task{Description: w.Description, With: w.With, Sensitive: w.Sensitive}.Write(a.io.Err, showSensitive, term.RevealsByFlag, a.textWidth(a.io.ErrTTY))
	}
	if w.Resume != "" {
		a.complain("then: %s", term.OneLine(w.Resume))
	}
}

// waitsForTime reports whether a run that waits goes on by itself: nobody has
// anything to say then.
func waitsForTime(res *engine.Result) bool {
	return !strings.Contains(res.Waiting.Resume, "--done")
}
