// Package plan turns a capability and its operations into a [Plan]: every step
// resolved, every value bound, every expression compiled and type-checked. It
// is pure: the same capability and documents give the same plan. Start with
// [Build].
package plan

import (
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/jsonpath"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// Plan is what a run will do. It is immutable and safe for concurrent use.
type Plan struct {
	Capability *spec.Capability
	Inputs     []*Input
	Steps      []*Step
	Outcome    Outcome
	// Variables are the binds that are read, as "namespace.NAME".
	Variables []string
}

// Input is a declared input with its type and the steps that use it.
type Input struct {
	Name        string
	Type        eval.Type
	Schema      *operations.Schema
	Required    bool
	Default     any
	HasDefault  bool
	Description string
	UsedBy      []string // step ids, then output names; in order, unique

	// Of flows: where a REST request brings it ("" for anywhere), the place in
	// a REST body, and the declaration, nil when the input is Inferred from its
	// use.
	In       string
	At       *jsonpath.Path
	Param    *spec.Param
	Inferred bool
}

// Step is one step with everything decided about it, whatever its action.
type Step struct {
	ID          string
	At          spec.Str // where the file names it
	Description string
	When, Each  *eval.Expr
	Action      Action
	Needs       []string  // ids of the steps whose results this one reads, in file order
	Result      eval.Type // what later steps see
	Sensitive   []Path

	src *spec.CompositionStep
}

// Operation returns the step's action where that calls an operation, else nil.
func (s *Step) Operation() *Operation {
	if a, ok := s.Action.(*Operation); ok && a.Op != nil {
		return a
	}
	return nil
}

// Bind is one value that a step sends, and where it comes from.
type Bind struct {
	Name   string
	In     operations.In     // "" for the values of an external step
	Param  *operations.Param // nil for properties of the body and for external steps
	Whole  bool              // the value is the whole body
	Rule   Rule
	From   string // what it reads, as the plan prints it
	Source string // the expression when From is only what it reads
	Value  Value
	// Must says that an empty value is an error found before sending.
	Must bool
	// Null says that an empty value is sent as null; otherwise it is left out.
	Null bool
	// Sensitive says that the value holds part of a sensitive result.
	Sensitive bool
	// template reports that the value is made by a text of a consumed operation,
	// which needs all that it names.
	template bool
}

// LeftOut reports whether a bind that came out without a value has none because
// the file says null, or because the caller gave none: it reads nothing but
// inputs, and one of them is absent.
func (b *Bind) LeftOut(inputs map[string]any) bool {
	if v, ok := b.Value.(Literal); ok && v.V == nil {
		return true
	}
	return !b.template && leftOut(b.Value.refs(), inputs)
}

func leftOut(refs []eval.Ref, inputs map[string]any) bool {
	absent := false
	for _, r := range refs {
		if r.Step || r.Name != varInputs || len(r.Path) == 0 {
			return false
		}
		absent = absent || inputs[r.Path[0]] == nil
	}
	return absent
}

// Rule is why a value was bound, in the order in which the rules are tried.
type Rule string

// The binding rules.
const (
	RuleOverlay  Rule = "overlay"       // `with` written by an overlay
	RuleWith     Rule = "with"          // `with` in the capability
	RuleKey      Rule = "step key"      // a step key that is a parameter
	RuleInput    Rule = "input name"    // an input of the same name
	RuleResource Rule = "resource name" // an input <resource>_<property>
	RuleStep     Rule = "step resource" // the id of the one earlier step that yields the resource
	RuleSchema   Rule = "schema"        // const, default or one-value enum
	RuleTemplate Rule = "template"      // the operation's own text for the body
)
