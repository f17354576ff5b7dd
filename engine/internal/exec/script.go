package exec

import (
	"context"
	"maps"

	"github.com/capstan-run/capstan/engine/internal/plan"
)

// CodeScript is the code of a script that failed.
const CodeScript = "script-failed"

// script runs a script step. It is a pure function of the run so far, so it is
// run again rather than kept.
func (t *turn) script(ctx context.Context, a *plan.Script) (any, error) {
	vars := map[string]any{}
	maps.Copy(vars, t.env.Inputs)
	maps.Copy(vars, t.values)
	env := t.evalEnv(t.vars)
	for _, b := range a.With {
		v, found, err := b.Value.Eval(ctx, env)
		if err != nil {
			return nil, t.fail(ctx, "with", err)
		}
		if found {
			vars[b.Name] = v
		}
	}
	o := a.Options
	o.Now, o.Hide = t.env.Started, t.env.Hide
	v, err := a.Program.Run(ctx, vars, o)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &StepError{Step: t.path, Code: CodeScript, Message: err.Error(), Err: err}
	}
	return v, nil
}
