package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/connect"
	"github.com/capstan-run/capstan/engine/internal/exec"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// running is the state of one run in this process, beside the interpreter's.
type running struct {
	p        *linked
	opts     *RunOptions
	id       string
	started  time.Time
	inputs   Inputs
	redactor *operations.Redactor // the run's own secrets
	once     bool                 // it answers one call and is not kept, whatever keeps the program's runs

	known map[string]any // outputs of a run that did not get to its end
	res   *Result        // set once the run was executed here
	err   error          // of the interpreter
}

func (p *linked) newRunning(id string, opts *RunOptions) *running {
	return &running{p: p, opts: opts, id: id, redactor: operations.NewRedactor()}
}

// resume executes a stored run here.
func (p *linked) resume(ctx context.Context, rt durable.Runtime, id string, opts *RunOptions) (*Result, error) {
	return p.drive(ctx, rt, id, opts, func(exec durable.Executor, o durable.DriveOptions) (durable.State, error) {
		return rt.Drive(ctx, id, exec, o)
	})
}

// drive executes a run here, as by does.
func (p *linked) drive(ctx context.Context, rt durable.Runtime, id string, opts *RunOptions, by func(durable.Executor, durable.DriveOptions) (durable.State, error)) (*Result, error) {
	r := p.newRunning(id, opts)
	o := durable.DriveOptions{Park: opts.Park}
	if opts.Stay {
		o.MaxBlock = -1
	}
	state, err := by(r.execute, o)
	switch {
	case r.res != nil:
		r.res.Parked = state.Parked
		return r.answer(err)
	case err != nil:
		return nil, err
	}
	events, err := rt.History(ctx, id, 0) // it had ended before, or was executed elsewhere
	if err != nil {
		return nil, err
	}
	return p.elsewhere(state, events)
}

// virtual reports whether waiting would be for nothing: a mock or a recording
// answers.
func (p *linked) virtual() bool { return p.set.Mock || p.set.ReplayDir != "" }

// answer is the outcome of a run that was executed here. An error of the runtime
// goes before one of the run.
func (r *running) answer(driven error) (*Result, error) {
	switch {
	case driven != nil && r.err != nil && !errors.Is(driven, r.err):
		return r.res, driven
	case r.err == nil:
		return r.res, driven
	case r.res.Status == durable.StatusWaiting:
		return r.res, &WaitingError{r.res}
	default:
		return r.res, r.failed(r.res, r.err)
	}
}

// brief executes a run that nothing keeps.
func (p *linked) brief(ctx context.Context, inputs Inputs, opts *RunOptions) (*Result, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	started := time.Now().Round(0).UTC()
	r := p.newRunning(cmp.Or(opts.ID, newRunID(started)), opts)
	r.inputs, r.started = inputs, started
	if err := r.interpret(ctx, &durable.Brief{ID: r.id, Started: started, Signals: signals(opts.Done)}); err != nil {
		return nil, err
	}
	return r.answer(nil)
}

// execute interprets a kept run on a host: the durable.Executor of this program.
func (r *running) execute(ctx context.Context, host durable.Host, s durable.Spec) (durable.Ending, error) {
	var err error
	if r.inputs, err = decodeInputs(s.Input); err != nil {
		return durable.Ending{}, err
	}
	r.started = s.Started
	if err := r.interpret(ctx, host); err != nil {
		return durable.Ending{}, err
	}
	return r.ending()
}

// interpret interprets the run on a host, from its inputs and its start. The error is
// why it was not begun.
func (r *running) interpret(ctx context.Context, host durable.Host) error {
	if d, from := r.bound(r.started); d > 0 {
		up := fmt.Errorf("the run's time (%s) is up: %w", d, context.DeadlineExceeded)
		if b, ok := host.(durable.Bounder); ok {
			ctx = b.Bound(ctx, from.Add(d), up)
		} else {
			var cancel context.CancelFunc
			ctx, cancel = context.WithDeadlineCause(ctx, from.Add(d), up)
			defer cancel()
		}
	}
	if r.p.virtual() {
		host.SkipWaits()
	}
	r.emit(durable.Event{Kind: durable.EventStarted})
	env, err := r.env(ctx, host)
	if err != nil {
		return err
	}
	out, err := exec.Run(ctx, r.p.plan, env, host)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && statusOf(ctx, err) == durable.StatusTimedOut {
		err = stillInDoubt(ctx, host, out, err)
	}
	r.res, r.err = r.result(ctx, out, err), err
	r.emit(durable.Event{Kind: durable.EventEnded, Message: string(r.res.Status)})
	return nil
}

// stillInDoubt returns how a run ends whose time is up: in doubt as long as one of
// its writes is, since a run that has ended can be neither settled nor looked up.
func stillInDoubt(ctx context.Context, host durable.Host, out *exec.Outcome, err error) error {
	doubt := host.Doubt()
	if doubt == nil {
		return err
	}
	up := strings.TrimSuffix(context.Cause(ctx).Error(), ": "+context.DeadlineExceeded.Error())
	doubt.Err = fmt.Errorf("%w; %s, and --timeout gives it more", doubt.Err, up)
	for i := range out.Records {
		if rec := &out.Records[i]; rec.ID == stepID(doubt.Path) {
			rec.Status, rec.Err = durable.StatusInDoubt, doubt
		}
	}
	return doubt
}

// bound is how long the run may take, and from when: since it was started, or
// from now where it was resumed with new time.
func (r *running) bound(started time.Time) (time.Duration, time.Time) {
	if r.opts.Timeout > 0 {
		return r.opts.Timeout, time.Now()
	}
	return r.p.set.Timeout, started
}

// ending is the state of the run for the runtime: ended, parked, or stopped
// here and to be taken up again.
func (r *running) ending() (durable.Ending, error) {
	var suspended *durable.Suspended
	var step *exec.StepError
	var output *plan.OutputError
	switch {
	case errors.As(r.err, &suspended):
		return durable.Ending{}, r.err
	case r.err == nil, errors.As(r.err, &step), errors.As(r.err, &output), errors.Is(r.err, durable.ErrCancelled):
	case r.res.Status == durable.StatusTimedOut:
	default:
		return durable.Ending{}, r.err
	}
	doc, err := r.res.Keep()
	return durable.Ending{Status: r.res.Status, Doc: doc}, err
}

// env is the environment of the interpreter for a run.
func (r *running) env(ctx context.Context, host durable.Host) (*exec.Env, error) {
	session := r.p.link.Session()
	// The run's id is in its requests (external ids, idempotency keys) and is
	// another one when the recording is replayed: redacted values match any.
	if r.p.set.RecordDir != "" {
		session.Recorder = r.p.link.Keys.Redactor.With(r.id)
	}
	session.AtOnce = !slices.ContainsFunc(r.p.plan.Steps, waitsOrAsks)
	env := r.shared(func(name string, api connect.API) operations.Caller { return r.p.link.Caller(name, api, session) })
	if r.p.set.Mock {
		session.Now = host.Now
		env.Recall = func(ctx context.Context, api string, req *operations.Request, times int, at time.Time) {
			r.p.link.Recall(ctx, r.p.unit.File().APIs[api], session, req, times, at)
		}
	}
	env.Keep, env.Perform = r.p.link.Keys.Redactor.Data, r.external
	env.Landed = max(env.Limit, exchangeLimit(r.p.set.RequestTimeout, r.p.set.Timeout))
	return env, r.fillIn(ctx, env)
}

// waitsOrAsks reports whether a step polls, or depends on what is there already.
func waitsOrAsks(s *plan.Step) bool {
	a := s.Operation()
	return s.When != nil || a != nil && a.Polls()
}

// shared is the part of the environment that runs and calls have in common.
func (r *running) shared(caller func(name string, api connect.API) operations.Caller) *exec.Env {
	callers := map[string]operations.Caller{}
	for _, use := range r.p.unit.Uses {
		callers[use.Name] = operations.Chain(caller(use.Name, use.API), operations.HideErrors(r.redactor))
	}
	r.hideInputs()
	o, set := r.opts, r.p.set
	return &exec.Env{
		Call:   func(api string) operations.Caller { return callers[api] },
		Inputs: r.inputs, Started: r.started, Strict: set.StrictResponses, MaxPages: set.MaxPages, Redactor: r.redactor,
		Limit: exchangeLimit(cmp.Or(o.RequestTimeout, set.RequestTimeout), cmp.Or(o.Timeout, set.Timeout)),
		Hide:  r.hideIn, Emit: r.heard(),
	}
}

// heard returns the function that events are given to, nil where nothing listens.
func (r *running) heard() func(durable.Event) {
	if r.p.runner.o.OnEvent == nil && r.opts.OnEvent == nil {
		return nil
	}
	return r.emit
}

// mostRaised bounds how far a run's own bound raises the limit of an exchange: a
// run may wait for days, and a connection that went silent must not hold it for
// as long.
const mostRaised = 10 * time.Minute

// exchangeLimit returns how long one request with its answer may take where its step
// states no limit: as is set, else the default, which the bound of the whole run
// raises. Zero is not set.
func exchangeLimit(set, whole time.Duration) time.Duration {
	return cmp.Or(set, max(operations.DefaultTimeout, min(whole, mostRaised)))
}

// fillIn adds the servers of the program's APIs and the values of binds.
func (r *running) fillIn(ctx context.Context, env *exec.Env) error {
	l := r.p.link
	binds, missing := l.Values(ctx, r.p.plan.Variables)
	if len(missing) > 0 && l.Sends() {
		return &CredentialError{missing}
	}
	for _, key := range r.p.plan.Variables { // a mock needs no real ones
		if _, ok := binds[key]; !ok {
			binds[key] = "mock-" + key
		}
	}
	servers := map[string]string{}
	for _, use := range r.p.unit.Uses {
		server, err := use.API.Server(ctx, l)
		if err != nil {
			return &CallError{Info: document.Error{Code: "bad-base-url", Message: fmt.Sprintf("the API %q cannot be called: %v", use.Name, err)}, err: err}
		}
		servers[use.Name] = server
	}
	env.Binds, env.BaseURL = binds, func(name string) string { return servers[name] }
	return nil
}

// emit gives an event to the run's listeners.
func (r *running) emit(e durable.Event) {
	e.Time, e.Run, e.Message = time.Now(), r.id, r.hideIn(e.Message)
	if e.Err != nil {
		e.Err = &hiddenError{r.hideIn(e.Err.Error()), e.Err}
	}
	for _, tell := range []func(durable.Event){r.p.runner.o.OnEvent, r.opts.OnEvent} {
		if tell != nil {
			tell(e)
		}
	}
}

// kept reports whether the run can be taken up again.
func (r *running) kept() bool { return r.p.runner.o.Runtime != nil && !r.once }

// hiddenError is an error whose text was redacted.
type hiddenError struct {
	text string
	err  error
}

func (e *hiddenError) Error() string { return e.text }
func (e *hiddenError) Unwrap() error { return e.err }

// hideIn redacts the run's sensitive values and the credentials in use.
func (r *running) hideIn(s string) string {
	return r.p.link.Keys.Redactor.String(r.redactor.String(s))
}

// external asks the program's handlers.
func (r *running) external(ctx context.Context, w durable.Wait) (json.RawMessage, bool, error) {
	handle := r.p.runner.o.External[stepID(w.Path)]
	if handle == nil {
		handle = r.p.runner.o.External[""]
	}
	if handle == nil {
		return nil, false, nil
	}
	with, _ := jsonvalue.Clone(w.With).(map[string]any) // the run's own inputs and results are among them
	v, err := handle(ctx, ExternalStep{
		Run: r.id, Capability: r.p.Name(), Step: w.Path, Description: w.Description, With: with, Sensitive: slices.Clone(w.Sensitive),
	})
	if errors.Is(err, ErrNotDone) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	data, err := encoded(v)
	if err != nil {
		err = fmt.Errorf("its result cannot be written as JSON: %w", err)
	}
	return data, err == nil, err
}
