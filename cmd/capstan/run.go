package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/internal/suggest"
)

// runFlags are the flags of `capstan run`.
type runFlags struct {
	load          loadFlags
	send          sendFlags
	inputs        inputFlags
	done          []string
	onExternal    []string
	showSensitive bool
	exposure      string
	wait, detach  bool
	waitGiven     bool // --wait was given, either way
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
	fs.StringArrayVarP(&f.inputs.values, "input", "i", nil, "input as `NAME=VALUE`, NAME:=JSON or NAME=@FILE; repeat one to fill an array")
	fs.StringArrayVar(&f.inputs.files, "input-file", nil, "inputs as a JSON object in `FILE`, - for stdin; -i wins (repeat)")
	fs.StringArrayVar(&f.done, "done", nil, "an external step is done, as `STEP[=JSON]` with its result (repeat)")
	fs.StringArrayVar(&f.onExternal, "on-external", nil, "command that performs an external step, as `STEP=exec:COMMAND`: data as JSON on stdin, result as JSON on stdout (repeat)")
	fs.BoolVar(&f.showSensitive, "show-sensitive", false, "show sensitive values in text (-o json outputs always carry them)")
	addWait(fs, &f.wait)
	fs.BoolVar(&f.detach, "detach", false, "keep the run and print its id, without executing anything; capstan resume does")
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
	rt, err := a.openToRun(ctx)
	if err != nil {
		return a.refusedDocument(slug(file), codeState, err)
	}
	defer closing(rt, &err)
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
		return a.startRun(ctx, runner, prog, rt, inputs, done)
	}
	show.Named = rt != nil && !f.send.mock // a rehearsal is not looked up again
	show.Start(prog.Plan())
	attendant.capability = prog.Name()
	defer a.io.Interrupts.During(attendant.stopping, attendant.leave)()
	res, err := runner.Run(ctx, prog, inputs, &engine.RunOptions{Done: done, Stay: stay || rt == nil, OnEvent: attendant.event})
	attendant.close()
	show.Close()
	switch {
	case res == nil && ctx.Err() != nil:
		return a.refusedDocument(prog.Name(), codeInterrupted, context.Cause(ctx))
	case res == nil:
		return a.refusedDocument(prog.Name(), refusalCode(err), err)
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
	if err := errors.Join(err, f.checkDetach(a)); err != nil {
		return nil, nil, nil, err
	}
	done, err := parseDone(f.done)
	if err != nil {
		return nil, nil, nil, err
	}
	opts.External, err = parseHooks(f.onExternal)
	return load, opts, done, err
}

// readied loads the file and reads the inputs. Faults of either have been
// reported where a machine reads them.
func (a *app) readied(ctx context.Context, file string, f *runFlags, load *engine.LoadOptions, opts *engine.Options, done map[string]json.RawMessage) (*engine.Program, engine.Inputs, error) {
	prog, report, err := program(ctx, file, f.exposure, load, engine.NewRunner(opts))
	if ctx.Err() != nil {
		return nil, nil, a.refusedDocument(slug(file), codeInterrupted, context.Cause(ctx))
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
		return nil, nil, a.refusedDocument(prog.Name(), codeInterrupted, context.Cause(ctx))
	}
	if len(problems) > 0 {
		return nil, nil, a.refuseInputs(ctx, prog, inputs, problems, opts)
	}
	return prog, inputs, nil
}

// parseDone reads --done STEP[=JSON].
func parseDone(flags []string) (map[string]json.RawMessage, error) {
	done := map[string]json.RawMessage{}
	for _, f := range flags {
		step, text, hasResult := strings.Cut(f, "=")
		if step == "" {
			return nil, usagef("--done %q: write STEP or STEP=JSON", f)
		}
		if _, again := done[step]; again {
			return nil, usagef("--done names step %q twice", step)
		}
		done[step] = nil
		if hasResult {
			if _, err := parseJSON([]byte(text)); err != nil {
				return nil, usagef("--done %s: the result is taken as JSON, and %v", step, err)
			}
			done[step] = json.RawMessage(text)
		}
	}
	return done, nil
}

// checkExternal refuses --done and --on-external for steps that are no external step
// of this capability.
func checkExternal(plan *document.Plan, done map[string]json.RawMessage, hooks map[string]engine.ExternalHandler) error {
	for step := range done {
		if err := mustBeExternal(plan, "--done", step); err != nil {
			return err
		}
	}
	for step := range hooks {
		if step == "" {
			continue
		}
		if err := mustBeExternal(plan, "--on-external", step); err != nil {
			return err
		}
	}
	return nil
}

func mustBeExternal(plan *document.Plan, flag, step string) error {
	var external []string
	for _, s := range plan.Steps {
		if s.Kind == "external" {
			external = append(external, s.ID)
		} else if s.ID == step {
			return usagef("%s %s: the step calls an operation, nobody else does it", flag, step)
		}
		if s.ID == step {
			return nil
		}
	}
	e := usagef("%s %s: there is no such step", flag, step)
	if best := suggest.Closest(step, external); best != "" {
		e.Hint = fmt.Sprintf("did you mean %q?", best)
	} else if len(external) > 0 {
		e.Hint = "external steps: " + strings.Join(external, ", ")
	} else {
		e.Hint = "this capability has no external step"
	}
	return e
}
