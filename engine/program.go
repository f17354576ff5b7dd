package engine

import (
	"context"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/operations"
)

// Program is a loaded capability: resolved, bound, checked and ordered. It is
// immutable and safe for any number of concurrent runs.
type Program struct{}

// Report is what loading found, good or bad.
type Report struct {
	File        string
	Dialect     string
	Version     string
	Runnable    bool
	Diagnostics diag.List // errors, warnings and notes, sorted
	// Sources holds the text of every file that a diagnostic may point into
	// (capability, overlays, OpenAPI documents are left out), by name.
	Sources map[string][]byte
}

// LoadError is the error of [Load]: a file that cannot run, with every reason.
type LoadError struct{ Report *Report }

func (e *LoadError) Error() string { return e.Report.Diagnostics.Error() }

// Unwrap returns the diagnostics as a diag.List.
func (e *LoadError) Unwrap() error { return e.Report.Diagnostics }

// Load reads a capability file and everything it names, and checks it all. A
// file that cannot run gives a *[LoadError] holding every problem at once.
func Load(ctx context.Context, file string, opts *Options) (*Program, error) { panic("unwritten") }

// Validate is Load with the full report, warnings included. The Program is nil
// when the report has errors or the dialect cannot run.
func Validate(ctx context.Context, file string, opts *Options) (*Program, *Report) {
	panic("unwritten")
}

// Name returns the capability's name as a slug: the file's base name without
// its extension ("b2b-enterprise-onboarding").
func (p *Program) Name() string { panic("unwritten") }

// Plan returns what a run will do. The caller must not change it.
func (p *Program) Plan() *Plan { panic("unwritten") }

// Run executes the capability. It is RunWith with no options.
func (p *Program) Run(ctx context.Context, in Inputs) (*Result, error) {
	return p.RunWith(ctx, in, nil)
}

// RunWith executes the capability. The error is nil only when the run
// succeeded. Bad inputs give an *[InputError], missing credentials a
// *[CredentialError], both before anything is sent and with a nil Result; a
// run that failed, timed out, is in doubt or was cancelled gives a *[RunError];
// one that waits gives a *[WaitingError]. The Result is set for the last two.
func (p *Program) RunWith(ctx context.Context, in Inputs, opts *RunOptions) (*Result, error) {
	panic("unwritten")
}

// InputError lists everything wrong with the inputs of a run.
type InputError struct{ Problems []InputProblem }

// InputProblem is one of them.
type InputProblem struct {
	Name    string // input name as given
	Message string
	Hint    string
}

func (e *InputError) Error() string { panic("unwritten") }

// CredentialError lists the credentials that a run needs and cannot find.
type CredentialError struct{ Missing []PlanEnv }

func (e *CredentialError) Error() string { panic("unwritten") }

// RunError says why a run did not succeed. Error is one line; Backtrace tells
// the whole story for a person.
type RunError struct{ Result *Result }

func (e *RunError) Error() string { panic("unwritten") }

// Backtrace returns the error with the step, its request, the API's answer,
// what was done before it and what to do next, on several lines.
func (e *RunError) Backtrace() string { panic("unwritten") }

// WaitingError says that a run is suspended, not failed.
type WaitingError struct{ Result *Result }

func (e *WaitingError) Error() string { panic("unwritten") }

// API is a provider's operations and the way to call them, for programs that
// call one operation at a time (`capstan call`, `capstan operations`).
type API struct {
	Name string
	Set  *operations.Set
	Env  []PlanEnv
	// Call sends a request with the API's credentials.
	Call operations.Caller
}

// OpenAPI finds the document of the API called name (options, project file,
// catalogue in the working directory, built in) and readies a Caller for it.
func OpenAPI(ctx context.Context, name string, opts *Options) (*API, error) { panic("unwritten") }
