package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/engine/internal/exec"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/operations"
)

// ErrNotDone is returned by an [ExternalHandler] to leave its step waiting.
var ErrNotDone = errors.New("the step is not done yet")

// Run executes the capability. It is RunWith with no options.
func (p *Program) Run(ctx context.Context, in Inputs) (*Result, error) {
	return p.RunWith(ctx, in, nil)
}

// RunWith executes the capability. The error is nil only when the run
// succeeded. Bad inputs give an *[InputError], missing credentials a
// *[CredentialError], both before anything is sent and with a nil Result; a
// run that failed, timed out, is in doubt or was cancelled gives a *[RunError];
// one that waits gives a *[WaitingError]. The Result is set for the last two.
//
// Cancelling ctx stops the run between steps; a write in flight gets a few
// seconds to finish.
func (p *Program) RunWith(ctx context.Context, in Inputs, opts *RunOptions) (*Result, error) {
	if opts == nil {
		opts = &RunOptions{}
	}
	inputs, err := p.ready(ctx, in, opts)
	if err != nil {
		return nil, err
	}
	started := time.Now()
	r := &running{
		p: p, opts: opts, id: cmp.Or(opts.ID, newRunID(started)), started: started, inputs: inputs,
		redactor: operations.NewRedactor(),
	}
	return r.run(ctx)
}

// ready finds everything that is wrong before the first request.
func (p *Program) ready(ctx context.Context, in Inputs, opts *RunOptions) (Inputs, error) {
	inputs, err := p.CheckInputs(in)
	return inputs, errors.Join(err, p.checkDone(opts.Done), p.checkCredentials(ctx))
}

func (p *Program) checkDone(done map[string]json.RawMessage) error {
	e := &InputError{}
	var external []string
	for _, s := range p.plan.Steps {
		if s.Kind == plan.KindExternal {
			external = append(external, s.ID)
		}
	}
	for id, result := range done {
		if !slices.Contains(external, id) {
			hint := "the capability has none"
			if len(external) > 0 {
				hint = fmt.Sprintf("external steps: %v", external)
			}
			e.add(id, hint, "%q is no external step, so it cannot be said to be done", id)
		} else if len(result) > 0 && !json.Valid(result) {
			e.add(id, `a string needs quotes: '"text"'`, "the result given for step %q is not JSON", id)
		}
	}
	if len(e.Problems) == 0 {
		return nil
	}
	slices.SortFunc(e.Problems, func(a, b InputProblem) int { return cmp.Compare(a.Name, b.Name) })
	return e
}

func (p *Program) checkCredentials(ctx context.Context) error {
	if !p.opts.needsCredentials() {
		return nil
	}
	var missing []PlanEnv
	for _, s := range p.plan.Steps {
		if s.Op == nil {
			continue
		}
		for _, env := range p.apis[s.API].missing(ctx, s.Op) {
			if !slices.ContainsFunc(missing, func(x PlanEnv) bool { return x.Name == env.Name }) {
				missing = append(missing, env)
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return &CredentialError{missing}
}

// running is the state of one run beside the interpreter's.
type running struct {
	p        *Program
	opts     *RunOptions
	id       string
	started  time.Time
	inputs   Inputs
	redactor *operations.Redactor // the run's own secrets
}

func (r *running) run(ctx context.Context) (*Result, error) {
	if d := r.p.opts.Timeout; d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, d, fmt.Errorf("the run's time (%s) is up: %w", d, context.DeadlineExceeded))
		defer cancel()
	}
	r.emit(Event{Kind: EventRunStarted})
	host := memory.New(r.id, memory.Options{Done: r.opts.Done, External: r.external, Virtual: r.p.opts.Mock})
	out, err := exec.Run(ctx, r.p.plan, r.env(), host)
	result := r.result(ctx, out, err)
	r.emit(Event{Kind: EventRunFinished, Message: string(result.Status)})
	switch {
	case err == nil:
		return result, nil
	case result.Status == Waiting:
		return result, &WaitingError{result}
	default:
		return result, &RunError{Result: result, err: err, trace: r.hideIn(r.trace(result, err))}
	}
}

// env is what the interpreter gets.
func (r *running) env() *exec.Env {
	session := newSession(r.p.creds.redactor)
	callers := map[string]operations.Caller{}
	for name, a := range r.p.apis {
		callers[name] = a.caller(&r.p.opts, session)
	}
	return &exec.Env{
		Inputs: r.inputs, Started: r.started, Strict: r.p.opts.StrictResponses,
		Call:    func(api string) operations.Caller { return callers[api] },
		BaseURL: func(api string) string { return r.p.apis[api].base },
		Hide:    func(secret string) { r.redactor.Add(secret) },
		Emit:    r.forward,
	}
}

// forward gives the interpreter's events to the run's listeners.
func (r *running) forward(e exec.Event) {
	r.emit(Event{Kind: EventKind(e.Kind), Step: e.Step, Try: e.Try, Status: e.Status, Wait: e.Wait, Message: e.Message, Err: e.Err})
}

func (r *running) emit(e Event) {
	e.Time, e.Run, e.Message = time.Now(), r.id, r.hideIn(e.Message)
	if e.Err != nil {
		e.Err = &hiddenError{r.hideIn(e.Err.Error()), e.Err}
	}
	for _, tell := range []func(Event){r.p.opts.OnEvent, r.opts.OnEvent} {
		if tell != nil {
			tell(e)
		}
	}
}

// hiddenError is an error whose text was redacted.
type hiddenError struct {
	text string
	err  error
}

func (e *hiddenError) Error() string { return e.text }
func (e *hiddenError) Unwrap() error { return e.err }

// hideIn redacts the run's sensitive values and the credentials in use.
func (r *running) hideIn(s string) string {
	return r.p.creds.redactor.String(r.redactor.String(s))
}

// external asks the program's handlers.
func (r *running) external(ctx context.Context, w durable.Wait) (json.RawMessage, bool, error) {
	handle := r.p.opts.External[w.Path]
	if handle == nil {
		handle = r.p.opts.External[""]
	}
	if handle == nil {
		return nil, false, nil
	}
	v, err := handle(ctx, ExternalStep{
		Run: r.id, Capability: r.p.Name(), Step: w.Path, Description: w.Description, With: w.With, Sensitive: w.Sensitive,
	})
	if errors.Is(err, ErrNotDone) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	data, err := json.Marshal(v)
	return data, err == nil, err
}
