package engine

import (
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/engine/document"
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
	info := e.Result.Error
	if info.Step == "" {
		return fmt.Sprintf("%s: %s", e.Result.Capability, info.Message)
	}
	return fmt.Sprintf("%s: step %q: %s", e.Result.Capability, info.Step, info.Message)
}

// Unwrap returns the cause: context.Canceled, context.DeadlineExceeded, an
// *operations.CallError, or an error without exported type.
func (e *RunError) Unwrap() error { return e.err }

// Backtrace returns the error with the step, its request, the API's answer, the
// hint of Result.Error and the steps done before it, on several lines.
func (e *RunError) Backtrace() string {
	text := e.Error() + e.request
	if hint := e.Result.Error.Hint; hint != "" {
		text += "\n  hint: " + hint
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
