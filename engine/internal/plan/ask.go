package plan

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// asked is the last rule where the unit asks for what is missing: a value that must
// be there becomes an input, and so does every other where the unit is nothing but
// the call.
func (bb *binding) asked(t target) (Value, Rule) {
	bare := bb.unit.Direct && len(bb.unit.Inputs) == 0 && len(bb.src.With) == 0
	required := t.required
	switch {
	case t.whole:
		required = bb.a.Op.Body.Required
	case t.in == operations.InBody:
		inBody := func(x target) bool { _, given := bb.given[x.key()]; return given && x.in == operations.InBody }
		required = required && (bb.a.Op.Body.Required || slices.ContainsFunc(bb.targets, inBody))
	}
	if bb.closed[t.key()] || bb.explained[t.key()] || !required && !bare {
		return nil, ""
	}
	in := bb.inferInput(bb.askedName(t))
	in.Null = true
	in.Required = in.Required || required && bb.s.When == nil
	bb.askedFor[in.Name] = bb.a.Op.Resource().Name
	bb.adopt(in, t)
	return bb.same(in), RuleInput
}

// inputOf returns the input that a value is, nil for any other value.
func (b *builder) inputOf(v Value) *Input {
	for _, r := range v.refs() {
		if from, _ := describe(v); !r.Step && r.Name == varInputs && len(r.Path) == 1 && from == refText(r) {
			return b.input(r.Path[0])
		}
	}
	return nil
}

// askedName is the input that a target asks for: its own name, with the
// operation's resource before it where that name says too little, or is taken for
// something else. A variable of a path is the same wherever it has that name.
func (bb *binding) askedName(t target) string {
	resource := bb.a.Op.Resource().Name
	of, asked := bb.askedFor[t.name]
	same := bb.input(t.name) == nil || asked && (of == resource || t.in == operations.InPath)
	if resource != "" && (canon(t.name) == "id" || !same) {
		return strings.ReplaceAll(canon(resource), "-", "_") + "_" + t.name
	}
	return t.name
}

// adopt gives an input that the file hardly describes the type of the value which it
// feeds, and makes it required where that is.
func (bb *binding) adopt(in *Input, t target) {
	if bb.unit.Binding != spec.BindByRuleOrAsk {
		return
	}
	if t.required && in.Default == nil && bb.s.When == nil {
		in.Required, in.Filled = true, true
	}
	if t.schema == nil || len(in.Schema.Types) > 0 || len(in.Schema.Enum) > 0 {
		return
	}
	s := *t.schema
	if in.Description != "" {
		s.Description = in.Description
	}
	in.typed(&s)
	if in.Description == "" {
		in.Description = s.Description
	}
}
