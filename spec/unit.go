package spec

import (
	"slices"
	"strings"
	"time"

	"github.com/capstan-run/capstan/diag"
)

// UnitKind is the kind of thing that a unit was declared as.
type UnitKind string

// The kinds of unit.
const (
	UnitComposition UnitKind = "composition" // the file as a whole
	UnitWorkflow    UnitKind = "workflow"    // one of a file's lists of steps
	UnitTool        UnitKind = "tool"        // of an MCP exposure, or one call by itself
	UnitOperation   UnitKind = "operation"   // of a REST exposure
	UnitResource    UnitKind = "resource"    // of an MCP exposure
	UnitFlow        UnitKind = "flow"        // of an aggregate
)

// Unit is something in a file that can be run by itself. Its outcome is Outputs,
// or Answer where that is not nil.
type Unit struct {
	// Name is "namespace.name", made unique in the file; of a file that is one
	// unit the file's base name without its extension.
	Name string
	Kind UnitKind
	// Namespace and Short are the parts of Name as they were declared.
	Namespace, Short Str
	Title            Str
	Description      Str
	// Ref names the unit that this one takes its meaning from: the steps and the
	// rest are here already.
	Ref    Str
	Inputs []*Input
	// Passed are the inputs of the unit that Ref names to which this one gives a
	// value, made of its own inputs: texts of the steps and the answer use them.
	Passed []Passed
	Steps  []*Step
	// Direct reports that the unit is its one step: the answer of its call, not
	// the outputs that the operation names, is the value that Answer looks into;
	// a unit without inputs and `with` takes the parameters of its operation.
	Direct  bool
	Outputs []*Output
	Answer  *Answer
	Hints   Hints
	// Labels tell the runs of the unit apart. They are made of its inputs.
	Labels []Field
	// Language is that of every text in the steps and the outcome.
	Language Language
	Binding  Binding
	// Namespaces are the names that may stand before an input's in a reference
	// ("harbour.code", "rest.code", "tools.code").
	Namespaces []string
	File       string // that declares it: scripts are relative to its folder
	Pos        diag.Pos
	Spans      []Span // its own, and those of the unit it refers to
}

// Language is how texts name values.
type Language int

// The languages of texts.
const (
	// Expressions: conditions, `each` and outputs are expressions; a text in
	// `with` holds them in {{ }}. An input that is absent is null.
	Expressions Language = iota
	// Placeholders: texts hold {{name}}, mappings are JSONPath, and a text in
	// `with` may be a bare reference. An input that is absent has no value.
	Placeholders
)

// Binding is the source of an operation's values that the unit does not
// give it.
type Binding int

// The kinds of binding.
const (
	// BindByRule infers them from inputs and earlier steps by the rules of
	// docs/design.md. A value that is needed and not found is an error, and so
	// is an input that nothing reads.
	BindByRule Binding = iota
	// BindByName takes the input of the same name, else the operation's own
	// default. A parameter that must have a value and finds none becomes an
	// input, and so does an unknown name behind one of Unit.Namespaces.
	BindByName
	// BindAnyName is BindByName where every unknown name becomes an input.
	BindAnyName
	// BindByRuleOrAsk is BindByRule where a value that is needed and not found
	// becomes an input.
	BindByRuleOrAsk
)

// ByRule reports whether values are inferred by the rules of docs/design.md.
func (b Binding) ByRule() bool { return b == BindByRule || b == BindByRuleOrAsk }

// Input is a value that a unit asks its caller for.
type Input struct {
	Name        Str
	Display     Str
	Description Str
	Type        Str // string, integer, number, boolean, array, object; "" for anything
	Items       Str // the type of an array's items, "" for anything
	Enum        []Value
	Pattern     Str
	Required    bool
	Default     *Value
	Example     *Value
	// In is where a REST request brings the value: query, header, path, cookie,
	// body or environment; "" for anywhere.
	In Str
	// At is the JSONPath of the value in a REST request's body, unset for the
	// member of the input's name.
	At Str
	// Convert reports that a value of another type is converted where it plainly
	// stands for one of Type.
	Convert bool
	// Filled reports that empty text is no value.
	Filled bool
	// Sensitive reports that the value is a secret.
	Sensitive bool
	// Implied reports that nothing declares the input but a variable of the path or
	// address at which the unit is served.
	Implied bool
	Pos     diag.Pos // of the mapping
}

// Passed is a value for an input. One that stands later may be made of earlier ones.
type Passed struct {
	Input *Input
	Value Value
	// AnyName reports that an unknown name in Value becomes an input.
	AnyName bool
}

// Step is one step of a unit.
type Step struct {
	ID          Str // "#N", for the Nth step, when its own is absent, refused or an earlier step's
	Pos         diag.Pos
	Description Str
	When, Each  *Str
	Sensitive   []Str  // paths into the result
	Action      Action // never nil
}

// Action is the one thing that a step does: an *[Operation], *[External],
// *[Lookup], *[Script] or *[Mock].
type Action interface{ action() }

func (*Operation) action() {}
func (*External) action()  {}
func (*Lookup) action()    {}
func (*Script) action()    {}
func (*Mock) action()      {}

// Operation calls an operation of an API.
type Operation struct {
	API       Str // namespace of an API in File.APIs; unset when the file names none
	Operation Str // name in that API; unset when it was refused
	// Call is the text that names the two at once ("namespace.operation"), unset
	// where they are written apart.
	Call       Str
	Capability Str // id in the catalogue, documentation only
	With       []Field
	Keys       []Field // keys that are no step key of the dialect: candidate bindings
	Until      *Str
	Fail       *Str
	Select     *Str
	Every      *Duration
	Timeout    *Duration
	All        bool
	// RequestTimeout bounds one request with its answer.
	RequestTimeout *Duration
	Retry          int  // how often a safe request is sent in all, 0 when not written
	Key            *Str // name of the idempotency header
	Probe          *Probe
}

// Probe is an operation that looks up whether a lost write happened.
type Probe struct {
	Operation Str
	With      []Field
}

// External is done by a person or another system.
type External struct {
	With []Field
	Keys []Field // keys that are no step key of the dialect
}

// Lookup picks entries of an earlier step's list.
type Lookup struct {
	Index  Str // id of the step that holds the list
	Match  Str // field of an entry that is compared
	Value  Str // text that it is compared with
	Fields []Str
}

// Script runs a script.
type Script struct {
	Language, Location, File Str // Location is the folder of File and of Dependencies
	Dependencies             []Str
	With                     []Field
}

// Mock answers with an object of its own values.
type Mock struct{ Outputs []*Shape }

// Output is a named result.
type Output struct {
	Name      Str
	Source    Str // expression
	Sensitive bool
}

// Answer is a result without a name: an object that Mappings fill in, else one
// of the fields that Shapes name, else the first of Shapes that has a value,
// else the last step's answer as it came.
type Answer struct {
	Mappings []Target
	Shapes   []*Shape
	// Named reports that Shapes are the fields of one object. Otherwise they are
	// alternatives, tried in order on the last step's answer.
	Named bool
	Media Str // media type that replaces the answer's own
}

// Target puts a value into the answer.
type Target struct {
	Name  Str   // dotted
	Value Value // a JSONPath into the steps' results, or a text with {{variables}}
}

// Hints describe the effects of a unit, nil where the file does not state them.
type Hints struct{ ReadOnly, Destructive, Idempotent, OpenWorld *bool }

// Duration is a length of time as written ("30s", "72h", "3d").
type Duration struct {
	D   time.Duration
	Pos diag.Pos
}

// Select returns the units that a name stands for: the one of exactly that
// name, else those with that name behind their namespace, "" for all. A unit
// that another one of them refers to is left out, since it is the same thing.
func (f *File) Select(name string) []*Unit {
	var found []*Unit
	for _, u := range f.Units {
		_, short, _ := strings.Cut(u.Name, ".")
		switch {
		case u.Name == name:
			return []*Unit{u}
		case name == "" || short == name:
			found = append(found, u)
		}
	}
	return slices.DeleteFunc(slices.Clone(found), func(u *Unit) bool {
		return u.Kind == UnitFlow && slices.ContainsFunc(found, func(x *Unit) bool { return x.Ref.Value == u.Name })
	})
}
