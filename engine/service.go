package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

// Service is a loaded file with everything in it that can be run: a
// composition has one unit, a file of the framework dialect one for every tool,
// REST operation, MCP resource and flow. It is immutable and safe for concurrent
// use.
type Service struct {
	report *Report
	units  []*Unit
	fw     *flows // nil for a composition
}

// UnitKind is what a unit was declared as.
type UnitKind string

// The kinds of unit.
const (
	UnitComposition UnitKind = "composition"
	UnitTool        UnitKind = "tool"      // of an MCP exposure
	UnitOperation   UnitKind = "operation" // of a REST exposure
	UnitResource    UnitKind = "resource"  // of an MCP exposure
	UnitFlow        UnitKind = "flow"      // of an aggregate
)

// Unit is something in a file that can be run by itself.
type Unit struct {
	Name        string // "namespace.name"; of a composition Program.Name
	Kind        UnitKind
	Title       string
	Description string
	Program     *Program
	flow        *spec.Flow
}

// Open is [Load] for files that hold several things to run. A file that cannot
// run gives a *[LoadError] with every problem at once. Options.Unit is not
// looked at.
func Open(ctx context.Context, file string, opts *Options) (*Service, error) {
	s, report := open(ctx, file, opts)
	if s == nil {
		return nil, &LoadError{report}
	}
	return s, nil
}

// Report returns what loading found: warnings and notes.
func (s *Service) Report() *Report { return s.report }

// Check looks at the file as it is now, as Open would.
func (s *Service) Check(ctx context.Context) *Report {
	opts := &Options{}
	if s.fw != nil {
		opts = s.fw.opts
	}
	_, report := open(ctx, s.report.File, opts)
	return report
}

// Framework returns the file as it declares itself, nil for a composition.
func (s *Service) Framework() *spec.Framework {
	if s.fw == nil {
		return nil
	}
	return s.fw.file
}

// Files returns the files that the service was made from: the capability's own,
// and those that it names.
func (s *Service) Files() []string {
	out := []string{s.report.File}
	if s.fw == nil {
		return out
	}
	for name := range s.fw.reads.texts() {
		out = append(out, name)
	}
	for _, b := range s.fw.file.Binds {
		if path, err := locate(b.File, b.Location.Value); err == nil && b.Location.IsSet() {
			out = append(out, path)
		}
	}
	slices.Sort(out[1:])
	return out
}

// Units returns what can be run, in the file's order: exposures first.
func (s *Service) Units() []*Unit { return s.units }

// Program returns the program of a flow that Framework holds, or nil.
func (s *Service) Program(f *spec.Flow) *Program {
	for _, u := range s.units {
		if u.flow == f {
			return u.Program
		}
	}
	return nil
}

// UnitError says that a name picks no unit, or none of several.
type UnitError struct {
	File  string
	Name  string // as given, "" when none was
	Units []*Unit
}

func (e *UnitError) Error() string {
	var names []string
	for _, u := range e.Units {
		names = append(names, u.Name)
	}
	all := strings.Join(names, ", ")
	switch {
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
// is unique. "" is the only one there is. The error is a *[UnitError].
func (s *Service) Unit(name string) (*Unit, error) {
	var found []*Unit
	for _, u := range s.units {
		_, short, _ := strings.Cut(u.Name, ".")
		switch {
		case u.Name == name:
			return u, nil
		case name == "" || short == name:
			found = append(found, u)
		}
	}
	found = distinct(found)
	if len(found) == 1 {
		return found[0], nil
	}
	e := &UnitError{File: s.report.File, Name: name, Units: s.units}
	if len(found) > 1 {
		e.Name, e.Units = "", found
	}
	return nil, e
}

// distinct drops flows that an exposure refers to: they are the same thing twice.
func distinct(units []*Unit) []*Unit {
	return slices.DeleteFunc(slices.Clone(units), func(u *Unit) bool {
		return u.Kind == UnitFlow && slices.ContainsFunc(units, func(x *Unit) bool { return x.flow != nil && x.flow.Ref.Value == u.Name })
	})
}

// Ready reports whether everything that the file's binds name has a value, so
// that nothing starts that cannot work. The error is a *[CredentialError].
func (s *Service) Ready(ctx context.Context) error {
	if s.fw == nil {
		return s.units[0].Program.checkCredentials(ctx)
	}
	return s.fw.ready(ctx)
}

// flows is what the programs of one framework file share.
type flows struct {
	file   *spec.Framework
	model  *spec.File
	opts   *Options
	report *Report
	reads  *reader
	binds  *bindings
	creds  *keyring
	sets   map[string]*operations.Set
	apis   map[string]*api
	source snapshotFile
	// overlays are those that acted on the file.
	overlays []snapshotFile

	once sync.Once
	live *sharedCallers
}

// framework loads a file of the framework dialect.
func (l *loader) framework(src *dialect.Source) *flows {
	reads := newReader(l.reach)
	f, problems := src.Framework(spec.FrameworkOptions{Strict: l.opts.Strict, Open: reads.open})
	l.add(problems)
	for name, text := range reads.texts() {
		l.report.Sources[name] = text
	}
	if f == nil {
		return nil
	}
	fl := newFlows(f, l.opts, reads)
	fl.model, _ = src.File(spec.Options{Strict: l.opts.Strict, Open: reads.open}) // with the same problems
	fl.source, fl.overlays, fl.report = l.source, l.overlaid, l.report
	l.add(fl.binds.load(l.reach))
	l.add(fl.consumed())
	l.add(l.reach.served(f))
	return fl
}

func newFlows(f *spec.Framework, opts *Options, reads *reader) *flows {
	creds := newKeyring(opts.Secrets)
	return &flows{
		file: f, opts: opts, reads: reads, creds: creds, binds: newBindings(f, creds),
		sets: map[string]*operations.Set{}, apis: map[string]*api{},
	}
}

// units plans everything that can be run.
func (l *loader) units(ctx context.Context, f *flows) []*Unit {
	var out []*Unit
	broken := l.report.Diagnostics.HasErrors()
	for _, d := range declared(f.file) {
		p, problems := f.program(d.name)
		if f.file.Section && len(f.file.Consumes) == 0 {
			continue // its calls are to what the importing file consumes
		}
		if broken { // what the file names wrong has been told
			problems = slices.DeleteFunc(problems, func(d diag.Diagnostic) bool { return d.Code == "unknown-operation" })
		}
		l.add(problems)
		out = append(out, &Unit{Name: d.name, Kind: d.kind, Title: d.flow.Display.Value, Description: d.flow.Description.Value, Program: p, flow: d.flow})
	}
	l.report.Diagnostics = unique(l.report.Diagnostics)
	if l.report.Diagnostics.HasErrors() {
		return nil
	}
	l.report.Files = l.reach.read
	for _, u := range out {
		u.Program.view = u.Program.describe(ctx, l.report)
	}
	return out
}

// unique drops problems that several units of a file share.
func unique(list diag.List) diag.List {
	seen := map[string]bool{}
	var out diag.List
	for _, d := range list {
		key := fmt.Sprint(d.Pos, d.Code, d.Message)
		if !seen[key] {
			seen[key] = true
			out = append(out, d)
		}
	}
	return out
}

// declaration is a flow where a file declares it.
type declaration struct {
	name string
	kind UnitKind
	flow *spec.Flow
}

// declared lists the flows of a file, those of exposures first.
func declared(f *spec.Framework) []declaration {
	var out []declaration
	names := map[string]int{}
	add := func(namespace spec.Str, kind UnitKind, flow *spec.Flow, fallback string) {
		name := flow.Name.Value
		if name == "" {
			name = fallback
		}
		full := namespace.Value + "." + name
		if names[full]++; names[full] > 1 {
			full = fmt.Sprintf("%s-%d", full, names[full])
		}
		out = append(out, declaration{full, kind, flow})
	}
	for _, e := range f.Exposes {
		for _, t := range e.Flows {
			add(e.Namespace, UnitTool, t, "tool")
		}
		for _, r := range e.Routes {
			for _, op := range r.Operations {
				add(e.Namespace, UnitOperation, op.Flow, strings.ToLower(op.Method.Value)+"-"+r.Name.Value)
			}
		}
		for _, d := range e.Documents {
			if !d.Location.IsSet() {
				add(e.Namespace, UnitResource, d.Flow, "resource")
			}
		}
	}
	for _, a := range f.Aggregates {
		for _, flow := range a.Flows {
			add(a.Namespace, UnitFlow, flow, "flow")
		}
	}
	return out
}
