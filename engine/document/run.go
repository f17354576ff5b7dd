package document

import (
	"maps"
	"time"

	"github.com/capstan-run/capstan/engine/durable"
)

// Run is the account of a run, the document of `run -o json` and, with where it
// stands and its history, of `runs show -o json`. A number among its values is an
// int or a float64, and a json.Number where neither of them gives it back as it
// was written.
type Run struct {
	Run        string         `json:"run"`
	Capability string         `json:"capability"`
	Mock       bool           `json:"mock,omitempty"` // a mock answered in place of the APIs
	Status     durable.Status `json:"status"`
	Outputs    map[string]any `json:"outputs"`
	Answer     *Answer        `json:"answer,omitempty"`
	Steps      []StepRun      `json:"steps"`
	Waiting    *Waiting       `json:"waiting,omitempty"`
	Error      *Error         `json:"error,omitempty"`

	// The rest is set in the document of a kept run that was read back.
	Title         string            `json:"title,omitempty"` // one line that names the run among others
	Labels        map[string]string `json:"labels,omitempty"`
	Inputs        map[string]any    `json:"inputs,omitempty"`
	Servers       []string          `json:"servers,omitempty"` // the addresses of its APIs
	Source        string            `json:"source,omitempty"`  // the file it was started from
	SourceChanged bool              `json:"source_changed,omitempty"`
	Started       time.Time         `json:"started,omitzero"`
	Updated       time.Time         `json:"updated,omitzero"`
	Due           *time.Time        `json:"due,omitempty"`    // when it goes on by itself
	Driven        bool              `json:"driven,omitempty"` // a process drives it now
	Parked        bool              `json:"parked,omitempty"` // no server takes it up, until it is resumed
	// Events is the history. Arguments and results of steps are left out of it.
	Events []durable.Event `json:"events,omitempty"`

	// OutputNames lists the declared outputs in the file's order.
	OutputNames []string `json:"-"`
	// SensitiveOutputs names the outputs that hold bearer secrets.
	SensitiveOutputs []string `json:"-"`
	// SensitiveInputs names the inputs that are secrets.
	SensitiveInputs []string `json:"-"`
}

// Answer marks one output of a run of a framework file as the whole answer: a
// list, a text, a number, bytes. An answer that is an object has none: its fields
// are the outputs.
type Answer struct {
	Output    string `json:"output"`               // the output's name, "result"
	MediaType string `json:"media_type,omitempty"` // of text or bytes that are passed on as they came
	Encoding  string `json:"encoding,omitempty"`   // "base64" for bytes
}

// StepRun is one step of a [Run].
type StepRun struct {
	ID         string         `json:"id"`
	Status     durable.Status `json:"status"`
	Attempts   int            `json:"attempts"`
	HTTPStatus int            `json:"http_status,omitempty"`
	DurationMS int64          `json:"duration_ms"`
	Error      *Error         `json:"error,omitempty"`
}

// Waiting describes the step that a suspended run waits for.
type Waiting struct {
	Step        string         `json:"step"`
	Description string         `json:"description"`
	With        map[string]any `json:"with,omitempty"`
	Resume      string         `json:"resume"` // Next in the words of a face, see [Run.Worded]
	Sensitive   []string       `json:"-"`      // names in With that must not be shown
	Next        Next           `json:"-"`
}

// Error is an error as run documents show it. Nothing in it is secret.
type Error struct {
	Code       string `json:"code,omitempty"`
	Step       string `json:"step,omitempty"`
	Message    string `json:"message"`
	Hint       string `json:"hint,omitempty"`
	HTTPStatus int    `json:"http_status,omitempty"`
	RequestID  string `json:"request_id,omitempty"`
	Next       Next   `json:"-"`
}

// Brief returns a copy without the fields that only documents of kept runs have.
func (r *Run) Brief() *Run {
	return &Run{
		Run: r.Run, Capability: r.Capability, Mock: r.Mock, Status: r.Status, Outputs: r.Outputs, Answer: r.Answer, Steps: r.Steps,
		Waiting: r.Waiting, Error: r.Error, Parked: r.Parked, OutputNames: r.OutputNames, SensitiveOutputs: r.SensitiveOutputs,
	}
}

// Served returns a copy as callers of a server see it: without the history and
// where the file is, and without sensitive values unless they are shown.
func (r *Run) Served(show bool) *Run {
	c := r.Brief()
	c.Started, c.Updated, c.Due = r.Started, r.Updated, r.Due
	c.Title, c.Labels, c.Inputs, c.SensitiveInputs, c.Servers = r.Title, r.Labels, r.Inputs, r.SensitiveInputs, r.Servers
	if show {
		return c
	}
	return c.Redacted()
}

// ShownInputs returns the inputs, without sensitive values unless they are shown.
func (r *Run) ShownInputs(show bool) map[string]any {
	if show {
		return r.Inputs
	}
	return without(r.Inputs, r.SensitiveInputs)
}

// Redacted stands for a value that is not shown.
const Redacted = "[redacted]"

// Redacted returns a copy in which the values that are sensitive are not shown.
func (r *Run) Redacted() *Run {
	c := *r
	c.Outputs = without(r.Outputs, r.SensitiveOutputs)
	c.Inputs = r.ShownInputs(false)
	if r.Waiting != nil {
		c.Waiting = r.Waiting.Redacted()
	}
	return &c
}

// Redacted returns a copy in which the values that are sensitive are not shown.
func (w *Waiting) Redacted() *Waiting {
	c := *w
	c.With = without(w.With, w.Sensitive)
	return &c
}

func without(values map[string]any, sensitive []string) map[string]any {
	out := maps.Clone(values)
	for _, name := range sensitive {
		if v, ok := out[name]; ok && v != nil {
			out[name] = Redacted
		}
	}
	return out
}
