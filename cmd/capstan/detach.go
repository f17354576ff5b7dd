package main

import (
	"context"
	"encoding/json"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
)

// checkDetach refuses flags that make no sense for a run that is not executed
// here.
func (f *runFlags) checkDetach(a *app) error {
	switch {
	case !f.detach:
		return nil
	case f.wait:
		return usagef("--detach and --wait exclude each other")
	case len(f.onExternal) > 0:
		return usagef("--detach: commands are not kept with a run; give --on-external to capstan resume")
	case a.flags.state == noState:
		return usagef("--detach: with --state none nothing keeps the run")
	}
	return nil
}

// startRun keeps a run for a later execution, and prints its id.
func (a *app) startRun(ctx context.Context, runner *engine.Runner, prog *engine.Program, rt durable.Runtime, inputs engine.Inputs, done map[string]json.RawMessage) error {
	if rt == nil {
		return a.refusedDocument(prog.Name(), codeState, errNotKept)
	}
	id, err := runner.Start(ctx, prog, inputs, &engine.RunOptions{Done: done})
	if err != nil {
		return a.refusedDocument(prog.Name(), refusalCode(err), err)
	}
	if !a.wantsText() {
		return a.printRun(ctx, rt, id)
	}
	a.printf("%s\n", id)
	if !a.flags.quiet {
		a.complain("nothing was sent yet; to execute it: %s", a.command("resume", id))
	}
	return nil
}

var errNotKept = usagef("--detach: nothing would keep the run; name a directory with --state DIR")

// printRun writes the document of a kept run.
func (a *app) printRun(ctx context.Context, rt durable.Runtime, id string) error {
	run, err := looker(rt).Inspect(ctx, id)
	if err != nil {
		return err
	}
	return a.printDocument(a.tidyResult(run.Brief()))
}
