package spec

import (
	"time"

	"github.com/capstan-run/capstan/diag"
)

// Dialect names a family of capability files. See DESIGN in docs/design.md.
type Dialect string

// The dialects that [Read] tells apart. DialectComposition, DialectFramework and
// DialectCatalogue decode to a model; the others are recognised by name.
const (
	DialectComposition Dialect = "composition" // specification: Naftiko Capability Composition
	DialectCatalogue   Dialect = "catalogue"   // specification: Naftiko Capabilities
	DialectFramework   Dialect = "framework"   // naftiko: / ikanos: with consumes and exposes
	DialectSibling     Dialect = "sibling"     // apiVersion: *naftiko*, bare steps, workflow(s), tools
	DialectTemplate    Dialect = "template"    // scaffolding with ${{ values }}
	DialectEdges       Dialect = "edges"       // capability taxonomy edges
	DialectFleet       Dialect = "fleet"       // fleet custom resources
	DialectSchemaStub  Dialect = "schema-stub" // January 2026 naftiko: {schema}
	DialectOverlay     Dialect = "overlay"     // overlay: 1.x
	DialectOpenAPI     Dialect = "openapi"     // an OpenAPI document given by mistake
	DialectUnknown     Dialect = "unknown"
)

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
	Steps       []Step
	Outputs     []Output
	Overlays    []string // names of the overlays that acted, in order
}

// Input is a value the capability asks its caller for.
type Input struct {
	Name        Str
	Type        Str // string, integer, number, boolean, array, object; "" is string, "any" one that was refused
	Items       Str // item type of an array, "" when not given, "any" when refused
	Required    bool
	Default     *Value
	Enum        []Value
	Description Str
	Pos         diag.Pos // of the mapping
}

// Step is one step as written (after overlays). Which of the optional fields
// are set says what kind it is; the plan stage decides.
type Step struct {
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

// Retry bounds how often a safe request is sent again.
type Retry struct {
	Attempts int // in all, first try included
	Pos      diag.Pos
}

// Probe is an operation that looks up whether a lost write happened.
type Probe struct {
	Operation Str
	With      []Field
	Pos       diag.Pos
}

// Output is a named result.
type Output struct {
	Name        Str
	Source      Str // bare expression
	Description Str
	Sensitive   bool
	Pos         diag.Pos // of the mapping
}

// Duration is a length of time as written ("30s", "72h", "3d").
type Duration struct {
	D   time.Duration
	Pos diag.Pos
}

// Catalogue is a parsed `specification: Naftiko Capabilities` file: it tells
// where an API lives and which credential it takes.
type Catalogue struct {
	File         string
	Name         Str
	ProviderID   Str
	API          Str
	BaseURL      Str
	AuthType     Str // bearer, basic, apiKey, ...
	AuthEnv      Str // environment variable that holds the credential
	Capabilities []CatalogueEntry
}

// CatalogueEntry groups operations under a capability id.
type CatalogueEntry struct {
	ID           Str
	Name         Str
	Description  Str
	OperationIDs []Str
}

// Style tells how a scalar was written, which decides how an offset in its
// value maps back to a column.
type Style int

// The scalar styles.
const (
	Plain  Style = iota
	Quoted       // single or double: the text starts one column later
	Block        // literal or folded: only the line is known
)

// Str is a string with its place. The zero Str is "not written".
type Str struct {
	Value string
	Pos   diag.Pos
	Style Style
	Raw   string // source text, between the quotes if any, when it differs from Value
}

// IsSet reports whether the string was written.
func (s Str) IsSet() bool { return s.Pos.Line > 0 || s.Value != "" }

// Value is any YAML value with its place: the form in which `with` and unknown
// keys reach the plan stage. Aliases are resolved, tags are decoded.
type Value struct {
	Kind   ValueKind
	Scalar any // nil, bool, int64, float64, json.Number or string when Kind is Scalar
	Str    Str // the scalar as text, set for every scalar
	Items  []Value
	Fields []Field
	Pos    diag.Pos
}

// ValueKind is the shape of a [Value].
type ValueKind int

// The kinds of value.
const (
	Scalar ValueKind = iota
	Sequence
	Mapping
)

// Field is one entry of a mapping.
type Field struct {
	Key   Str
	Value Value
}
