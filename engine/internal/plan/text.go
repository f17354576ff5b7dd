package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/jsonpath"
	"github.com/capstan-run/capstan/engine/internal/template"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// value compiles a value of `with`, in the language of its place. With
// placeholders a text may be a reference: ns.param, step.field, $.step.x.
func (n *names) value(v spec.Value) Value {
	s, isText := v.Scalar.(string)
	if v.Kind != spec.Scalar || !isText || n.language == spec.Expressions {
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
	if in := n.variable(s); in != nil {
		return placeValue{n.inputPlace(in, jsonpath.Name(in.Name), 1)}
	}
	if strings.HasPrefix(s, "$.") || strings.HasPrefix(s, "$[") {
		return n.reference(v.Str, s, s)
	}
	if own, ok := strings.CutPrefix(s, "$this."); ok {
		return n.reference(v.Str, own, "$."+own)
	}
	if head, name, dotted := strings.Cut(s, "."); dotted && !strings.ContainsAny(s, " /:@?&=,") {
		step, namespace := n.earlierStep(head) != nil, slices.Contains(n.unit.Namespaces, head)
		if in := n.input(name); in != nil && namespace && !step {
			return placeValue{n.inputPlace(in, jsonpath.Name(name), 1)} // whatever characters its name has
		}
		if step || namespace {
			return n.reference(v.Str, s, "$."+s)
		}
	}
	if in := n.input(s); in != nil && !in.Inferred {
		return placeValue{n.inputPlace(in, jsonpath.Name(s), 1)} // with: {location: location}
	}
	return Literal{v.Scalar}
}

// variable returns the input that a text names as the path or address of its unit does,
// "{id}"; nil for any other text.
func (n *names) variable(s string) *Input {
	inner, opened := strings.CutPrefix(s, "{")
	name, closed := strings.CutSuffix(inner, "}")
	if !opened || !closed {
		return nil
	}
	in := n.input(name)
	if in == nil || !in.Implied && in.In != string(operations.InPath) {
		return nil
	}
	n.note(n.declaration(in), true, "{{"+name+"}}", fmt.Sprintf("%q is read as {{%s}}", s, name))
	return in
}

// data compiles a structure with texts that may hold {{ }}, and reports every problem
// of every text where it was written.
func (n *names) data(v spec.Value) Value {
	switch v.Kind {
	case spec.Sequence:
		out := structure{}
		for _, item := range v.Items {
			out.values = append(out.values, n.data(item))
		}
		return out
	case spec.Mapping:
		out := structure{keys: []string{}}
		for _, f := range v.Fields {
			out.keys = append(out.keys, f.Key.Value)
			out.values = append(out.values, n.data(f.Value))
		}
		return out
	}
	text, ok := v.Scalar.(string)
	switch {
	case !ok || !template.Has(text):
		return Literal{v.Scalar}
	case n.language == spec.Placeholders:
		return n.text(v.Str)
	}
	t, problems := template.Compile(n.scope, text)
	n.report(v.Str, problems)
	if t == nil {
		return broken{}
	}
	n.checkOrder(t.Refs(), v.Str, n.s, false)
	n.use(t.Refs(), n.by)
	return templateValue{t}
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

// reference compiles a path that starts with a name.
func (n *names) reference(at spec.Str, name, path string) Value {
	p, problems := jsonpath.ParseReference(strings.TrimSuffix(path, "[]"))
	n.report(at, problems)
	if p == nil {
		return broken{}
	}
	found := n.resolve(p)
	if found == nil {
		n.unresolved(at, 0, len([]rune(at.Value)), name)
		return broken{}
	}
	return placeValue{found}
}

// path parses a JSONPath and reports its problems, nil for one that is not set.
func (b *builder) path(at spec.Str) *jsonpath.Path {
	if !at.IsSet() {
		return nil
	}
	p, problems := jsonpath.Parse(at.Value)
	b.report(at, problems)
	return p
}

// report turns the problems of a text into diagnostics at the author's place.
func (b *builder) report(at spec.Str, problems []eval.Problem) {
	for _, p := range problems {
		pos, end := at.Span(p.Offset, p.Length)
		d := diag.Diagnostic{Code: p.Code, Severity: diag.Error, Pos: pos, EndColumn: end, Message: p.Message, Hint: p.Hint, Words: p.Words}
		if p.Warning {
			d.Severity = diag.Warning
		}
		if text := []rune(at.Value); p.Meant != "" && p.Offset+p.Length <= len(text) {
			d.Replace(string(text[p.Offset:p.Offset+p.Length]), p.Meant, true)
		}
		b.diags.Add(d)
	}
	if !eval.HasErrors(problems) {
		return
	}
	for _, in := range b.plan.Inputs { // those in the text are used: the mistake is the text
		b.idle[in.Name] = b.idle[in.Name] || mentions(at.Value, in.Name)
	}
}
