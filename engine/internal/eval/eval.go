package eval

import (
	"context"

	"github.com/expr-lang/expr/vm"
)

// Env holds the values that expressions read: results of steps by id, and
// variables by name. Values are JSON-like: nil, bool, int, float64,
// json.Number, string, []any and map[string]any. A missing step, variable or
// field reads as null. Evaluating does not write to an Env or to its values;
// one Env may serve many evaluations at once as long as nothing else writes to
// it.
type Env struct {
	Steps map[string]any
	Vars  map[string]any
	// Headers holds the headers of the steps' answers that are read: texts by
	// their names in lower case.
	Headers map[string]map[string]any
}

// value returns the value of a name.
func (env *Env) value(d declared) (v any, found bool) {
	switch {
	case d.headers:
		if h, ok := env.Headers[d.name]; ok {
			return h, true
		}
		return nil, false
	case d.step:
		v, found = env.Steps[d.name]
	default:
		v, found = env.Vars[d.name]
	}
	return v, found
}

// Eval evaluates the expression. The result is JSON-like data, which may share
// parts with env and must not be changed. Every error is an [*EvalError]; when
// ctx ended it unwraps to ctx's error. Eval is safe for concurrent use.
//
// The same env gives the same result, always. Work is bounded, and ctx is
// checked before the evaluation and on every call of a predicate.
func (e *Expr) Eval(ctx context.Context, env *Env) (any, error) {
	if err := ctx.Err(); err != nil {
		return nil, fault(err)
	}
	if env == nil {
		env = &Env{}
	}
	out, found := any(nil), false
	if e.path != nil {
		out, found = e.path.follow(env)
	}
	if !found {
		var err error
		if out, err = e.run(ctx, env); err != nil {
			return nil, err
		}
	}
	if _, ok := out.(bool); e.wantBool && !ok {
		return nil, fault(failf("a condition must be true or false, got %s", describe(out)))
	}
	return out, nil
}

// run evaluates the expression with expr's machine.
func (e *Expr) run(ctx context.Context, env *Env) (any, error) {
	machine := vm.VM{MemoryBudget: maxItems}
	out, err := machine.Run(e.program, e.environment(&meter{ctx: ctx}, env))
	if err != nil {
		return nil, e.explain(err)
	}
	if _, isByte := out.(byte); isByte || e.path == nil {
		if out, err = (&meter{ctx: ctx}).plainValue(out); err != nil {
			return nil, fault(err)
		}
	}
	return out, nil
}

// environment returns the values that the program loads, by slot.
func (e *Expr) environment(m *meter, env *Env) map[string]any {
	values := make(map[string]any, len(e.reads)+len(e.calls))
	for _, d := range e.reads {
		values[d.slot], _ = env.value(d)
	}
	for _, c := range e.calls {
		values[c.slot] = m.bind(c.run)
	}
	return values
}
