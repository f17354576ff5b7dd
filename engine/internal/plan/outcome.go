package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/jsonpath"
	"github.com/capstan-run/capstan/spec"
)

// Outcome is the result of a run: [Named] outputs or a shaped [Answer].
type Outcome interface {
	// Parts lists the fields of the outcome, or the whole of it under the name
	// [Whole].
	Parts() []Part
	// Eval computes the outcome as far as the results allow. The error is an
	// *[OutputError].
	Eval(ctx context.Context, r *Results) (Yield, error)
	// outputs lists the outputs that read results, or the one answer that does.
	outputs() []output
}

// output is something that reads results.
type output struct {
	by   reader
	refs []eval.Ref
}

var answerReader = reader{kind: "the flow's answer"}

// Whole is the name of an outcome that is no object, where outcomes have names.
const Whole = "result"

// Part is a named part of an outcome, or of the values that an action works on.
type Part struct {
	Name      string // dotted where it lies deeper
	Source    string // where it comes from, in the file's words
	Type      eval.Type
	Reads     []eval.Ref // of the steps' results, inputs and binds
	Sensitive bool
}

// Results are the state of a run when its outcome is computed.
type Results struct {
	Env *eval.Env
	// Complete reports that every step succeeded or was skipped.
	Complete bool
	// Last is the answer of the last step.
	Last any
}

// Yield is an outcome.
type Yield struct {
	Value any
	// Shaped reports that the value has the declared form. Otherwise it is the
	// answer of the last step, to be passed on as it came.
	Shaped bool
	// Media replaces the answer's media type, "" keeps it.
	Media string
}

// OutputError reports an output that could not be computed.
type OutputError struct {
	Name string
	Err  error
}

func (e *OutputError) Error() string { return fmt.Sprintf("output %q: %v", e.Name, e.Err) }

// Unwrap returns the evaluation's error.
func (e *OutputError) Unwrap() error { return e.Err }

// Named is an outcome of named outputs, each from an expression of its own.
type Named struct {
	parts []Part
	exprs []*eval.Expr // of the parts
}

// Parts returns the outputs.
func (n *Named) Parts() []Part { return n.parts }

func (n *Named) outputs() []output {
	var out []output
	for _, p := range n.parts {
		out = append(out, output{reader{"output", p.Name}, p.Reads})
	}
	return out
}

// Eval computes the outputs of which every step has a result. The first that
// fails is the error; the others are there all the same.
func (n *Named) Eval(ctx context.Context, r *Results) (Yield, error) {
	values := make(map[string]any, len(n.parts))
	var failed error
	for i, p := range n.parts {
		if !reached(r.Env, p.Reads) {
			continue
		}
		v, err := n.exprs[i].Eval(ctx, r.Env)
		if err == nil {
			values[p.Name] = v
		} else if failed == nil {
			failed = &OutputError{p.Name, err}
		}
	}
	return Yield{Value: values, Shaped: true}, failed
}

// reached reports whether every step that is read has been done or skipped.
func reached(env *eval.Env, refs []eval.Ref) bool {
	return !slices.ContainsFunc(refs, func(ref eval.Ref) bool {
		_, done := env.Steps[ref.Name]
		return ref.Step && !done
	})
}

// Answer is an outcome that shapes the answer of the last step, or passes it on.
type Answer struct {
	// mappings fill an object in; nil when there are none.
	mappings []mapping
	// object is the one answer: a declared object of fields.
	object *Shape
	// alternatives are tried in order on the last answer; the first that is not
	// null wins.
	alternatives []*Shape
	media        string
	parts        []Part
	// last is the step with the answer that is shaped, nil when there is none.
	last *Step
}

// passesOn reports whether the last call's answer is the outcome, as it came.
func (a *Answer) passesOn() bool {
	return a.object == nil && len(a.mappings) == 0 && len(a.alternatives) == 0
}

// mapping puts a value at a dotted place of the answer. An absent one is left out.
type mapping struct {
	target []string
	Value
}

// Eval brings the last answer into the declared form. There is none before the
// run is complete.
func (a *Answer) Eval(ctx context.Context, r *Results) (Yield, error) {
	if !r.Complete {
		return Yield{}, nil
	}
	v, shaped, err := a.shape(ctx, r)
	if err == nil && shaped {
		err = checkSize(v)
	}
	if err != nil {
		return Yield{}, &OutputError{"answer", err}
	}
	if !shaped {
		v = r.Last
	}
	return Yield{Value: v, Shaped: shaped, Media: a.media}, nil
}

// shape returns the declared form; shaped is false when the unit declares none
// that fits.
func (a *Answer) shape(ctx context.Context, r *Results) (v any, shaped bool, err error) {
	switch {
	case a.mappings != nil:
		out := map[string]any{}
		for _, m := range a.mappings {
			x, ok, err := m.Eval(ctx, r.Env)
			if err != nil {
				return nil, false, err
			}
			if ok {
				put(out, m.target, x)
			}
		}
		return out, true, nil
	case a.object != nil:
		v, err = a.object.Eval(ctx, r.Env, r.Last)
		return v, true, err
	case r.Last == nil:
		return nil, false, nil
	}
	for _, alternative := range a.alternatives {
		if v, err = alternative.Eval(ctx, r.Env, r.Last); err != nil || v != nil {
			return v, v != nil, err
		}
	}
	return nil, false, nil
}

func (a *Answer) outputs() []output {
	var refs []eval.Ref
	for _, m := range a.mappings {
		refs = append(refs, m.refs()...)
	}
	for _, s := range a.shapes() {
		refs = append(refs, s.refs()...)
	}
	return []output{{answerReader, refs}}
}

// shapes are those of the answer, none where it is mapped or passed on.
func (a *Answer) shapes() []*Shape {
	if a.object != nil {
		return []*Shape{a.object}
	}
	return a.alternatives
}

// looks lists the places of the last answer that the shapes look into.
func (a *Answer) looks() []Path {
	var out []Path
	for _, s := range a.shapes() {
		out = append(out, s.looks()...)
	}
	return out
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

// Parts lists the fields of the answer, or the whole.
func (a *Answer) Parts() []Part { return a.parts }

func (a *Answer) described() []Part {
	last := a.lastID()
	switch {
	case a.mappings != nil:
		return a.mapped()
	case a.object != nil:
		return a.object.parts(last)
	case len(a.alternatives) == 1 && a.alternatives[0].fields != nil && a.alternatives[0].values == nil && a.alternatives[0].text == nil:
		return a.alternatives[0].parts(last)
	case len(a.alternatives) > 0:
		out := Part{Name: Whole, Type: a.alternatives[0].t}
		var from []string
		for _, s := range a.alternatives {
			from = append(from, s.source(last))
			out.Reads = append(out.Reads, s.reads(last)...)
			if !out.Type.Accepts(s.t) {
				out.Type = eval.Any()
			}
		}
		out.Source = strings.Join(slices.Compact(from), " or ")
		return []Part{out}
	case last == "":
		return nil
	}
	return []Part{{Name: Whole, Source: last, Type: a.last.Result, Reads: []eval.Ref{{Step: true, Name: last}}}}
}

// lastID is the id of last, "" for none.
func (a *Answer) lastID() string {
	if a.last == nil {
		return ""
	}
	return a.last.ID
}

func (a *Answer) mapped() []Part {
	var out []Part
	for _, m := range a.mappings {
		out = append(out, Part{Name: strings.Join(m.target, "."), Source: sourceOf(m.Value), Type: m.typ(), Reads: m.refs()})
	}
	return out
}

// outcome plans the outcome.
func (b *builder) outcome() {
	if b.unit.Answer == nil {
		b.named()
		return
	}
	n := &names{builder: b, by: "answer", language: spec.Placeholders}
	src, a := b.unit.Answer, &Answer{media: b.unit.Answer.Media.Value}
	b.plan.Outcome = a
	if n := len(b.plan.Steps); n > 0 {
		a.last = b.plan.Steps[n-1]
	}
	switch {
	case len(src.Mappings) > 0:
		for _, m := range src.Mappings {
			if v := n.mapping(m); v != nil {
				a.mappings = append(a.mappings, mapping{strings.Split(m.Name.Value, "."), v})
			}
		}
	case src.Named && a.last == nil:
		a.object = n.values(src.Shapes)
	case src.Named:
		a.object = n.object(src.Shapes)
	default:
		for _, o := range src.Shapes {
			a.alternatives = append(a.alternatives, n.shape(o))
		}
	}
	a.parts = a.described()
	b.lastAnswer(a)
}

// named compiles the outputs, which see every step.
func (b *builder) named() {
	n := &Named{}
	b.plan.Outcome = n
	for _, out := range b.unit.Outputs {
		if !out.Source.IsSet() {
			continue // reported when the file was read
		}
		e, problems := b.scope.Compile(out.Source.Value)
		if b.unit.Binding == spec.BindByRuleOrAsk { // it is no part of what is sent
			for i := range problems {
				problems[i].Warning = true
				problems[i].Message += ": the output is left out"
			}
		}
		b.report(out.Source, problems)
		if e == nil {
			continue
		}
		p := Part{Name: out.Name.Value, Source: e.Source(), Type: e.Type(), Reads: e.Refs()}
		p.Sensitive = out.Sensitive || b.readsSecret(p.Reads)
		b.use(p.Reads, "output "+p.Name)
		n.parts, n.exprs = append(n.parts, p), append(n.exprs, e)
	}
}

// lastAnswer decides how the last call's answer is kept for the outcome.
func (b *builder) lastAnswer(a *Answer) {
	for _, s := range slices.Backward(b.plan.Steps) {
		op := s.Operation()
		if op == nil {
			continue
		}
		op.Answer.Form = true
		if s == a.last && a.mappings == nil {
			op.Answer.Raw = true
			op.Answer.Unread = op.Answer.Format == "" && a.passesOn()
			for _, o := range b.unit.Answer.Shapes {
				op.Answer.Inside = op.Answer.Inside || readsInside(o)
			}
		}
		return
	}
}

// readsInside reports whether an output is found in a field of the answer.
func readsInside(o *spec.Shape) bool {
	if o.Mapping.IsSet() {
		if p, _ := jsonpath.Parse(o.Mapping.Value); p != nil && !p.Whole() {
			return true
		}
	}
	return slices.ContainsFunc(o.Properties, readsInside) || o.Items != nil && readsInside(o.Items) || o.Values != nil
}

// mapping compiles the value of one mapping: a JSONPath over the steps, or a text;
// nil for one with a problem.
func (n *names) mapping(m spec.Target) Value {
	s, isText := m.Value.Scalar.(string)
	if m.Value.Kind != spec.Scalar || !isText {
		return n.data(m.Value)
	}
	src := strings.TrimSpace(s)
	if strings.Contains(src, "{{") {
		at := m.Value.Str
		if rest, ok := strings.CutPrefix(src, "$."); ok {
			at.Value = rest // $.{{x}}
		}
		return n.text(at)
	}
	if !strings.HasPrefix(src, "$") && !strings.Contains(src, ".") && n.earlierStep(src) == nil && n.input(src) == nil {
		return Literal{s}
	}
	if !strings.HasPrefix(src, "$") {
		src = "$." + src
	}
	p, problems := jsonpath.Parse(src)
	n.report(m.Value.Str, problems)
	if p == nil {
		return nil
	}
	from := n.resolve(p)
	if from == nil {
		n.unresolved(m.Value.Str, 0, len([]rune(m.Value.Str.Value)), strings.TrimPrefix(src, "$."))
		return nil
	}
	return placeValue{from}
}
