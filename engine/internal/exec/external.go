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
func (t *turn) external(ctx context.Context, a *plan.External) (any, error) {
	env := t.evalEnv(t.vars)
	w := durable.Wait{Path: t.path, Description: t.s.Description, With: map[string]any{}}
	for _, b := range a.Binds {
		v, _, err := b.Value.Eval(ctx, env)
		if err != nil {
			return nil, t.fail(ctx, b.Name, err)
		}
		w.With[b.Name] = v
		if b.Sensitive || t.holdsSecret(v) {
			w.Sensitive = append(w.Sensitive, b.Name)
		}
	}
	if t.env.Perform != nil {
		w.Perform = func(ctx context.Context) (json.RawMessage, bool, error) { return t.env.Perform(ctx, w) }
	}
	began := time.Now()
	raw, err := t.host.Await(ctx, w)
	t.rec.Duration += time.Since(began)
	if err != nil {
		var suspended *durable.Suspended
		if errors.As(err, &suspended) || context.Cause(ctx) != nil {
			return nil, err
		}
		return nil, &StepError{Step: t.path, Code: CodeExternal, Message: err.Error(), Err: err}
	}
	v, err := jsonvalue.Decode(raw)
	if err != nil {
		return nil, &StepError{Step: t.path, Code: CodeExternal, Message: "its result is not JSON: " + err.Error(), Err: err}
	}
	t.hide(v)
	return v, nil
}

// holdsSecret reports a value that holds a secret of the run by a way that the
// plan could not see.
func (t *turn) holdsSecret(v any) bool {
	if t.env.Hide == nil {
		return false
	}
	text, err := json.Marshal(v)
	return err == nil && t.env.Hide(string(text)) != string(text)
}

// hide lets the run's redactor know the sensitive strings in a result.
func (t *turn) hide(v any) {
	for _, p := range t.s.Sensitive {
		hideAt(v, p, t.env.Redactor)
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
