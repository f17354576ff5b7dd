package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/capstan-run/capstan/capabilities"
	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

// loader carries what one Validate gathers.
type loader struct {
	opts    *Options
	file    string
	report  *Report
	project *project
	docs    *documents
	reach   *reach

	source   snapshotFile
	overlaid []snapshotFile
}

func (l *loader) add(problems diag.List) {
	l.report.Diagnostics = append(l.report.Diagnostics, problems...)
}

// load walks the stages in order: read, overlay, decode, plan. Each stage runs
// only when the one before it left something to work on; problems gather.
func (l *loader) load(ctx context.Context) *Service {
	if l.opts.BaseURL != "" {
		if err := checkBaseURL(l.opts.BaseURL); err != nil {
			l.report.Diagnostics.Errorf(diag.Pos{File: "--base-url"}, "bad-base-url", "the base URL cannot be used: %v", err)
			return nil
		}
	}
	name, text, err := readCapability(l.file)
	if err != nil {
		l.report.Diagnostics.Errorf(diag.Pos{File: l.file}, "unreadable-file", "%v", err)
		return nil
	}
	l.report.File = name
	l.report.Sources[name] = text
	l.source = snapshotFile{Name: name, Text: text}
	l.reach = newReach(name, l.opts.AllowRead)
	if name == l.file { // another one ships with Capstan
		l.reach.note(name, "capability")
	}
	l.loadProject(name)

	src, problems := dialect.Read(name, text)
	l.add(problems)
	if src == nil {
		return nil
	}
	l.report.Dialect, l.report.Version, l.report.Runnable = string(src.Dialect()), src.Version(), src.Runnable()
	l.docs = &documents{opts: l.opts, project: l.project, reach: l.reach, dir: filepath.Dir(name), sets: map[string]*operations.Set{}}
	if src.Dialect() == spec.DialectCatalogue {
		l.checkCatalogue(ctx, src)
		return nil
	}
	src, ok := l.overlay(src)
	if !ok {
		return nil
	}
	if src.Dialect() == spec.DialectFramework {
		return l.service(ctx, src)
	}
	file, problems := src.File(spec.Options{Strict: l.opts.Strict})
	l.add(problems)
	if file == nil || len(file.Units) == 0 {
		return nil
	}
	p := l.program(ctx, file)
	if p == nil {
		return nil
	}
	return &Service{units: []*Unit{{Name: p.Name(), Kind: UnitComposition, Title: p.Title(), Description: p.Description(), Program: p}}}
}

// service loads a file of the framework dialect.
func (l *loader) service(ctx context.Context, src *dialect.Source) *Service {
	f := l.framework(src)
	if f == nil {
		return nil
	}
	units := l.units(ctx, f)
	return &Service{units: units, fw: f}
}

func (l *loader) program(ctx context.Context, file *spec.File) *Program {
	built, problems := plan.Build(file, file.Units[0], plan.Sources{API: func(name string) (*operations.Set, error) {
		set, problems, err := l.docs.find(ctx, name)
		l.add(problems)
		return set, err
	}})
	l.add(problems)
	p := &Program{opts: *l.opts, plan: built, creds: newKeyring(l.opts.Secrets)}
	p.apis = l.apis(built, p.creds)
	l.checkServers(p.apis)
	if l.report.Diagnostics.HasErrors() {
		return nil
	}
	p.source, p.overlays, p.documents = l.source, l.overlaid, l.docs
	l.report.Files = l.reach.read
	p.view = p.describe(ctx, l.report)
	sets := l.docs.sets
	p.snapshot = sync.OnceValues(func() ([]byte, error) { return p.snapshotOf(sets) })
	return p
}

// readCapability reads a file, or a shipped capability of that bare name.
func readCapability(file string) (name string, text []byte, err error) {
	if err := checkReadable(file); err != nil {
		return "", nil, err
	}
	text, err = os.ReadFile(file)
	switch {
	case err == nil:
		return file, text, nil
	case errors.Is(err, fs.ErrNotExist):
		if filepath.Base(file) == file {
			if shipped, ok := capabilities.Lookup(file); ok {
				return shipped.Name, shipped.Data, nil
			}
		}
		return "", nil, fmt.Errorf("%s does not exist", file)
	default:
		return "", nil, errors.Unwrap(err)
	}
}

// checkReadable refuses what has no end or no text, such as a named pipe that
// nobody writes to. What a shell hands over, stdin among it, is read to its end.
func checkReadable(file string) error {
	info, err := os.Stat(file)
	if err != nil || info.Mode().IsRegular() {
		return nil // what cannot be looked at, reading tells
	}
	for _, handed := range []string{"/dev/stdin", "/dev/fd/", "/proc/self/fd/"} {
		if strings.HasPrefix(filepath.Clean(file), handed) && !info.IsDir() {
			return nil
		}
	}
	return fmt.Errorf("%s is no regular file", file)
}

// checkCatalogue reports the operations that a catalogue names and its API's
// document does not have. A catalogue is support data: it cannot run, and a
// wrong id in it is a warning.
func (l *loader) checkCatalogue(ctx context.Context, src *dialect.Source) {
	c, problems := src.Catalogue()
	l.add(problems)
	if c == nil {
		return
	}
	set, problems, err := l.docs.find(ctx, c.API.Value)
	l.add(problems)
	if err != nil {
		return
	}
	for _, entry := range c.Capabilities {
		for _, id := range entry.OperationIDs {
			if _, ok := set.Lookup(id.Value); ok {
				continue
			}
			pos, end := id.Span(0, len([]rune(id.Value)))
			d := diag.Diagnostic{Code: "unknown-operation", Severity: diag.Warning, Pos: pos, EndColumn: end,
				Message: fmt.Sprintf("operation %q does not exist in the OpenAPI document of %q", id.Value, c.API.Value)}
			if found := set.Suggest(operations.Want{ID: id.Value, Capability: entry.ID.Value, Description: entry.Description.Value}, 1); len(found) > 0 {
				d.Hint = fmt.Sprintf("did you mean %q? it is %s %s", found[0].ID, found[0].Method, found[0].Path)
			}
			l.report.Diagnostics.Add(d)
		}
	}
}
