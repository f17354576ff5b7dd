package plan

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/jsonpath"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/spec"
)

// Shape is a compiled output parameter.
type Shape struct {
	kind   string // type as declared
	at     *jsonpath.Path
	text   Value // value, instead of the one that is found
	fields []shapedField
	items  *Shape
	values *Shape // of every value of a dictionary
	t      eval.Type
	// byName takes a field by its own name where no mapping places it.
	byName string
	// written leaves out the fields that nothing gives a value.
	written bool
}

type shapedField struct {
	name string
	*Shape
}

// object compiles named outputs.
func (n *names) object(outputs []*spec.Shape) *Shape {
	out := &Shape{kind: "object"}
	types := map[string]eval.Type{}
	for _, o := range outputs {
		f := n.shape(o)
		if f.at == nil && f.text == nil && f.fields == nil && f.items == nil && f.values == nil {
			f.byName = o.Name.Value
		}
		out.fields = append(out.fields, shapedField{o.Name.Value, f})
		types[o.Name.Value] = shapeType(o)
	}
	out.t = eval.Object(types, false)
	return out
}

// values compiles named outputs that answer for themselves: what has no value is left
// out.
func (n *names) values(outputs []*spec.Shape) *Shape {
	out := n.object(outputs)
	out.leaveOut()
	return out
}

func (s *Shape) leaveOut() {
	s.written = true
	for _, f := range s.fields {
		f.leaveOut()
	}
	if s.items != nil {
		s.items.leaveOut()
	}
}

// shape compiles one output parameter: a value goes before a mapping.
func (n *names) shape(o *spec.Shape) *Shape {
	out := &Shape{kind: o.Type.Value, t: shapeType(o)}
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
	if o.Values != nil {
		out.values = n.shape(o.Values)
	}
	return out
}

// Eval shapes an answer. v is the answer that mappings look into.
func (s *Shape) Eval(ctx context.Context, env *eval.Env, v any) (any, error) {
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
	case s.values != nil:
		return s.dictionary(ctx, env, v)
	case s.fields != nil:
		if v == nil && s.at != nil {
			return nil, nil
		}
		return s.object(ctx, env, v)
	}
	return v, nil
}

func (s *Shape) object(ctx context.Context, env *eval.Env, v any) (map[string]any, error) {
	out := make(map[string]any, len(s.fields))
	for _, f := range s.fields {
		if s.written && f.at == nil && f.text == nil && f.fields == nil && f.items == nil {
			continue
		}
		x, err := f.Eval(ctx, env, v)
		if err != nil {
			return nil, err
		}
		out[f.name] = x
	}
	return out, nil
}

// dictionary shapes the value of every name. The fields that are declared beside
// them have shapes of their own.
func (s *Shape) dictionary(ctx context.Context, env *eval.Env, v any) (any, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, nil
	}
	out := make(map[string]any, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		x, err := s.values.Eval(ctx, env, m[name])
		if err != nil {
			return nil, err
		}
		out[name] = x
	}
	fields, err := s.object(ctx, env, v)
	if err != nil {
		return nil, err
	}
	maps.Copy(out, fields)
	return out, nil
}

// list shapes every item. One thing where a list is declared is a list of one,
// as XML has it.
func (s *Shape) list(ctx context.Context, env *eval.Env, v any) (any, error) {
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
func (s *Shape) literal(ctx context.Context, env *eval.Env) (any, error) {
	var v any
	var err error
	if t, ok := s.text.(textValue); ok && !t.text.Whole() {
		v, err = t.partial(ctx, env, nil)
	} else {
		v, _, err = s.text.Eval(ctx, env)
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

func (s *Shape) refs() []eval.Ref {
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
	if s.values != nil {
		out = append(out, s.values.refs()...)
	}
	return out
}

// parts lists the fields of an object that is made of the answer of the step called
// in.
func (s *Shape) parts(in string) []Part {
	last, within := in, Path(nil)
	if s.at != nil {
		in, within = s.source(in), s.at.Names()
	}
	var out []Part
	for _, f := range s.fields {
		out = append(out, Part{Name: f.name, Source: f.source(in), Type: f.t, Reads: f.reads(last, within...)})
	}
	return out
}

// source returns where the value is found, in being where it is looked for.
func (s *Shape) source(in string) string {
	switch {
	case s.text != nil:
		return sourceOf(s.text)
	case s.at != nil && in == "":
		return s.at.Source()
	case s.at != nil:
		return in + strings.TrimPrefix(strings.TrimSpace(s.at.Source()), "$")
	case s.byName != "" && in != "":
		return in + "." + s.byName
	case s.items != nil && s.items.text != nil:
		return sourceOf(s.items.text)
	case s.fields != nil:
		var parts []string
		for _, f := range s.fields {
			if from := f.source(in); from != "" && !slices.Contains(parts, from) {
				parts = append(parts, from)
			}
		}
		return strings.Join(parts, ", ")
	}
	return in
}

// shapeType is the static type of a declared output.
func shapeType(o *spec.Shape) eval.Type {
	switch o.Type.Value {
	case "string":
		return eval.String()
	case "integer":
		return eval.Int()
	case "number":
		return eval.Float()
	case "boolean":
		return eval.Bool()
	case "array":
		if o.Items != nil {
			return eval.ArrayOf(shapeType(o.Items))
		}
		return eval.ArrayOf(eval.Any())
	case "object":
		if len(o.Properties) == 0 || o.Values != nil {
			return eval.Object(nil, true)
		}
		fields := map[string]eval.Type{}
		for _, p := range o.Properties {
			fields[p.Name.Value] = shapeType(p)
		}
		return eval.Object(fields, false)
	}
	return eval.Any()
}

// looks lists the places that the shape looks into, of the value that it is given.
func (s *Shape) looks() []Path {
	switch {
	case s.text != nil:
		return nil
	case s.at != nil:
		return []Path{s.at.Names()}
	case s.byName != "":
		return []Path{{s.byName}}
	case s.items == nil && s.values == nil && len(s.fields) > 0:
		var out []Path
		for _, f := range s.fields {
			out = append(out, f.looks()...)
		}
		return out
	}
	return []Path{nil}
}

// reads lists the references of the shape, those into the answer of the step
// called last among them, at a place within it.
func (s *Shape) reads(last string, within ...string) []eval.Ref {
	out := s.refs()
	if last != "" {
		for _, path := range s.looks() {
			out = append(out, eval.Ref{Step: true, Name: last, Path: slices.Concat(within, path)})
		}
	}
	return out
}
