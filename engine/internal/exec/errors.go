package exec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/plan"
)

// StepError is the reason why a step failed.
type StepError struct {
	Step    string // path, with the iteration
	Code    string // a slug of docs/diagnostics.md
	Message string
	Hint    string

	// The exchange, where there was one.
	Status    int
	RequestID string
	Body      string      // start of the API's answer
	Raw       []byte      // the API's answer, where it answered with an error
	Media     string      // content type of Raw
	Header    http.Header // [PassedOn] of the answer that Raw is from
	Writes    bool        // the operation changes something
	Sent      bool        // the request reached the API
	Lost      bool        // an earlier sending of the write may have taken effect

	Err error
}

func (e *StepError) Error() string { return fmt.Sprintf("step %q: %s", e.Step, e.Message) }

// Unwrap returns the cause.
func (e *StepError) Unwrap() error { return e.Err }

// keptError is a StepError as a host keeps it: without what only the caller of a served
// operation is given, which is never kept.
type keptError struct {
	Step      string `json:"step"`
	Code      string `json:"code"`
	Message   string `json:"message"`
	Hint      string `json:"hint,omitempty"`
	Status    int    `json:"status,omitempty"`
	RequestID string `json:"request_id,omitempty"`
	Body      string `json:"body,omitempty"`
	Writes    bool   `json:"writes,omitempty"`
	Sent      bool   `json:"sent,omitempty"`
	Lost      bool   `json:"lost,omitempty"`
}

// MarshalJSON returns what [restored] needs to tell of the failure in another process.
func (e *StepError) MarshalJSON() ([]byte, error) {
	return json.Marshal(keptError{
		Step: e.Step, Code: e.Code, Message: e.Message, Hint: e.Hint, Status: e.Status, RequestID: e.RequestID, Body: e.Body,
		Writes: e.Writes, Sent: e.Sent, Lost: e.Lost,
	})
}

// restored returns the failure of a call of another process as it was there.
func restored(err error) error {
	var failed *durable.Failed
	var k keptError
	if !errors.As(err, &failed) || failed.Kept == nil || json.Unmarshal(failed.Kept, &k) != nil || k.Code == "" {
		return err
	}
	return &StepError{
		Step: k.Step, Code: k.Code, Message: k.Message, Hint: k.Hint, Status: k.Status, RequestID: k.RequestID, Body: k.Body,
		Writes: k.Writes, Sent: k.Sent, Lost: k.Lost, Err: failed,
	}
}

// unproven is an answer that leaves a write in doubt. Its text is kept with the
// run, which names the step already.
type unproven struct{ *StepError }

func (u *unproven) Error() string { return u.Message }

// Unwrap returns the answer as a failure.
func (u *unproven) Unwrap() error { return u.StepError }

// Codes of run failures.
const (
	CodeStatus      = "api-error"         // the API answered 4xx or 5xx
	CodeTransport   = "request-failed"    // no answer was had
	CodeArgument    = "bad-argument"      // a value that the request cannot carry
	CodeAnswer      = "unreadable-answer" // not the JSON that is documented
	CodeSchema      = "unexpected-answer" // breaks the documented schema
	CodeForeign     = "foreign-item"      // an item of another owner
	CodeEmptyFilter = "unscoped-list"     // a filter that scopes a list came out empty
	CodeEmptyValue  = "missing-parameter" // a required value came out empty
	CodeExpression  = "expression-failed" // an expression failed at run time
	CodeOutput      = "output-failed"     // an output's source could not be evaluated
	CodeFailTrue    = "fail-condition"    // the step's fail condition came true
	CodeNoMatch     = "nothing-selected"  // select found nothing
	CodeExternal    = "external-failed"   // an external step's handler failed
	CodeTimeout     = "timed-out"         // a poll's condition never came true
	CodeInDoubt     = "in-doubt"          // a write's answer was lost or proves nothing
	CodeInterrupted = "interrupted"       // the run was stopped
)

// fail wraps the error of one of a step's expressions.
func (t *turn) fail(ctx context.Context, key string, err error) error {
	if ctx.Err() != nil { // the evaluation was stopped with the run
		return context.Cause(ctx)
	}
	e := &StepError{Step: t.path, Code: CodeExpression, Message: fmt.Sprintf("%s: %v", key, err), Err: err}
	var absent *plan.NoValueError
	if errors.As(err, &absent) {
		e.Code, e.Hint = CodeEmptyValue, hintNothingSent
	}
	return e
}

// statusOf returns the status of a step by the error that ended it.
func statusOf(ctx context.Context, err error) durable.Status {
	var suspended *durable.Suspended
	var timedOut *durable.TimedOut
	switch {
	case errors.As(err, &suspended):
		if suspended.Reason == durable.ReasonInDoubt {
			return durable.StatusInDoubt
		}
		return durable.StatusWaiting
	case errors.As(err, &timedOut):
		return durable.StatusTimedOut
	case ctx.Err() != nil && errors.Is(err, context.Cause(ctx)):
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return durable.StatusTimedOut
		}
		return durable.StatusCancelled
	case errors.Is(err, durable.ErrCancelled):
		return durable.StatusCancelled
	default:
		return durable.StatusFailed
	}
}
