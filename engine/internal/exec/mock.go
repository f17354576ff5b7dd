package exec

import (
	"context"

	"github.com/capstan-run/capstan/engine/internal/plan"
)

// mock answers from the values of its step.
func (t *turn) mock(ctx context.Context, a *plan.Mock) (any, error) {
	v, err := a.Answer.Eval(ctx, t.evalEnv(t.vars), nil)
	if err != nil {
		return nil, t.fail(ctx, "value", err)
	}
	return v, nil
}
