package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/openapi"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

// snapshotFormat is raised when a snapshot of before can no longer be read.
const snapshotFormat = 1

// snapshot is everything that a run executes, so that nothing that happens to
// files, flags or the binary's documents touches a run under way. It holds no
// credential: those are looked up anew.
type snapshot struct {
	Format     int            `json:"format"`
	Capability snapshotFile   `json:"capability"`
	Overlays   []snapshotFile `json:"overlays,omitempty"`
	APIs       []snapshotAPI  `json:"apis,omitempty"`
	// Of a framework file: the unit that runs, and the files that it names.
	Unit  string         `json:"unit,omitempty"`
	Files []snapshotRead `json:"files,omitempty"`
	// Reach are the directories that its files of values may be read from.
	Reach []string `json:"reach,omitempty"`

	BaseURL         string        `json:"base_url,omitempty"`
	Timeout         time.Duration `json:"timeout,omitempty"`
	RequestTimeout  time.Duration `json:"request_timeout,omitempty"`
	Strict          bool          `json:"strict,omitempty"`
	StrictResponses bool          `json:"strict_responses,omitempty"`
	Mock            bool          `json:"mock,omitempty"`
	RecordDir       string        `json:"record_dir,omitempty"`
	ReplayDir       string        `json:"replay_dir,omitempty"`
}

// snapshotRead is a file that another names.
type snapshotRead struct {
	Key string `json:"key"`
	snapshotFile
}

type snapshotFile struct {
	Name    string `json:"name"`
	Text    []byte `json:"text"`
	Builtin bool   `json:"builtin,omitempty"`
}

// place is where the file is, wherever it is asked from later. A capability that
// ships has no place and keeps its name.
func (f snapshotFile) place() string {
	if _, err := os.Stat(f.Name); err != nil {
		return f.Name
	}
	if abs, err := filepath.Abs(f.Name); err == nil {
		return abs
	}
	return f.Name
}

type snapshotAPI struct {
	Name  string   `json:"name"`
	Index []byte   `json:"index"` // the operations that are used, compiled
	Base  string   `json:"base,omitempty"`
	Env   []string `json:"env,omitempty"`
	Auth  string   `json:"auth,omitempty"` // the type that Env is declared for
	// Fallback is the security declared outside the document.
	Fallback []operations.Requirement `json:"fallback,omitempty"`
}

// snapshotOf writes what p executes. Equal programs give equal bytes.
func (p *Program) snapshotOf(sets map[string]*operations.Set) ([]byte, error) {
	s := snapshot{
		Format: snapshotFormat, Capability: p.source, Overlays: p.overlays,
		BaseURL: p.opts.BaseURL, Timeout: p.opts.Timeout, RequestTimeout: p.opts.RequestTimeout, Strict: p.opts.Strict, StrictResponses: p.opts.StrictResponses,
		Mock: p.opts.Mock, RecordDir: p.opts.RecordDir, ReplayDir: p.opts.ReplayDir,
	}
	if p.flows != nil {
		s.Unit, s.Reach = p.unit, p.flows.reads.reach.dirs
		for _, key := range slices.Sorted(maps.Keys(p.flows.reads.kept)) {
			s.Files = append(s.Files, snapshotRead{key, p.flows.reads.kept[key]})
		}
	}
	for _, name := range p.apiNames() {
		index, err := sets[name].Subset(p.operationsOf(name))
		if err != nil {
			return nil, err
		}
		a := p.apis[name]
		s.APIs = append(s.APIs, snapshotAPI{Name: name, Index: index, Base: a.base, Env: a.declared.names, Auth: a.declared.authType, Fallback: a.fallback})
	}
	return json.Marshal(s)
}

// operationsOf lists the operations of an API that the plan uses, in step order.
func (p *Program) operationsOf(api string) []string {
	var ids []string
	for _, s := range p.plan.Steps {
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

// restore makes the program of a snapshot. opts give what a snapshot does not
// hold: credentials, handlers, listeners, a Caller.
func restore(ctx context.Context, data []byte, opts *Options) (*Program, error) {
	var s snapshot
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("the run's snapshot cannot be read: %w", err)
	}
	if s.Format != snapshotFormat {
		return nil, fmt.Errorf("the run's snapshot has format %d and this capstan reads %d: finish the run with the version that started it", s.Format, snapshotFormat)
	}
	o := *opts
	o.BaseURL, o.Timeout, o.Strict, o.StrictResponses = s.BaseURL, s.Timeout, s.Strict, s.StrictResponses
	o.RequestTimeout = s.RequestTimeout
	o.Mock, o.RecordDir, o.ReplayDir = s.Mock, s.RecordDir, s.ReplayDir

	if s.Unit != "" {
		return restoreUnit(ctx, &s, data, &o)
	}
	file, err := s.capability()
	if err != nil {
		return nil, err
	}
	p := &Program{opts: o, creds: newKeyring(o.Secrets), source: s.Capability, overlays: s.Overlays, snapshot: func() ([]byte, error) { return data, nil }}
	sets := map[string]*operations.Set{}
	known := map[string]snapshotAPI{}
	for _, a := range s.APIs {
		if sets[a.Name], err = openapi.Open(a.Index); err != nil {
			return nil, fmt.Errorf("the run's snapshot of the API %q cannot be read: %w", a.Name, err)
		}
		known[a.Name] = a
	}
	built, problems := plan.Build(file, file.Units[0], plan.Sources{API: func(name string) (*operations.Set, error) {
		if set, ok := sets[name]; ok {
			return set, nil
		}
		return nil, fmt.Errorf("the run's snapshot does not hold the API %q", name)
	}})
	if err := problems.Err(); err != nil {
		return nil, fmt.Errorf("the run's snapshot does not load any more: %w", err)
	}
	p.plan = built
	p.apis = map[string]*api{}
	for name, a := range known {
		p.apis[name] = &api{name: name, base: a.Base, declared: declaredEnv{a.Env, a.Auth}, fallback: a.Fallback, keys: p.creds}
		p.apis[name].nameCredentials(sets[name])
	}
	for _, step := range built.Steps {
		if a := step.Operation(); a != nil {
			p.apis[a.API].use(a.Op)
			if err := p.apis[a.API].server(a.Op); err != nil && o.sends() {
				return nil, err
			}
		}
	}
	p.view = p.describe(ctx, &Report{Dialect: string(spec.DialectComposition)})
	return p, ctx.Err()
}

// restoreUnit makes the program of a unit of a framework file. Operations come
// with the snapshot, so that only what they are called with is read again.
func restoreUnit(ctx context.Context, s *snapshot, data []byte, o *Options) (*Program, error) {
	src, err := s.text()
	if err != nil {
		return nil, err
	}
	within := newReach(s.Capability.Name, o.AllowRead) // of a run that was kept before reach was
	if len(s.Reach) > 0 {
		within = &reach{root: s.Reach[0], dirs: s.Reach}
	}
	reads := &reader{reach: within, kept: map[string]snapshotFile{}, only: true}
	for _, f := range s.Files {
		reads.kept[f.Key] = f.snapshotFile
	}
	file, problems := src.Framework(spec.FrameworkOptions{Strict: s.Strict, Open: reads.open})
	if err := problems.Err(); err != nil {
		return nil, fmt.Errorf("the run's snapshot does not load any more: %w", err)
	}
	f := newFlows(file, o, reads)
	f.model, _ = src.File(spec.Options{Strict: s.Strict, Open: reads.open})
	f.source, f.overlays = s.Capability, s.Overlays
	problems = f.binds.load(reads.reach)
	for _, a := range s.APIs {
		if f.sets[a.Name], err = openapi.Open(a.Index); err != nil {
			return nil, fmt.Errorf("the run's snapshot of the API %q cannot be read: %w", a.Name, err)
		}
		problems = append(problems, f.addAPI(file.Consumed(a.Name))...)
	}
	for _, d := range declared(file) {
		if d.name != s.Unit {
			continue
		}
		p, found := f.program(d.name)
		if err := append(problems, found...).Err(); err != nil {
			return nil, fmt.Errorf("the run's snapshot does not load any more: %w", err)
		}
		p.snapshot = func() ([]byte, error) { return data, nil }
		p.view = p.describe(ctx, &Report{Dialect: string(spec.DialectFramework)})
		return p, ctx.Err()
	}
	return nil, fmt.Errorf("the run's snapshot does not hold %q", s.Unit)
}

// capability reads the files of the snapshot.
func (s *snapshot) capability() (*spec.File, error) {
	src, err := s.text()
	if err != nil {
		return nil, err
	}
	file, problems := src.File(spec.Options{Strict: s.Strict})
	if err := problems.Err(); err != nil {
		return nil, err
	}
	if file == nil || len(file.Units) == 0 {
		return nil, errors.New("it holds nothing that can be run")
	}
	return file, nil
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
