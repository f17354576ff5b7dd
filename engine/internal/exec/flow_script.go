package exec

import (
	"context"

	"github.com/capstan-run/capstan/engine/internal/plan"
)

// CodeScript is the code of a script that failed.
const CodeScript = "script-failed"

// script runs a script step. It is a pure function of the run so far, so it is
// run again rather than kept.
func (r *run) script(ctx context.Context, s *plan.Step) (any, error) {
	vars := map[string]any{}
	for name, v := range r.env.Inputs {
		vars[name] = v
	}
	for id, v := range r.values {
		vars[id] = v
	}
	with, err := s.Script.With.Eval(ctx, r.evalEnv(nil))
	if err != nil {
		return nil, r.fail(ctx, s, s.ID, "with", err)
	}
	for name, v := range with.(map[string]any) {
		vars[name] = v
	}
	o := s.Script.Options
	o.Now, o.Hide = r.env.Started, r.env.Hide
	v, err := s.Script.Program.Run(ctx, vars, o)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &StepError{Step: s.ID, Code: CodeScript, Message: err.Error(), Err: err}
	}
	return v, nil
}
