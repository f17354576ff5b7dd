package plan

import (
	"context"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/template"
	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// Value is something that a step sends: a literal, an expression, a place, a
// text that holds some, or a list or mapping of values.
type Value interface {
	// Eval computes the value. found is false when it is absent, so that a list
	// or mapping leaves it out; null is a value. It is safe for concurrent use.
	Eval(ctx context.Context, env *eval.Env) (v any, found bool, err error)
	refs() []eval.Ref
	// typ returns the static type.
	typ() eval.Type
}

// Literal is a value written in the file or taken from a schema.
type Literal struct{ V any }

// Eval returns the literal.
func (l Literal) Eval(context.Context, *eval.Env) (any, bool, error) { return l.V, true, nil }
func (l Literal) refs() []eval.Ref                                   { return nil }
func (l Literal) typ() eval.Type                                     { return eval.FromValue(l.V) }

// exprValue is a bare expression, as inference makes it.
type exprValue struct{ e *eval.Expr }

func (v exprValue) Eval(ctx context.Context, env *eval.Env) (any, bool, error) {
	x, err := v.e.Eval(ctx, env)
	return x, true, err
}
func (v exprValue) refs() []eval.Ref { return v.e.Refs() }
func (v exprValue) typ() eval.Type   { return v.e.Type() }

// templateValue is a text with expressions in {{ }}.
type templateValue struct{ t *template.Template }

func (v templateValue) Eval(ctx context.Context, env *eval.Env) (any, bool, error) {
	x, err := v.t.Eval(ctx, env)
	return x, true, err
}
func (v templateValue) refs() []eval.Ref { return v.t.Refs() }
func (v templateValue) typ() eval.Type   { return v.t.Type() }

// placeValue is the value that a name or path stands for.
type placeValue struct{ at *place }

func (v placeValue) Eval(ctx context.Context, env *eval.Env) (any, bool, error) {
	return v.at.get(ctx, env)
}
func (v placeValue) refs() []eval.Ref { return v.at.refs() }
func (v placeValue) typ() eval.Type   { return v.at.t }

// textValue is a text with placeholders: absent when one of them has no value, so
// that the thing it feeds is left out rather than sent half.
type textValue struct {
	text   *template.Text
	places []*place
}

func (v textValue) Eval(ctx context.Context, env *eval.Env) (any, bool, error) {
	if v.text.Whole() {
		return v.places[0].get(ctx, env)
	}
	var failed error
	s, ok := v.text.Render(v.inText(ctx, env, &failed))
	if failed != nil || !ok {
		return nil, false, failed
	}
	return s, true, nil
}

// partial renders the text with empty text for absent values. escape, when set,
// makes a value's text fit where it stands.
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

// structure is a list or mapping of values, in which absent ones are left out.
type structure struct {
	keys   []string // of a mapping; nil for a list
	values []Value
}

func (v structure) Eval(ctx context.Context, env *eval.Env) (any, bool, error) {
	var list []any
	var object map[string]any
	if v.keys == nil {
		list = make([]any, 0, len(v.values))
	} else {
		object = make(map[string]any, len(v.keys))
	}
	for i, item := range v.values {
		x, found, err := item.Eval(ctx, env)
		switch {
		case err != nil:
			return nil, false, err
		case !found:
		case v.keys == nil:
			list = append(list, x)
		default:
			object[v.keys[i]] = x
		}
	}
	if v.keys == nil {
		return list, true, nil
	}
	return object, true, nil
}

func (v structure) refs() []eval.Ref {
	var out []eval.Ref
	for _, x := range v.values {
		out = append(out, x.refs()...)
	}
	return out
}

func (v structure) typ() eval.Type {
	if v.keys == nil {
		return eval.ArrayOf(eval.Any())
	}
	fields := make(map[string]eval.Type, len(v.keys))
	for i, k := range v.keys {
		fields[k] = v.values[i].typ()
	}
	return eval.Object(fields, false)
}

// broken stands in for a value that has an error already reported, so that
// the rest can be checked without follow-up errors.
type broken struct{}

func (broken) Eval(context.Context, *eval.Env) (any, bool, error) { return nil, false, nil }
func (broken) refs() []eval.Ref                                   { return nil }
func (broken) typ() eval.Type                                     { return eval.Any() }

// absent is the value of an optional parameter that nothing gives a value.
type absent struct{}

func (absent) Eval(context.Context, *eval.Env) (any, bool, error) { return nil, false, nil }
func (absent) refs() []eval.Ref                                   { return nil }
func (absent) typ() eval.Type                                     { return eval.Any() }

// describe returns in a few words where a value comes from; source is the whole
// text when the words are only its reads.
func describe(v Value) (from, source string) {
	switch v := v.(type) {
	case Literal:
		return jsonvalue.Compact(v.V), ""
	case exprValue:
		return v.e.Source(), ""
	case templateValue:
		if e, ok := v.t.Expr(); ok && e.Simple() {
			return strings.TrimSpace(e.Source()), ""
		}
		source = v.t.Source()
	case textValue:
		if v.text.Whole() {
			return v.places[0].name(), ""
		}
		source = v.text.Source()
	case placeValue:
		return v.at.name(), ""
	}
	if from = refsText(v.refs()); from == "" {
		return source, ""
	}
	return from, source
}

// sourceOf is describe in one: the text, or the words for a value without one.
func sourceOf(v Value) string {
	from, source := describe(v)
	if source != "" {
		return source
	}
	return from
}

// refsText lists references, each once.
func refsText(refs []eval.Ref) string {
	var names []string
	for _, r := range refs {
		if name := refText(r); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

func refText(r eval.Ref) string { return strings.Join(append([]string{r.Name}, r.Path...), ".") }
