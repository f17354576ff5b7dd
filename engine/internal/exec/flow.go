package exec

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"unicode/utf8"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/operations"
)

// flowBody makes the body of a flow's request from its template.
func (r *run) flowBody(ctx context.Context, s *plan.Step, env *eval.Env, req *operations.Request) error {
	b := s.Exchange.Body
	v, err := b.Make(ctx, env)
	if err != nil {
		return err
	}
	req.MediaType = b.Media
	parts, ok := v.([]operations.Part)
	if !ok {
		req.Body = v
		return nil
	}
	req.Body, req.MediaType, err = operations.EncodeParts(parts)
	return err
}

// read decodes the answer of a flow's call by its declared format.
func (c *call) read(resp *operations.Response) (*kept, error) {
	x := c.s.Exchange
	k := &kept{
		Status: resp.Status, Attempts: c.attempts, Millis: c.spent().Milliseconds(), RequestID: resp.RequestID,
		Media: resp.Header.Get("Content-Type"), Header: PassedOn(resp.Header),
	}
	if x.Media != "" {
		k.Media = x.Media
	}
	if x.Raw {
		k.Raw = resp.Body
	}
	switch {
	case len(bytes.TrimSpace(resp.Body)) == 0, c.req.Undecoded && utf8.Valid(resp.Body):
	case x.Format == "binary":
		if x.MaxBinary > 0 && int64(len(resp.Body)) > x.MaxBinary {
			return nil, c.unreadable(resp, fmt.Errorf("it has %d bytes, more than maxBinarySize allows (%d)", len(resp.Body), x.MaxBinary))
		}
		k.Raw = resp.Body
	case x.Decode != nil:
		v, err := x.Decode(resp.Body, k.Media)
		if err != nil {
			return nil, c.unreadable(resp, err)
		}
		k.Value = v
	case resp.IsJSON:
		k.Value = resp.Value
	default:
		k.Value = lenient(resp)
		if _, isText := k.Value.(string); isText && x.Inside {
			return nil, c.noJSON(resp)
		}
	}
	return k, nil
}

// lenient reads an answer that does not say it is JSON: as JSON where it is,
// else as text.
func lenient(resp *operations.Response) any {
	var v any
	if json.Valid(resp.Body) {
		if v, err := decodeJSON(resp.Body); err == nil {
			return v
		}
	}
	if v = resp.Value; v == nil {
		v = string(resp.Body)
	}
	return v
}

// noJSON refuses text where the flow reads fields of the answer.
func (c *call) noJSON(resp *operations.Response) error {
	err := resp.DecodeErr
	if err == nil {
		err = fmt.Errorf("it is %s", cmp.Or(resp.Header.Get("Content-Type"), "text without a content type"))
	}
	e := c.stepError(CodeAnswer, "%s answered %d, but its answer is not JSON: %v", c.s.API, resp.Status, err)
	e.Status, e.RequestID, e.Sent, e.Err = resp.Status, resp.RequestID, true, err
	e.Body = excerpt(string(resp.Body))
	return e
}

func (c *call) unreadable(resp *operations.Response, err error) error {
	e := c.stepError(CodeAnswer, "%s answered %d, but its answer cannot be read as %s: %v", c.s.API, resp.Status, c.s.Exchange.Format, err)
	e.Status, e.RequestID, e.Sent, e.Err = resp.Status, resp.RequestID, true, err
	e.Body = excerpt(string(resp.Body))
	return e
}

// result is what later steps see of a call: its named outputs, or the answer.
func (c *call) result(k *kept) (any, error) {
	x := c.s.Exchange
	if len(x.Result) == 0 {
		return k.Value, nil
	}
	if list, ok := k.Value.([]any); ok && perEntry(x.Result) {
		return named(list, x.Result), nil
	}
	out := map[string]any{}
	for _, f := range x.Result {
		v, _ := f.At.Get(k.Value)
		if whole, ok := v.(map[string]any); ok && f.At.Whole() {
			for name, field := range whole {
				out[name] = field
			}
		}
		out[f.Name] = v
	}
	return out, nil
}

// perEntry reports whether named outputs read fields: on a list they are those
// of its entries, as the published tutorials have it.
func perEntry(fields []*plan.Field) bool {
	for _, f := range fields {
		if len(f.At.Names()) == 0 {
			return false
		}
	}
	return true
}

// named adds the named outputs to every entry of a list.
func named(list []any, fields []*plan.Field) []any {
	out := make([]any, len(list))
	for i, entry := range list {
		row := map[string]any{}
		if m, ok := entry.(map[string]any); ok {
			maps.Copy(row, m)
		}
		for _, f := range fields {
			if v, found := f.At.Get(entry); found {
				row[f.Name] = v
			}
		}
		out[i] = row
	}
	return out
}

// FlowAnswer is what a flow answers with.
type FlowAnswer struct {
	// Value is the shaped value, when Shaped.
	Value  any
	Shaped bool
	// Status is the HTTP status of the last call, 0 when nothing was called.
	Status int
	// Media and Body are the last call's answer as it came, when not Shaped.
	Media  string
	Body   []byte
	Binary bool
	Cap    int64 // bytes that the operation allows of a binary answer, 0 for any
	// Header is [PassedOn] of the last call's answer; what is shaped has no file name.
	Header http.Header
}

// answer evaluates what the flow answers with.
func (r *run) answer(ctx context.Context) error {
	a := r.plan.Answer
	out := &FlowAnswer{Media: a.Media}
	r.out.Answer = out
	var found any
	if k := r.last; k != nil {
		out.Status, out.Body, out.Header, found = k.Status, k.Raw, k.Header, k.Value
		if out.Media == "" {
			out.Media = k.Media
		}
	}
	if n := len(r.plan.Steps); n > 0 {
		last := r.plan.Steps[n-1]
		if last.Exchange != nil {
			out.Binary, out.Cap = last.Exchange.Format == "binary", last.Exchange.MaxBinary
		}
		if last.Kind != plan.KindOperation {
			found = r.values[last.ID] // a lookup or script has the last word
			out.Body = nil
		} else if !last.Exchange.Raw {
			out.Body = nil
		}
	}
	v, shaped, err := r.shape(ctx, a, found)
	if err == nil && shaped {
		err = checkSize(v)
	}
	if err != nil {
		return &OutputError{"answer", err}
	}
	out.Value, out.Shaped = v, shaped
	if shaped {
		out.Header.Del("Content-Disposition")
	} else {
		out.Value = found
	}
	r.out.Outputs = outputsOf(out.Value)
	return nil
}

// shape brings what was found into the declared form; shaped is false when the
// flow declares none that fits, and the answer is passed on.
func (r *run) shape(ctx context.Context, a *plan.Answer, found any) (v any, shaped bool, err error) {
	env := r.evalEnv(nil)
	switch {
	case a.Mappings != nil:
		out := map[string]any{}
		for _, m := range a.Mappings {
			x, ok, err := m.Eval(ctx, env)
			if err != nil {
				return nil, false, err
			}
			if ok {
				put(out, m.Target, x)
			}
		}
		return out, true, nil
	case a.Object != nil:
		v, err = a.Object.Eval(ctx, env, found)
		return v, true, err
	}
	if found == nil {
		return nil, false, nil
	}
	for _, alternative := range a.Alternatives {
		if v, err = alternative.Eval(ctx, env, found); err != nil || v != nil {
			return v, v != nil, err
		}
	}
	return nil, false, nil
}

// put sets a dotted place of an object, making the objects on the way.
func put(out map[string]any, at []string, v any) {
	for _, name := range at[:len(at)-1] {
		next, ok := out[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			out[name] = next
		}
		out = next
	}
	out[at[len(at)-1]] = v
}

// outputsOf is an answer as the outputs of a run: an object's fields, anything
// else under one name.
func outputsOf(v any) map[string]any {
	if m, ok := v.(map[string]any); ok {
		return m
	}
	if v == nil {
		return map[string]any{}
	}
	return map[string]any{"result": v}
}
