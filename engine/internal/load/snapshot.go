package load

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/connect"
	"github.com/capstan-run/capstan/engine/internal/reach"
	"github.com/capstan-run/capstan/engine/internal/screen"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/operations/openapi"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

// snapshotFormat is raised when a snapshot of before can no longer be read.
const snapshotFormat = 1

// Settings are the options of a Runner that are kept with a run.
type Settings struct {
	BaseURL         string        `json:"base_url,omitempty"`
	Timeout         time.Duration `json:"timeout,omitempty"`
	RequestTimeout  time.Duration `json:"request_timeout,omitempty"`
	Pace            float64       `json:"pace,omitempty"`
	MaxPages        int           `json:"max_pages,omitempty"`
	StrictResponses bool          `json:"strict_responses,omitempty"`
	Mock            bool          `json:"mock,omitempty"`
	RecordDir       string        `json:"record_dir,omitempty"`
	ReplayDir       string        `json:"replay_dir,omitempty"`
}

// snapshot is everything that a run executes, so that nothing that happens to
// files, flags or the binary's documents touches a run under way. It holds no
// credential: those are looked up anew.
type snapshot struct {
	Format     int           `json:"format"`
	Capability reach.Text    `json:"capability"`
	Overlays   []reach.Text  `json:"overlays,omitempty"`
	APIs       []snapshotAPI `json:"apis,omitempty"`
	// Unit is the one that runs, "" for the one that has the file's name, and Files are
	// those that the file names.
	Unit  string       `json:"unit,omitempty"`
	Files []reach.Kept `json:"files,omitempty"`
	// Reach are the directories that its files of values may be read from.
	Reach  []string `json:"reach,omitempty"`
	Strict bool     `json:"strict,omitempty"`
	Given  bool     `json:"given,omitempty"` // no file of this machine has the text
	Settings
}

type snapshotAPI struct {
	Name string `json:"name"`
	// Index holds the operations that are used, compiled; none of an API that the
	// capability describes itself.
	Index []byte `json:"index,omitempty"`
	// Document holds those operations as the OpenAPI document has them that completes
	// the capability's own.
	Document []byte `json:"document,omitempty"`
	connect.Declared
}

// Snapshot writes the unit for a run. Equal units and settings give
// equal bytes.
func (u *Unit) Snapshot(s Settings) ([]byte, error) {
	if data, ok := u.written.Load(s); ok {
		return data.([]byte), nil
	}
	apis, err := u.frozen()
	if err != nil {
		return nil, err
	}
	out := snapshot{Format: snapshotFormat, Capability: u.file.source, Overlays: u.file.overlays, Strict: u.file.strict, Given: u.file.Given, Settings: s}
	for _, a := range apis {
		a.Base = cmp.Or(s.BaseURL, a.Base)
		out.APIs = append(out.APIs, a)
	}
	if u.Spec.Name != spec.NameOf(u.file.Spec.Name) {
		out.Unit = u.Spec.Name
	}
	out.Files, out.Reach = u.file.reads.Kept(), u.file.Reach().Dirs()
	data, err := json.Marshal(out)
	if err == nil {
		u.written.Store(s, data)
	}
	return data, err
}

// freeze compiles the operations that the unit uses.
func (u *Unit) freeze() ([]snapshotAPI, error) {
	var out []snapshotAPI
	for _, use := range u.Uses {
		index, err := u.file.sets[use.Name].Subset(u.operationsOf(use.Name))
		if err != nil {
			return nil, err
		}
		document, err := u.documentOf(use.Name)
		if err != nil {
			return nil, err
		}
		out = append(out, snapshotAPI{use.Name, index, document, use.API.Declared()})
	}
	return out, nil
}

// documentOf compiles the operations of the document that completes those which the
// unit uses, nil where there is none.
func (u *Unit) documentOf(api string) ([]byte, error) {
	d, ok := u.file.documents[api]
	if !ok {
		return nil, nil
	}
	var ids []string
	for _, name := range u.operationsOf(api) {
		if op := d.ops.Operation(name); op != nil {
			ids = append(ids, op.ID)
		} else if _, ok := d.set.Lookup(name); ok { // of an API that the file sketches
			ids = append(ids, name)
		}
	}
	return d.set.Subset(ids)
}

// operationsOf lists the operations of an API that the plan uses, in step order.
func (u *Unit) operationsOf(api string) []string {
	var ids []string
	for _, s := range u.Plan.Steps {
		a := s.Operation()
		if a == nil || a.API != api {
			continue
		}
		ids = append(ids, a.Op.ID)
		if a.Probe != nil {
			ids = append(ids, a.Probe.Op.ID)
		}
	}
	return ids
}

// Restore makes the unit of a snapshot.
func Restore(data []byte) (*Unit, Settings, error) {
	var s snapshot
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, Settings{}, fmt.Errorf("the run's snapshot cannot be read: %w", err)
	}
	if s.Format != snapshotFormat {
		return nil, Settings{}, fmt.Errorf("the run's snapshot has format %d and this capstan reads %d: finish the run with the version that started it", s.Format, snapshotFormat)
	}
	src, err := s.text()
	if err != nil {
		return nil, Settings{}, err
	}
	f, err := s.file()
	if err != nil {
		return nil, Settings{}, err
	}
	u, err := s.unit(f, src)
	if err != nil {
		return nil, Settings{}, fmt.Errorf("the run's snapshot does not load any more: %w", err)
	}
	u.written.Store(s.Settings, data)
	return u, s.Settings, nil
}

// Text returns the text of the capability in a snapshot, unless it came from no file
// of this machine.
func Text(data []byte) (text []byte, ok bool) {
	var s struct {
		Capability reach.Text `json:"capability"`
		Given      bool       `json:"given"`
	}
	err := json.Unmarshal(data, &s)
	return s.Capability.Text, err == nil && !s.Given
}

// file returns the file of the snapshot with the operations that it holds.
func (s *snapshot) file() (*File, error) {
	within := reach.New(nil, s.Capability.Name, nil) // of a run that was kept before reach was
	if len(s.Reach) > 0 {
		within = reach.Below(s.Reach)
	}
	f := &File{
		Report: &document.Report{File: s.Capability.Name}, APIs: map[string]connect.API{}, sets: map[string]*operations.Set{}, documents: map[string]documentedAPI{}, settings: s.declared,
		source: s.Capability, overlays: s.Overlays, reads: reach.Reread(within, s.Files), strict: s.Strict, Given: s.Given, screen: &screen.Screen{},
	}
	f.having = func(operation string) (string, error) {
		for _, a := range s.APIs {
			if set := f.sets[a.Name]; set != nil && slices.Contains(set.IDs(), operation) {
				return a.Name, nil
			}
		}
		return "", nil
	}
	for _, a := range s.APIs {
		f.sets[a.Name] = nil // until its operations are made from the file
		if a.Index == nil {
			continue
		}
		var err error
		if f.sets[a.Name], err = openapi.Open(a.Index); err != nil {
			return nil, fmt.Errorf("the run's snapshot of the API %q cannot be read: %w", a.Name, err)
		}
	}
	return f, nil
}

// declared returns the settings of an API beside the file's own.
func (s *snapshot) declared(api string) connect.Declared {
	for _, a := range s.APIs {
		if a.Name == api {
			return a.Declared
		}
	}
	return connect.Declared{}
}

// documents completes the APIs that the file describes with the documents of the
// snapshot.
func (s *snapshot) documents(f *File) error {
	for _, a := range s.APIs {
		c := f.Spec.Described(a.Name)
		if c == nil || a.Document == nil {
			continue
		}
		set, err := openapi.Open(a.Document)
		if err != nil {
			return fmt.Errorf("the OpenAPI document of %q cannot be read: %w", a.Name, err)
		}
		f.documents[a.Name] = documentedAPI{set, consumed.Match(c, set)}
	}
	f.completed()
	return nil
}

// unit plans the unit of the snapshot.
func (s *snapshot) unit(f *File, src *dialect.Source) (*Unit, error) {
	var problems diag.List
	f.Report.Dialect, f.Report.StoodBack = string(src.Dialect()), stoodBack(src)
	if f.Spec, problems = src.File(spec.Options{Strict: s.Strict, Open: f.reads.Import}); f.Spec == nil {
		return nil, problems.Err()
	}
	blame := f.Spec.Problems(problems)
	if err := blame.File.Err(); err != nil {
		return nil, err
	}
	if err := s.documents(f); err != nil {
		return nil, err
	}
	f.Binds = connect.NewBinds(f.Spec, s.Strict, f.Reach())
	problems = append(f.Binds.Check(), f.described(f.sets)...)
	for _, a := range s.APIs {
		if f.APIs[a.Name] == nil {
			if f.sets[a.Name] == nil {
				return nil, fmt.Errorf("it holds no operations of %q", a.Name)
			}
			f.APIs[a.Name] = connect.Documented(a.Name, a.Declared, f.sets[a.Name])
		}
	}
	name := cmp.Or(s.Unit, spec.NameOf(f.Spec.Name))
	for _, declared := range f.Spec.Units {
		if declared.Name == name {
			u := f.plan(declared, append(problems, blame.Units[declared]...), f.known)
			return u, u.Problems.Err()
		}
	}
	return nil, fmt.Errorf("it does not hold %q", name)
}

// text reads the file with the overlays that acted on it.
func (s *snapshot) text() (*dialect.Source, error) {
	src, problems := dialect.Read(s.Capability.Name, s.Capability.Text)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	var overlays []*dialect.Overlay
	for _, f := range s.Overlays {
		o, problems := dialect.ReadOverlay(f.Name, f.Text)
		if err := problems.Err(); err != nil {
			return nil, err
		}
		o.Builtin = f.Builtin
		overlays = append(overlays, o)
	}
	src, problems = src.With(overlays...)
	return src, problems.Err()
}
