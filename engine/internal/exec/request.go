package exec

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/operations"
)

// request evaluates the bindings. Nothing is sent when a value that must be
// there is empty.
func (r *run) request(ctx context.Context, s *plan.Step, path string, vars map[string]any) (*operations.Request, error) {
	req := &operations.Request{Op: s.Op, Step: path, Attempts: s.Attempts, Timeout: cmp.Or(s.Limit, r.env.Limit), BaseURL: r.env.BaseURL(s.API), Header: http.Header{}, Redactor: r.env.Redactor}
	req.Undecoded = r.env.PassOn && s.Exchange != nil && s.Exchange.Raw && s.Exchange.Format == "" && r.plan.Answer.PassesOn()
	for _, p := range s.Spec.Sensitive {
		req.Sensitive = append(req.Sensitive, p.Value)
	}
	env := r.evalEnv(vars)
	body := map[string]any{}
	for _, b := range s.Binds {
		v, err := b.Value.Eval(ctx, env)
		if err != nil {
			return nil, r.fail(ctx, s, path, b.Name, err)
		}
		if b.Must && empty(v, b.In) || v == nil && r.vanishes(s, b) {
			return nil, r.emptyValue(s, path, b)
		}
		switch {
		case b.Whole:
			req.Body = v
		case b.In == operations.InBody:
			if v != nil || b.Null {
				body[b.Name] = v
			}
		case v != nil:
			req.Args = append(req.Args, operations.Arg{Param: b.Param, Value: v})
		}
	}
	if len(body) > 0 || req.Body == nil && s.Op.Body != nil && s.Op.Body.Required {
		req.Body = body
	}
	if s.Exchange != nil && s.Exchange.Body != nil {
		if err := r.flowBody(ctx, s, env, req); err != nil {
			return nil, r.fail(ctx, s, path, "body", err)
		}
		if req.Body == nil && s.Op.Effect() != operations.Read {
			return nil, r.emptyValue(s, path, &plan.Bind{Name: "body", In: operations.InBody, From: "its template"})
		}
	}
	if req.Attempts == 0 {
		req.Attempts = r.env.Attempts
	}
	if s.KeyHeader != "" {
		req.Header.Set(s.KeyHeader, idempotencyKey(r.host.RunID(), path))
		req.Resend = true
	}
	return req, nil
}

// empty reports whether a value has no content: at any depth outside a body,
// where an empty list has no form of its own.
func empty(v any, in operations.In) bool {
	return v == nil || v == "" || in != operations.InBody && plan.Empty(v)
}

// vanishes reports whether leaving the bound value out would make the request
// another one than was asked for: a write that reaches more, or does less. What
// the caller did not give was not asked for.
func (r *run) vanishes(s *plan.Step, b *plan.Bind) bool {
	return s.Op.Effect() != operations.Read && !b.Null && !b.LeftOut(r.env.Inputs)
}

func (r *run) emptyValue(s *plan.Step, path string, b *plan.Bind) error {
	e := &StepError{
		Step: path, Code: CodeEmptyValue, API: s.API,
		Message: fmt.Sprintf("%q of %s came out empty: %s has no value", b.Name, s.Op.ID, b.From),
		Hint:    hintNothingSent,
	}
	for _, g := range s.Guards {
		if g.Param == b.Name {
			e.Code = CodeEmptyFilter
			e.Message = fmt.Sprintf("the filter %q of %s came out empty (%s): sending it would list everyone's items", b.Name, s.Op.ID, b.From)
		}
	}
	return e
}

const hintNothingSent = "nothing was sent; check what the steps before it returned"

// idempotencyKey is the same for every attempt of a step in a run, and for no
// other step.
func idempotencyKey(run, path string) string {
	sum := sha256.Sum256([]byte(run + "\x00" + path))
	return hex.EncodeToString(sum[:16])
}

// input is what the host records of the arguments, without credentials: the
// binds of a file may stand in them.
func (c *call) input() json.RawMessage {
	args := map[string]any{}
	for _, a := range c.req.Args {
		args[string(a.Param.In)+"."+a.Param.Name] = a.Value
	}
	if c.req.Body != nil {
		args["body"] = c.req.Body
	}
	data, err := json.Marshal(args)
	if err != nil {
		return nil // the values came from JSON
	}
	if c.env.Keep != nil {
		data = c.env.Keep(data)
	}
	return data
}
