package engine

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/exec"
	"github.com/capstan-run/capstan/operations"
)

// Answer is what a program answers one request with.
type Answer struct {
	// Value is the answer as JSON-like data. It is nil when the last API
	// answered with nothing, or with what is passed on as it came, in Body.
	Value any
	// Shaped says that Value is what the file declares; otherwise Body, when
	// there is one, is what the last API sent.
	Shaped bool
	// Status is the HTTP status of the last API call, 0 when there was none.
	Status int
	// Media is the content type of Body, or the declared one.
	Media string
	Body  []byte
	// Binary says that Body is no text. Cap is the most bytes that the
	// operation's own maxBinarySize allows, 0 when it says nothing.
	Binary bool
	Cap    int64
	// Header holds Retry-After and Content-Disposition as the last API sent
	// them, where it did; the latter only when Value is not shaped.
	Header http.Header
}

// CallError says why a call did not succeed. Nothing in its text is secret.
type CallError struct {
	Info document.Error
	// Upstream is what the API answered when it answered with an error, as it
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
func (e *CallError) Unwrap() error { return e.err }

// Call runs the program for one request and returns its answer: nothing is kept,
// nothing is sent again, and a step that waits for a person fails. It is how
// served operations and tools are answered. Bad inputs give an *[InputError],
// missing credentials a *[CredentialError]; anything else a *[CallError].
//
// It is safe for concurrent use; calls share connections, and with Options.Mock
// the mock's objects.
func (p *Program) Call(ctx context.Context, in Inputs) (*Answer, error) {
	inputs, err := p.CheckInputs(in)
	if err != nil {
		return nil, err
	}
	if err := p.checkCredentials(ctx); err != nil {
		return nil, err
	}
	started := time.Now()
	r := p.newRunning(newRunID(started), &RunOptions{}) // another for each caller: idempotency keys come from it
	r.inputs, r.started, r.once = inputs, started, true
	if p.opts.RecordDir != "" {
		r.redactor.Add(r.id) // another one when the recording is replayed, as in running.env
	}
	env, err := p.callEnv(ctx, r)
	if err != nil {
		return nil, err
	}
	if p.opts.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.opts.Timeout)
		defer cancel()
	}
	out, err := exec.Run(ctx, p.plan, env, &durable.Once{ID: r.id, Started: started})
	if err != nil {
		return nil, r.callError(err)
	}
	r.hideCredentials(out)
	a := out.Answer
	return &Answer{Value: a.Value, Shaped: a.Shaped, Status: a.Status, Media: a.Media, Body: a.Body, Binary: a.Binary, Cap: a.Cap, Header: a.Header}, nil
}

func (r *running) callError(err error) *CallError {
	e := &CallError{Info: *r.info(err), err: err}
	var step *exec.StepError
	if errors.As(err, &step) && step.Status >= 300 && step.Code == exec.CodeStatus {
		e.Upstream = &Answer{Status: step.Status, Media: step.Media, Body: r.p.creds.redactor.Bytes(step.Raw), Header: hideHeader(r.p.creds.redactor, step.Header)}
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

// sharedCallers are the callers that all calls of a file's programs go through.
type sharedCallers struct {
	mu      sync.Mutex
	session *session
	byAPI   map[string]operations.Caller
}

func (s *sharedCallers) get(a *api, o *Options) operations.Caller {
	s.mu.Lock()
	defer s.mu.Unlock()
	call := s.byAPI[a.name]
	if call == nil {
		call = a.caller(o, s.session)
		s.byAPI[a.name] = call
	}
	return call
}

// callEnv is what the interpreter gets for a call.
func (p *Program) callEnv(ctx context.Context, r *running) (*exec.Env, error) {
	shared := p.shared()
	env := &exec.Env{
		Inputs: r.inputs, Started: r.started, Strict: p.opts.StrictResponses, Redactor: r.redactor, Attempts: 1, Limit: r.exchangeLimit(), PassOn: p.opts.RecordDir == "",
		Call: func(name string) operations.Caller {
			return operations.Chain(shared.get(p.apis[name], &p.opts), operations.HideErrors(r.redactor))
		},
		Hide: r.hideIn,
		Emit: r.forward,
	}
	return env, p.fillIn(ctx, env)
}

func (p *Program) shared() *sharedCallers {
	once, live := &p.once, &p.live
	if p.flows != nil {
		once, live = &p.flows.once, &p.flows.live
	}
	once.Do(func() {
		*live = &sharedCallers{session: newServed(p.creds.redactor), byAPI: map[string]operations.Caller{}}
	})
	return *live
}

// fillIn adds what depends on where the program's APIs are: servers, and the
// values of binds.
func (p *Program) fillIn(ctx context.Context, env *exec.Env) error {
	if p.flows == nil {
		env.BaseURL = func(name string) string { return p.apis[name].base }
		return nil
	}
	binds, missing, err := p.flows.binds.values(ctx, p.plan.Variables)
	if err != nil {
		return err
	}
	if len(missing) > 0 && p.opts.sends() {
		return &CredentialError{missing}
	}
	for _, key := range p.plan.Variables { // a mock needs no real ones
		if _, ok := binds[key]; !ok {
			binds[key] = "mock-" + key
		}
	}
	env.Binds = binds
	servers := map[string]string{}
	for name, a := range p.apis {
		servers[name] = a.base
		if a.base == "" && p.opts.sends() {
			if servers[name], err = a.own.server(ctx); err != nil {
				return &CallError{Info: document.Error{Code: "bad-base-url", Message: "the API \"" + name + "\" cannot be called: " + err.Error()}, err: err}
			}
		}
	}
	env.BaseURL = func(name string) string { return servers[name] }
	return nil
}
