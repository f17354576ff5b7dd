// Package engine loads capabilities and runs them. Start with [Load], then
// [Program.Run].
package engine

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/operations"
)

// Inputs are the values a run starts with, by input name. Values are JSON-like
// Go data: nil, bool, any integer or float type, json.Number, string, []any and
// other slices, map[string]any.
type Inputs map[string]any

// Options shape how a capability is loaded and run. The zero value and nil
// mean the defaults.
type Options struct {
	// OpenAPI maps an API's name to the path of its OpenAPI document. The key
	// "" stands for the capability's own `api`.
	OpenAPI map[string]string
	// Unit names the tool, REST operation, resource or flow of a file that
	// holds several: "namespace.name", or the name alone where it is unique.
	Unit string
	// Overlays are files of OpenAPI Overlay 1.0, applied in order after the
	// built-in one and the one beside the capability.
	Overlays []string
	// NoOverlay runs the file as it stands: neither the built-in overlay, nor
	// the one beside it, nor Overlays act.
	NoOverlay bool
	// Overrides set step keys for this program: "STEP.KEY=VALUE".
	Overrides []string
	// Project is the path of a project file (.capstan.yaml); "" searches
	// upwards from the capability, "none" reads none.
	Project string
	// AllowRead are directories besides the project's root that files may be read
	// from because the capability names them: imports, values of binds, scripts,
	// schemas, resources, skills. The root is the repository (.git) that the
	// capability is in, else the nearest directory upwards with a project file,
	// else the capability's own. Files that options name are read wherever they are.
	AllowRead []string
	// Strict holds the file to its dialect's published rules.
	Strict bool
	// StrictResponses fails a step whose answer breaks its documented schema;
	// otherwise that is a warning event.
	StrictResponses bool
	// BaseURL replaces the server of every API the capability uses.
	BaseURL string
	// Timeout bounds a whole run; 0 means no bound.
	Timeout time.Duration
	// RequestTimeout bounds one request with its answer, where its step states
	// no limit of its own; 0 means the project file's, else 30 seconds or, where
	// it is longer, Timeout up to ten minutes.
	RequestTimeout time.Duration

	// Caller sends requests; nil means HTTP with retries, rate limits and
	// redaction (operations.Client).
	Caller operations.Caller
	// Mock answers every operation from its OpenAPI document, with state that
	// lives as long as one run. It replaces Caller.
	Mock bool
	// RecordDir and ReplayDir keep and replay exchanges, redacted.
	RecordDir, ReplayDir string

	// Secrets looks up a credential by environment variable name; nil means
	// the process environment, with file: and exec: references followed.
	Secrets func(ctx context.Context, name string) (value string, ok bool, err error)
	// External performs external steps, by step id; "" is the fallback. A
	// step without a handler suspends the run.
	External map[string]ExternalHandler
	// Runtime keeps runs so that they outlive the process; nil keeps each run
	// in memory for as long as the call that executes it.
	Runtime durable.Runtime
	// Log receives debug detail, without secrets; nil discards it.
	Log *slog.Logger
	// OnEvent is called for every event of a run, in order, from the goroutine
	// that runs it; it must not block for long.
	OnEvent func(Event)
}

// ExternalHandler performs an external step and returns its result, which
// later steps see as the step's value. Returning [ErrNotDone] leaves the step
// waiting.
type ExternalHandler func(ctx context.Context, step ExternalStep) (any, error)

// ExternalStep is what a handler is told.
type ExternalStep struct {
	Run         string         `json:"run"`
	Capability  string         `json:"capability"`
	Step        string         `json:"step"`
	Description string         `json:"description"`
	With        map[string]any `json:"with"`
	Sensitive   []string       `json:"-"` // names in With that must not be shown
}

// Status is how a run stands.
type Status string

// The statuses. Running is said only of a kept run that another process drives
// or that nobody does.
const (
	Running   Status = "running"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	Waiting   Status = "waiting"
	InDoubt   Status = "in_doubt"
	Cancelled Status = "cancelled"
	TimedOut  Status = "timed_out"
)

// Result is a run's account of itself, the run document of `run -o json`. A
// number among its values is an int or a float64, and a json.Number where neither
// of them gives it back as it was written.
type Result struct {
	Run        string         `json:"run"`
	Capability string         `json:"capability"`
	Status     Status         `json:"status"`
	Outputs    map[string]any `json:"outputs"`
	Answer     *AnswerForm    `json:"answer,omitempty"`
	Steps      []StepResult   `json:"steps"`
	Waiting    *WaitingFor    `json:"waiting,omitempty"`
	Error      *ErrorInfo     `json:"error,omitempty"`

	// OutputNames lists the outputs that have a value in the file's order.
	OutputNames []string `json:"-"`
	// SensitiveOutputs names the outputs that hold bearer secrets.
	SensitiveOutputs []string `json:"-"`
}

// AnswerForm says of a run of a framework file that one output is the whole
// answer: a list, a text, a number, bytes. An answer that is an object has none:
// its fields are the outputs.
type AnswerForm struct {
	Output    string `json:"output"`               // the output's name, "result"
	MediaType string `json:"media_type,omitempty"` // of text or bytes that are passed on as they came
	Encoding  string `json:"encoding,omitempty"`   // "base64" for bytes
}

// StepResult is one step of a [Result].
type StepResult struct {
	ID         string     `json:"id"`
	Status     string     `json:"status"` // succeeded, failed, skipped, waiting, in_doubt, timed_out, cancelled, pending
	Attempts   int        `json:"attempts"`
	HTTPStatus int        `json:"http_status,omitempty"`
	DurationMS int64      `json:"duration_ms"`
	Error      *ErrorInfo `json:"error,omitempty"`
}

// WaitingFor says what a suspended run waits for.
type WaitingFor struct {
	Step        string         `json:"step"`
	Description string         `json:"description"`
	With        map[string]any `json:"with,omitempty"`
	Resume      string         `json:"resume"`
	Sensitive   []string       `json:"-"`
}

// ErrorInfo is an error as run documents show it. Nothing in it is secret.
type ErrorInfo struct {
	Code       string `json:"code,omitempty"`
	Step       string `json:"step,omitempty"`
	Message    string `json:"message"`
	Hint       string `json:"hint,omitempty"`
	HTTPStatus int    `json:"http_status,omitempty"`
	RequestID  string `json:"request_id,omitempty"`
}

// Event is one thing that happened in a run.
type Event struct {
	Time    time.Time
	Run     string
	Kind    EventKind
	Step    string        // step path, "" for the run itself
	Try     int           // poll look, from 1
	Status  int           // HTTP status, 0 when there was none
	Wait    time.Duration // until the next look or attempt
	Message string
	Err     error
}

// EventKind names what happened.
type EventKind string

// The events.
const (
	EventRunStarted  EventKind = "run-started"
	EventStepStarted EventKind = "step-started"
	EventPolled      EventKind = "polled"  // a look that did not come true; Wait is the time to the next
	EventRetry       EventKind = "retry"   // a request will be sent again after Wait
	EventWarning     EventKind = "warning" // Message says what
	EventWaiting     EventKind = "waiting"
	EventStepDone    EventKind = "step-done"
	EventStepSkipped EventKind = "step-skipped"
	EventStepFailed  EventKind = "step-failed"
	EventRunFinished EventKind = "run-finished"
)

// RunOptions shape one run. Nil means the defaults.
type RunOptions struct {
	// ID names the run; "" makes a sortable one.
	ID string
	// Done says of external steps that they are done, with their result (nil
	// when there is none), by step id.
	Done map[string]json.RawMessage
	// Stay waits out timers of any length and, where Options.Runtime keeps the
	// run, external steps that others perform. Otherwise a run that would wait
	// for more than a minute is parked: RunWith returns a *[WaitingError].
	// Without Options.Runtime there is nothing to wait with, and it is not
	// looked at.
	Stay bool
	// Timeout bounds this execution, from now, in place of Options.Timeout,
	// which counts from the start of the run; 0 leaves that as it is.
	Timeout time.Duration
	// RequestTimeout is Options.RequestTimeout for this execution; 0 leaves
	// that as it is.
	RequestTimeout time.Duration
	// Owner tells the runs of different callers of a server apart.
	Owner string
	// OnEvent is called in addition to Options.OnEvent.
	OnEvent func(Event)
}

// Plan is what a program will do, the document of `plan -o json`.
type Plan struct {
	Capability  string            `json:"capability"`
	Dialect     string            `json:"dialect"`
	Overlays    []string          `json:"overlays"`
	Inputs      []PlanInput       `json:"inputs"`
	Steps       []PlanStep        `json:"steps"`
	Outputs     []PlanOutput      `json:"outputs"`
	Env         []PlanEnv         `json:"env"`
	Hosts       []string          `json:"hosts"`
	Files       []PlanFile        `json:"files"`
	Diagnostics []diag.Diagnostic `json:"diagnostics"`
}

// PlanFile is a file or directory that is read to load or serve the capability.
type PlanFile struct {
	Path string `json:"path"`
	As   string `json:"as"`             // "capability", "overlay", "OpenAPI document of fleet", ...
	Real string `json:"real,omitempty"` // where links lead to, "" when Path has none
}

// PlanInput is an input with where it goes.
type PlanInput struct {
	Name        string   `json:"name"`
	Type        string   `json:"type"` // "string", "array of string", ...
	Required    bool     `json:"required"`
	Default     any      `json:"default,omitempty"`
	Description string   `json:"description,omitempty"`
	UsedBy      []string `json:"used_by"`
}

// PlanStep is a step with everything that was decided about it.
type PlanStep struct {
	ID          string      `json:"id"`
	Kind        string      `json:"kind"` // operation, external; of framework files also lookup, script, mock
	Description string      `json:"description,omitempty"`
	API         string      `json:"api,omitempty"` // namespace of the operation in a framework file
	Operation   string      `json:"operation,omitempty"`
	Method      string      `json:"method,omitempty"`
	Path        string      `json:"path,omitempty"`
	Effect      string      `json:"effect,omitempty"` // read, write, delete
	Policy      string      `json:"policy,omitempty"` // safe, keyed, probed, unsafe
	Probe       string      `json:"probe,omitempty"`  // operation that looks a lost write up
	Retry       int         `json:"retry,omitempty"`  // attempts in all, 0: the default
	Binds       []PlanBind  `json:"binds"`
	Guards      []PlanGuard `json:"guards,omitempty"`
	When        string      `json:"when,omitempty"`
	Each        string      `json:"each,omitempty"`
	Until       string      `json:"until,omitempty"`
	Fail        string      `json:"fail,omitempty"`
	Select      string      `json:"select,omitempty"`
	Every       string      `json:"every,omitempty"`
	Timeout     string      `json:"timeout,omitempty"`
	All         bool        `json:"all,omitempty"`
	// RequestTimeout bounds one request with its answer, "": as the run does.
	RequestTimeout string      `json:"request_timeout,omitempty"`
	Sensitive      []string    `json:"sensitive,omitempty"`
	Lookup         *PlanLookup `json:"lookup,omitempty"`
	Needs          []string    `json:"needs"`
}

// PlanLookup is how a lookup finds entries of an earlier step's list.
type PlanLookup struct {
	Index  string   `json:"index"`  // the step that has the list
	Match  string   `json:"match"`  // field of an entry that is compared
	Fields []string `json:"fields"` // of the entry, that are taken
}

// PlanBind is one value that is sent, where it comes from, and the rule that
// bound it.
type PlanBind struct {
	Param string `json:"param"`
	In    string `json:"in"`             // path, query, header, cookie, body; "with" for external steps, "match" for lookups, "value" for mocks
	From  string `json:"from"`           // "inputs.organization_name", "create-organization.id", "\"sso\""
	Rule  string `json:"rule"`           // with, overlay, step key, input name, resource input, step resource, schema, template
	Expr  string `json:"expr,omitempty"` // the whole expression when From is only what it reads
}

// PlanGuard is a list filter that must be sent and must match every item.
type PlanGuard struct {
	Param string `json:"param"`
	Field string `json:"field,omitempty"` // item field that is compared
}

// PlanOutput is an output with its type.
type PlanOutput struct {
	Name      string `json:"name"`
	Source    string `json:"source"`
	Type      string `json:"type"`
	Sensitive bool   `json:"sensitive,omitempty"`
}

// PlanEnv is an environment variable that holds a credential.
type PlanEnv struct {
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
	// Problem says why the variable's file: or exec: reference gave nothing.
	Problem string `json:"problem,omitempty"`
}
