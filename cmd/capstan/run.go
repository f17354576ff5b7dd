package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine"
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
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Run a capability",
		Long: `Run executes a capability and prints its outputs. Progress goes to stderr.

A step that a person or another system does is asked for on a terminal; without
one the run stops and exits 5, unless --done or --on-external settles the step.
Runs are kept in memory for now: one that stopped cannot be taken up again.

Exit: 0 done, 1 failed, 2 wrong usage, 3 invalid capability, 4 bad inputs or
missing credentials, 5 waiting or in doubt, 6 timed out, 130 interrupted.`,
		Example: `  capstan run b2b-enterprise-onboarding.yaml --mock -i organization_name=Acme -i domains=acme.com -i admin_email=it@acme.com --done send-portal-link
  capstan run ships.yaml --input-file ship.json -o json
  capstan run ships.yaml -i 'crew:=["Ada","Grace"]' -i notes=@notes.txt --override await-berth.every=5s
  capstan run ships.yaml -i imo=9074729 --on-external inspect='exec:./inspect.sh'`,
		Args: exactArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runFile(cmd.Context(), args[0], &f)
		},
	}
	fs := cmd.Flags()
	fs.StringArrayVarP(&f.inputs.values, "input", "i", nil, "input as `NAME=VALUE`, NAME:=JSON or NAME=@FILE; repeat one to fill an array")
	fs.StringArrayVar(&f.inputs.files, "input-file", nil, "inputs as a JSON object in `FILE`, - for stdin; -i wins (repeat)")
	fs.StringArrayVar(&f.done, "done", nil, "an external step is done, as `STEP[=JSON]` with its result (repeat)")
	fs.StringArrayVar(&f.onExternal, "on-external", nil, "command that performs an external step, as `STEP=exec:COMMAND`: data as JSON on stdin, result as JSON on stdout (repeat)")
	fs.BoolVar(&f.showSensitive, "show-sensitive", false, "show sensitive values in text (-o json outputs always carry them)")
	f.send.add(fs)
	f.load.add(fs)
	f.load.addOverride(fs)
	a.completeFile(cmd, &f.load)
	a.completeRun(cmd, &f.load)
	return cmd
}

func (a *app) runFile(ctx context.Context, file string, f *runFlags) error {
	opts, err := f.load.options(a)
	if err != nil {
		return err
	}
	if err := f.send.apply(opts); err != nil {
		return err
	}
	done, err := parseDone(f.done)
	if err != nil {
		return err
	}
	if opts.External, err = parseHooks(f.onExternal); err != nil {
		return err
	}
	show := a.newProgress()
	if a.canAsk() {
		opts.External[""] = a.askHolding(show, f.showSensitive)
	}
	prog, report := engine.Validate(ctx, file, opts)
	if prog == nil {
		return a.refuseRun(report)
	}
	a.reportDiagnostics(report)
	if err := checkExternal(prog.Plan(), done, opts.External); err != nil {
		return err
	}
	inputs, problems := f.inputs.read(a, prog.Plan())
	if len(problems) > 0 {
		return a.refuseInputs(prog, inputs, problems)
	}
	show.start(prog.Plan())
	res, err := prog.RunWith(ctx, inputs, &engine.RunOptions{Done: done, OnEvent: show.event})
	show.close()
	return a.finishRun(prog, res, err, f.showSensitive)
}

// refuseRun ends a run whose file is invalid.
func (a *app) refuseRun(r *engine.Report) error {
	err := refused(r)
	if exitCode(err) == exitUsage {
		return err
	}
	return a.refusedDocument(slug(r.File), "invalid-capability", err)
}

// refuseInputs reports what the command line got wrong together with what the
// engine finds wrong with the rest.
func (a *app) refuseInputs(prog *engine.Program, inputs engine.Inputs, problems []engine.InputProblem) error {
	_, err := prog.CheckInputs(inputs)
	return a.refusedDocument(prog.Name(), "bad-inputs", withOwnProblems(problems, err))
}

// refusedDocument gives a machine its one document for a run that never began,
// and returns err.
func (a *app) refusedDocument(capability, code string, err error) error {
	if a.wantsText() {
		return err
	}
	doc := engine.Result{
		Capability: capability, Status: engine.Failed,
		Outputs: map[string]any{}, Steps: []engine.StepResult{},
		Error: &engine.ErrorInfo{Code: code, Message: refusal(err)},
	}
	if printErr := a.printDocument(doc); printErr != nil {
		return printErr
	}
	return err
}

// refusal is the message of an error, for the run document.
func refusal(err error) string {
	var inputs *engine.InputError
	if !errors.As(err, &inputs) {
		return err.Error()
	}
	var lines []string
	for _, p := range inputs.Problems {
		lines = append(lines, problemText(p))
	}
	return strings.Join(lines, "\n")
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

// checkExternal refuses --done and --on-external for what is no external step
// of this capability.
func checkExternal(plan *engine.Plan, done map[string]json.RawMessage, hooks map[string]engine.ExternalHandler) error {
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

func mustBeExternal(plan *engine.Plan, flag, step string) error {
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

// canAsk reports whether there is a person to ask.
func (a *app) canAsk() bool {
	return a.io.InTTY && a.io.ErrTTY && !a.flags.nonInteractive
}

// askHolding asks with the live line out of the way.
func (a *app) askHolding(show *progress, showSensitive bool) engine.ExternalHandler {
	p := &prompter{
		out: a.io.Err, lines: lineReader(a.io.In), showSensitive: showSensitive,
		paint: paint(a.color(a.io.ErrTTY)), width: a.textWidth(a.io.ErrTTY),
	}
	return func(ctx context.Context, step engine.ExternalStep) (any, error) {
		show.hold()
		defer show.release()
		return p.ask(ctx, step)
	}
}
