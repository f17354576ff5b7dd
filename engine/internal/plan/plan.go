// Package plan turns a unit of a capability file and its operations into a
// [Plan]: every step resolved, every value bound, every expression compiled and
// type-checked. It is pure: the same file and documents give the same plan.
// Start with [Build].
package plan

import (
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/jsonpath"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// Plan is the course of a run. It is immutable and safe for concurrent use.
type Plan struct {
	File    *spec.File
	Unit    *spec.Unit
	Inputs  []*Input
	Steps   []*Step
	Outcome Outcome
	Labels  []Label
	// Variables are the binds that are read, as "namespace.NAME".
	Variables []string
}

// Input is an input with its type and the steps that use it.
type Input struct {
	Name        string
	Type        eval.Type
	Schema      *operations.Schema
	Required    bool
	Default     func() any // makes it anew for whoever gets it, nil when there is none
	Description string
	UsedBy      []string // step ids, then output names; in order, unique
	Feeds       []*Feed  // in the order of the steps
	// Listed is the first step that is always executed once for each item of the input,
	// nil for none: without a list it would fail.
	Listed *Step

	// In is where a REST request brings the value, "" for anywhere; At is its
	// place in the request's body, nil for the member of the input's name.
	In string
	At *jsonpath.Path
	// Convert reports that a value of another type is converted where it plainly
	// stands for one of Type.
	Convert bool
	// Filled reports that empty text is no value.
	Filled bool
	// Sensitive reports that the value is a secret.
	Sensitive bool
	// Null reports that an absent value is null. Otherwise it is no value.
	Null bool
	// Inferred reports that the file uses the input without declaring it.
	Inferred bool
	// Implied reports that the path or address at which the unit is served has it,
	// and nothing else declares it.
	Implied bool
}

// Step is one step with everything decided about it, whatever its action.
type Step struct {
	ID          string
	At          spec.Str // where the file names it
	Description string
	When, Each  *eval.Expr
	Action      Action
	Needs       []string  // ids of the steps that this one reads, in file order
	Result      eval.Type // as later steps see it
	Sensitive   []Path
	// Keep is the part of each of the results of a step with Each that something
	// reads; nil is all of it.
	Keep *eval.Part
}

// Operation returns the step's action where that calls an operation, else nil.
func (s *Step) Operation() *Operation {
	if a, ok := s.Action.(*Operation); ok && a.Op != nil {
		return a
	}
	return nil
}

// Conditions returns the parts of results and inputs that the step's own
// expressions read.
func (s *Step) Conditions() []eval.Ref {
	refs := exprRefs(s.When, s.Each)
	if a := s.Operation(); a != nil {
		refs = append(refs, exprRefs(a.Until, a.Fail, a.Select)...)
	}
	return refs
}

// Bind is one value that an action works on, and where it comes from.
type Bind struct {
	Name   string
	In     operations.In     // "" for the values of an external step
	Param  *operations.Param // nil for properties of the body and for other actions
	Whole  bool              // the value is the whole body
	Rule   Rule
	From   string // its reads, as the plan prints them
	Source string // the expression when From is only its reads
	Reads  []eval.Ref
	Value  Value // nil for a body that a template makes
	// Must reports that an empty value is an error found before sending.
	Must bool
	// Null reports that an empty value is sent as null; otherwise it is left out.
	Null bool
	// Sensitive reports that the value holds part of a sensitive result or input.
	Sensitive bool
}

// LeftOut reports whether a bind that came out without a value has none because
// the file has null, or because the caller gave none: it reads nothing but
// inputs, and one of them is absent. A text of the operation's own needs all
// that it names.
func (b *Bind) LeftOut(inputs map[string]any) bool {
	if v, ok := b.Value.(Literal); ok && v.V == nil {
		return true
	}
	return b.Rule != RuleSchema && leftOut(b.Reads, inputs)
}

func leftOut(refs []eval.Ref, inputs map[string]any) bool {
	absent := false
	for _, r := range refs {
		name, ok := InputOf(r)
		if !ok {
			return false
		}
		absent = absent || inputs[name] == nil
	}
	return absent
}

// InputOf returns the name of the input that r reads, if it is one.
func InputOf(r eval.Ref) (name string, ok bool) {
	if r.Step || r.Name != varInputs || len(r.Path) == 0 {
		return "", false
	}
	return r.Path[0], true
}

// Rule is why a value was bound, in the order in which the rules are tried.
type Rule string

// The binding rules.
const (
	RuleOverlay  Rule = "overlay"                     // `with` written by an overlay
	RuleWith     Rule = "with"                        // `with` in the capability
	RuleKey      Rule = "step key"                    // a step key that is a parameter
	RuleInput    Rule = "input name"                  // an input of the same name
	RuleResource Rule = "resource name"               // an input <resource>_<property>
	RuleStep     Rule = "step resource"               // the id of the one earlier step that yields the resource
	RuleLast     Rule = "last step with the resource" // the same of several steps, each called with the id of one before
	RuleSchema   Rule = "schema"                      // const, default or one-value enum; a value of the operation's own
	RuleTemplate Rule = "template"                    // the operation's own text for the body

	RuleCredential Rule = "credential" // the API's credential goes there, whatever else would
	RuleRequest    Rule = "request"    // a header that the request has of itself: Accept, Content-Type
)
