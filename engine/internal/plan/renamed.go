package plan

import (
	"fmt"
	"slices"
	"strings"

	wordsof "github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// renamed is the rule for an input under a longer or shorter name than the parameter's:
// "polygon_id" for polyid. The input and the parameter can mean nothing else, which is
// noted; two readings are an error.
func (bb *binding) renamed(t target) (Value, Rule) {
	if !bb.open(t) {
		return nil, ""
	}
	inputs := slices.DeleteFunc(bb.homeless(), func(in *Input) bool { return !bb.shortened(in, t) })
	if len(inputs) == 0 {
		return nil, ""
	}
	in := inputs[0]
	places := slices.DeleteFunc(slices.Clone(bb.targets), func(u target) bool { return !bb.open(u) || !bb.shortened(in, u) })
	names := targetNames(places)
	slices.Sort(names)
	switch {
	case len(inputs) > 1:
		bb.ambiguous(in, fmt.Sprintf("%q of %s could be %s", t.name, bb.a.Op.ID, spelt(inputs)))
	case len(places) > 1:
		bb.ambiguous(in, fmt.Sprintf("%s could be %s of %s", bb.shown(in), quoted(names), bb.a.Op.ID))
	default:
		bb.noteSpelling(in, t.name, fmt.Sprintf("feeds the parameter %q of %s", t.name, bb.a.Op.ID))
		bb.adopt(in, t)
		bb.again[in.Name] = true
		return bb.same(in), RuleInput
	}
	for _, in := range inputs {
		bb.useInput(in.Name, bb.by) // the error above asks for its meaning
	}
	for _, u := range places {
		bb.explained[u.key()] = true
	}
	return nil, ""
}

// open reports whether a target may take an input of another name: of optional ones
// those of reads, which can only be narrowed by it.
func (bb *binding) open(t target) bool {
	_, given := bb.given[t.key()]
	return !t.whole && !given && !bb.hasOwn(t) && !bb.explained[t.key()] && !bb.closed[t.key()] && !binds(bb.a.Binds, t) && len(bb.byName[canon(t.name)]) == 0 &&
		(t.required || bb.a.Op.Effect() == operations.Read && !neverInferred(t))
}

// homeless are the inputs that the unit declares and reads under no name of their own:
// no parameter of any step has it.
func (bb *binding) homeless() []*Input {
	var out []*Input
	for _, x := range bb.unit.Inputs {
		in := bb.input(x.Name.Value)
		if read := len(bb.used[in.Name]) > 0 && !bb.again[in.Name]; !read && bb.consumed[in.Name] == nil && !slices.ContainsFunc(bb.plan.Steps, in.named) {
			out = append(out, in)
		}
	}
	return out
}

// named reports whether a step calls an operation with a parameter of the input's name.
func (in *Input) named(s *Step) bool {
	a := s.Operation()
	if a == nil {
		return false
	}
	resource := a.Op.Resource().Name
	return slices.ContainsFunc(targets(a.Op), func(t target) bool {
		return canon(t.name) == canon(in.Name) || canon(resource+"_"+t.name) == canon(in.Name)
	})
}

// shortened reports whether an input and a target differ in the ends of their names, or of a
// tool in words before: the inputs of a tool are about its one call, those of a workflow
// may be about any. An id by itself may be that of anything.
func (bb *binding) shortened(in *Input, t target) bool {
	if canon(in.Name) == "id" || canon(t.name) == "id" {
		return false
	}
	return wordsof.Shortened(in.Name, t.name, bb.unit.Direct) && bb.fits(t, in)
}

// unusedOfTool is the hint for an input of a tool that no parameter takes.
func (b *builder) unusedOfTool() string {
	if !b.unit.Direct || b.unit.Binding != spec.BindByRuleOrAsk {
		return ""
	}
	a := b.plan.Steps[0].Operation()
	if a == nil || a.Op == nil {
		return ""
	}
	free := slices.DeleteFunc(targets(a.Op), func(t target) bool { return t.whole || binds(a.Binds, t) || binds(a.Supplied, t) })
	if len(free) == 0 {
		return fmt.Sprintf("%s takes nothing else: add the parameter to its description, or remove the input", a.Op.ID)
	}
	return fmt.Sprintf("give it the name of a parameter: %s takes %s", a.Op.ID, strings.Join(targetNames(free), ", "))
}
