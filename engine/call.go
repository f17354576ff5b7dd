package engine

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/exec"
	"github.com/capstan-run/capstan/operations"
)

// Answer is the answer of a program to one request.
type Answer struct {
	// Value is the answer as JSON-like data. It is nil when the last API
	// answered with nothing, or with a body that is passed on as it came.
	Value any
	// Shaped reports that Value is as the file declares it; otherwise Body, when
	// there is one, is as the last API sent it.
	Shaped bool
	// Status is the HTTP status of the last API call, 0 when there was none.
	Status int
	// Media is the content type of Body, or the declared one.
	Media string
	Body  []byte
	// Binary reports that Body is no text. Cap is the most bytes that the
	// operation's own maxBinarySize allows, 0 when it has none.
	Binary bool
	Cap    int64
	// Header holds Retry-After and Content-Disposition as the last API sent
	// them, where it did; the latter only when Value is not shaped.
	Header http.Header
}

// CallError is why a call did not succeed. Nothing in its text is secret.
type CallError struct {
	Info document.Error
	// Upstream is the answer of an API that answered with an error, as it
	// came but for credentials that it repeats; nil when something else failed.
	Upstream *Answer
	err      error
}

func (e *CallError) Error() string {
	text := e.Info.Message
	if e.Info.Step != "" {
		text = "step \"" + e.Info.Step + "\": " + text
	}
	if e.InDoubt() && e.Info.Hint != "" {
		text += "; " + e.Info.Hint
	}
	return text
}

// InDoubt reports whether a write of the call may have taken effect although it
// did not succeed.
func (e *CallError) InDoubt() bool { return e.Info.Code == exec.CodeInDoubt }

// Unwrap returns the cause, as [RunError.Unwrap] does.
func (e *CallError) Unwrap() error { return causeOf(e.err) }

// Call runs a program for one request and returns its answer: nothing is kept,
// nothing is sent again, and a step that waits for a person fails. It is how
// served operations and tools are answered. Bad inputs give an *[InputError],
// missing credentials a *[CredentialError]; anything else a *[CallError].
//
// Calls share connections, and with Options.Mock the mock's objects.
func (r *Runner) Call(ctx context.Context, prog *Program, in Inputs) (*Answer, error) {
	if prog == nil {
		return nil, errNoProgram
	}
	p := r.linked(prog)
	inputs, err := p.CheckInputs(in)
	if err != nil {
		return nil, err
	}
	if err := p.checkCredentials(ctx); err != nil {
		return nil, err
	}
	started := time.Now()
	run := p.newRunning(newRunID(started), &RunOptions{}) // another for each caller: idempotency keys come from it
	run.inputs, run.started, run.once = inputs, started, true
	env, err := run.callEnv(ctx)
	if err != nil {
		return nil, err
	}
	if p.set.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.set.Timeout)
		defer cancel()
	}
	out, err := exec.Run(ctx, p.plan, env, &durable.Once{ID: run.id, Started: started})
	if err != nil {
		return nil, run.callError(err)
	}
	run.hideCredentials(out)
	return (*Answer)(out.Answer), nil
}

// callEnv is the environment of the interpreter for a call.
func (r *running) callEnv(ctx context.Context) (*exec.Env, error) {
	if r.p.set.RecordDir != "" {
		r.redactor.Add(r.id) // another one when the recording is replayed, as in env
	}
	env := r.shared(r.p.link.Served)
	env.Attempts, env.PassOn = 1, r.p.set.RecordDir == ""
	return env, r.fillIn(ctx, env)
}

func (r *running) callError(err error) *CallError {
	e := &CallError{Info: *r.info(err), err: err}
	var step *exec.StepError
	if errors.As(err, &step) && step.Status >= 300 && step.Code == exec.CodeStatus {
		e.Upstream = &Answer{Status: step.Status, Media: step.Media, Body: r.p.link.Keys.Redactor.Bytes(step.Raw), Header: hideHeader(r.p.link.Keys.Redactor, step.Header)}
	}
	return e
}

// hideHeader hides credentials that an API repeats in its headers.
func hideHeader(r *operations.Redactor, h http.Header) http.Header {
	for name, values := range h {
		for i, v := range values {
			h[name][i] = r.String(v)
		}
	}
	return h
}
