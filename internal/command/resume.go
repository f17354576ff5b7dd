package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/command/internal/term"
)

// resumeFlags are the flags of `capstan resume`.
type resumeFlags struct {
	externalFlags
	inputs     inputFlags
	all        bool
	park       bool
	timeout    time.Duration
	perRequest time.Duration
}

func (a *app) resumeCommand() *cobra.Command {
	var f resumeFlags
	cmd := &cobra.Command{
		Use:   "resume RUN | --all",
		Short: "Go on with a run that waits, was interrupted or killed, or failed",
		Long: `Resume takes a kept run up where it stopped. What was done is not done again, and
the run goes on with the file and flags it was started with; credentials come
from the environment anew. A run that failed or timed out is tried again from the
step where it did. RUN is an id, or a beginning of it that no other run has.

--done says that an external step is done. When another process stays with the
run, that process is told, and goes on with it.

-i and --input-file correct inputs that no step has used which is done, or was sent
and may have taken effect; the correction is kept with the run.

--all takes up whatever is due: runs whose time has come, that were settled,
signalled or left behind, a few at a time, and ends when they ended or wait.
Give it to cron; two of them at once do not meet.

Exit: as of "capstan run"; with --all 0, or 1 when a run failed.`,
		Example: `  capstan resume run_01k9w4 --done send-portal-link
  capstan resume run_01k9w4 --done inspect='{"grade": "A"}' -o json
  capstan resume run_01k9w4 -i domains=acme.example
  capstan resume --all`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.waitGiven = cmd.Flags().Changed("wait")
			switch {
			case f.all && len(args) > 0:
				return usagef("give a run or --all, not both")
			case !f.all && len(args) == 0:
				return usagef("RUN is missing; --all takes up whatever is due")
			}
			return a.resume(cmd.Context(), args, &f)
		},
	}
	if a.own.Open != nil {
		cmd.Long += `

With --runtime, workers execute the run: --timeout, --request-timeout and --on-external
are not taken, and resume follows it.`
	}
	fs := cmd.Flags()
	fs.BoolVar(&f.all, "all", false, "take up every run that is due")
	f.externalFlags.add(fs)
	f.inputs.add(fs)
	addPark(fs, &f.park)
	fs.Var(duration{&f.timeout}, "timeout", "stop after this long, from now (default: what the run was started with)")
	addRequestTimeout(fs, &f.perRequest)
	a.completeRuns(cmd, isResumable, nil)
	a.complete(cmd, "done", a.completeStep(durable.ReasonExternal))
	return cmd
}

// resume opens the kept runs, for one or for all that are due.
func (a *app) resume(ctx context.Context, args []string, f *resumeFlags) error {
	if err := errors.Join(f.checkAll(), f.checkRemote(a)); err != nil {
		return err
	}
	done, hooks, err := f.read()
	if err != nil {
		return err
	}
	return with(ctx, a.openKept, func(rt durable.Runtime) error {
		if f.all {
			return a.resumeAll(ctx, rt, hooks, f)
		}
		return a.resumeOne(ctx, rt, args[0], done, hooks, f)
	})
}

func (a *app) resumeOne(ctx context.Context, rt durable.Runtime, text string, done map[string]json.RawMessage, hooks map[string]engine.ExternalHandler, f *resumeFlags) error {
	state, err := a.findRun(ctx, rt, text)
	if err != nil {
		return err
	}
	attendant := a.attend(a.newProgress(), rt, a.staying(f.wait, f.waitGiven), f.showSensitive)
	attendant.serve(hooks)
	runner := engine.NewRunner(&engine.Options{External: hooks, Runtime: rt, Log: a.logger()})
	before, err := runner.Inspect(ctx, state.ID)
	if err != nil {
		return err
	}
	if before.Status == durable.StatusCancelled {
		return a.wasCancelled(before)
	}
	var steps []string
	for _, s := range before.Steps {
		steps = append(steps, s.ID)
	}
	if err := checkSteps("--on-external", hooks, steps, nil, "it has: "); err != nil {
		return err
	}
	if err := a.correct(ctx, runner, before.Run, &f.inputs); err != nil {
		return a.notExecuted(before, err)
	}
	return attendant.takeUp(ctx, runner, before, done, f)
}

// correct replaces the inputs of a kept run that the command line has.
func (a *app) correct(ctx context.Context, runner *engine.Runner, run string, f *inputFlags) error {
	if len(f.values)+len(f.files) == 0 {
		return nil
	}
	prog, err := runner.Program(ctx, run)
	if err != nil {
		return err
	}
	inputs, problems := f.read(ctx, a, prog.Plan())
	if len(problems) > 0 {
		return &engine.InputError{Problems: problems}
	}
	return runner.Correct(ctx, run, inputs, "capstan resume")
}

// takeUp executes a kept run here, or signals the process that does.
func (t *attendant) takeUp(ctx context.Context, runner *engine.Runner, before *document.Run, done map[string]json.RawMessage, f *resumeFlags) error {
	a, show := t.app, t.show
	show.Named, show.Before = true, doneBefore(before)
	var plan *document.Plan
	if prog, err := runner.Program(ctx, before.Run); err == nil { // else Resume has the reason
		plan = prog.Plan()
	}
	show.Start(plan)
	t.run, t.capability = before.Run, before.Capability
	defer a.io.Interrupts.During(t.stopping, t.leave)()
	how := &engine.RunOptions{Done: done, Stay: t.stay, Park: f.park, Timeout: f.timeout, RequestTimeout: f.perRequest}
	var res *engine.Result
	var err error
	if a.open != nil {
		res, err = t.follow(ctx, runner, before, how)
	} else {
		how.OnEvent = t.event
		res, err = runner.Resume(ctx, before.Run, how)
	}
	t.close()
	show.Close()
	switch {
	case res != nil:
		return a.finishRun(res, err, f.showSensitive)
	case ctx.Err() != nil:
		return a.notExecuted(before, context.Cause(ctx))
	case errors.Is(err, durable.ErrBusy) && len(done) > 0:
		return a.toldDriver(ctx, t.rt, before.Run, done, err)
	}
	var wrong *engine.InputError
	if errors.As(err, &wrong) {
		return refusedDone(wrong)
	}
	return a.notExecuted(before, err)
}

// refusedDone makes wrong usage of the engine's faults in --done, as
// run does: inputs were checked before.
func refusedDone(e *engine.InputError) error {
	p := e.Problems[0]
	return usage("--done: "+p.Message, p.Hint)
}

// toldDriver ends a resume that signalled a run of another
// process, which goes on with it.
func (a *app) toldDriver(ctx context.Context, rt durable.Runtime, run string, done map[string]json.RawMessage, busy error) error {
	if !a.flags.quiet {
		driver := "the process that drives the run"
		if known := new(durable.BusyError); errors.As(busy, &known) {
			driver += fmt.Sprintf(" (process %d)", known.PID)
		}
		steps := strings.Join(slices.Sorted(maps.Keys(done)), ", ")
		a.complain("told %s that %s is done; it goes on with run %s", driver, steps, run)
	}
	if a.wantsText() {
		return nil
	}
	return a.printRun(ctx, rt, run)
}

// wasCancelled ends a resume of a run that will never go on.
func (a *app) wasCancelled(run *document.Run) error {
	if !a.wantsText() {
		if err := a.printDocument(a.worded(run.Brief())); err != nil {
			return err
		}
	}
	a.complain("run %s was cancelled; it does not go on", run.Run)
	return silent(exitFailed)
}

// doneBefore lists the steps that a run has behind it. Of a step that is done
// for each item this is unknown, so it is reported again.
func doneBefore(run *document.Run) []string {
	var done []string
	for _, e := range run.Events {
		if e.Kind == durable.EventDone && term.StepID(e.Step) == e.Step {
			done = append(done, e.Step)
		}
	}
	return done
}
