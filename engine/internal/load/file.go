// Package load makes programs of files, and of the snapshots that runs keep of
// them. Start with [Open].
package load

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/connect"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/engine/internal/reach"
	"github.com/capstan-run/capstan/engine/internal/screen"
	"github.com/capstan-run/capstan/engine/internal/serving"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/spec"
)

// Options shape the meaning of a file. They are engine.LoadOptions, which has their
// description.
type Options struct {
	OpenAPI       map[string]string
	Unit          string
	Overlays      []string
	NoOverlay     bool
	Overrides     []string
	Project       string
	Baseline      string
	AllowRead     []string
	Strict        bool
	FS            fs.FS
	Source        []byte
	OverlaySource []byte
	Documents     *Documents
	Several       bool
}

// File is a loaded file. It is immutable and safe for concurrent use.
type File struct {
	Report *document.Report
	Units  []*Unit
	// Shared are the problems that are of no unit alone: with an error among them none
	// can run.
	Shared diag.List
	Spec   *spec.File
	// Serving is the part that can be served, nil of the file of a kept run.
	Serving *serving.Result
	APIs    map[string]connect.API
	Binds   *connect.Binds
	// Given reports that the text was not read from this machine's files.
	Given bool
	// Limit bounds one exchange where the user states no bound, 0 for none.
	Limit time.Duration
	// MaxPages bounds a list where the user states no bound, 0 for the default.
	MaxPages int

	source   reach.Text
	overlays []reach.Text
	reads    *reach.Reader
	strict   bool
	found    diag.List // before the screen
	screen   *screen.Screen
	sets     map[string]*operations.Set
	path     func(api string) string // of the OpenAPI document, "" when it is built in
	having   func(operation string) (api string, err error)

	documents map[string]documentedAPI          // of the APIs that the file describes
	settings  func(api string) connect.Declared // beside what the file gives
}

// Unit is a part of a file that can be run by itself.
type Unit struct {
	Spec     *spec.Unit
	Plan     *plan.Plan
	Problems diag.List
	Uses     []connect.Use // in step order

	file    *File
	frozen  func() ([]snapshotAPI, error)
	written sync.Map // snapshots, by Settings
}

// Sound reports whether the unit can be run.
func (u *Unit) Sound() bool { return !u.file.Shared.HasErrors() && !u.Problems.HasErrors() }

// All returns the problems that concern the unit: its own, and those of no unit alone.
func (u *Unit) All() diag.List {
	return slices.Concat(u.file.Shared, u.Problems).Sort()
}

// File returns the file of the unit.
func (u *Unit) File() *File { return u.file }

// Source returns the file as it was read, and the overlays that acted on it.
func (f *File) Source() (file reach.Text, overlays []reach.Text) { return f.source, f.overlays }

// Named returns the files that the file names, and that those name, each once.
func (f *File) Named() []reach.Text {
	var out []reach.Text
	for _, kept := range f.reads.Kept() {
		if !slices.ContainsFunc(out, func(t reach.Text) bool { return t.Name == kept.Name }) {
			out = append(out, kept.Text)
		}
	}
	return out
}

// Document returns the path of an API's OpenAPI document, "" when it is built in or
// came with a snapshot.
func (f *File) Document(api string) string {
	if f.path == nil {
		return ""
	}
	return f.path(api)
}

// Counted returns problems as they decide whether a unit can run.
func (f *File) Counted(l diag.List) diag.List { return f.screen.Counted(l) }

// Screened completes a report with the problems of the file and more that were found
// since, and unable, the units that cannot run.
func (f *File) Screened(report *document.Report, more diag.List, unable []screen.Unit) {
	found := append(slices.Clip(f.found), more...).Sort()
	report.Diagnostics, report.Failures = f.screen.Counted(found), len(found.Errors())
	report.Shown = f.screen.Shown(found, unable, true)
}

// unable lists the units that cannot run.
func (f *File) unable() (out []screen.Unit) {
	for _, u := range f.Units {
		if !u.Sound() {
			out = append(out, screen.Unit{Name: u.Spec.Name, Problems: u.All()})
		}
	}
	return out
}

// Reach returns the files that the file may name.
func (f *File) Reach() *reach.Reach { return f.reads.Reach }

// Names returns the paths of the file, and of the overlays, documents and other files
// that shape its meaning.
func (f *File) Names() []string {
	out := []string{f.Report.File}
	for _, kept := range f.reads.Kept() {
		out = append(out, kept.Name)
	}
	for _, overlay := range f.overlays {
		out = append(out, overlay.Name)
	}
	for api := range f.APIs {
		if document := f.Document(api); document != "" {
			out = append(out, document)
		}
	}
	out = append(out, f.Binds.Files()...)
	slices.Sort(out[1:])
	return slices.Compact(out)
}

// plan plans a unit, whose other problems are known.
func (f *File) plan(s *spec.Unit, problems diag.List, apis func(name string) (*operations.Set, error)) *Unit {
	built, found := plan.Build(f.Spec, s, plan.Sources{File: f.reads.File, API: apis, Having: f.having, Reported: f.Shared.HasErrors() || problems.HasErrors()})
	u := &Unit{Spec: s, Plan: built, Problems: append(problems, found...), file: f}
	at := map[string]int{}
	for _, s := range u.Plan.Steps {
		a := s.Operation()
		if a == nil || f.APIs[a.API] == nil {
			continue
		}
		i, known := at[a.API]
		if !known {
			i = len(u.Uses)
			at[a.API] = i
			u.Uses = append(u.Uses, connect.Use{Name: a.API, API: f.APIs[a.API]})
		}
		u.Uses[i].Ops = append(u.Uses[i].Ops, a.Op)
	}
	u.frozen = sync.OnceValues(u.freeze)
	return u
}

// described readies the APIs that the file describes: all of them, or those in sets.
// It makes the operations that sets does not hold.
func (f *File) described(sets map[string]*operations.Set) (problems diag.List) {
	for _, c := range f.Spec.APIs {
		name := c.Namespace.Value
		set, used := sets[name]
		if !c.Described || sets != nil && !used {
			continue
		}
		if set == nil {
			made, found := consumed.Set(c)
			if set = made; sets == nil { // those of a run were judged when it began
				problems = append(problems, found...)
			}
		}
		d, documented := f.documents[name]
		if c.Sketched && !documented && len(c.Operations) == 0 {
			continue // its operations are to be those of a document
		}
		if documented && c.Sketched {
			set = d.ops.Adopt(c, set, d.set)
		}
		if f.sets[name] = set; documented && c.Sketched && c.Auth == nil && !strings.Contains(c.BaseURI.Value, "{") {
			f.APIs[name] = connect.Documented(name, f.settings(name).Or(connect.Declared{Base: c.BaseURI.Value}), set)
			continue
		}
		pace := f.settings(name).Pace
		if documented {
			stated, _ := d.set.Pace()
			pace = cmp.Or(pace, stated)
		}
		api, found := connect.Consumed(c, f.Binds, f.Spec.Units, d.ops, pace)
		problems = append(problems, found...)
		f.APIs[name] = api
	}
	return problems
}

// ownAPI is the API that a document without a name is for: the one that operations
// belong to which name none, else the only one.
func (f *File) ownAPI() string {
	if own := f.Spec.API.Value; own != "" || len(f.Spec.APIs) != 1 {
		return own
	}
	return f.Spec.APIs[0].Namespace.Value
}

// operations lists the operations of an API that the file names.
func (f *File) operations(api string) []string {
	var out []string
	add := func(op spec.Str) {
		if op.IsSet() && !slices.Contains(out, op.Value) {
			out = append(out, op.Value)
		}
	}
	for _, u := range f.Spec.Units {
		for _, s := range u.Steps {
			if op, ok := s.Action.(*spec.Operation); ok && op.API.Value == api {
				add(op.Operation)
				if op.Probe != nil {
					add(op.Probe.Operation)
				}
			}
		}
	}
	return out
}

// Operations returns the operations of an API that the file calls, nil where no document
// of it was found.
func (f *File) Operations(api string) *operations.Set { return f.sets[api] }

// known finds the operations of an API that is ready.
func (f *File) known(name string) (*operations.Set, error) {
	if set := f.sets[name]; set != nil {
		return set, nil
	}
	return nil, fmt.Errorf("the API %q cannot be used", name)
}
