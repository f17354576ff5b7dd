package engine

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/load"
	"github.com/capstan-run/capstan/engine/internal/reach"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// Load reads one thing to run of a file, with everything it names, and checks it.
// A unit that cannot run gives a *[LoadError] that holds every problem at once; the
// problems of other units are not its own.
//
// file is a path, or the bare name of a capability that ships with Capstan
// ("b2b-enterprise-onboarding") when no such file exists. A file that holds
// several things to run needs LoadOptions.Unit: without it, or with a wrong one,
// the error is a *[UnitError].
func Load(ctx context.Context, file string, opts *LoadOptions) (*Program, error) {
	opts = cmp.Or(opts, &LoadOptions{})
	f, err := Open(ctx, file, opts)
	if err != nil {
		return nil, err
	}
	u, err := f.Unit(opts.Unit)
	if err != nil {
		return nil, err
	}
	return u.Program, f.ErrOf(u)
}

// Open reads a file with everything in it that can be run. A file that has nothing
// to judge, since its text cannot be read, gives a *[LoadError]. Any other is
// returned with its problems: those of [File.Report], and for each unit its own.
func Open(ctx context.Context, file string, opts *LoadOptions) (*File, error) {
	own := cmp.Or(opts, &LoadOptions{}).clone()
	loaded, report := load.Open(ctx, file, (*load.Options)(own))
	f := &File{loaded: loaded, report: report, opts: own}
	if loaded == nil {
		return nil, &LoadError{f.report}
	}
	for _, u := range loaded.Units {
		unit := &Unit{
			Name: u.Spec.Name, Kind: u.Spec.Kind, Title: u.Spec.Title.Value, Description: u.Spec.Description.Value, spec: u.Spec,
			Problems: u.All(),
		}
		unit.draft = newProgram(u)
		if u.Sound() {
			unit.Program = unit.draft
		}
		f.units = append(f.units, unit)
	}
	return f, nil
}

// clone returns a copy that stays as it is whatever becomes of the options.
func (o *LoadOptions) clone() *LoadOptions {
	own := *o
	own.OpenAPI, own.Source = maps.Clone(o.OpenAPI), bytes.Clone(o.Source)
	own.OverlaySource = bytes.Clone(o.OverlaySource)
	own.Overlays, own.Overrides, own.AllowRead = slices.Clone(o.Overlays), slices.Clone(o.Overrides), slices.Clone(o.AllowRead)
	return &own
}

// Report is the outcome of loading a file, good or bad.
type Report = document.Report

// LoadError is the error of [Load] and [Open]: a file that cannot run, with every
// reason.
type LoadError struct{ Report *Report }

func (e *LoadError) Error() string { return e.Report.Diagnostics.Error() }

// Unwrap returns the problems as a diag.List.
func (e *LoadError) Unwrap() error { return e.Report.Diagnostics }

// File is a loaded file with its units: a composition has one, a file of the
// framework dialect one for every tool, REST operation, MCP resource and flow. It is
// immutable and safe for concurrent use.
type File struct {
	loaded *load.File
	report *Report
	units  []*Unit
	opts   *LoadOptions
}

// Unit is a part of a file that can be run by itself.
type Unit struct {
	Name        string // "namespace.name"; of a composition Program.Name
	Kind        spec.UnitKind
	Title       string
	Description string
	Program     *Program  // nil when Problems has an error
	Problems    diag.List // the unit's own, and those of the file that are of no unit alone
	spec        *spec.Unit
	draft       *Program // as far as it goes, never to be run
}

// Report returns the outcome of loading: the problems of the file and all its units.
// The caller must not change it.
func (f *File) Report() *Report { return f.report }

// Err returns a *[LoadError] when anything in the file has an error.
func (f *File) Err() error {
	if f.report.Diagnostics.HasErrors() {
		return &LoadError{f.report}
	}
	return nil
}

// ErrOf returns a *[LoadError] with the problems of a unit of the file that cannot run.
func (f *File) ErrOf(u *Unit) error {
	if u.Program != nil {
		return nil
	}
	report := *f.report
	report.Diagnostics = u.Problems
	return &LoadError{&report}
}

// Check loads the file as it is now, with the options that it was opened with.
func (f *File) Check(ctx context.Context) *Report {
	_, report := load.Open(ctx, f.report.File, (*load.Options)(f.opts))
	return report
}

// Spec returns the file as it declares itself. The caller must not change it.
func (f *File) Spec() *spec.File { return f.loaded.Spec }

// Files returns the paths of the file, and of the overlays, documents and other files
// that shape its meaning. A built-in overlay has a name in place of a path.
func (f *File) Files() []string { return f.loaded.Names() }

// Units returns the units in the file's order: exposures first.
func (f *File) Units() []*Unit { return slices.Clone(f.units) }

// Operations returns the operations of an API that the file calls, nil where no document
// of it was found.
func (f *File) Operations(api string) *operations.Set { return f.loaded.Operations(api) }

// Program returns the program of a unit of Spec, nil when it has none.
func (f *File) Program(unit *spec.Unit) *Program {
	for _, u := range f.units {
		if u.spec == unit {
			return u.Program
		}
	}
	return nil
}

// Folder opens the directory at a location (file: URI or path) that the file
// called from names, within the project's root and LoadOptions.AllowRead. Close it.
func (f *File) Folder(from, location string) (*os.Root, error) {
	path, err := reach.Locate(from, location)
	if err != nil {
		return nil, err
	}
	root, err := f.loaded.Reach().Folder(path)
	return root, reach.Hinted(err)
}

// Read reads a file of at most that many bytes at a location, as Folder does.
func (f *File) Read(from, location string, most int64) ([]byte, error) {
	path, err := reach.Locate(from, location)
	if err != nil {
		return nil, err
	}
	file, err := f.loaded.Reach().Open(path)
	if err != nil {
		return nil, reach.Hinted(err)
	}
	defer file.Close()
	return reach.ReadAll(file, most)
}

// UnitError is returned for a name that picks no unit, or none of several.
type UnitError struct {
	File  string
	Name  string  // as given, "" when none was
	Units []*Unit // that can run, and so could be named
	// Refused are those that cannot.
	Refused []Refusal
	// Import is what a capability writes to import from a file that is for that, "" for
	// any other.
	Import string
	// Users are the files in its folder and the one above that import from such a file.
	Users []string
}

func (e *UnitError) Error() string {
	var names []string
	for _, u := range e.Units {
		names = append(names, u.Name)
	}
	all := strings.Join(names, ", ")
	switch {
	case len(e.Users) > 0:
		return fmt.Sprintf("%s is for other files to import from, such as %s", e.File, strings.Join(e.Users, ", "))
	case e.Import != "":
		return fmt.Sprintf("%s is for other files to import from; write in one: %s", e.File, e.Import)
	case len(e.Units) == 0:
		return fmt.Sprintf("%s exposes nothing that can be run", e.File)
	case e.Name == "":
		return fmt.Sprintf("%s holds several things to run, name one: %s", e.File, all)
	}
	if near := suggest.Closest(e.Name, names); near != "" {
		return fmt.Sprintf("%s holds no %q; did you mean %q?", e.File, e.Name, near)
	}
	return fmt.Sprintf("%s holds no %q; it holds %s", e.File, e.Name, all)
}

// Unit finds a unit by its name, or by the part behind the namespace where that
// is unique. "" is the only one there is. The error is a *[UnitError], or a
// *[LoadError] where none of those that it could be can run.
func (f *File) Unit(name string) (*Unit, error) {
	chosen := f.loaded.Spec.Select(name)
	found := slices.DeleteFunc(slices.Clone(f.units), func(u *Unit) bool { return !slices.Contains(chosen, u.spec) })
	if len(found) == 1 {
		return found[0], nil
	}
	e := &UnitError{File: f.report.File, Name: name, Refused: f.Refused(), Import: f.Spec().Import}
	if len(found) == 0 {
		found = f.units
	} else {
		e.Name = ""
	}
	for _, u := range found {
		if u.Program != nil {
			e.Units = append(e.Units, u)
		}
	}
	if err := f.Err(); err != nil && len(e.Units) == 0 {
		return nil, err
	}
	if e.Import != "" {
		e.Users = f.loaded.Users()
	}
	return nil, e
}
