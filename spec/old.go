package spec

import "github.com/capstan-run/capstan/diag"

// This file holds the models that each dialect had of its own, until nothing
// behind this package reads them: [File] is the model.

// Consumed is an [API].
type Consumed = API

// FrameworkOptions are [Options].
type FrameworkOptions = Options

// Capability is a parsed composition. It is immutable once returned.
type Capability struct {
	File        string // as given to Read
	Dialect     Dialect
	Version     string // specificationVersion as written
	Name        Str
	Description Str
	Provider    Str
	ProviderID  Str
	API         Str // names the API whose OpenAPI document holds the operations
	Inputs      []Input
	Steps       []CompositionStep
	Outputs     []Output
	Overlays    []string // names of the overlays that acted, in order
}

// CompositionStep is one step as written (after overlays). Which of the optional fields
// are set says what kind it is; the plan stage decides.
type CompositionStep struct {
	ID          Str      // "#N", for the Nth step, when its own is absent, refused or an earlier step's
	Pos         diag.Pos // of the mapping
	Description Str
	Capability  Str // id in the catalogue, documentation only
	Operation   Str // operationId
	API         Str // overrides Capability.API for this step
	External    bool
	With        []Field // with: {param: value}
	Until       *Str    // bare expressions
	Fail        *Str
	When        *Str
	Select      *Str
	Each        *Str
	Every       *Duration
	Timeout     *Duration
	All         bool
	// RequestTimeout bounds one request with its answer.
	RequestTimeout *Duration
	Retry          *Retry
	Key            *Str // name of the idempotency header
	Probe          *Probe
	Sensitive      []Str   // paths into the result
	Keys           []Field // keys that are no step key of the dialect: candidate bindings
}

// Framework is a file of the framework dialect (`naftiko:` or `ikanos:` with
// consumes and exposes) in the one form that every published version is brought
// to: lists and keyed maps are lists with names, older spellings are the newest
// ones, imports and refs are resolved. It is immutable once returned.
type Framework struct {
	File        string // as given to Read
	Family      string // "naftiko" or "ikanos", "" when the file has no version key
	Version     string // as written, "" when the file gives none
	Name        Str    // info.display, label, name or title
	Description Str
	InfoVersion Str // info.version: the capability's own
	Tags        []Str
	Binds       []*Bind
	Consumes    []*Consumed
	Aggregates  []*Aggregate
	Exposes     []*Exposure
	// Section says that the file is one to import from: it has no capability of
	// its own, and what its parts name may be in the file that imports them.
	Section bool
	// Files names the files that were read for imports, in order, each once.
	Files []string
	// Texts holds the text of File and of every file in Files, by the name that
	// positions have. It must not be changed.
	Texts map[string][]byte
}

// Aggregate groups flows that exposures refer to.
type Aggregate struct {
	Namespace Str
	Display   Str
	Flows     []*Flow
	File      string
	Pos       diag.Pos
}

// Flow is what a tool, a REST operation, an MCP resource or an aggregate's flow
// does: at most one of Call and Steps; with neither it answers from its
// outputs' values. A `ref` is resolved: the flow holds what it inherits.
type Flow struct {
	Name        Str
	Display     Str
	Description Str
	Inputs      []*Param
	Ref         Str // as written, informative
	Call        Str // "namespace.operation"
	With        []Field
	Steps       []*FlowStep
	Mappings    []Target
	Outputs     []*Shape
	// Named says that Outputs are the fields of one object. Otherwise they are
	// alternatives, tried in order.
	Named       bool
	OutputMedia Str
	Hints       Hints
	// Namespaces are the names that may stand before an input's in a reference
	// ("harbour.code", "rest.code", "tools.code").
	Namespaces []string
	File       string
	Pos        diag.Pos
	Spans      []Span
}

// FlowStep is one step of a flow.
type FlowStep struct {
	Name Str
	Type Str // call, lookup, script, or mock: a step that answers with Outputs

	Call Str // call
	With []Field

	Index, Match, LookupValue Str   // lookup
	Fields                    []Str // lookup: the fields to take

	Language, Location, Script Str   // script: language, folder, file
	Dependencies               []Str // script: files

	Outputs []*Shape // mock: named values; call: shape of the step's result
	Pos     diag.Pos
}

// Consumed returns the consumed API of a namespace, or nil.
func (f *Framework) Consumed(namespace string) *Consumed {
	for _, c := range f.Consumes {
		if c.Namespace.Value == namespace {
			return c
		}
	}
	return nil
}
