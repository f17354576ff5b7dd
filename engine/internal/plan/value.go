package plan

import (
	"context"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/template"
	"github.com/capstan-run/capstan/spec"
)

// Value is something that a step sends: a literal, an expression, a text with
// expressions in it, or a list or mapping of values.
type Value interface {
	// Eval computes the value. It is safe for concurrent use.
	Eval(ctx context.Context, env *eval.Env) (any, error)
	// refs returns what the value reads.
	refs() []eval.Ref
	// typ returns the static type.
	typ() eval.Type
}

// Literal is a value written in the file or taken from a schema.
type Literal struct{ V any }

// Eval returns the literal.
func (l Literal) Eval(context.Context, *eval.Env) (any, error) { return l.V, nil }
func (l Literal) refs() []eval.Ref                             { return nil }
func (l Literal) typ() eval.Type                               { return eval.FromValue(l.V) }

// exprValue is a bare expression, as inference makes it.
type exprValue struct{ e *eval.Expr }

func (v exprValue) Eval(ctx context.Context, env *eval.Env) (any, error) { return v.e.Eval(ctx, env) }
func (v exprValue) refs() []eval.Ref                                     { return v.e.Refs() }
func (v exprValue) typ() eval.Type                                       { return v.e.Type() }

// templateValue is a string with {{ }} in it.
type templateValue struct{ t *template.Template }

func (v templateValue) Eval(ctx context.Context, env *eval.Env) (any, error) {
	return v.t.Eval(ctx, env)
}
func (v templateValue) refs() []eval.Ref { return v.t.Refs() }
func (v templateValue) typ() eval.Type   { return v.t.Type() }

type listValue []Value

func (v listValue) Eval(ctx context.Context, env *eval.Env) (any, error) {
	out := make([]any, len(v))
	for i, item := range v {
		x, err := item.Eval(ctx, env)
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return out, nil
}

func (v listValue) refs() []eval.Ref {
	var out []eval.Ref
	for _, item := range v {
		out = append(out, item.refs()...)
	}
	return out
}
func (v listValue) typ() eval.Type { return eval.ArrayOf(eval.Any()) }

type mapValue struct {
	keys   []string
	values []Value
}

func (v mapValue) Eval(ctx context.Context, env *eval.Env) (any, error) {
	out := make(map[string]any, len(v.keys))
	for i, k := range v.keys {
		x, err := v.values[i].Eval(ctx, env)
		if err != nil {
			return nil, err
		}
		out[k] = x
	}
	return out, nil
}

func (v mapValue) refs() []eval.Ref {
	var out []eval.Ref
	for _, x := range v.values {
		out = append(out, x.refs()...)
	}
	return out
}

func (v mapValue) typ() eval.Type {
	fields := make(map[string]eval.Type, len(v.keys))
	for i, k := range v.keys {
		fields[k] = v.values[i].typ()
	}
	return eval.Object(fields, false)
}

// compile turns a YAML value that step s sends into a Value, reporting every
// problem of every expression in it where it was written.
func (b *builder) compile(s *Step, scope *eval.Scope, v spec.Value) Value {
	switch v.Kind {
	case spec.Sequence:
		out := make(listValue, len(v.Items))
		for i, item := range v.Items {
			out[i] = b.compile(s, scope, item)
		}
		return out
	case spec.Mapping:
		out := mapValue{}
		for _, f := range v.Fields {
			out.keys = append(out.keys, f.Key.Value)
			out.values = append(out.values, b.compile(s, scope, f.Value))
		}
		return out
	}
	text, ok := v.Scalar.(string)
	if !ok || !template.Has(text) {
		return Literal{v.Scalar}
	}
	t, problems := template.Compile(scope, text)
	b.report(v.Str, problems)
	if t == nil {
		return broken{}
	}
	b.checkOrder(t.Refs(), v.Str, s, false)
	b.use(t.Refs(), s.ID)
	return templateValue{t}
}

// broken stands in for a value whose expression has an error already reported,
// so that the rest can be checked without follow-up errors.
type broken struct{}

func (broken) Eval(context.Context, *eval.Env) (any, error) { return nil, nil }
func (broken) refs() []eval.Ref                             { return nil }
func (broken) typ() eval.Type                               { return eval.Any() }

// report turns the problems of an expression into diagnostics at the author's
// place.
func (b *builder) report(at spec.Str, problems []eval.Problem) {
	for _, p := range problems {
		pos, end := at.Span(p.Offset, p.Length)
		d := diag.Diagnostic{Code: p.Code, Severity: diag.Error, Pos: pos, EndColumn: end, Message: p.Message, Hint: p.Hint}
		if p.Warning {
			d.Severity = diag.Warning
		}
		b.diags.Add(d)
	}
}
