// Package exec runs a plan. It reaches the world only through a durable.Host
// and the callers it is given, so that a run can be taken up again from what
// the host kept. Start with [Run].
package exec

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// Env is what a run is given beside its plan and host. Its functions are called
// from the goroutine of the run.
type Env struct {
	Inputs  map[string]any
	Started time.Time
	// Call returns the caller of an API.
	Call func(api string) operations.Caller
	// BaseURL returns the server of an API, "" for the document's own.
	BaseURL func(api string) string
	// Strict makes a failure of what is otherwise a warning: an answer that
	// breaks its schema, foreign items in a list.
	Strict bool
	// Emit is told what happens.
	Emit func(Event)
	// Perform performs an external step in this process, or returns done false;
	// nil leaves external steps to signals.
	Perform func(ctx context.Context, w durable.Wait) (result json.RawMessage, done bool, err error)
	// Redactor learns the values that must not be shown anywhere, and hides
	// them in what requests say of themselves.
	Redactor *operations.Redactor
	// Hide replaces secrets in what a failure says, which hosts keep; nil
	// changes nothing.
	Hide func(string) string
	// Keep removes credentials from the arguments that hosts keep; nil changes
	// nothing.
	Keep func(data []byte) []byte
	// Binds holds the values of a framework file's binds by "namespace.NAME".
	Binds map[string]any
	// Attempts is how often a request is sent where its step does not say; 0
	// means the caller's default.
	Attempts int
	// Limit bounds one exchange where its step states no limit; 0 means the
	// caller's default.
	Limit time.Duration
	// Landed is how long after its sending a request of a step without a limit
	// may still reach the API: Limit, or that of an earlier execution of the run.
	Landed time.Duration
	// PassOn says that an answer which the plan does not shape is wanted as it
	// came, and need not be decoded.
	PassOn bool
}

// Event is one thing that happened.
type Event struct {
	Kind    EventKind
	Step    string
	Try     int
	Status  int
	Wait    time.Duration
	Message string
	Err     error
}

// EventKind names what happened.
type EventKind string

// The events of a run's steps.
const (
	StepStarted EventKind = "step-started"
	Polled      EventKind = "polled"
	Retried     EventKind = "retry"
	Warning     EventKind = "warning"
	Waiting     EventKind = "waiting"
	StepDone    EventKind = "step-done"
	StepSkipped EventKind = "step-skipped"
	StepFailed  EventKind = "step-failed"
)

// Status is how a step stands.
type Status string

// The statuses of a step.
const (
	Pending   Status = "pending"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	Skipped   Status = "skipped"
	WaitingOn Status = "waiting"
	InDoubt   Status = "in_doubt"
	TimedOut  Status = "timed_out"
	Cancelled Status = "cancelled"
)

// Record is the account of one step.
type Record struct {
	ID         string
	Status     Status
	Attempts   int
	HTTPStatus int
	Duration   time.Duration
	Err        error
}

// Outcome is the account of a run, complete or not.
type Outcome struct {
	Records []Record
	Outputs map[string]any // those whose steps succeeded
	Answer  *FlowAnswer    // of a flow that came to its end
}

// Run executes the plan's steps in order and evaluates its outputs. The Outcome
// is never nil. The error is a *[StepError], an *[OutputError], a
// *durable.Suspended or the cancellation cause of ctx.
func Run(ctx context.Context, p *plan.Plan, env *Env, host durable.Host) (*Outcome, error) {
	r := &run{plan: p, env: env, host: host, out: &Outcome{}, values: map[string]any{}}
	for _, s := range p.Steps {
		r.out.Records = append(r.out.Records, Record{ID: s.ID, Status: Pending})
	}
	r.vars = map[string]any{
		"inputs": env.Inputs,
		"run":    map[string]any{"id": host.RunID(), "started_at": env.Started.UTC().Format(time.RFC3339)},
	}
	if p.Answer != nil {
		r.vars["binds"] = env.Binds
	}
	for i, s := range p.Steps {
		if err := r.step(ctx, s, &r.out.Records[i]); err != nil {
			if p.Answer == nil {
				r.outputs(context.WithoutCancel(ctx))
			}
			return r.out, err
		}
	}
	if p.Answer != nil {
		return r.out, r.answer(ctx)
	}
	return r.out, r.outputs(ctx)
}

// run is the state of one execution; one goroutine owns it.
type run struct {
	plan   *plan.Plan
	env    *Env
	host   durable.Host
	out    *Outcome
	values map[string]any // results by step id
	vars   map[string]any
	last   *kept // answer of the last call of a flow
}

// OutputError says that an output's source could not be evaluated.
type OutputError struct {
	Name string
	Err  error
}

func (e *OutputError) Error() string { return fmt.Sprintf("output %q: %v", e.Name, e.Err) }

// Unwrap returns the evaluation's error.
func (e *OutputError) Unwrap() error { return e.Err }

// outputs evaluates what can be: the outputs all of whose steps succeeded. The
// first that fails is the error; the others are there all the same.
func (r *run) outputs(ctx context.Context) error {
	r.out.Outputs = make(map[string]any, len(r.plan.Outputs))
	var failed error
	for _, o := range r.plan.Outputs {
		if !r.reached(o.Expr.Refs()) {
			continue
		}
		v, err := o.Expr.Eval(ctx, r.evalEnv(nil))
		if err == nil {
			r.out.Outputs[o.Name] = v
		} else if failed == nil {
			failed = &OutputError{o.Name, err}
		}
	}
	return failed
}

// reached reports whether every step that is read has been done or skipped.
func (r *run) reached(refs []eval.Ref) bool {
	for _, ref := range refs {
		if _, done := r.values[ref.Name]; ref.Step && !done {
			return false
		}
	}
	return true
}

// evalEnv is what expressions see; vars are added for the step at hand.
func (r *run) evalEnv(vars map[string]any) *eval.Env {
	if len(vars) == 0 {
		return &eval.Env{Steps: r.values, Vars: r.vars}
	}
	all := make(map[string]any, len(r.vars)+len(vars))
	for k, v := range r.vars {
		all[k] = v
	}
	for k, v := range vars {
		all[k] = v
	}
	return &eval.Env{Steps: r.values, Vars: all}
}

// step runs one step with its condition and iterations, and records it.
func (r *run) step(ctx context.Context, s *plan.Step, rec *Record) error {
	err := r.perform(ctx, s, rec)
	rec.Err = err
	switch {
	case err != nil:
		rec.Status = statusOf(ctx, err)
		kind := StepFailed
		if rec.Status == WaitingOn || rec.Status == InDoubt {
			kind = Waiting
		}
		r.env.Emit(Event{Kind: kind, Step: s.ID, Status: rec.HTTPStatus, Message: err.Error(), Err: err})
	case rec.Status == Skipped:
		r.env.Emit(Event{Kind: StepSkipped, Step: s.ID, Message: "its condition is false"})
	default:
		rec.Status = Succeeded
		r.env.Emit(Event{Kind: StepDone, Step: s.ID, Status: rec.HTTPStatus, Try: rec.Attempts})
	}
	return err
}

func (r *run) perform(ctx context.Context, s *plan.Step, rec *Record) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if s.When != nil {
		ok, err := s.When.Eval(ctx, r.evalEnv(nil))
		if err != nil {
			return r.fail(ctx, s, s.ID, "when", err)
		}
		if ok != true {
			rec.Status = Skipped
			r.values[s.ID] = nil
			return nil
		}
	}
	r.env.Emit(Event{Kind: StepStarted, Step: s.ID})
	if s.Each == nil {
		v, err := r.once(ctx, s, s.ID, nil, rec)
		if err == nil {
			r.values[s.ID] = v
		}
		return err
	}
	return r.each(ctx, s, rec)
}

// each runs the step once for every element, in order, and yields the list of
// results.
func (r *run) each(ctx context.Context, s *plan.Step, rec *Record) error {
	list, err := s.Each.Eval(ctx, r.evalEnv(nil))
	if err != nil {
		return r.fail(ctx, s, s.ID, "each", err)
	}
	items, ok := list.([]any)
	if !ok {
		return r.fail(ctx, s, s.ID, "each", fmt.Errorf("%s is not a list", s.Each.Source()))
	}
	results := make([]any, 0, len(items))
	for i, item := range items {
		v, err := r.once(ctx, s, fmt.Sprintf("%s[%d]", s.ID, i), map[string]any{"item": item, "index": i}, rec)
		if err != nil {
			return err
		}
		results = append(results, v)
	}
	r.values[s.ID] = results
	return nil
}

func (r *run) once(ctx context.Context, s *plan.Step, path string, vars map[string]any, rec *Record) (any, error) {
	switch s.Kind {
	case plan.KindExternal:
		return r.external(ctx, s, path, vars, rec)
	case plan.KindLookup:
		return r.lookup(ctx, s)
	case plan.KindScript:
		return r.script(ctx, s)
	case plan.KindMock:
		v, err := s.Mock.Eval(ctx, r.evalEnv(nil), nil)
		if err != nil {
			return nil, r.fail(ctx, s, path, "value", err)
		}
		return v, nil
	}
	return r.operation(ctx, s, path, vars, rec)
}

// kept is what the host keeps of a step: the answer as later steps see it.
type kept struct {
	Status    int    `json:"status"`
	Attempts  int    `json:"attempts"` // sendings in all
	Millis    int64  `json:"ms"`       // from the first sending to the answer
	RequestID string `json:"request_id,omitempty"`
	Value     any    `json:"value"`
	// Of flows, whose answer may be passed on as it came.
	Media string `json:"media,omitempty"`
	Raw   []byte `json:"raw,omitempty"`
	// Header is what a served call passes on; nothing is served from what was kept.
	Header http.Header `json:"-"`
	// settled reports that the answer proves an effect and has no value.
	settled bool
}

// Answer is what a host keeps of an answer that a person supplies for one that
// was lost: it was sent once at least.
func Answer(value any) (json.RawMessage, error) {
	return (&kept{Value: value, Attempts: 1}).MarshalJSON()
}

// MarshalJSON makes kept the durable.Result of a step.
func (k *kept) MarshalJSON() ([]byte, error) {
	type fields kept
	return json.Marshal((*fields)(k))
}

func decodeKept(raw json.RawMessage) (*kept, error) {
	k := &kept{}
	v, err := jsonvalue.Decode(raw)
	if err != nil {
		return nil, err
	}
	m, _ := v.(map[string]any)
	k.Status, _ = m["status"].(int)
	k.Attempts, _ = m["attempts"].(int)
	ms, _ := m["ms"].(int)
	k.Millis = int64(ms)
	k.RequestID, _ = m["request_id"].(string)
	k.Value = m["value"]
	k.Media, _ = m["media"].(string)
	if text, ok := m["raw"].(string); ok {
		k.Raw, err = base64.StdEncoding.DecodeString(text)
	}
	return k, err
}
