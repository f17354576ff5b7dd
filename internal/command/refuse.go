package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/spec"
)

// errorDocument is the one document of a command that a machine asked for and
// that came to nothing else.
type errorDocument struct {
	Error errorEntry `json:"error"`
}

type errorEntry struct {
	Code        string                `json:"code"`
	Message     string                `json:"message"`
	Hint        string                `json:"hint,omitempty"`
	Problems    []engine.InputProblem `json:"problems,omitempty"`
	Missing     []document.Env        `json:"missing,omitempty"`
	Exposures   []exposureEntry       `json:"exposures,omitempty"`
	Refused     []engine.Refusal      `json:"refused,omitempty"`
	Diagnostics diag.List             `json:"diagnostics,omitempty"`
}

// documentError gives a machine its document for err, where the command has
// printed none.
func (a *app) documentError(err error) {
	c := causeOf(err)
	if a.wantsText() || err == nil || a.out.Used || c.own != nil && c.own.message == "" {
		return
	}
	e := errorEntry{Code: c.code, Message: refusal(err)}
	if c.own != nil {
		e.Hint, e.Exposures, e.Refused = c.own.hint, c.own.exposures, c.own.refused
	}
	if c.load != nil {
		e.Diagnostics = c.load.Report.Diagnostics
	}
	if c.inputs != nil {
		e.Problems = c.inputs.Problems
	}
	if c.creds != nil {
		e.Missing = c.creds.Missing
	}
	_ = a.printDocument(errorDocument{e}) // the reason is on stderr already
}

// refuseRun ends a run with an invalid file.
func (a *app) refuseRun(r *engine.Report) error {
	err := refused(r)
	if exitCode(err) == exitUsage {
		return err
	}
	return a.refusedDocument(spec.NameOf(r.File), err)
}

// refuseInputs reports the faults of the command line together with those that the
// engine finds wrong with the rest.
func (a *app) refuseInputs(ctx context.Context, prog *engine.Program, inputs engine.Inputs, problems []engine.InputProblem, opts *engine.Options) error {
	_, err := prog.CheckInputs(inputs)
	err = withOwnProblems(problems, inputs, err)
	if missing := missingCredentials(ctx, prog, opts); len(missing) > 0 {
		err = errors.Join(err, &engine.CredentialError{Missing: missing})
	}
	return a.refusedDocument(prog.Name(), err)
}

// missingCredentials lists the variables of a program that are not set.
func missingCredentials(ctx context.Context, prog *engine.Program, opts *engine.Options) []document.Env {
	if opts.Mock || opts.ReplayDir != "" {
		return nil
	}
	plan := engine.NewRunner(opts).Plan(ctx, prog)
	return slices.DeleteFunc(plan.Env, func(e document.Env) bool { return e.Set })
}

// refusedDocument ends a run that never began.
func (a *app) refusedDocument(capability string, err error) error {
	return a.notExecuted(&document.Run{Capability: capability}, err)
}

// notExecuted gives a machine its one document for a run that could not be executed,
// as it stands, and returns err.
func (a *app) notExecuted(run *document.Run, err error) error {
	if a.wantsText() {
		return err
	}
	if !a.io.Interrupts.Claim() {
		return silent(exitInterrupted)
	}
	doc := refusedRun{Run: *a.worded(run.Brief())}
	doc.Error = &document.Error{Code: refusalCode(err), Message: refusal(err)}
	switch {
	case doc.Status != "":
	case doc.Error.Code == codeInterrupted:
		doc.Status = durable.StatusCancelled
	default:
		doc.Status = durable.StatusFailed
	}
	if load := causeOf(err).load; load != nil {
		doc.Diagnostics = load.Report.Diagnostics
	}
	if printErr := a.printDocument(doc); printErr != nil {
		return printErr
	}
	return err
}

// refusedRun is the document of a run that could not be executed.
type refusedRun struct {
	document.Run
	Diagnostics diag.List `json:"diagnostics,omitempty"` // of a file that is invalid
}

// refusal is the message of an error in a document: of an invalid file how much
// is wrong with it, since the diagnostics have it.
func refusal(err error) string {
	if errors.Is(err, context.Canceled) {
		return "interrupted"
	}
	c := causeOf(err)
	if c.load != nil {
		return fmt.Sprintf("%s is invalid: %s", c.load.Report.File, words.Count(countOf(c.load.Report.Diagnostics, diag.Error), "error", "errors"))
	}
	var lines []string
	if c.inputs != nil {
		for _, p := range c.inputs.Problems {
			lines = append(lines, problemText(p))
		}
	}
	if c.creds != nil {
		lines = append(lines, c.creds.Error())
	}
	if lines == nil {
		return err.Error()
	}
	return strings.Join(lines, "\n")
}
