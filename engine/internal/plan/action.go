package plan

import (
	"slices"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/engine/internal/jsonpath"
	"github.com/capstan-run/capstan/engine/internal/script"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/formats"
	"github.com/capstan-run/capstan/spec"
)

// Action is the work of a step: one of *[Operation], *[External], *[Lookup],
// *[Script] and *[Mock].
type Action interface {
	Kind() Kind
	// Takes lists the values that the action works on.
	Takes() []*Bind
	// refs returns all that the action reads, its own answer included.
	refs() []eval.Ref
}

// Kind names an action.
type Kind string

// The kinds of action.
const (
	KindOperation Kind = "operation"
	KindExternal  Kind = "external"
	KindLookup    Kind = "lookup"
	KindScript    Kind = "script"
	KindMock      Kind = "mock"
)

// Operation calls an operation of an API.
type Operation struct {
	API   string
	At    spec.Str              // where the file names the operation
	Op    *operations.Operation // nil when the file names one that does not exist
	Binds []*Bind
	// Supplied are parameters that something else than a value of the plan fills:
	// the credential, or the request itself.
	Supplied []*Bind
	// Missing are the values that it cannot do without and that nothing was bound to.
	Missing []Missing
	Body    *Body // makes the request's body, nil where Binds do or there is none
	Guards  []Guard
	Policy  durable.Policy
	// KeyHeader is the header that carries the idempotency key, "" when the
	// operation takes none.
	KeyHeader string
	// Probe looks up the outcome of a lost write, nil when the step has none.
	Probe *Operation

	Until, Fail, Select *eval.Expr
	Schedule            durable.Schedule // for steps with Until
	All                 bool
	// Keep is the part of the answer that is read, of a step with All; nil is all of it.
	Keep     *eval.Part
	Attempts int           // 0: the caller's default
	Limit    time.Duration // of one exchange, 0: the run's

	// Promised are the fields that the document requires of the result and that
	// a step or output reads, by name.
	Promised []Promise
	Reads    []Read
	Answer   Reading
	// Headers are the names of the answer's headers that are read, in lower case
	// and sorted; the name "" stands for all.
	Headers []string
}

// Missing is a value that a step cannot do without and that nothing was bound to.
type Missing struct {
	Name   string
	In     operations.In
	Schema *operations.Schema // nil when nothing is known
	Could  []string           // the expressions that it could be, of which none was chosen
}

// Reading is how an answer becomes the result that later steps see.
type Reading struct {
	// Loose accepts JSON that is not labelled as such, and text. Otherwise the
	// operation's document decides.
	Loose bool
	// Format is the answer's declared format, "" for JSON.
	Format string
	// Decode reads an answer that is not JSON; nil for JSON and binary.
	Decode formats.Decoder
	// Media replaces the answer's own media type, "" keeps it.
	Media string
	// MaxBinary bounds a binary answer in bytes, 0 for no bound of its own.
	MaxBinary int64
	// Fields are the named values that make the result; nil for the whole answer.
	Fields []*Field
	// Inside reports that fields of the answer are read, so that it must be JSON
	// where no format is declared.
	Inside bool
	// Form keeps the answer's status, media type and headers for the outcome, Raw
	// its bytes as well.
	Form, Raw bool
	// Unread reports that nothing looks into the answer: it is passed on as it came.
	Unread bool
}

// Promise is a required field of a result with the first of its readers.
type Promise struct{ Field, By string }

// Field is a named value found in an answer.
type Field struct {
	Name string
	At   *jsonpath.Path
}

// Guard is a list filter that must be sent, must not be empty and must match
// every item that comes back.
type Guard struct {
	Param string
	// Field is the item's property that is compared, "" when items carry none.
	Field string
	// Exact reports that the item's field has the filter's own name, so that a
	// foreign item proves the filter was ignored. Otherwise the field is an
	// inferred counterpart (filter directory, field directory_id).
	Exact bool
}

// External waits for a person or another system.
type External struct{ Binds []*Bind }

// Lookup picks entries of an earlier step's list.
type Lookup struct {
	Index  string // id of the step that holds the list
	Match  string // field of an entry that is compared with Value
	Value  Value  // a list picks one entry for each of its values
	Fields []string
}

// Script runs a program over the results so far.
type Script struct {
	Program *script.Program
	Options script.Options
	With    []*Bind
	steps   []eval.Ref // the results that it may read
}

// Mock answers from values.
type Mock struct{ Answer *Shape }

// Binary is the format of answers that are bytes.
const Binary = "binary"

// Polling defaults, for steps that give none.
const (
	DefaultEvery   = 5 * time.Second
	DefaultTimeout = 24 * time.Hour
)

// Polls reports whether the operation is called until a condition is true.
func (a *Operation) Polls() bool { return a.Until != nil }

// Kind is [KindOperation].
func (*Operation) Kind() Kind { return KindOperation }

// Kind is [KindExternal].
func (*External) Kind() Kind { return KindExternal }

// Kind is [KindLookup].
func (*Lookup) Kind() Kind { return KindLookup }

// Kind is [KindScript].
func (*Script) Kind() Kind { return KindScript }

// Kind is [KindMock].
func (*Mock) Kind() Kind { return KindMock }

// Takes returns the bindings, the parameters that are supplied, and the body's
// template as one of them.
func (a *Operation) Takes() []*Bind {
	out := append(slices.Clip(a.Binds), a.Supplied...)
	if a.Body != nil {
		out = append(out, a.Body.bind())
	}
	return out
}

// Takes returns the values that whoever performs the step is given.
func (a *External) Takes() []*Bind { return a.Binds }

// Takes returns the value that is looked for.
func (a *Lookup) Takes() []*Bind {
	if a.Value == nil {
		return nil
	}
	return []*Bind{{Name: a.Match, In: "match", Rule: RuleWith, From: sourceOf(a.Value), Reads: a.Value.refs(), Value: a.Value}}
}

// Takes returns the values that the script is given beside inputs and results.
func (a *Script) Takes() []*Bind { return a.With }

// Takes returns the fields of the answer.
func (a *Mock) Takes() []*Bind {
	var out []*Bind
	if a.Answer == nil {
		return nil
	}
	for _, part := range a.Answer.parts("") {
		out = append(out, &Bind{Name: part.Name, In: "value", Rule: RuleWith, From: part.Source, Reads: part.Reads})
	}
	return out
}

func (a *Operation) refs() []eval.Ref {
	out := bindRefs(a.Binds)
	if a.Body != nil {
		out = append(out, a.Body.Reads...)
	}
	if a.Probe != nil {
		out = append(out, bindRefs(a.Probe.Binds)...)
	}
	return slices.Concat(out, exprRefs(a.Until, a.Fail, a.Select))
}

func (a *External) refs() []eval.Ref { return bindRefs(a.Binds) }

func (a *Lookup) refs() []eval.Ref {
	return append(a.Value.refs(), eval.Ref{Step: true, Name: a.Index})
}

func (a *Script) refs() []eval.Ref { return append(bindRefs(a.With), a.steps...) }

func (a *Mock) refs() []eval.Ref { return a.Answer.refs() }

func bindRefs(binds []*Bind) []eval.Ref {
	var out []eval.Ref
	for _, b := range binds {
		out = append(out, b.Reads...)
	}
	return out
}

func exprRefs(exprs ...*eval.Expr) []eval.Ref {
	var out []eval.Ref
	for _, e := range exprs {
		if e != nil {
			out = append(out, e.Refs()...)
		}
	}
	return out
}
