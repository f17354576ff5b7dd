package command

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/spec"
)

// runFlags are the flags of `capstan run`.
type runFlags struct {
	load   loadFlags
	send   sendFlags
	inputs inputFlags
	externalFlags
	exposure string
	detach   bool
	park     bool
	labels   []string
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run FILE [EXPOSURE]",
		Short: "Run a capability",
		Long: `Run executes a capability and prints its outputs. Progress goes to stderr.

A file that exposes several things (naftiko: and ikanos: files) needs the name of
one: a tool, a REST operation, a resource or a flow, as "namespace.name" or, where
that is enough, the name alone. Without one they are listed. An answer that is an
object prints field by field, as outputs do; a list or another value as indented
JSON; a text as it is; bytes as they are, but never on a terminal. With -o json
the whole answer is the output "result", bytes as base64.

Every run is kept (--state says where), so that it outlives this process: after a
crash, Ctrl-C or a person's work, "capstan resume RUN" goes on from where it
stopped, and nothing that was done is done again.

A step that a person or another system does is asked for on a terminal. Without
one the run is left waiting and this exits 5, unless --wait stays with it or
--done or --on-external settles the step; so it is with a wait of over a minute.
A server on the same state goes on with such a run, or one that was interrupted;
with --park only "capstan resume RUN" does.

Exit: 0 done, 1 failed, 2 wrong usage, 3 invalid capability, 4 bad inputs or
missing credentials, 5 waiting or in doubt, 6 timed out, 130 interrupted.`,
		Example: `  capstan run b2b-enterprise-onboarding.yaml --mock -i organization_name=Acme -i domains=acme.com -i admin_email=it@acme.com --done send-portal-link
  capstan run ships.yaml --input-file ship.json -o json
  capstan run harbour.yaml harbour.get-berth -i code=B2
  capstan run ships.yaml -i 'crew:=["Ada","Grace"]' -i notes=@notes.txt --override await-berth.every=5s
  capstan run ships.yaml -i imo=9074729 --on-external inspect='exec:./inspect.sh'
  capstan run ships.yaml -i imo=9074729 --detach && capstan resume --all`,
		Args: fileAndExposure,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.exposure = second(args)
			f.waitGiven = cmd.Flags().Changed("wait")
			return a.runFile(cmd.Context(), args[0], &f)
		},
	}
	fs := cmd.Flags()
	f.inputs.add(fs)
	f.externalFlags.add(fs)
	textsVar(fs, &f.labels, "label", "label the run, as `NAME=VALUE`, to tell it apart and find it (repeat)")
	fs.BoolVar(&f.detach, "detach", false, "keep the run and print its id, without executing anything; capstan resume does")
	addPark(fs, &f.park)
	f.send.add(fs)
	f.load.add(fs)
	f.load.addOverride(fs)
	a.completeFile(cmd, &f.load)
	a.completeRun(cmd, &f.load)
	return cmd
}

func (a *app) runFile(ctx context.Context, file string, f *runFlags) (err error) {
	load, opts, done, err := a.runOptions(f)
	if err != nil {
		return err
	}
	labels, err := labelsOf(f.labels)
	if err != nil {
		return err
	}
	rt, err := a.openToRun(ctx)
	if err != nil {
		return a.refusedDocument(spec.NameOf(file), err)
	}
	defer closing(rt, &err)
	if rt == nil && f.park {
		return a.refusedDocument(spec.NameOf(file), errNotParked)
	}
	show, stay := a.newProgress(), a.staying(f.wait, f.waitGiven)
	attendant := a.attend(show, rt, stay, f.showSensitive)
	defer attendant.close()
	attendant.serve(opts.External)
	opts.Runtime = rt
	runner := engine.NewRunner(opts)
	prog, inputs, err := a.readied(ctx, file, f, load, opts, done)
	if err != nil {
		return err
	}
	if f.detach {
		return a.startRun(ctx, runner, prog, rt, inputs, &engine.RunOptions{Done: done, Labels: labels})
	}
	show.Named = rt != nil && !f.send.mock // a rehearsal is not looked up again
	show.Start(prog.Plan())
	attendant.capability = prog.Name()
	defer a.io.Interrupts.During(attendant.stopping, attendant.leave)()
	var res *engine.Result
	if a.open != nil {
		res, err = attendant.followNew(ctx, runner, prog, inputs, &engine.RunOptions{Done: done, Labels: labels, Stay: stay, Park: f.park})
	} else {
		res, err = runner.Run(ctx, prog, inputs, &engine.RunOptions{Done: done, Labels: labels, Stay: stay || rt == nil, Park: f.park, OnEvent: attendant.event})
	}
	attendant.close()
	show.Close()
	switch {
	case res == nil && ctx.Err() != nil:
		return a.refusedDocument(prog.Name(), context.Cause(ctx))
	case res == nil:
		return a.refusedDocument(prog.Name(), err)
	}
	return a.finishRun(res, err, f.showSensitive)
}

// runOptions reads the flags of a run, apart from its inputs.
func (a *app) runOptions(f *runFlags) (*engine.LoadOptions, *engine.Options, map[string]json.RawMessage, error) {
	load, err := f.load.options(a)
	if err != nil {
		return nil, nil, nil, err
	}
	opts, err := f.send.options(a)
	if err := errors.Join(err, f.checkDetach(a), f.checkRemote(a)); err != nil {
		return nil, nil, nil, err
	}
	var done map[string]json.RawMessage
	done, opts.External, err = f.read()
	return load, opts, done, err
}

// readied loads the file and reads the inputs. Faults of either have been
// reported where a machine reads them.
func (a *app) readied(ctx context.Context, file string, f *runFlags, load *engine.LoadOptions, opts *engine.Options, done map[string]json.RawMessage) (*engine.Program, engine.Inputs, error) {
	prog, report, err := program(ctx, file, f.exposure, load, engine.NewRunner(opts))
	if ctx.Err() != nil {
		return nil, nil, a.refusedDocument(spec.NameOf(file), context.Cause(ctx))
	}
	if err != nil {
		return nil, nil, exposureError(err)
	}
	if prog == nil {
		return nil, nil, a.refuseRun(report)
	}
	a.reportDiagnostics(report)
	if err := checkExternal(prog.Plan(), done, opts.External); err != nil {
		return nil, nil, err
	}
	inputs, problems := f.inputs.read(ctx, a, prog.Plan())
	if ctx.Err() != nil {
		return nil, nil, a.refusedDocument(prog.Name(), context.Cause(ctx))
	}
	if len(problems) > 0 {
		return nil, nil, a.refuseInputs(ctx, prog, inputs, problems, opts)
	}
	return prog, inputs, nil
}

// checkDetach refuses flags that make no sense for a run that is not executed
// here.
func (f *runFlags) checkDetach(a *app) error {
	switch {
	case f.park && a.flags.state == noState:
		return usagef("--park: with --state none nothing keeps the run")
	case f.park && f.detach:
		return usagef("--park and --detach exclude each other: what is left to resume, a server on the same state may take up")
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
func (a *app) startRun(ctx context.Context, runner *engine.Runner, prog *engine.Program, rt durable.Runtime, inputs engine.Inputs, opts *engine.RunOptions) error {
	if rt == nil {
		return a.refusedDocument(prog.Name(), errNotKept)
	}
	id, err := runner.Start(ctx, prog, inputs, opts)
	if err != nil {
		return a.refusedDocument(prog.Name(), err)
	}
	if !a.wantsText() {
		return a.printRun(ctx, rt, id)
	}
	a.printf("%s\n", id)
	if !a.flags.quiet {
		then := "nothing was sent yet; to execute it:"
		if a.open != nil {
			then = "a worker executes it; to follow it:"
		}
		a.withCommand(then, a.command("resume", id))
	}
	return nil
}

var errNotParked = usagef("--park: nothing would keep the run; name a directory with --state DIR")

var errNotKept = usagef("--detach: nothing would keep the run; name a directory with --state DIR")

// printRun writes the document of a kept run.
func (a *app) printRun(ctx context.Context, rt durable.Runtime, id string) error {
	run, err := looker(rt).Inspect(ctx, id)
	if err != nil {
		return err
	}
	return a.printDocument(a.worded(run.Brief()))
}
