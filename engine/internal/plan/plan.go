// Package plan turns a capability and its operations into a [Plan]: every step
// resolved, every value bound, every expression compiled and type-checked. It
// is pure: the same capability and documents give the same plan. Start with
// [Build].
package plan

import (
	"time"

	"github.com/capstan-run/capstan/engine/durable"
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
	Outputs    []*Output
	// Answer is what a flow of the framework dialect answers with, nil for
	// compositions, which have Outputs.
	Answer *Answer
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

// Kind is what performs a step.
type Kind string

// The kinds of step.
const (
	KindOperation Kind = "operation"
	KindExternal  Kind = "external"
)

// Step is one step with everything decided about it.
type Step struct {
	Spec   *spec.Step
	ID     string
	Kind   Kind
	API    string
	Op     *operations.Operation // nil for external steps
	Binds  []*Bind
	Guards []Guard
	Policy durable.Policy
	// KeyHeader is the header that carries the idempotency key, "" when the
	// operation takes none.
	KeyHeader string

	// Probe looks up what became of a lost write, nil when the step has none.
	Probe *Probe

	When, Each, Until, Fail, Select *eval.Expr

	Schedule durable.Schedule // for steps with Until or Fail
	All      bool
	Attempts int // 0: the caller's default
	// Limit bounds one exchange, 0: the run's.
	Limit time.Duration
	// Promised are the fields that the document requires of the result and
	// that something reads, with who does: an answer without one is no answer.
	Promised map[string]string
	// Reads is what something reads of the answer.
	Reads     []Read
	Sensitive []Path
	Needs     []string  // ids of the steps whose results this one reads, in file order
	Result    eval.Type // what later steps see

	// Flow says that the step is of the framework dialect; the others below
	// are set by its kind.
	Flow     bool
	Exchange *Exchange
	Lookup   *Lookup
	Script   *Script
	Mock     *Shaped
	reads    []eval.Ref // of what is not in Binds
}

// Polls reports whether the step looks more than once.
func (s *Step) Polls() bool { return s.Until != nil }

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
)

// Probe is an operation that looks a step's result up, with its own values.
type Probe struct {
	Op    *operations.Operation
	Binds []*Bind
}

// Guard is a list filter that must be sent, must not be empty and must match
// every item that comes back.
type Guard struct {
	Param string
	// Field is the item's property that is compared, "" when items carry none.
	Field string
	// Exact says that the item's field has the filter's own name, so that a
	// foreign item proves the filter was ignored. Otherwise the field is an
	// inferred counterpart (filter directory, field directory_id).
	Exact bool
}

// Output is a named result with its compiled source.
type Output struct {
	Name      string
	Expr      *eval.Expr
	Sensitive bool
}

// Polling defaults, for steps that do not say.
const (
	DefaultEvery   = 5 * time.Second
	DefaultTimeout = 24 * time.Hour
)
