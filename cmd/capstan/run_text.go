package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine"
)

// finishRun prints how a run ended: the document for a machine, or outputs on
// stdout and the rest on stderr for a person.
func (a *app) finishRun(prog *engine.Program, res *engine.Result, err error, showSensitive bool) error {
	if res == nil {
		return a.refusedDocument(prog.Name(), refusalCode(err), err)
	}
	if !a.wantsText() {
		if printErr := a.printDocument(tidyResult(res)); printErr != nil {
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
			a.outputs(prog.Plan(), res, showSensitive)
		}
		return nil
	case errors.As(err, &waiting):
		a.reportWaiting(res, showSensitive)
	case errors.As(err, &failed):
		a.complain("%s", printable(strings.TrimRight(failed.Backtrace(), "\n")))
	default:
		return err
	}
	return silent{exitCode(err)}
}

func refusalCode(err error) string {
	if errors.As(err, new(*engine.CredentialError)) {
		return "missing-credentials"
	}
	return "bad-inputs"
}

// tidyResult returns the result with its empty collections written out.
func tidyResult(r *engine.Result) *engine.Result {
	q := *r
	fill(&q.Steps)
	if q.Outputs == nil {
		q.Outputs = map[string]any{}
	}
	return &q
}

// outputs prints "name: value", aligned, in the capability's order.
func (a *app) outputs(plan *engine.Plan, res *engine.Result, showSensitive bool) {
	name := func(o engine.PlanOutput) string { return o.Name + ":" }
	width := column(plan.Outputs, name)
	hidden := false
	for _, o := range plan.Outputs {
		v, ok := res.Outputs[o.Name]
		if !ok {
			continue
		}
		text := valueText(v)
		if slices.Contains(res.SensitiveOutputs, o.Name) && !showSensitive {
			text, hidden = redacted, true
		}
		a.printf("%s  %s\n", pad(name(o), width), text)
	}
	if hidden && !a.flags.quiet {
		a.complain("sensitive outputs are hidden: --show-sensitive or -o json shows them")
	}
}

// reportWaiting says what is to be done and how to go on.
func (a *app) reportWaiting(res *engine.Result, showSensitive bool) {
	w := res.Waiting
	if w == nil {
		a.complain("run %s is waiting", res.Run)
		return
	}
	a.complain("waiting: step %q is to be done by somebody else", w.Step)
	writeTask(a.io.Err, w.Description, w.With, w.Sensitive, showSensitive, a.textWidth(a.io.ErrTTY))
	if w.Resume != "" {
		for _, line := range wrap("then: "+w.Resume, a.textWidth(a.io.ErrTTY)) {
			a.complain("%s", line)
		}
	}
}
