package engine

import (
	"context"
	"path/filepath"
	"strings"
	"sync"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/plan"
)

// Program is a loaded capability: resolved, bound, checked and ordered. It is
// immutable and safe for any number of concurrent runs.
type Program struct {
	opts  Options
	plan  *plan.Plan
	view  *document.Plan
	apis  map[string]*api
	creds *keyring

	// What the program was made from, and all of it as a run keeps it.
	source    snapshotFile
	overlays  []snapshotFile
	documents *documents             // nil when restored
	snapshot  func() ([]byte, error) // made when a run first needs it

	// Of a framework file: what its programs share, and the unit's name.
	flows *flows
	unit  string

	once sync.Once
	live *sharedCallers
}

// Report is what loading found, good or bad.
type Report struct {
	File        string
	Dialect     string
	Version     string
	Runnable    bool      // the dialect is one that runs
	Units       int       // that run, none of a file with errors
	Diagnostics diag.List // errors, warnings and notes, sorted
	// Sources holds the text of every file that a diagnostic may point into,
	// by name.
	Sources map[string][]byte
	// Overlays are those that acted, in order.
	Overlays []string
	// Files are those that were read, or would be served.
	Files []document.File
}

// LoadError is the error of [Load]: a file that cannot run, with every reason.
type LoadError struct{ Report *Report }

func (e *LoadError) Error() string { return e.Report.Diagnostics.Error() }

// Unwrap returns the problems as a diag.List.
func (e *LoadError) Unwrap() error { return e.Report.Diagnostics }

// Load reads a capability file and everything it names, and checks it all. A
// file that cannot run gives a *[LoadError] holding every problem at once.
//
// file is a path, or the bare name of a capability that ships with Capstan
// ("b2b-enterprise-onboarding") when no such file exists. A file that holds
// several things to run needs Options.Unit: without it, or with a wrong one, the
// error is a *[UnitError].
func Load(ctx context.Context, file string, opts *Options) (*Program, error) {
	s, report := open(ctx, file, opts)
	if s == nil {
		return nil, &LoadError{report}
	}
	name := ""
	if opts != nil {
		name = opts.Unit
	}
	u, err := s.Unit(name)
	if err != nil {
		return nil, err
	}
	return u.Program, nil
}

// Validate is Load with the full report, warnings included. The Program is nil
// when the report has errors or the file's dialect does not run.
//
// Of a file that holds several things to run the Program is the one that
// Options.Unit names, and nil when it names none; see [Open].
func Validate(ctx context.Context, file string, opts *Options) (*Program, *Report) {
	s, report := open(ctx, file, opts)
	if s == nil {
		return nil, report
	}
	name := ""
	if opts != nil {
		name = opts.Unit
	}
	u, err := s.Unit(name)
	if err != nil {
		return nil, report
	}
	return u.Program, report
}

func open(ctx context.Context, file string, opts *Options) (*Service, *Report) {
	if opts == nil {
		opts = &Options{}
	}
	l := &loader{opts: opts, file: file, report: &Report{File: file, Sources: map[string][]byte{}}}
	s := l.load(ctx)
	if l.reach != nil {
		l.report.Files = l.reach.read
	}
	l.report.Diagnostics = l.project.adjust(l.report.Diagnostics).Sort()
	if s == nil || l.report.Diagnostics.HasErrors() {
		return nil, l.report
	}
	l.report.Units = len(s.units)
	s.report = l.report
	return s, l.report
}

// Name returns the capability's name as a slug: the file's base name without
// its extension ("b2b-enterprise-onboarding"); of a unit of a framework file
// "namespace.name".
func (p *Program) Name() string {
	if p.unit != "" {
		return p.unit
	}
	return slug(p.plan.File.Name)
}

func slug(file string) string {
	base := filepath.Base(file)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// Plan returns what a run will do. The caller must not change it.
func (p *Program) Plan() *document.Plan { return p.view }
