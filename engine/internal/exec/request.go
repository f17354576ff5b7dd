package exec

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/request"
)

// request evaluates the bindings. Nothing is sent when a value that must be
// there is empty.
func (t *turn) request(ctx context.Context, a *plan.Operation) (*operations.Request, error) {
	req := &operations.Request{
		Op: a.Op, Step: t.path, Attempts: cmp.Or(a.Attempts, t.env.Attempts), Timeout: cmp.Or(a.Limit, t.env.Limit),
		BaseURL: t.env.BaseURL(a.API), Redactor: t.env.Redactor, Undecoded: t.env.PassOn && a.Answer.Unread,
	}
	for _, p := range t.s.Sensitive {
		req.Sensitive = append(req.Sensitive, p.String())
	}
	env := t.evalEnv(t.vars)
	var body map[string]any
	for _, b := range a.Binds {
		v, _, err := b.Value.Eval(ctx, env)
		if err != nil {
			return nil, t.fail(ctx, b.Name, err)
		}
		if b.Must && empty(v, b.In) || v == nil && t.vanishes(a, b) {
			return nil, t.emptyValue(a, b)
		}
		switch {
		case b.Whole:
			req.Body = v
		case b.In == operations.InBody:
			if v == nil && !b.Null {
				continue
			}
			if body == nil {
				body = map[string]any{}
			}
			body[b.Name] = v
		case v != nil:
			req.Args = append(req.Args, operations.Arg{Param: b.Param, Value: v})
		}
	}
	switch {
	case len(body) > 0:
		req.Body = body
	case req.Body == nil && a.Op.Body != nil && a.Op.Body.Required:
		req.Body = map[string]any{}
	}
	if a.Body != nil {
		if err := fill(ctx, a.Body, env, req); err != nil {
			return nil, t.fail(ctx, "body", err)
		}
		if req.Body == nil && a.Op.Effect() != operations.Read {
			return nil, t.emptyValue(a, &plan.Bind{Name: "body", In: operations.InBody, From: "its template"})
		}
	}
	if a.KeyHeader != "" {
		req.Header = http.Header{}
		req.Header.Set(a.KeyHeader, idempotencyKey(t.host.RunID(), t.path))
		req.Resend = true
	}
	return req, nil
}

// fill makes the body from the operation's template.
func fill(ctx context.Context, b *plan.Body, env *eval.Env, req *operations.Request) error {
	v, err := b.Make(ctx, env)
	if err != nil {
		return err
	}
	req.MediaType = b.Media
	parts, ok := v.([]request.Part)
	if !ok {
		req.Body = v
		return nil
	}
	req.Body, req.MediaType, err = request.EncodeParts(parts)
	return err
}

// empty reports whether a value has no content: at any depth outside a body,
// where an empty list has no form of its own.
func empty(v any, in operations.In) bool {
	return v == nil || v == "" || in != operations.InBody && plan.Empty(v)
}

// vanishes reports whether leaving the bound value out would make the request
// another one than was asked for: a write that reaches more, or does less. What
// the caller did not give was not asked for.
func (t *turn) vanishes(a *plan.Operation, b *plan.Bind) bool {
	return a.Op.Effect() != operations.Read && !b.Null && !b.LeftOut(t.env.Inputs)
}

func (t *turn) emptyValue(a *plan.Operation, b *plan.Bind) error {
	e := &StepError{
		Step: t.path, Code: CodeEmptyValue,
		Message: fmt.Sprintf("%q of %s came out empty: %s has no value", b.Name, a.Op.ID, b.From),
		Hint:    hintNothingSent,
	}
	for _, g := range a.Guards {
		if g.Param == b.Name {
			e.Code = CodeEmptyFilter
			e.Message = fmt.Sprintf("the filter %q of %s came out empty (%s): sending it would list everyone's items", b.Name, a.Op.ID, b.From)
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

// input is the record of the arguments, without credentials: the
// binds of a file may stand in them.
func (c *call) input() json.RawMessage {
	args := map[string]any{}
	for _, a := range c.req.Args {
		args[string(a.Param.In)+"."+a.Param.Name] = a.Value
	}
	if c.req.Body != nil {
		args["body"] = c.req.Body
	}
	data, err := jsonvalue.Append(make([]byte, 0, 256), args)
	if err != nil {
		return nil // the values came from JSON
	}
	if c.env.Keep != nil {
		data = c.env.Keep(data)
	}
	return data
}
