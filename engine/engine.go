// Package engine loads capabilities and runs them. Start with [Load], then
// [Program.Run].
package engine

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/capstan-run/capstan/engine/document"
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
	// redaction (client.New).
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

// Result is a run's account of itself: the run document, without history.
type Result = document.Run

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
