package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/diag"
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
	wait, detach  bool
	waitGiven     bool // --wait was said, either way
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Run a capability",
		Long: `Run executes a capability and prints its outputs. Progress goes to stderr.

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
  capstan run ships.yaml -i 'crew:=["Ada","Grace"]' -i notes=@notes.txt --override await-berth.every=5s
  capstan run ships.yaml -i imo=9074729 --on-external inspect='exec:./inspect.sh'
  capstan run ships.yaml -i imo=9074729 --detach && capstan resume --all`,
		Args: exactArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
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
	opts, done, err := a.runOptions(f)
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
	prog, inputs, err := a.readied(ctx, file, f, opts, done)
	if err != nil {
		return err
	}
	if f.detach {
		return a.startRun(ctx, prog, rt, inputs, done)
	}
	show.named = rt != nil && !f.send.mock // nobody looks for a rehearsal again
	show.start(prog.Plan())
	attendant.capability = prog.Name()
	defer a.io.Interrupts.during(attendant.stopping, attendant.leave)()
	res, err := prog.RunWith(ctx, inputs, &engine.RunOptions{Done: done, Stay: stay || rt == nil, OnEvent: attendant.event})
	attendant.close()
	show.close()
	switch {
	case res == nil && ctx.Err() != nil:
		return a.refusedDocument(prog.Name(), codeInterrupted, context.Cause(ctx))
	case res == nil:
		return a.refusedDocument(prog.Name(), refusalCode(err), err)
	}
	return a.finishRun(res, err, f.showSensitive)
}

// runOptions reads what the flags say of a run, apart from its inputs.
func (a *app) runOptions(f *runFlags) (*engine.Options, map[string]json.RawMessage, error) {
	opts, err := f.load.options(a)
	if err != nil {
		return nil, nil, err
	}
	if err := errors.Join(f.send.apply(opts), f.checkDetach(a)); err != nil {
		return nil, nil, err
	}
	done, err := parseDone(f.done)
	if err != nil {
		return nil, nil, err
	}
	opts.External, err = parseHooks(f.onExternal)
	return opts, done, err
}

// readied loads the file and reads the inputs. What is wrong with either has been
// told where a machine reads it.
func (a *app) readied(ctx context.Context, file string, f *runFlags, opts *engine.Options, done map[string]json.RawMessage) (*engine.Program, engine.Inputs, error) {
	prog, report := engine.Validate(ctx, file, opts)
	if ctx.Err() != nil {
		return nil, nil, a.refusedDocument(slug(file), codeInterrupted, context.Cause(ctx))
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
		return nil, nil, a.refuseInputs(prog, inputs, problems, opts)
	}
	return prog, inputs, nil
}

// refuseRun ends a run whose file is invalid.
func (a *app) refuseRun(r *engine.Report) error {
	err := refused(r)
	if exitCode(err) == exitUsage {
		return err
	}
	return a.refusedDocument(slug(r.File), codeInvalid, err)
}

// refuseInputs reports what the command line got wrong together with what the
// engine finds wrong with the rest.
func (a *app) refuseInputs(prog *engine.Program, inputs engine.Inputs, problems []engine.InputProblem, opts *engine.Options) error {
	_, err := prog.CheckInputs(inputs)
	err = withOwnProblems(problems, inputs, err)
	if missing := missingCredentials(prog.Plan()); len(missing) > 0 && !opts.Mock && opts.ReplayDir == "" {
		err = errors.Join(err, &engine.CredentialError{Missing: missing})
	}
	return a.refusedDocument(prog.Name(), codeInputs, err)
}

func missingCredentials(plan *engine.Plan) []engine.PlanEnv {
	return slices.DeleteFunc(slices.Clone(plan.Env), func(e engine.PlanEnv) bool { return e.Set })
}

// refusedDocument gives a machine its one document for a run that never began,
// and returns err.
func (a *app) refusedDocument(capability, code string, err error) error {
	if a.wantsText() {
		return err
	}
	if !a.io.Interrupts.claim() {
		return silent{exitInterrupted}
	}
	status := engine.Failed
	if code == codeInterrupted {
		status = engine.Cancelled
	}
	doc := refusedRun{Result: engine.Result{
		Capability: capability, Status: status,
		Outputs: map[string]any{}, Steps: []engine.StepResult{},
		Error: &engine.ErrorInfo{Code: code, Message: refusal(err)},
	}}
	var load *engine.LoadError
	if errors.As(err, &load) {
		doc.Diagnostics = load.Report.Diagnostics
	}
	if printErr := a.printDocument(doc); printErr != nil {
		return printErr
	}
	return err
}

// refusedRun is the document of a run that never began.
type refusedRun struct {
	engine.Result
	Diagnostics diag.List `json:"diagnostics,omitempty"` // of a file that is invalid
}

// refusal is the message of an error in a document: of an invalid file how much
// is wrong with it, since the diagnostics say what.
func refusal(err error) string {
	var (
		load   *engine.LoadError
		inputs *engine.InputError
		creds  *engine.CredentialError
		lines  []string
	)
	if errors.Is(err, context.Canceled) {
		return "interrupted"
	}
	if errors.As(err, &load) {
		problems := 0
		for _, d := range load.Report.Diagnostics {
			if d.Severity == diag.Error {
				problems++
			}
		}
		return fmt.Sprintf("%s is invalid: %s", load.Report.File, count(problems, "error", "errors"))
	}
	if errors.As(err, &inputs) {
		for _, p := range inputs.Problems {
			lines = append(lines, problemText(p))
		}
	}
	if errors.As(err, &creds) {
		lines = append(lines, creds.Error())
	}
	if lines == nil {
		return err.Error()
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
