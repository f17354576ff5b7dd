package spec

import (
	"strings"

	"github.com/capstan-run/capstan/diag"
)

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

// Consumed returns the consumed API of a namespace, or nil.
func (f *Framework) Consumed(namespace string) *Consumed {
	for _, c := range f.Consumes {
		if c.Namespace.Value == namespace {
			return c
		}
	}
	return nil
}

// Bind names variables that a file or the environment provides.
type Bind struct {
	Namespace   Str
	Description Str
	Location    Str // a file: URI, relative to the folder of File; unset means the environment
	Keys        []BindKey
	File        string // that declares it
	Pos         diag.Pos
}

// BindKey is one variable: {{Name}} or {{namespace.Name}} stands for what the
// provider keeps under Key.
type BindKey struct{ Name, Key Str }

// Consumed is an HTTP API that the file calls.
type Consumed struct {
	Namespace   Str
	Description Str
	BaseURI     Str // may hold {{variables}}; without a trailing slash
	Auth        *Authentication
	Params      []*Param             // of every operation, and of what is forwarded
	Operations  []*ConsumedOperation // of all resources, in order
	File        string               // that declares it: schema files are relative to its folder
	Pos         diag.Pos
}

// Operation returns the operation of a name, or nil.
func (c *Consumed) Operation(name string) *ConsumedOperation {
	for _, op := range c.Operations {
		if op.Name.Value == name {
			return op
		}
	}
	return nil
}

// ConsumedOperation is one operation of a consumed API.
type ConsumedOperation struct {
	Name        Str
	Description Str
	Method      Str // upper case in Value, GET when not written
	Path        Str // of the resource and, where it has one, the operation; {{x}}, {x} and ${x} are variables
	// Params are those of the API, the resource and the operation; of several
	// with one name and place the innermost.
	Params       []*Param
	Body         *Body
	OutputFormat Str      // lower case: "json" (or not written), "xml", ...
	OutputSchema Str      // a schema file, or a selector
	OutputMedia  Str      // media type that replaces the answer's own
	MaxBinary    int64    // bytes, 0 when not written
	Outputs      []*Shape // named; Value holds the JSONPath
	Pos          diag.Pos
}

// Param is an input parameter of a consumed operation or of a flow.
type Param struct {
	Name        Str
	In          Str // query, header, path, cookie, body, environment; "" for a tool's argument
	Type        Str // string, number, integer, boolean, array, object; "" when not written
	Description Str
	Display     Str
	Required    bool
	Pattern     Str
	// Value is a constant, a text with {{variables}}, or for a REST body input
	// the JSONPath of its place; nil when not written.
	Value *Value
	// Const says that Value was written as `const`: it is taken literally.
	Const   bool
	Default *Value
	// Items is the type of an array's items, "" when not written.
	Items Str
	Pos   diag.Pos
}

// Body is the request body of a consumed operation.
type Body struct {
	// Type is json, text, xml, sparql, formUrlEncoded, multipartForm, or "raw"
	// for a body written as plain text (which counts as JSON when it is JSON).
	Type Str
	Data Value // texts in it may hold {{variables}}
	Pos  diag.Pos
}

// Shape describes one output parameter: where its value comes from and what it
// looks like.
type Shape struct {
	Name        Str
	Type        Str // string, number, integer, boolean, object, array; "" when not written
	Description Str
	Mapping     Str    // JSONPath into the answer
	Value       Str    // a text with {{variables}}; of a consumed operation the JSONPath
	Const       *Value // a literal
	Properties  []*Shape
	Items       *Shape
	Pos         diag.Pos
}

// Authentication is how a consumed API wants to be asked, or how an exposure
// checks who asks. Texts may hold {{variables}}.
type Authentication struct {
	// Type is basic, apikey, bearer, digest or oauth2; there is no
	// Authentication for "none".
	Type                                Str
	Token                               Str // bearer
	Username, Password                  Str // basic, digest
	Key, Value                          Str // apikey
	Placement                           Str // apikey: header or query
	AuthorizationServer, Resource       Str // oauth2
	Audience, TokenEndpoint, Validation Str
	ClientID, ClientSecret              Str // oauth2 of a consumed API
	Scopes                              []Str
	Pos                                 diag.Pos
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
}

// Hints say how a flow behaves, nil where nothing does. They are derived from
// an aggregate's semantics and overridden by a tool's own.
type Hints struct{ ReadOnly, Destructive, Idempotent, OpenWorld *bool }

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

// Target puts a value of a step into the answer.
type Target struct {
	Name  Str   // dotted
	Value Value // a JSONPath into the steps' results, or a text with {{variables}}
}

// Exposure is one adapter through which flows are offered.
type Exposure struct {
	Type        Str // rest, mcp, skill or control
	Namespace   Str
	Description Str
	Address     Str // "" is loopback
	Port        int // 0 when not written
	Auth        *Authentication
	MaxBinary   int64 // bytes, 0 when not written
	File        string
	Pos         diag.Pos

	Routes []*Route // rest

	Transport string // mcp: http or stdio
	TTL       int64  // mcp: milliseconds
	Cache     Str    // mcp: public or private, "" when not written
	Tools     []*Flow
	Documents []*Document // mcp resources
	Prompts   []*Prompt

	Skills []*Skill // skill

	Control *Control // control
}

// Route is a resource of a REST exposure.
type Route struct {
	Name        Str
	Display     Str
	Description Str
	Path        Str // {x} and {{x}} are variables
	Operations  []*RouteOperation
	Forward     *Forward // nil unless requests are passed on
	Pos         diag.Pos
}

// RouteOperation is a flow behind a method of a route. Its Inputs hold the
// route's own too.
type RouteOperation struct {
	Method Str // upper case in Value
	*Flow
	// Binary is the media type and status of a declared binary answer.
	Binary       Str
	BinaryStatus int
}

// Forward passes requests on to a consumed API.
type Forward struct {
	Target         Str // namespace
	TrustedHeaders []Str
	Pos            diag.Pos
}

// Document is an MCP resource: a flow's answer, or files below Location.
type Document struct {
	*Flow
	URI      Str // with {variables} it is a template
	MIME     Str
	Binary   bool
	Location Str
}

// Prompt is an MCP prompt.
type Prompt struct {
	Name, Display, Description Str
	Arguments                  []*Param // Required is true unless the file says otherwise
	Template                   []PromptMessage
	Location                   Str
	File                       string
	Pos                        diag.Pos
}

// PromptMessage is one message of a prompt.
type PromptMessage struct{ Role, Content Str }

// Skill is an entry of a skill exposure.
type Skill struct {
	Name, Description      Str
	License, Compatibility Str
	AllowedTools           Str
	ArgumentHint           Str
	Metadata               []Field
	UserInvocable          *bool
	NoModelInvocation      *bool
	Location               Str
	Tools                  []SkillTool
	File                   string
	Pos                    diag.Pos
}

// SkillTool is a tool that a skill lists: one of a sibling exposure, or a file
// with instructions.
type SkillTool struct {
	Name, Description Str
	Source, Action    Str // namespace and name
	Instruction       Str
	Pos               diag.Pos
}

// Control is the management exposure. Fields are what the file turns on.
type Control struct {
	Health, Info, Reload, Validate, Logs bool
	Metrics, Traces                      bool
	TraceBuffer                          int // kept traces
	// Scripts are allowed at all; Languages limits them when not empty.
	Scripts         bool
	Languages       []Str
	DefaultLanguage Str
	DefaultLocation Str
	ScriptTimeout   Duration
}

// SplitCall splits "namespace.operation". ok is false when it has another form.
func SplitCall(s string) (namespace, operation string, ok bool) {
	namespace, operation, ok = strings.Cut(s, ".")
	return namespace, operation, ok && namespace != "" && operation != ""
}

// FrameworkOptions shape [Source.Framework]. The zero value works.
type FrameworkOptions struct {
	// Strict holds the file to the published rules of its version.
	Strict bool
	// Open reads a file that an import names: path is as written in the file
	// from. name is what positions call it. Nil refuses every import.
	Open func(from, path string) (name string, text []byte, err error)
}
