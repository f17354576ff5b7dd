package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/cmd/capstan/internal/term"
	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
)

// refuseRun ends a run with an invalid file.
func (a *app) refuseRun(r *engine.Report) error {
	err := refused(r)
	if exitCode(err) == exitUsage {
		return err
	}
	return a.refusedDocument(slug(r.File), codeInvalid, err)
}

// refuseInputs reports the faults of the command line together with those that the
// engine finds wrong with the rest.
func (a *app) refuseInputs(ctx context.Context, prog *engine.Program, inputs engine.Inputs, problems []engine.InputProblem, opts *engine.Options) error {
	_, err := prog.CheckInputs(inputs)
	err = withOwnProblems(problems, inputs, err)
	if missing := missingCredentials(ctx, prog, opts); len(missing) > 0 {
		err = errors.Join(err, &engine.CredentialError{Missing: missing})
	}
	return a.refusedDocument(prog.Name(), codeInputs, err)
}

// missingCredentials lists the variables of a program that are not set.
func missingCredentials(ctx context.Context, prog *engine.Program, opts *engine.Options) []document.Env {
	if opts.Mock || opts.ReplayDir != "" {
		return nil
	}
	plan := engine.NewRunner(opts).Plan(ctx, prog)
	return slices.DeleteFunc(plan.Env, func(e document.Env) bool { return e.Set })
}

// refusedDocument gives a machine its one document for a run that never began,
// and returns err.
func (a *app) refusedDocument(capability, code string, err error) error {
	if a.wantsText() {
		return err
	}
	if !a.io.Interrupts.Claim() {
		return silent{exitInterrupted}
	}
	status := durable.StatusFailed
	if code == codeInterrupted {
		status = durable.StatusCancelled
	}
	doc := refusedRun{Result: engine.Result{
		Capability: capability, Status: status,
		Outputs: map[string]any{}, Steps: []document.StepRun{},
		Error: &document.Error{Code: code, Message: refusal(err)},
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
// is wrong with it, since the diagnostics have it.
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
		return fmt.Sprintf("%s is invalid: %s", load.Report.File, term.Count(problems, "error", "errors"))
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
