package exec

import (
	"context"
	"maps"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/operations"
)

// judge stops the step when its fail condition is true, and for steps that do
// not poll picks the selected item.
func (c *call) judge(ctx context.Context, k *kept) error {
	failed, err := c.truth(ctx, k, c.a.Fail, "fail")
	if err != nil {
		return err
	}
	if failed {
		return c.judged(k, CodeFailTrue, "its fail condition came true: %s", c.a.Fail.Source())
	}
	if c.a.Polls() {
		return nil
	}
	return c.pick(ctx, k)
}

// goal is the answer that the poll waits for.
func (c *call) goal(ctx context.Context) *operations.Goal {
	return &operations.Goal{Values: c.a.Until.Constants(), Judge: func(resp *operations.Response) (done, failed bool) {
		look := *c
		look.try, look.own = 2, nil // it warns of nothing and keeps nothing
		v, err := look.value(resp, resp.Header.Get("Content-Type"))
		if err == nil {
			v, err = look.guarded(v)
		}
		if err != nil {
			return false, false // the look itself reports it
		}
		k := &kept{Status: resp.Status, Value: v}
		failed, err = look.truth(ctx, k, c.a.Fail, "fail")
		done, _ = look.truth(ctx, k, c.a.Until, "until")
		return done, failed || err != nil
	}}
}

// pick evaluates `select` and adds its item to the result as "match".
func (c *call) pick(ctx context.Context, k *kept) error {
	if c.a.Select == nil {
		return nil
	}
	item, err := c.a.Select.Eval(ctx, c.answerEnv(k))
	if err != nil {
		return c.fail(ctx, "select", err)
	}
	if item == nil {
		return c.judged(k, CodeNoMatch, "select found nothing: %s", c.a.Select.Source())
	}
	result, ok := k.Value.(map[string]any)
	if !ok {
		result = map[string]any{"items": k.Value}
	}
	withMatch := make(map[string]any, len(result)+1)
	maps.Copy(withMatch, result)
	withMatch["match"] = item
	k.Value = withMatch
	return nil
}

// judged is the failure of an answer that the step's own conditions refuse.
func (c *call) judged(k *kept, code, format string, args ...any) error {
	e := c.stepError(code, format, args...)
	e.Status, e.RequestID, e.Sent = k.Status, k.RequestID, true
	return e
}

func (c *call) truth(ctx context.Context, k *kept, e *eval.Expr, key string) (bool, error) {
	if e == nil {
		return false, nil
	}
	v, err := e.Eval(ctx, c.answerEnv(k))
	if err != nil {
		return false, c.fail(ctx, key, err)
	}
	return v == true, nil
}

// answerEnv is the environment of expressions over the step's own answer.
func (c *call) answerEnv(k *kept) *eval.Env {
	if c.own == nil || c.ownOf != k {
		vars := maps.Clone(c.evalEnv(c.vars).Vars)
		vars["result"] = k.Value
		steps := maps.Clone(c.values)
		steps[c.s.ID] = k.Value
		headers := maps.Clone(c.run.headers)
		headers[c.s.ID] = k.Headers
		c.own, c.ownOf = &eval.Env{Steps: steps, Vars: vars, Headers: headers}, k
	}
	return c.own
}
