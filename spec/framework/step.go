package framework

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/framework/internal/form"
	"github.com/capstan-run/capstan/spec/internal/node"
)

var stepNeeds = map[string][]string{"call": {"call"}, "lookup": {"index", "match", "lookupValue", "outputParameters"}, "script": {"file"}}

// steps decodes a unit's steps. Mappings that 0.3 wrote in a step become the
// unit's.
func (f *frame) steps(p *part, u *spec.Unit) {
	seen := f.Names("step")
	for i, e := range p.named("steps") {
		s := f.item(e, form.KindStep)
		if s == nil {
			continue
		}
		step := f.step(s, e, i)
		u.Answer.Mappings = append(u.Answer.Mappings, f.stepMappings(s, step)...)
		s.done()
		if !seen.Repeats(step.name) {
			u.Steps = append(u.Steps, &spec.Step{ID: step.name, Pos: step.pos, Action: step.action()})
		}
	}
	if u.Direct && len(u.Steps) > 1 {
		f.Report(p.get("steps"), "misplaced-key", "call and steps stand side by side, and only one of them can run").Hint = "make the call the first step"
	}
}

// step is a step as written: the fields that count depend on its type.
type step struct {
	name, typ spec.Str
	pos       diag.Pos
	call      spec.Str
	with      []spec.Field
	lookup    spec.Lookup
	script    spec.Script
	outputs   []*spec.Shape
}

func (s *step) action() spec.Action {
	switch s.typ.Value {
	case "lookup":
		return &s.lookup
	case "script":
		s.script.With = s.with
		return &s.script
	case "mock":
		return &spec.Mock{Outputs: s.outputs}
	}
	return &spec.Operation{Call: s.call, With: s.with}
}

func (f *frame) step(p *part, e entryNode, i int) *step {
	s := &step{
		name: e.name, typ: p.text("type"), call: f.call(p), with: f.with(p), pos: f.Pos(e.node),
		lookup: spec.Lookup{Index: p.text("index"), Match: p.text("match"), Value: p.text("lookupValue")},
		script: spec.Script{Language: p.text("language"), Location: p.text("location"), File: p.text("file")},
	}
	if !s.name.IsSet() {
		s.name = spec.At(s.pos, fmt.Sprintf("step%d", i+1)) // until 0.3 steps had no names
	}
	s.script.Dependencies = p.texts("dependencies", "a dependency")
	if n := p.get("inputParameters"); n != nil { // of 0.3
		s.with = append(s.with, f.pairs(n)...)
	}
	if s.lookup.Index.IsSet() || strings.EqualFold(s.typ.Value, "lookup") {
		s.lookup.Fields = f.lookupFields(p)
	} else {
		s.outputs, _ = f.outputsOf(p)
	}
	f.stepType(p, s)
	for _, name := range []string{"forEach", "condition", "each", "when", "if", "loop"} {
		if n := node.Value(p.Node, name); n != nil && !node.IsNull(n) {
			p.Allow(name)
			r := f.Report(node.Key(p.Node, name), "no-meaning", "step %q: %q is in no version of the format, and capstan does not guess what it does", s.name.Value, name)
			r.Hint = "call the operation once for each case, or do it in a step of type script"
			s.call, s.with = spec.Str{}, nil // its values may be of the key's own making
		}
	}
	return s
}

// lookupFields are the fields that a lookup takes: texts, or outputs' names.
func (f *frame) lookupFields(p *part) []spec.Str {
	var out []spec.Str
	n := p.get("outputParameters")
	if n != nil && n.Kind == node.SequenceNode {
		for _, item := range n.Content {
			if item.Kind == node.MappingNode && node.Has(item, "name") {
				item = node.Value(item, "name")
			}
			if s := f.words(item, "a field"); s.IsSet() {
				out = append(out, s)
			}
		}
		return out
	}
	for _, e := range f.named(n, "outputParameters") {
		out = append(out, e.name)
	}
	return out
}

// stepType infers the type of a step without one, and checks that the step has
// the keys that its type needs.
func (f *frame) stepType(p *part, s *step) {
	if !s.typ.IsSet() {
		s.typ = spec.At(s.pos, inferredStep(s))
	}
	low := spec.Reworded(s.typ, strings.ToLower(s.typ.Value))
	if low.Value == "transform" && allValued(s.outputs) {
		f.loosely(p.get("type"), "a transform step whose outputs all have a value is read as type mock", "write type: mock")
		low = spec.Reworded(low, "mock")
	}
	s.typ = low
	if !slices.Contains(form.StepTypes, low.Value) {
		n := p.get("type")
		if n == nil {
			n = p.Node
		}
		r := f.Report(n, "no-meaning", "step %q: no version of the format says what type %q does", s.name.Value, low.Value)
		r.Hint = "write one of " + strings.Join(form.StepTypes, ", ")
		if low.Value == "" {
			r.Message = fmt.Sprintf("step %q does nothing: it has no call, lookup or script", s.name.Value)
			r.Hint = "add call: namespace.operation"
		}
		return
	}
	for _, name := range stepNeeds[low.Value] {
		p.need(name)
	}
}

func inferredStep(s *step) string {
	switch {
	case s.call.IsSet():
		return "call"
	case s.lookup.Index.IsSet():
		return "lookup"
	case s.script.File.IsSet():
		return "script"
	case allValued(s.outputs):
		return "mock"
	}
	return ""
}

// allValued reports whether every output has a value.
func allValued(outputs []*spec.Shape) bool {
	return len(outputs) > 0 && !slices.ContainsFunc(outputs, func(s *spec.Shape) bool {
		return !s.Value.IsSet() && s.Const == nil && !s.Mapping.IsSet()
	})
}

// stepMappings are a step's own mappings; their paths begin in the step's
// result: "$.{{x}}" and "$.x" are its x.
func (f *frame) stepMappings(p *part, s *step) []spec.Target {
	out := f.mappings(p)
	for i, t := range out {
		text := t.Value.Str
		if t.Value.Kind != spec.Scalar || !strings.HasPrefix(text.Value, "$") {
			continue
		}
		rest := strings.NewReplacer("{{", "", "}}", "").Replace(strings.TrimPrefix(text.Value, "$"))
		text = spec.Reworded(text, "$."+s.name.Value+rest)
		out[i].Value = spec.Value{Scalar: text.Value, Str: text, Pos: t.Value.Pos}
	}
	return out
}
