package plan

import (
	"slices"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// Values of the parameters that an operation declares, for those of its own texts
// that name them: a body that the file writes out, the text of another parameter.

// ownParam returns the parameter of a name that the operation declares, or nil: of
// several the first with a value.
func (bb *binding) ownParam(name string) *spec.Param {
	if bb == nil || bb.own == nil {
		return nil
	}
	var out *spec.Param
	for _, p := range bb.own.Params {
		if p.Name.Value == name && (out == nil || out.Value == nil && p.Value != nil) {
			out = p
		}
	}
	return out
}

// constant is the value that the operation gives a parameter, nil for none.
func (bb *binding) constant(name string) Value {
	p := bb.ownParam(name)
	if p == nil || bb.busy[name] {
		return nil
	}
	v, _ := bb.fromOwn(target{name: name, own: p})
	return v
}

// otherwise is the value of a parameter that nothing else gives one: its default, an
// input where it is required or where every unknown name is one, or none.
func (bb *binding) otherwise(name string) Value {
	p := bb.ownParam(name)
	if p == nil || bb.busy[name] {
		return nil
	}
	t := target{name: name, in: operations.In(p.In.Value), own: p, required: p.Required}
	for _, find := range [...]rule{(*binding).fromDefault, (*binding).newInput} {
		if v, _ := find(bb, t); v != nil {
			return v
		}
	}
	if bb.unit.Binding == spec.BindAnyName {
		in := bb.inferInput(name)
		in.refine(p)
		return bb.same(in)
	}
	return absent{}
}

// named records that a text of the operation names a parameter: the inputs that it
// stands for are of the parameter's type, and as required as one of the body is.
func (bb *binding) named(name string, at *place) {
	p := bb.ownParam(name)
	if p == nil {
		return
	}
	v := Value(placeValue{at})
	if at.local != nil {
		v = at.local
	}
	if in := bb.wholeInput(v); in != nil {
		in.refine(p)
	}
	if p.Required && p.In.Value == string(operations.InBody) {
		bb.require(v)
	}
}

// parameters lists the names of everything that the operation takes.
func (bb *binding) parameters() []string {
	names := targetNames(bb.targets)
	if bb.own != nil {
		for _, p := range bb.own.Params {
			names = append(names, p.Name.Value)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
