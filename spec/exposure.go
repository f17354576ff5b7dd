package spec

import (
	"slices"

	"github.com/capstan-run/capstan/diag"
)

// Exposure is one adapter through which units are offered.
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
	Spans       []Span

	Routes []*Route // rest

	Transport string // mcp: http or stdio
	TTL       int64  // mcp: milliseconds
	Cache     Str    // mcp: public or private, "" when not written
	Tools     []*Unit
	Documents []*Document // mcp resources
	Prompts   []*Prompt

	Skills []*Skill // skill

	Control *Control // control
}

// Actions returns the names under which a skill may use the exposure: those of its
// tools and operations, and of the routes that pass requests on.
func (x *Exposure) Actions() []string {
	var names []string
	for _, t := range x.Tools {
		names = append(names, t.Short.Value)
	}
	for _, r := range x.Routes {
		if r.Forward != nil {
			names = append(names, r.Name.Value)
		}
		for _, op := range r.Operations {
			names = append(names, op.Unit.Short.Value)
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// Route is a resource of a REST exposure.
type Route struct {
	Name       Str
	Path       Str // {x} and {{x}} are variables
	Operations []*RouteOperation
	Forward    *Forward // nil unless requests are passed on
}

// RouteOperation is a unit behind a method of a route. The unit's Inputs hold
// the route's own too.
type RouteOperation struct {
	Method Str // upper case in Value
	Unit   *Unit
	// Binary is the media type and status of a declared binary answer.
	Binary       Str
	BinaryStatus int
}

// Forward passes requests on to a consumed API.
type Forward struct {
	Target         Str // namespace
	TrustedHeaders []Str
}

// Document is an MCP resource: a unit's answer, or files below Location.
type Document struct {
	Unit                     *Unit // nil where Location is set
	Name, Title, Description Str
	URI                      Str // with {variables} it is a template
	MIME                     Str
	Binary                   bool
	Location                 Str
	File                     string
}

// Prompt is an MCP prompt.
type Prompt struct {
	Name, Display, Description Str
	Arguments                  []*Input // Required is true where the file does not state it
	Template                   []*PromptMessage
	Location                   Str
	File                       string
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
	Tools                  []*SkillTool
	File                   string
}

// SkillTool is a tool that a skill lists: one of a sibling exposure, or a file
// with instructions.
type SkillTool struct {
	Name, Description Str
	Source, Action    Str // namespace and name
	Instruction       Str
	Pos               diag.Pos
}

// Control is the management exposure. Its flags are those that the file turns on.
type Control struct {
	Health, Info, Reload, Validate bool
	Metrics, Traces                bool
	TraceBuffer                    int // kept traces
	// Scripts are allowed at all; Languages limits them when not empty.
	Scripts         bool
	Languages       []Str
	DefaultLanguage Str
	DefaultLocation Str
	ScriptTimeout   Duration
}
