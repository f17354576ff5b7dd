package framework

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

var stepTypes = []string{"call", "lookup", "script", "mock"}

// steps decodes a flow's steps. Mappings that 0.3 wrote in a step become the
// flow's.
func (f *frame) steps(p *part, fl *spec.Flow) {
	seen := map[string]spec.Str{}
	for i, e := range p.named("steps") {
		s := f.item(e, kindStep)
		if s == nil {
			continue
		}
		step := f.step(s, e, i)
		fl.Mappings = append(fl.Mappings, f.stepMappings(s, step)...)
		s.Allow("description", "display", "label")
		s.done()
		if first, again := seen[step.Name.Value]; again {
			f.repeated(step.Name, first, "step")
			continue
		}
		seen[step.Name.Value] = step.Name
		fl.Steps = append(fl.Steps, step)
	}
	if fl.Call.IsSet() && len(fl.Steps) > 0 {
		f.Report(p.get("steps"), "misplaced-key", "call and steps stand side by side, and only one of them can run").Hint = "make the call the first step"
	}
}

func (f *frame) step(p *part, e entryNode, i int) *spec.FlowStep {
	s := &spec.FlowStep{
		Name: e.name, Type: p.text("type"), Call: f.call(p), With: f.with(p),
		Index: p.text("index"), Match: p.text("match"), LookupValue: p.text("lookupValue"),
		Language: p.text("language"), Location: p.text("location"), Script: p.text("file"), Pos: f.Pos(e.node),
	}
	if !s.Name.IsSet() {
		s.Name = spec.At(s.Pos, fmt.Sprintf("step%d", i+1)) // until 0.3 steps had no names
	}
	for _, n := range p.list("dependencies") {
		if d := f.words(n, "a dependency"); d.IsSet() {
			s.Dependencies = append(s.Dependencies, d)
		}
	}
	if n := p.get("inputParameters"); n != nil { // of 0.3
		s.With = append(s.With, f.pairs(n)...)
	}
	if s.Index.IsSet() || strings.EqualFold(s.Type.Value, "lookup") {
		s.Fields = f.lookupFields(p)
	} else {
		s.Outputs, _ = f.outputsOf(p)
	}
	f.stepType(p, s)
	for _, name := range []string{"forEach", "condition", "each", "when", "if", "loop"} {
		if n := p.get(name); n != nil {
			r := f.Report(node.Key(p.Node, name), "no-meaning", "step %q: %q is in no version of the format, and capstan does not guess what it does", s.Name.Value, name)
			r.Hint = "call the operation once for each case, or do it in a step of type script"
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

// stepType finds out what a step does that does not say it, and checks that it
// has what its type needs.
func (f *frame) stepType(p *part, s *spec.FlowStep) {
	if !s.Type.IsSet() {
		s.Type = spec.At(s.Pos, inferredStep(s))
	}
	low := spec.Reworded(s.Type, strings.ToLower(s.Type.Value))
	if low.Value == "transform" && allValued(s.Outputs) {
		f.loosely(p.get("type"), "a transform step whose outputs all have a value is read as type mock", "write type: mock")
		low = spec.Reworded(low, "mock")
	}
	s.Type = low
	if !slices.Contains(stepTypes, low.Value) {
		n := p.get("type")
		if n == nil {
			n = p.Node
		}
		r := f.Report(n, "no-meaning", "step %q: no version of the format says what type %q does", s.Name.Value, low.Value)
		r.Hint = "write one of " + strings.Join(stepTypes, ", ")
		if low.Value == "" {
			r.Message = fmt.Sprintf("step %q does nothing: it has no call, lookup or script", s.Name.Value)
			r.Hint = "add call: namespace.operation"
		}
		return
	}
	needs := map[string][]string{"call": {"call"}, "lookup": {"index", "match", "lookupValue", "outputParameters"}, "script": {"file"}}
	for _, name := range needs[low.Value] {
		p.need(name)
	}
}

func inferredStep(s *spec.FlowStep) string {
	switch {
	case s.Call.IsSet():
		return "call"
	case s.Index.IsSet():
		return "lookup"
	case s.Script.IsSet():
		return "script"
	case allValued(s.Outputs):
		return "mock"
	}
	return ""
}

// allValued reports whether every output says what it is.
func allValued(outputs []*spec.Shape) bool {
	return len(outputs) > 0 && !slices.ContainsFunc(outputs, func(s *spec.Shape) bool {
		return !s.Value.IsSet() && s.Const == nil && !s.Mapping.IsSet()
	})
}

// stepMappings are a step's own mappings, whose paths begin in the step's
// result: "$.{{x}}" and "$.x" are its x.
func (f *frame) stepMappings(p *part, s *spec.FlowStep) []spec.Target {
	out := f.mappings(p)
	for i, t := range out {
		text := t.Value.Str
		if t.Value.Kind != spec.Scalar || !strings.HasPrefix(text.Value, "$") {
			continue
		}
		rest := strings.NewReplacer("{{", "", "}}", "").Replace(strings.TrimPrefix(text.Value, "$"))
		text = spec.Reworded(text, "$."+s.Name.Value+rest)
		out[i].Value = spec.Value{Scalar: text.Value, Str: text, Pos: t.Value.Pos}
	}
	return out
}
