package main

import (
	"context"
	"errors"
	"fmt"

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

// usageError is a mistake on the command line.
type usageError struct {
	Message string
	Hint    string // "" when there is nothing to suggest
	// exposures are the file's units that could have been named.
	file      string
	exposures []exposureEntry
}

func (e *usageError) Error() string { return e.Message }

func usagef(format string, args ...any) *usageError {
	return &usageError{Message: fmt.Sprintf(format, args...)}
}

// silent ends a command after its problem was printed.
type silent struct{ code int }

func (e silent) Error() string { return fmt.Sprintf("exit status %d", e.code) }

// exitCode returns the shell's code for an error of a command.
func exitCode(err error) int {
	var (
		said     silent
		own      *failure
		usage    *usageError
		load     *engine.LoadError
		inputs   *engine.InputError
		creds    *engine.CredentialError
		waiting  *engine.WaitingError
		runError *engine.RunError
	)
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &said):
		return said.code
	case errors.As(err, &own):
		return own.exit
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &load):
		return exitInvalid
	case errors.As(err, &inputs), errors.As(err, &creds):
		return exitInputs
	case errors.As(err, &waiting):
		return exitWaiting
	case errors.As(err, &runError):
		return statusCode(runError.Result.Status)
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitFailed
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
