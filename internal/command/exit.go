package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
)

// The exit codes; each has one meaning.
const (
	exitDone        = 0
	exitFailed      = 1   // the run, or the call, failed
	exitUsage       = 2   // wrong flags, arguments or command
	exitInvalid     = 3   // the capability is invalid
	exitInputs      = 4   // bad inputs or missing credentials; nothing was sent
	exitWaiting     = 5   // for a person, a timer, or an in-doubt step to be settled
	exitTimedOut    = 6   // a condition did not come true in time
	exitInterrupted = 130 // Ctrl-C or SIGTERM
)

// The codes of errors in documents, beside those of a run's steps.
const (
	codeFailed      = "failed"
	codeUsage       = "usage"
	codeInvalid     = "invalid-capability"
	codeInterrupted = "interrupted" // the engine's word
	codeInputs      = "bad-inputs"
	codeCredentials = "missing-credentials"
	codeInDoubt     = "in-doubt" // a write that may have taken effect
	codeState       = "state"    // the runtime failed
)

// failure is an error of the command's own. Without a message its problem was
// printed before.
type failure struct {
	exit    int
	code    string
	message string
	hint    string // "" when there is nothing to suggest
	// exposures are the units of file that could have been named, refused those that
	// could not run.
	file      string
	exposures []exposureEntry
	refused   []engine.Refusal
}

func (f *failure) Error() string {
	if f.message == "" {
		return fmt.Sprintf("exit status %d", f.exit)
	}
	return f.message
}

// usage is a mistake on the command line.
func usage(message, hint string) *failure {
	return &failure{exit: exitUsage, code: codeUsage, message: message, hint: hint}
}

func usagef(format string, args ...any) *failure { return usage(fmt.Sprintf(format, args...), "") }

// silent ends a command after its problem was printed.
func silent(exit int) *failure { return &failure{exit: exit} }

// cause is the meaning of an error to the shell, to a machine and to a person. Of
// own, load and inputs at most one is set.
type cause struct {
	exit   int
	code   string
	own    *failure
	load   *engine.LoadError
	inputs *engine.InputError
	creds  *engine.CredentialError // of inputs too
}

func causeOf(err error) cause {
	var (
		c       cause
		waiting *engine.WaitingError
		run     *engine.RunError
	)
	switch {
	case err == nil:
		return cause{}
	case errors.As(err, &c.own):
		c.exit, c.code = c.own.exit, c.own.code
	case errors.As(err, &c.load):
		c.exit, c.code = exitInvalid, codeInvalid
	case errors.As(err, &c.inputs):
		c.exit, c.code = exitInputs, codeInputs
		errors.As(err, &c.creds)
	case errors.As(err, &c.creds):
		c.exit, c.code = exitInputs, codeCredentials
	case errors.As(err, &waiting):
		c.exit, c.code = exitWaiting, codeFailed
	case errors.As(err, &run):
		c.exit, c.code = statusCode(run.Result.Status), codeFailed
	case errors.Is(err, context.Canceled):
		c.exit, c.code = exitInterrupted, codeInterrupted
	default:
		c.exit, c.code = exitFailed, codeFailed
	}
	return c
}

// exitCode returns the shell's code for an error of a command.
func exitCode(err error) int { return causeOf(err).exit }

// refusalCode is the code of an error in the document of a run.
func refusalCode(err error) string {
	code := causeOf(err).code
	if code == codeFailed || code == codeUsage {
		return codeState
	}
	return code
}

func statusCode(s durable.Status) int {
	switch s {
	case durable.StatusSucceeded:
		return exitDone
	case durable.StatusWaiting, durable.StatusInDoubt:
		return exitWaiting
	case durable.StatusTimedOut:
		return exitTimedOut
	case durable.StatusCancelled:
		return exitInterrupted
	}
	return exitFailed
}

// countOf returns how many of the problems have a severity.
func countOf(problems diag.List, severity diag.Severity) int {
	n := 0
	for _, d := range problems {
		if d.Severity == severity {
			n++
		}
	}
	return n
}
