package engine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/exec"
	"github.com/capstan-run/capstan/engine/internal/plan"
)

// RunError is why a run did not succeed. Error is one line; Backtrace has the whole
// story for a person. Nothing in them is secret.
type RunError struct {
	Result  *Result
	err     error
	request string // the lines about the request
	steps   string // the lines about the steps
}

func (e *RunError) Error() string {
	info := e.info()
	if info.Step == "" {
		return fmt.Sprintf("%s: %s", e.Result.Capability, info.Message)
	}
	return fmt.Sprintf("%s: step %q: %s", e.Result.Capability, info.Step, info.Message)
}

// info is the error in the document of the run, which a Runtime may have kept without.
func (e *RunError) info() document.Error {
	if e.Result.Error == nil {
		return document.Error{Message: "the run is " + string(e.Result.Status)}
	}
	return *e.Result.Error
}

// Unwrap returns the cause: context.Canceled, context.DeadlineExceeded, an
// *operations.CallError, or an error without exported type.
func (e *RunError) Unwrap() error { return causeOf(e.err) }

// cause is why a run did not succeed. It may end a step of another run, whose handler or
// Caller made this one; so it is none of the errors that are about the run itself.
type cause struct{ err error }

func causeOf(err error) error {
	if err == nil {
		return nil
	}
	return cause{err}
}

func (c cause) Error() string { return c.err.Error() }

func (c cause) Is(target error) bool {
	return target != durable.ErrCancelled && errors.Is(c.err, target)
}

func (c cause) As(target any) bool {
	switch target.(type) {
	case **durable.Suspended, **durable.TimedOut, **durable.NotBefore, **durable.TookEffect, **exec.StepError, **plan.OutputError:
		return false
	}
	return errors.As(c.err, target)
}

// Backtrace returns the error with the step, its request, the API's answer, the
// hint of Result.Error and the steps done before it, on several lines.
func (e *RunError) Backtrace() string {
	text := e.Error() + e.request
	if hint := e.info().Hint; hint != "" {
		text += "\n  hint: " + strings.ReplaceAll(hint, "\n", "\n    ")
	}
	return text + e.steps
}

// WaitingError is returned for a run that is suspended, not failed: Result.Waiting
// has the reason.
type WaitingError struct{ Result *Result }

func (e *WaitingError) Error() string {
	w := e.Result.Waiting
	return fmt.Sprintf("%s waits for step %q: %s", e.Result.Capability, w.Step, strings.TrimSuffix(w.Description, "."))
}

// CredentialError lists the credentials that a run needs and cannot find.
type CredentialError struct{ Missing []document.Env }

// NotSent reports to [operations.IsInDoubt] that no request was sent.
func (e *CredentialError) NotSent() bool { return true }

func (e *CredentialError) Error() string {
	lines := make([]string, len(e.Missing))
	for i, m := range e.Missing {
		lines[i] = fmt.Sprintf("no credential for %s: set %s", m.For, m.Name)
		if m.Problem != "" {
			lines[i] = fmt.Sprintf("no credential for %s: %s", m.For, m.Problem)
			continue
		}
		if len(m.Aliases) > 0 {
			lines[i] += " (or " + strings.Join(m.Aliases, ", ") + ")"
		}
	}
	return strings.Join(lines, "\n")
}
