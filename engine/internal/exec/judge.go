package exec

import (
	"context"

	"github.com/capstan-run/capstan/engine/internal/eval"
)

// judge stops the step when its fail condition is true, and for steps that do
// not poll picks the selected item.
func (c *call) judge(ctx context.Context, k *kept) error {
	failed, err := c.truth(ctx, k, c.s.Fail, "fail")
	if err != nil {
		return err
	}
	if failed {
		e := c.stepError(CodeFailTrue, "its fail condition came true: %s", c.s.Fail.Source())
		e.Status, e.RequestID, e.Sent = k.Status, k.RequestID, true
		return e
	}
	if c.s.Polls() {
		return nil
	}
	return c.pick(ctx, k)
}

// pick evaluates `select` and adds its item to the result as "match".
func (c *call) pick(ctx context.Context, k *kept) error {
	if c.s.Select == nil {
		return nil
	}
	item, err := c.s.Select.Eval(ctx, c.answerEnv(k))
	if err != nil {
		return c.fail(ctx, c.s, c.path, "select", err)
	}
	if item == nil {
		e := c.stepError(CodeNoMatch, "select found nothing: %s", c.s.Select.Source())
		e.Status, e.RequestID, e.Sent = k.Status, k.RequestID, true
		return e
	}
	result, ok := k.Value.(map[string]any)
	if !ok {
		result = map[string]any{"items": k.Value}
	}
	withMatch := make(map[string]any, len(result)+1)
	for name, v := range result {
		withMatch[name] = v
	}
	withMatch["match"] = item
	k.Value = withMatch
	return nil
}

func (c *call) truth(ctx context.Context, k *kept, e *eval.Expr, key string) (bool, error) {
	if e == nil {
		return false, nil
	}
	v, err := e.Eval(ctx, c.answerEnv(k))
	if err != nil {
		return false, c.fail(ctx, c.s, c.path, key, err)
	}
	return v == true, nil
}

// answerEnv is what expressions over the step's own answer see.
func (c *call) answerEnv(k *kept) *eval.Env {
	vars := map[string]any{"result": k.Value}
	for name, v := range c.vars {
		vars[name] = v
	}
	env := c.evalEnv(vars)
	steps := make(map[string]any, len(env.Steps)+1)
	for id, v := range env.Steps {
		steps[id] = v
	}
	steps[c.s.ID] = k.Value
	return &eval.Env{Steps: steps, Vars: env.Vars}
}
