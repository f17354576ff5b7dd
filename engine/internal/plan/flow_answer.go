package plan

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/jsonpath"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/spec"
)

// Answer says what a flow answers with.
type Answer struct {
	// Mappings fill an object in; nil when there are none.
	Mappings []Mapping
	// Object is the one answer: a declared object of fields.
	Object *Shaped
	// Alternatives are tried in order on the last call's answer; the first that
	// is not null wins.
	Alternatives []*Shaped
	// Media replaces the media type, "" keeps it.
	Media string
	// Type is the static type of the value.
	Type eval.Type
	// Schema is the JSON Schema of the value, nil when nothing is known.
	Schema map[string]any
}

// PassesOn reports whether the last call's answer is the flow's, as it came.
func (a *Answer) PassesOn() bool {
	return a.Object == nil && len(a.Mappings) == 0 && len(a.Alternatives) == 0
}

// Mapping puts a value at a dotted place of the answer.
type Mapping struct {
	Target []string
	from   *place
	text   Value
}

// Eval returns the mapped value; found is false when there is none, which leaves
// it out, while null stays.
func (m Mapping) Eval(ctx context.Context, env *eval.Env) (v any, found bool, err error) {
	if m.from != nil {
		return m.from.get(ctx, env)
	}
	v, err = m.text.Eval(ctx, env)
	return v, v != nil, err
}

// answer plans what the flow answers with.
func (b *flowBuilder) answer() {
	n := &names{flowBuilder: b, by: "answer"}
	a := &Answer{Media: b.Flow.OutputMedia.Value, Type: eval.Any()}
	b.plan.Answer = a
	calls := len(b.plan.Steps) > 0
	switch {
	case len(b.Flow.Mappings) > 0:
		for _, m := range b.Flow.Mappings {
			if x, ok := n.mapping(m); ok {
				a.Mappings = append(a.Mappings, x)
			}
		}
		a.Schema = objectSchema(b.Flow.Outputs, false)
	case b.Flow.Named || !calls && len(b.Flow.Outputs) != 1:
		a.Object = n.object(b.Flow.Outputs)
		a.Schema = objectSchema(b.Flow.Outputs, false)
	case !calls:
		only := *b.Flow.Outputs[0]
		if !only.Name.IsSet() {
			only.Name.Value = "value" // an unnamed value has this name
		}
		a.Object = n.object([]*spec.Shape{&only})
		a.Schema = objectSchema([]*spec.Shape{&only}, false)
	default:
		for _, o := range b.Flow.Outputs {
			a.Alternatives = append(a.Alternatives, n.shape(o))
		}
		if len(b.Flow.Outputs) == 1 {
			a.Schema = shapeSchema(b.Flow.Outputs[0])
		}
	}
}

// mapping compiles one mapping: a JSONPath over the steps, or a text.
func (n *names) mapping(m spec.Target) (Mapping, bool) {
	out := Mapping{Target: strings.Split(m.Name.Value, ".")}
	s, isText := m.Value.Scalar.(string)
	if m.Value.Kind != spec.Scalar || !isText {
		out.text = n.data(m.Value)
		return out, true
	}
	src := strings.TrimSpace(s)
	if strings.Contains(src, "{{") {
		at := m.Value.Str
		if rest, ok := strings.CutPrefix(src, "$."); ok {
			at.Value = rest // $.{{x}}
		}
		out.text = n.text(at)
		return out, true
	}
	if !strings.HasPrefix(src, "$") && !strings.Contains(src, ".") {
		if _, isStep := n.steps[src]; !isStep && n.input(src) == nil {
			out.text = Literal{s}
			return out, true
		}
	}
	if !strings.HasPrefix(src, "$") {
		src = "$." + src
	}
	p, problems := jsonpath.Parse(src)
	n.report(m.Value.Str, problems)
	if p == nil {
		return out, false
	}
	if out.from = n.resolve(p); out.from == nil {
		n.unresolved(m.Value.Str, 0, len([]rune(m.Value.Str.Value)), strings.TrimPrefix(src, "$."))
		return out, false
	}
	return out, true
}

// Shaped is a compiled output parameter.
type Shaped struct {
	kind   string // type as declared
	at     *jsonpath.Path
	text   Value // value, instead of what is found
	fields []shapedField
	items  *Shaped
	t      eval.Type
	// byName takes a field by its own name where no mapping says where it is.
	byName string
}

type shapedField struct {
	name string
	*Shaped
}

// object compiles named outputs.
func (n *names) object(outputs []*spec.Shape) *Shaped {
	out := &Shaped{kind: "object"}
	types := map[string]eval.Type{}
	for _, o := range outputs {
		f := n.shape(o)
		if f.at == nil && f.text == nil && f.fields == nil && f.items == nil {
			f.byName = o.Name.Value
		}
		out.fields = append(out.fields, shapedField{o.Name.Value, f})
		types[o.Name.Value] = shapeType(o)
	}
	out.t = eval.Object(types, false)
	return out
}

// shape compiles one output parameter: a value goes before a mapping.
func (n *names) shape(o *spec.Shape) *Shaped {
	out := &Shaped{kind: o.Type.Value, t: shapeType(o)}
	switch {
	case o.Value.IsSet() && strings.HasPrefix(o.Value.Value, "$") && !strings.Contains(o.Value.Value, "{{"):
		out.at = n.path(o.Value)
	case o.Value.IsSet():
		out.text = n.text(o.Value)
	case o.Mapping.IsSet():
		out.at = n.path(o.Mapping)
	case o.Const != nil: // of old versions; beside a mapping it only documents
		out.text = Literal{o.Const.Go()}
	}
	for _, p := range o.Properties {
		out.fields = append(out.fields, shapedField{p.Name.Value, n.shape(p)})
	}
	if o.Items != nil {
		out.items = n.shape(o.Items)
	}
	return out
}

// Eval shapes what was found. v is the answer that mappings look into.
func (s *Shaped) Eval(ctx context.Context, env *eval.Env, v any) (any, error) {
	if s.text != nil {
		return s.literal(ctx, env)
	}
	found := true
	if s.at != nil {
		v, found = s.at.Get(v)
	}
	if s.byName != "" {
		m, _ := v.(map[string]any)
		v, found = m[s.byName]
	}
	switch {
	case !found:
		return nil, nil
	case s.items != nil:
		return s.list(ctx, env, v)
	case s.fields != nil:
		if v == nil && s.at != nil {
			return nil, nil
		}
		return s.object(ctx, env, v)
	}
	return v, nil
}

func (s *Shaped) object(ctx context.Context, env *eval.Env, v any) (any, error) {
	out := make(map[string]any, len(s.fields))
	for _, f := range s.fields {
		x, err := f.Eval(ctx, env, v)
		if err != nil {
			return nil, err
		}
		out[f.name] = x
	}
	return out, nil
}

// list shapes every item. One thing where a list is declared is a list of one,
// as XML has it.
func (s *Shaped) list(ctx context.Context, env *eval.Env, v any) (any, error) {
	if v == nil && s.items.text == nil {
		return nil, nil
	}
	items, ok := v.([]any)
	if !ok || s.items.text != nil && s.at == nil {
		items = []any{v}
	}
	out := make([]any, 0, len(items))
	for _, item := range items {
		x, err := s.items.Eval(ctx, env, item)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// literal is a value written in the file, of the declared type where its text
// says one.
func (s *Shaped) literal(ctx context.Context, env *eval.Env) (any, error) {
	var v any
	var err error
	if t, ok := s.text.(textValue); ok && !t.text.Whole() {
		v, err = t.partial(ctx, env, nil)
	} else {
		v, err = s.text.Eval(ctx, env)
	}
	if err != nil || v == nil {
		return nil, err
	}
	text, isText := v.(string)
	switch s.kind {
	case "string":
		if !isText {
			return eval.TextOf(v)
		}
	case "number", "integer", "boolean", "array", "object":
		if isText {
			return readAs(s.kind, text), nil
		}
	}
	return v, nil
}

// readAs reads a text as a value of a type, and leaves it when it is none.
func readAs(kind, text string) any {
	v, err := jsonvalue.Decode([]byte(text))
	if err != nil {
		return text
	}
	switch v.(type) {
	case int, float64, json.Number:
		if kind == "number" || kind == "integer" {
			return v
		}
	case bool:
		if kind == "boolean" {
			return v
		}
	case []any:
		if kind == "array" {
			return v
		}
	case map[string]any:
		if kind == "object" {
			return v
		}
	}
	return text
}

func (s *Shaped) refs() []eval.Ref {
	var out []eval.Ref
	if s.text != nil {
		out = s.text.refs()
	}
	for _, f := range s.fields {
		out = append(out, f.refs()...)
	}
	if s.items != nil {
		out = append(out, s.items.refs()...)
	}
	return out
}
