package runs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/serve/internal/answer"
	"github.com/capstan-run/capstan/serve/live"
)

// fail answers an error with the problem that fits it. A failure that is no fault of the
// request goes to the log, not to the client.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	p, ok := problemOf(err)
	if !ok {
		if r.Context().Err() != nil {
			return // the client has gone
		}
		h.log.Error("a request failed", "method", r.Method, "path", r.URL.Path, "error", err)
		p = answer.Problem{Status: http.StatusInternalServerError, Detail: "the server could not do this; its log says why"}
		if unreadable := (*durable.UnreadableError)(nil); errors.As(err, &unreadable) {
			p.Detail = "this server cannot decode the values of the run; its log says why"
		}
	}
	if errors.Is(err, live.ErrNotKept) || errors.Is(err, durable.ErrUnavailable) {
		h.log.Error("a request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	answer.Fault(w, r, p)
}

// knownErrors are the errors that have an answer of their own. Without a detail the
// error gives it.
var knownErrors = []struct {
	err    error
	status int
	detail string
}{
	{durable.ErrUnknown, http.StatusNotFound, "there is no such run"},
	{live.ErrNoCapability, http.StatusNotFound, "there is no such capability here"},
	{engine.ErrNoStep, http.StatusNotFound, "the run has no such step"},
	{engine.ErrNotAsked, http.StatusConflict, ""},
	{engine.ErrIncomplete, http.StatusUnprocessableEntity, ""},
	{durable.ErrBusy, http.StatusConflict, "the run goes on just now; look at it again"},
	{durable.ErrConflict, http.StatusConflict, ""},
	{durable.ErrEnded, http.StatusConflict, "the run has ended"},
	{durable.ErrTooLarge, http.StatusRequestEntityTooLarge, "the values are too large to be kept"},
	{live.ErrKeyReused, http.StatusUnprocessableEntity, "the Idempotency-Key was used with another body or capability; use a new key for another run"},
	{durable.ErrUnavailable, http.StatusServiceUnavailable, "the server of the runs does not answer; what was asked for may have been done, look before you ask again"},
	{live.ErrNotKept, http.StatusServiceUnavailable, "runs cannot be kept now; nothing was done, and the server's log says why"},
	{live.ErrClosed, http.StatusServiceUnavailable, "the server is shutting down"},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, "the server is too busy"},
}

// problemOf finds the problem that an error stands for.
func problemOf(err error) (answer.Problem, bool) {
	var (
		own    *faulty
		inputs *engine.InputError
		creds  *engine.CredentialError
	)
	switch {
	case errors.As(err, &own):
		return own.Problem, true
	case errors.As(err, &inputs):
		return inputProblem(inputs), true
	case errors.As(err, &creds):
		return answer.Problem{Status: http.StatusServiceUnavailable, Detail: live.Lacking(creds)}, true
	}
	for _, known := range knownErrors {
		if errors.Is(err, known.err) {
			detail := known.detail
			if detail == "" {
				detail = strings.TrimSuffix(err.Error(), ": "+known.err.Error())
			}
			return answer.Problem{Status: known.status, Detail: detail}, true
		}
	}
	return answer.Problem{}, false
}

// faulty is a request that is wrong by itself.
type faulty struct{ answer.Problem }

func (f *faulty) Error() string { return f.Detail }

// refuse is the error of a request that is wrong.
func refuse(status int, format string, args ...any) error {
	return &faulty{answer.Problem{Status: status, Detail: fmt.Sprintf(format, args...)}}
}

// refuseAt is the error of a body that is wrong at a place.
func refuseAt(pointer, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	return &faulty{answer.Problem{
		Status: http.StatusUnprocessableEntity, Detail: "the body is not what is expected here: " + text,
		Errors: []answer.Field{{Pointer: pointer, Detail: text}},
	}}
}

func inputProblem(e *engine.InputError) answer.Problem {
	p := answer.Problem{Status: http.StatusUnprocessableEntity, Detail: "the inputs are not what the capability takes; nothing was sent"}
	for _, fault := range e.Problems {
		p.Errors = append(p.Errors, answer.Field{Pointer: "/inputs/" + answer.Token(fault.Name), Detail: fault.String()})
	}
	return p
}
