package document

import "github.com/capstan-run/capstan/diag"

// Plan is the plan of a program, the document of `plan -o json`.
type Plan struct {
	Capability  string            `json:"capability"`
	Dialect     string            `json:"dialect"`
	Overlays    []string          `json:"overlays"`
	StoodBack   []StoodBack       `json:"stood_back,omitempty"`
	Inputs      []Input           `json:"inputs"`
	Steps       []Step            `json:"steps"`
	Outputs     []Output          `json:"outputs"`
	Env         []Env             `json:"env"`
	Hosts       []string          `json:"hosts"`
	Pace        []Pace            `json:"pace,omitempty"` // of the APIs whose servers state one
	Files       []File            `json:"files"`
	Diagnostics []diag.Diagnostic `json:"diagnostics"`
}

// StoodBack is an action of an overlay that left the file's own value alone.
type StoodBack struct {
	Overlay string `json:"overlay"`
	Target  string `json:"target"` // the action's JSONPath
	Reason  string `json:"reason"`
	// The place of the value that stands; none where the file lacks one.
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// Pace is how many requests an API is sent in a time, at most.
type Pace struct {
	API  string `json:"api"`
	Pace string `json:"pace"` // such as "6000/m"
}

// File is a file or directory that is read to load or serve the capability.
type File struct {
	Path string `json:"path"`
	As   string `json:"as"`             // "capability", "overlay", "OpenAPI document of fleet", ...
	Real string `json:"real,omitempty"` // where links lead to, "" when Path has none
	Why  string `json:"why,omitempty"`  // why it was chosen, of a document that was searched for
}

// Input is an input with where it goes.
type Input struct {
	Name        string         `json:"name"`
	Type        string         `json:"type"` // "string", "array of string", ...
	Required    bool           `json:"required"`
	Default     any            `json:"default,omitempty"`
	Description string         `json:"description,omitempty"`
	UsedBy      []string       `json:"used_by"`
	Schema      map[string]any `json:"schema,omitempty"` // Type as a JSON Schema
}

// Step is a step with everything that was decided about it.
type Step struct {
	ID          string `json:"id"`
	Kind        string `json:"kind"` // operation, external; of framework files also lookup, script, mock
	Description string `json:"description,omitempty"`
	API         string `json:"api,omitempty"` // namespace of the operation in a framework file
	Operation   string `json:"operation,omitempty"`
	Method      string `json:"method,omitempty"`
	Path        string `json:"path,omitempty"`
	Effect      string `json:"effect,omitempty"` // read, write, delete
	Policy      string `json:"policy,omitempty"` // safe, idempotent, keyed, probed, unsafe
	Probe       string `json:"probe,omitempty"`  // operation that looks a lost write up
	Retry       int    `json:"retry,omitempty"`  // attempts in all, 0: the default
	Binds       []Bind `json:"binds"`
	// Missing are the required values that have no source, and Problems the errors in the
	// step: of a plan that cannot run.
	Missing  []Missing         `json:"missing,omitempty"`
	Problems []diag.Diagnostic `json:"problems,omitempty"`
	Guards   []Guard           `json:"guards,omitempty"`
	When     string            `json:"when,omitempty"`
	Each     string            `json:"each,omitempty"`
	Until    string            `json:"until,omitempty"`
	Fail     string            `json:"fail,omitempty"`
	Select   string            `json:"select,omitempty"`
	Every    string            `json:"every,omitempty"`
	Timeout  string            `json:"timeout,omitempty"`
	All      bool              `json:"all,omitempty"`
	// RequestTimeout bounds one request with its answer, "": as the run does.
	RequestTimeout string   `json:"request_timeout,omitempty"`
	Sensitive      []string `json:"sensitive,omitempty"`
	Lookup         *Lookup  `json:"lookup,omitempty"`
	Needs          []string `json:"needs"`
	Reads          []Read   `json:"reads,omitempty"` // of the conditions and of the list; binds have their own
}

// Lookup is how a lookup finds entries of an earlier step's list.
type Lookup struct {
	Index  string   `json:"index"`  // the step that has the list
	Match  string   `json:"match"`  // field of an entry that is compared
	Fields []string `json:"fields"` // of the entry, that are taken
}

// Read is a part of an earlier step's result, or of an input, that is read.
type Read struct {
	Step  string   `json:"step,omitempty"`  // id, else
	Input string   `json:"input,omitempty"` // name
	Path  []string `json:"path,omitempty"`  // members, as far as they are known before a run
}

// Bind is one value that is sent, where it comes from, and the rule that
// bound it.
type Bind struct {
	Param string `json:"param"`
	In    string `json:"in"`             // path, query, header, cookie, body; "with" for external steps, "match" for lookups, "value" for mocks
	From  string `json:"from"`           // "inputs.organization_name", "create-organization.id", "\"sso\""
	Rule  string `json:"rule"`           // with, overlay, step key, input name, resource name, step resource, last step with the resource, schema, template, credential, request
	Expr  string `json:"expr,omitempty"` // the whole expression when From is only its reads
	Reads []Read `json:"reads,omitempty"`
	// Also are the other places in which the operation has a parameter of this name that takes
	// the same input by its name: path, query, header, cookie, body.
	Also []string `json:"also,omitempty"`
}

// Missing is a required value without a source.
type Missing struct {
	Param string   `json:"param"`
	In    string   `json:"in"`
	Type  string   `json:"type"`
	Could []string `json:"could,omitempty"` // the sources that it could have, of which none was chosen
}

// Guard is a list filter that must be sent and must match every item.
type Guard struct {
	Param string `json:"param"`
	Field string `json:"field,omitempty"` // item field that is compared
}

// Output is an output with its type.
type Output struct {
	Name      string         `json:"name"`
	Source    string         `json:"source"`
	Type      string         `json:"type"`
	Sensitive bool           `json:"sensitive,omitempty"`
	Reads     []Read         `json:"reads,omitempty"`
	Schema    map[string]any `json:"schema,omitempty"` // Type as a JSON Schema; any value may be null
}

// Env is an environment variable that holds a credential.
type Env struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases,omitempty"`
	For     string   `json:"for"` // API name and scheme
	Set     bool     `json:"set"`
	// Scheme is the security scheme whose credential it is, Sent the place of the
	// credential in requests ("header X-API-Key"), and Hosts the servers that the
	// secret goes to. Of a value that is no credential they may be unknown.
	Scheme string   `json:"scheme,omitempty"`
	Sent   string   `json:"sent,omitempty"`
	Hosts  []string `json:"hosts,omitempty"`
	// Problem is the reason why the variable's file: or exec: reference gave nothing.
	Problem string `json:"problem,omitempty"`
}
