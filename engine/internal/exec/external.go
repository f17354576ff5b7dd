package exec

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// external waits for a step that a person or another system performs.
func (r *run) external(ctx context.Context, s *plan.Step, path string, vars map[string]any, rec *Record) (any, error) {
	env := r.evalEnv(vars)
	w := durable.Wait{Path: path, Description: s.Spec.Description.Value, With: map[string]any{}}
	for _, b := range s.Binds {
		v, err := b.Value.Eval(ctx, env)
		if err != nil {
			return nil, r.fail(ctx, s, path, b.Name, err)
		}
		w.With[b.Name] = v
		if b.Sensitive || r.holdsSecret(v) {
			w.Sensitive = append(w.Sensitive, b.Name)
		}
	}
	if r.env.Perform != nil {
		w.Perform = func(ctx context.Context) (json.RawMessage, bool, error) { return r.env.Perform(ctx, w) }
	}
	began := time.Now()
	raw, err := r.host.Await(ctx, w)
	rec.Duration += time.Since(began)
	if err != nil {
		var suspended *durable.Suspended
		if errors.As(err, &suspended) || context.Cause(ctx) != nil {
			return nil, err
		}
		return nil, &StepError{Step: path, Code: CodeExternal, Message: err.Error(), Err: err}
	}
	v, err := jsonvalue.Decode(raw)
	if err != nil {
		return nil, &StepError{Step: path, Code: CodeExternal, Message: "its result is not JSON: " + err.Error(), Err: err}
	}
	r.hide(s, v)
	return v, nil
}

// holdsSecret reports a value that holds a secret of the run by a way that the
// plan could not see.
func (r *run) holdsSecret(v any) bool {
	if r.env.Hide == nil {
		return false
	}
	text, err := json.Marshal(v)
	return err == nil && r.env.Hide(string(text)) != string(text)
}

// hide lets the run's redactor know the sensitive strings in a result.
func (r *run) hide(s *plan.Step, v any) {
	for _, p := range s.Sensitive {
		hideAt(v, p, r.env.Redactor)
	}
}

func hideAt(v any, path plan.Path, r *operations.Redactor) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			hideAt(item, path, r)
		}
	case map[string]any:
		if len(path) > 0 {
			hideAt(v[path[0]], path[1:], r)
			return
		}
		for _, item := range v {
			hideAt(item, nil, r)
		}
	case nil, bool:
	default:
		if len(path) == 0 {
			r.Add(scalarText(v)) // a text, or a number as it is written
		}
	}
}
