package framework

import (
	"cmp"
	"slices"

	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// resolveRefs lets every flow that refers to an aggregate's flow inherit
// from it. An imported flow sees the aggregates of its own file first.
func (l *loading) resolveRefs() {
	for _, u := range l.units() {
		l.resolve(u)
	}
}

func (l *loading) resolve(u *spec.Unit) {
	if !u.Ref.IsSet() || l.resolved[u] {
		return
	}
	l.resolved[u] = true
	if base := l.target(u); base != nil {
		l.resolve(base)
		l.inherit(u, base, l.with[u])
	}
}

// target returns the flow that a ref names, nil with a problem when there is
// none. What is wrong with another one of its name is wrong with the ref, too.
func (l *loading) target(fl *spec.Unit) *spec.Unit {
	f := l.frames[fl.File]
	var known []string
	for _, a := range f.reachable() {
		var found *spec.Unit
		for _, candidate := range a.flows {
			name := a.namespace.Value + "." + candidate.Short.Value
			switch {
			case name != fl.Ref.Value || candidate == fl:
				known = append(known, name)
			case found == nil:
				found = candidate
			default:
				fl.Spans = append(fl.Spans, candidate.Spans...)
			}
		}
		if found != nil {
			return found
		}
	}
	if !f.standalone() || len(known) > 0 { // of a file to be imported the importer has the aggregate
		f.ReportAt(fl.Ref, "unknown-flow", "no aggregate has the flow %q", fl.Ref.Value).Hint =
			l.hintAmong(fl.Ref.Value, known, "add an aggregate with this flow, or write call instead of ref")
	}
	return nil
}

// reachable returns the aggregates that refs of the file may name, its own first.
func (f *frame) reachable() []*aggregate {
	if f == f.loading.order[0] || !f.hasSection("aggregates") {
		return f.loading.aggregates
	}
	return append(slices.Clone(aggregateSection.of(f)), f.loading.aggregates...)
}

// standalone reports whether the file is a section to be imported: names
// that it does not declare come from the importing file.
func (f *frame) standalone() bool {
	return !node.Has(f.doc.Root, "capability")
}

// maxCompared bounds the names that are compared for suggestions, so that a
// large file full of wrong calls is refused as quickly as a small one.
const maxCompared = 20_000

// hintAmong proposes the name that is most like word, or lists those that exist.
func (l *loading) hintAmong(word string, known []string, none string) string {
	if l.compared += len(known); l.compared > maxCompared {
		return none
	}
	return cmp.Or(suggest.Hint(word, "there is ", suggest.Agreeing(word, known)), none)
}

// inherit takes from base the parts that fl leaves out. with gives values to inputs of
// base, and to parameters of its call where it is one.
func (l *loading) inherit(fl, base *spec.Unit, with []spec.Field) {
	for _, s := range []struct{ to, from *spec.Str }{
		{&fl.Short, &base.Short}, {&fl.Title, &base.Title}, {&fl.Description, &base.Description}, {&fl.Answer.Media, &base.Answer.Media},
	} {
		if !s.to.IsSet() {
			*s.to = *s.from
		}
	}
	passed, others := pass(with, base.Inputs, len(fl.Inputs) == 0 && !l.options.Strict)
	left := slices.DeleteFunc(slices.Clone(base.Inputs), func(in *spec.Input) bool {
		return slices.ContainsFunc(passed, func(p spec.Passed) bool { return p.Input == in })
	})
	fl.Inputs, fl.Passed = inheritInputs(fl.Inputs, left), append(passed, base.Passed...)
	if len(fl.Steps) == 0 {
		fl.Direct, fl.Steps = base.Direct, slices.Clone(base.Steps)
	}
	switch {
	case len(others) == 0:
	case fl.Direct:
		fl.Steps[0] = withArguments(fl.Steps[0], others)
	default:
		l.unknownInput(fl, base, others)
	}
	if fl.Answer.Mappings == nil {
		fl.Answer.Mappings = base.Answer.Mappings
	}
	if fl.Answer.Shapes == nil {
		fl.Answer.Shapes, fl.Answer.Named = base.Answer.Shapes, base.Answer.Named
	}
	fl.Hints = overHints(fl.Hints, base.Hints)
	fl.Spans = append(fl.Spans, base.Spans...)
	for _, n := range base.Namespaces {
		if !slices.Contains(fl.Namespaces, n) {
			fl.Namespaces = append(fl.Namespaces, n)
		}
	}
}

// pass returns the values under `with` for inputs, and the other ones.
func pass(with []spec.Field, inputs []*spec.Input, anyName bool) (passed []spec.Passed, others []spec.Field) {
	for _, f := range with {
		if i := slices.IndexFunc(inputs, func(in *spec.Input) bool { return in.Name.Value == f.Key.Value }); i >= 0 {
			passed = append(passed, spec.Passed{Input: inputs[i], Value: f.Value, AnyName: anyName})
		} else {
			others = append(others, f)
		}
	}
	return passed, others
}

// unknownInput reports values for inputs that a flow does not have.
func (l *loading) unknownInput(fl, base *spec.Unit, others []spec.Field) {
	var names []string
	for _, in := range base.Inputs {
		names = append(names, in.Name.Value)
	}
	for _, f := range others {
		l.frames[fl.File].ReportAt(f.Key, "unknown-parameter", "the flow %q has no input %q", fl.Ref.Value, f.Key.Value).Hint =
			l.hintAmong(f.Key.Value, names, "declare it under the flow's inputParameters")
	}
}

// withArguments returns a call with more arguments.
func withArguments(s *spec.Step, with []spec.Field) *spec.Step {
	step, op := *s, *s.Action.(*spec.Operation)
	op.With = append(slices.Clone(op.With), with...)
	step.Action = &op
	return &step
}

// overHints returns h, completed from base.
func overHints(h, base spec.Hints) spec.Hints {
	return spec.Hints{
		ReadOnly: cmp.Or(h.ReadOnly, base.ReadOnly), Destructive: cmp.Or(h.Destructive, base.Destructive),
		Idempotent: cmp.Or(h.Idempotent, base.Idempotent), OpenWorld: cmp.Or(h.OpenWorld, base.OpenWorld),
	}
}

// inheritInputs overrides base's inputs by name; an own one that leaves things
// out, as one that only names its place, takes them from base's.
func inheritInputs(own, base []*spec.Input) []*spec.Input {
	var out []*spec.Input
	for _, b := range base {
		i := slices.IndexFunc(own, func(p *spec.Input) bool { return p.Name.Value == b.Name.Value })
		if i < 0 {
			out = append(out, b)
			continue
		}
		p := *own[i]
		for _, s := range []struct{ to, from *spec.Str }{
			{&p.Type, &b.Type}, {&p.Description, &b.Description}, {&p.Display, &b.Display}, {&p.Pattern, &b.Pattern}, {&p.Items, &b.Items},
		} {
			if !s.to.IsSet() {
				*s.to = *s.from
			}
		}
		if p.Default == nil {
			p.Default = b.Default
		}
		p.Required = p.Required || b.Required && p.Default == nil
		out = append(out, &p)
	}
	for _, p := range own {
		if !slices.ContainsFunc(base, func(b *spec.Input) bool { return b.Name.Value == p.Name.Value }) {
			out = append(out, p)
		}
	}
	return out
}
