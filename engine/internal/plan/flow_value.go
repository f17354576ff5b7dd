package plan

import (
	"context"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/jsonpath"
	"github.com/capstan-run/capstan/engine/internal/template"
	"github.com/capstan-run/capstan/spec"
)

// placeValue is a value that a name or path stands for, nil when absent.
type placeValue struct{ at *place }

func (v placeValue) Eval(ctx context.Context, env *eval.Env) (any, error) {
	x, _, err := v.at.get(ctx, env)
	return x, err
}
func (v placeValue) refs() []eval.Ref { return v.at.refs() }
func (v placeValue) typ() eval.Type   { return v.at.t }

// textValue is a text with placeholders: nil when one of them has no value, so
// that what it feeds is left out rather than sent half.
type textValue struct {
	text   *template.Text
	places []*place
}

func (v textValue) Eval(ctx context.Context, env *eval.Env) (any, error) {
	if v.text.Whole() {
		x, _, err := v.places[0].get(ctx, env)
		return x, err
	}
	var failed error
	s, ok := v.text.Render(v.inText(ctx, env, &failed))
	if failed != nil || !ok {
		return nil, failed
	}
	return s, nil
}

// partial renders the text with empty text for what has no value. escape, when
// set, makes a value's text fit where it stands.
func (v textValue) partial(ctx context.Context, env *eval.Env, escape func(string) string) (string, error) {
	var failed error
	get := v.inText(ctx, env, &failed)
	s, _ := v.text.Render(func(i int) (any, bool) {
		x, ok := get(i)
		if !ok || x == nil {
			return "", true
		}
		if escape == nil {
			return x, true
		}
		text, err := eval.TextOf(x)
		if err != nil && failed == nil {
			failed = err
		}
		return escape(text), true
	})
	return s, failed
}

func (v textValue) getter(ctx context.Context, env *eval.Env, failed *error) func(int) (any, bool) {
	return func(i int) (any, bool) {
		x, found, err := v.places[i].get(ctx, env)
		if err != nil && *failed == nil {
			*failed = err
		}
		return x, found
	}
}

// inText is getter for values inside longer text, where null cannot be written.
func (v textValue) inText(ctx context.Context, env *eval.Env, failed *error) func(int) (any, bool) {
	get := v.getter(ctx, env, failed)
	return func(i int) (any, bool) {
		x, found := get(i)
		if x == nil && *failed == nil {
			*failed = v.places[i].lacking(env)
		}
		return x, found
	}
}

func (v textValue) refs() []eval.Ref {
	var out []eval.Ref
	for _, p := range v.places {
		out = append(out, p.refs()...)
	}
	return out
}

func (v textValue) typ() eval.Type {
	if v.text.Whole() {
		return v.places[0].t
	}
	return eval.String()
}

// dataValue is a list or mapping of values in which what has no value is left
// out.
type dataValue struct {
	keys   []string // of a mapping; nil for a list
	values []Value
}

func (v dataValue) Eval(ctx context.Context, env *eval.Env) (any, error) {
	list := []any{}
	object := map[string]any{}
	for i, x := range v.values {
		value, found, err := given(ctx, env, x)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		if v.keys == nil {
			list = append(list, value)
		} else {
			object[v.keys[i]] = value
		}
	}
	if v.keys == nil {
		return list, nil
	}
	return object, nil
}

func (v dataValue) refs() []eval.Ref {
	var out []eval.Ref
	for _, x := range v.values {
		out = append(out, x.refs()...)
	}
	return out
}

func (v dataValue) typ() eval.Type { return eval.Any() }

// data compiles a structure whose texts may hold placeholders.
func (n *names) data(v spec.Value) Value {
	switch v.Kind {
	case spec.Sequence:
		out := dataValue{}
		for _, item := range v.Items {
			out.add(n.data(item))
		}
		return out
	case spec.Mapping:
		out := dataValue{keys: []string{}}
		for _, f := range v.Fields {
			out.keys = append(out.keys, f.Key.Value)
			out.add(n.data(f.Value))
		}
		return out
	}
	if s, ok := v.Scalar.(string); ok && strings.Contains(s, "{{") {
		return n.text(v.Str)
	}
	return Literal{v.Scalar}
}

func (v *dataValue) add(x Value) { v.values = append(v.values, x) }

// given evaluates a value and tells null from nothing: a name alone may stand
// for a null that was given, a text with a name in it cannot.
func given(ctx context.Context, env *eval.Env, x Value) (v any, found bool, err error) {
	switch x := x.(type) {
	case Literal:
		return x.V, true, nil
	case placeValue:
		return x.at.get(ctx, env)
	case textValue:
		if x.text.Whole() {
			return x.places[0].get(ctx, env)
		}
	}
	v, err = x.Eval(ctx, env)
	return v, v != nil, err
}

// text compiles a text with placeholders.
func (n *names) text(at spec.Str) Value {
	t, problems := template.Parse(at.Value)
	n.report(at, problems)
	if t == nil {
		return broken{}
	}
	if s, plain := t.Literal(); plain {
		return Literal{s}
	}
	places, ok := n.places(at, t.Placeholders())
	if !ok {
		return broken{}
	}
	return textValue{t, places}
}

// places resolves placeholders, reporting those that stand for nothing.
func (n *names) places(at spec.Str, all []template.Placeholder) ([]*place, bool) {
	out := make([]*place, len(all))
	ok := true
	for i, p := range all {
		if out[i] = n.resolve(p.Path); out[i] == nil {
			n.unresolved(at, p.Offset, p.Length, p.Name)
			ok = false
			continue
		}
		out[i].needed = n.writes
	}
	return out, ok
}

// with compiles a value of `with`: a reference (ns.param, step.field, $.step.x),
// a text with placeholders, or a literal.
func (n *names) with(v spec.Value) Value {
	s, isText := v.Scalar.(string)
	if v.Kind != spec.Scalar || !isText {
		return n.data(v)
	}
	s = strings.TrimSpace(s)
	if text, ok := strings.CutPrefix(s, "$this."); ok && strings.Contains(text, "{{") {
		_, text, _ = strings.Cut(text, ".")
		at := v.Str
		at.Value = text
		return n.text(at)
	}
	if strings.Contains(s, "{{") {
		return n.text(v.Str)
	}
	if strings.HasPrefix(s, "$.") || strings.HasPrefix(s, "$[") {
		return n.reference(v.Str, s, true)
	}
	if own, ok := strings.CutPrefix(s, "$this."); ok {
		return n.reference(v.Str, own, false)
	}
	if head, _, dotted := strings.Cut(s, "."); dotted && !strings.ContainsAny(s, " /:@?&=,") {
		if _, isStep := n.steps[head]; isStep || n.isNamespace(head) {
			return n.reference(v.Str, s, false)
		}
	}
	if in := n.input(s); in != nil && in.Param != nil {
		return placeValue{n.inputPlace(in, jsonpath.Name(s), 1)} // with: {location: location}
	}
	return Literal{v.Scalar}
}

func (n *names) isNamespace(s string) bool {
	for _, ns := range n.Flow.Namespaces {
		if ns == s {
			return true
		}
	}
	return false
}

// reference compiles a path that starts with a name.
func (n *names) reference(at spec.Str, s string, jsonPath bool) Value {
	src := s
	if !jsonPath {
		src = "$." + s
	}
	p, problems := jsonpath.Parse(strings.TrimSuffix(src, "[]"))
	n.report(at, problems)
	if p == nil {
		return broken{}
	}
	found := n.resolve(p)
	if found == nil {
		n.unresolved(at, 0, len([]rune(at.Value)), s)
		return broken{}
	}
	return placeValue{found}
}
