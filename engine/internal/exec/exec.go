// Package exec runs a plan. It reaches the world only through a durable.Host
// and the callers it is given, so that a run can be taken up again from the
// results that the host kept. Start with [Run].
package exec

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/operations"
)

// Env is the outside of a run, beside its plan and host. Its functions are called
// from the goroutine of the run.
type Env struct {
	Inputs  map[string]any
	Started time.Time
	// Call returns the caller of an API.
	Call func(api string) operations.Caller
	// Recall is given each request whose answer was kept by an earlier execution, with
	// how often it was sent and the run's time then; nil where nothing needs them.
	Recall func(ctx context.Context, api string, req *operations.Request, times int, at time.Time)
	// BaseURL returns the server of an API, "" for the document's own.
	BaseURL func(api string) string
	// Strict makes a failure of what else is a warning: an answer that
	// breaks its schema, foreign items in a list.
	Strict bool
	// Emit receives the events of the run, nil where nothing listens.
	Emit func(durable.Event)
	// Perform performs an external step in this process, or returns done false;
	// nil leaves external steps to signals.
	Perform func(ctx context.Context, w durable.Wait) (result json.RawMessage, done bool, err error)
	// Redactor learns the values that must not be shown anywhere, and hides
	// them in the texts of requests.
	Redactor *operations.Redactor
	// Hide replaces secrets in the texts of a failure, which hosts keep; nil
	// changes nothing.
	Hide func(string) string
	// Keep removes credentials from the arguments that hosts keep; nil changes
	// nothing.
	Keep func(data []byte) []byte
	// Binds holds the values of a framework file's binds by "namespace.NAME".
	Binds map[string]any
	// Attempts is how often a request is sent where its step sets no number; 0
	// means the caller's default.
	Attempts int
	// Limit bounds one exchange where its step states no limit; 0 means the
	// caller's default.
	Limit time.Duration
	// MaxPages bounds how many pages of a list are read; 0 means the default.
	MaxPages int
	// Landed is how long after its sending a request of a step without a limit
	// may still reach the API: Limit, or that of an earlier execution of the run.
	Landed time.Duration
	// PassOn reports that an answer which the plan does not shape is wanted as it
	// came, and need not be decoded.
	PassOn bool
}

// Run executes the plan's steps in order and computes its outcome. The Outcome is
// never nil. The error is a *[StepError], a *plan.OutputError, a
// *durable.Suspended or the cancellation cause of ctx.
func Run(ctx context.Context, p *plan.Plan, env *Env, host durable.Host) (*Outcome, error) {
	r := &run{plan: p, env: env, host: host, out: &Outcome{Records: make([]Record, len(p.Steps))}, values: make(map[string]any, len(p.Steps)), headers: map[string]map[string]any{}}
	for i, s := range p.Steps {
		r.out.Records[i] = Record{ID: s.ID, Status: durable.StatusPending}
	}
	r.vars = map[string]any{
		"inputs": env.Inputs,
		"run":    map[string]any{"id": host.RunID(), "started_at": env.Started.UTC().Format(time.RFC3339)},
		"binds":  env.Binds,
	}
	r.plain = &eval.Env{Steps: r.values, Vars: r.vars, Headers: r.headers}
	for i, s := range p.Steps {
		if err := r.step(ctx, s, &r.out.Records[i]); err != nil {
			_ = r.outcome(context.WithoutCancel(ctx), false) // the step's error goes before
			return r.out, err
		}
	}
	return r.out, r.outcome(context.WithoutCancel(ctx), true) // nothing is left to be stopped
}

// run is the state of one execution; one goroutine owns it.
type run struct {
	plan   *plan.Plan
	env    *Env
	host   durable.Host
	out    *Outcome
	values map[string]any // results by step id
	// headers of the answers that are read, by step id
	headers map[string]map[string]any
	vars    map[string]any
	plain   *eval.Env          // of the three
	answer  *kept              // of the call that the outcome is made of
	warned  map[[2]string]bool // warnings that were given, by step
}

// evalEnv is the environment of expressions; vars are added for the step at hand.
func (r *run) evalEnv(vars map[string]any) *eval.Env {
	if len(vars) == 0 {
		return r.plain
	}
	all := maps.Clone(r.vars)
	maps.Copy(all, vars)
	return &eval.Env{Steps: r.values, Vars: all, Headers: r.headers}
}

func (r *run) emit(e durable.Event) {
	if r.env.Emit != nil {
		r.env.Emit(e)
	}
}

// turn is one performance of a step, or of one element of its list.
type turn struct {
	*run
	s    *plan.Step
	path string         // the step's id, with the iteration
	vars map[string]any // the element and its index
	rec  *Record
}

// step runs one step with its condition and iterations, and records it.
func (r *run) step(ctx context.Context, s *plan.Step, rec *Record) error {
	err := r.perform(ctx, s, rec)
	rec.Err = err
	switch {
	case err != nil:
		rec.Status = statusOf(ctx, err)
		kind := durable.EventFailed
		if rec.Status == durable.StatusWaiting || rec.Status == durable.StatusInDoubt {
			kind = durable.EventWaiting
		}
		r.emit(durable.Event{Kind: kind, Step: s.ID, HTTPStatus: rec.HTTPStatus, Message: err.Error(), Err: err})
	case rec.Status == durable.StatusSkipped:
		r.emit(durable.Event{Kind: durable.EventSkipped, Step: s.ID, Message: "its condition is false"})
	default:
		rec.Status = durable.StatusSucceeded
		r.emit(durable.Event{Kind: durable.EventDone, Step: s.ID, HTTPStatus: rec.HTTPStatus, Attempt: rec.Attempts})
	}
	return err
}

func (r *run) perform(ctx context.Context, s *plan.Step, rec *Record) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	t := &turn{run: r, s: s, path: s.ID, rec: rec}
	if s.When != nil {
		ok, err := s.When.Eval(ctx, r.evalEnv(nil))
		if err != nil {
			return t.fail(ctx, "when", err)
		}
		if ok != true {
			rec.Status = durable.StatusSkipped
			r.values[s.ID] = nil
			return nil
		}
	}
	r.emit(durable.Event{Kind: durable.EventStep, Step: s.ID})
	once := t.act
	if s.Each != nil {
		once = t.each
	}
	v, err := once(ctx)
	if err == nil {
		r.values[s.ID] = v
	}
	return err
}

// each performs the step once for every element, in order, and yields the list
// of results.
func (t *turn) each(ctx context.Context) (any, error) {
	list, err := t.s.Each.Eval(ctx, t.evalEnv(nil))
	if err != nil {
		return nil, t.fail(ctx, "each", err)
	}
	items, ok := list.([]any)
	if !ok {
		return nil, t.fail(ctx, "each", fmt.Errorf("%s is not a list", t.s.Each.Source()))
	}
	results := make([]any, 0, len(items))
	for i, item := range items {
		one := *t
		one.path, one.vars = fmt.Sprintf("%s[%d]", t.s.ID, i), map[string]any{"item": item, "index": i}
		v, err := one.act(ctx)
		if err != nil {
			return nil, err
		}
		if t.s.Keep != nil {
			v = t.s.Keep.Of(v)
		}
		results = append(results, v)
	}
	return results, nil
}

// act performs the step's action.
func (t *turn) act(ctx context.Context) (any, error) {
	switch a := t.s.Action.(type) {
	case *plan.Operation:
		return t.operation(ctx, a)
	case *plan.External:
		return t.external(ctx, a)
	case *plan.Lookup:
		return t.lookup(ctx, a)
	case *plan.Script:
		return t.script(ctx, a)
	case *plan.Mock:
		return t.mock(ctx, a)
	default:
		return nil, t.fail(ctx, "action", fmt.Errorf("no %T can be performed", a))
	}
}
