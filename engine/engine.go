package engine

import (
	"context"
	"encoding/json"
	"io/fs"
	"log/slog"
	"time"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/connect"
	"github.com/capstan-run/capstan/engine/internal/load"
	"github.com/capstan-run/capstan/operations"
)

// Inputs are the values a run starts with, by input name. Values are JSON-like
// Go data: nil, bool, any integer or float type, json.Number, string, []any and
// other slices, map[string]any.
type Inputs map[string]any

// LoadOptions shape the meaning of a file. The zero value and nil are the defaults.
type LoadOptions struct {
	// OpenAPI maps an API's name to the path of its OpenAPI document. The key
	// "" stands for the capability's own `api`.
	OpenAPI map[string]string
	// Unit names the tool, REST operation, resource or flow of a file that
	// holds several: "namespace.name", or the name alone where it is unique.
	// [Open] ignores it.
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
	// Baseline is a file with problems that are known, which Report.Shown leaves out; ""
	// takes the project file's, "none" reads none.
	Baseline string
	// AllowRead are directories besides the project's root that files may be read
	// from because the capability names them: imports, values of binds, scripts,
	// schemas, resources, skills. The root is the repository (.git) that the
	// capability is in, else the nearest directory upwards with a project file or
	// an apis.yml, else the capability's own. Files that options name are read wherever they are.
	AllowRead []string
	// Strict holds the file to its dialect's published rules.
	Strict bool
	// FS has the file and everything that it, or these options, name: overlays,
	// catalogues, documents, imports, scripts. Paths are those of the FS, such as
	// an embed.FS. Folders of it are not served. Nil means the files of this machine.
	FS fs.FS
	// Source is the text of the file, whose name is then only its place. Nil
	// reads it.
	Source []byte
	// OverlaySource is the text of the overlay beside the file, in place of the one that
	// is there. Nil reads it.
	OverlaySource []byte
	// Documents keeps the OpenAPI documents that loads find in repositories, so that
	// many files of one repository read each once. Nil keeps them for one load.
	Documents *Documents
	// Several reports that the options are for several files. Otherwise a document in
	// OpenAPI for an API that the file does not call is an error.
	Several bool
}

// Documents keeps OpenAPI documents between loads. The zero value works; it is safe
// for concurrent use.
type Documents = load.Documents

// Options are the outside that a [Runner] runs programs with. The zero value and
// nil are the defaults.
type Options struct {
	// StrictResponses fails a step whose answer breaks its documented schema;
	// otherwise that is a warning event.
	StrictResponses bool
	// BaseURL replaces the server of every API.
	BaseURL string
	// Pace bounds the requests a second to each host, of all runs of the Runner, in
	// place of what documents, catalogues and project files state; 0 leaves that as
	// it is, and negative sets no bound. A stated pace is that of the server it stands
	// beside, so BaseURL has none. [Runner.Call] and [Runner.Forward] are not paced.
	Pace float64
	// Timeout bounds a whole run; 0 means no bound.
	Timeout time.Duration
	// RequestTimeout bounds one request with its answer, where its step states
	// no limit of its own; 0 means the project file's, else 30 seconds or, where
	// it is longer, Timeout up to ten minutes.
	RequestTimeout time.Duration
	// MaxPages bounds how many pages of a list a step with `all` reads; 0 means the
	// project file's bound, else 1,000. A longer list is an error.
	MaxPages int

	// Caller sends requests; nil means HTTP with retries, rate limits and
	// redaction (client.New).
	Caller operations.Caller
	// Mock answers every operation from its OpenAPI document, with state that
	// lives as long as one run. It replaces Caller.
	Mock bool
	// RecordDir and ReplayDir keep and replay exchanges, redacted.
	RecordDir, ReplayDir string

	// Secrets looks up a credential by environment variable name; nil means
	// [FromEnvironment].
	Secrets func(ctx context.Context, name string) (value string, ok bool, err error)
	// External performs external steps, by step id; "" is the fallback. That of a
	// step with `each` is called for each entry. A step without a handler suspends
	// the run. Run and Resume refuse an id that is no external step of their program.
	External map[string]ExternalHandler
	// Runtime keeps runs so that they outlive the process; nil keeps each run
	// in memory for as long as the call that executes it.
	Runtime durable.Runtime
	// Log receives debug detail, without secrets; nil discards it.
	Log *slog.Logger
	// OnEvent is called for every event of a run, in order, from the goroutine
	// that runs it; it must not block for long.
	OnEvent func(durable.Event)
}

// FromEnvironment reads an environment variable. A value of the form "file:PATH" stands for the
// content of the file, "exec:COMMAND" for the output of a command of the shell; the white space
// around both is trimmed. ok is false where the variable is not set.
func FromEnvironment(ctx context.Context, name string) (value string, ok bool, err error) {
	return connect.FromEnvironment(ctx, name)
}

// ExternalHandler performs an external step and returns its result, which
// later steps see as the step's value. Returning [ErrNotDone] leaves the step
// waiting.
type ExternalHandler func(ctx context.Context, step ExternalStep) (any, error)

// ExternalStep is the step that a handler performs.
type ExternalStep struct {
	Run         string         `json:"run"`
	Capability  string         `json:"capability"`
	Step        string         `json:"step"`
	Description string         `json:"description"`
	With        map[string]any `json:"with"`
	Sensitive   []string       `json:"-"` // names in With that must not be shown
}

// Result is the account of a run, without its history.
type Result = document.Run

// RunOptions shape one run. The zero value and nil are the defaults.
type RunOptions struct {
	// ID names the run; "" makes a sortable id.
	ID string
	// Done has the external steps that are done, by step id, with their result (nil
	// when there is none). The id of a step with `each` carries its entry's number,
	// from 0: "approve[2]".
	Done map[string]json.RawMessage
	// Stay waits out timers of any length and, where Options.Runtime keeps the
	// run, external steps that others perform. Otherwise a run that would wait
	// for more than a minute is parked: Run returns a *[WaitingError].
	// Without Options.Runtime it has no effect.
	Stay bool
	// Park leaves the kept run to people where it does not end: [Runner.Serve] does not take
	// it up, also when this process dies, until it is resumed without Park. Without
	// Options.Runtime it has no effect.
	Park bool
	// Timeout bounds this execution, from now, in place of Options.Timeout,
	// which counts from the start of the run; 0 leaves that as it is.
	Timeout time.Duration
	// RequestTimeout is Options.RequestTimeout for this execution; 0 leaves
	// that as it is.
	RequestTimeout time.Duration
	// Owner is the caller of a server that the run belongs to.
	Owner string
	// Labels tell a kept run apart, see [durable.CheckLabel]. They go before those that
	// the file gives its runs.
	Labels map[string]string
	// OnEvent is called in addition to Options.OnEvent.
	OnEvent func(durable.Event)
}
