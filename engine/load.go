package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/capstan-run/capstan/capabilities"
	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// loader carries what one Validate gathers.
type loader struct {
	opts    *Options
	file    string
	report  *Report
	project *project
	docs    *documents

	source   snapshotFile
	overlaid []snapshotFile
}

func (l *loader) add(problems diag.List) {
	l.report.Diagnostics = append(l.report.Diagnostics, problems...)
}

// load walks the stages in order: read, overlay, decode, plan. Each stage runs
// only when the one before it left something to work on; problems gather.
func (l *loader) load(ctx context.Context) *Program {
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
	l.loadProject(name)

	src, problems := spec.Read(name, text)
	l.add(problems)
	if src == nil {
		return nil
	}
	l.report.Dialect, l.report.Version, l.report.Runnable = string(src.Dialect()), src.Version(), src.Runnable()
	l.docs = &documents{opts: l.opts, project: l.project, dir: filepath.Dir(name), sets: map[string]*operations.Set{}}
	if src.Dialect() == spec.DialectCatalogue {
		l.checkCatalogue(src)
		return nil
	}
	src, ok := l.overlay(src)
	if !ok {
		return nil
	}
	c, problems := src.Capability(l.opts.Strict)
	l.add(problems)
	if c == nil {
		return nil
	}
	return l.program(ctx, c)
}

func (l *loader) program(ctx context.Context, c *spec.Capability) *Program {
	built, problems := plan.Build(c, func(name string) (*operations.Set, error) {
		set, problems, err := l.docs.find(ctx, name)
		l.add(problems)
		return set, err
	})
	l.add(problems)
	var err error
	p := &Program{opts: *l.opts, plan: built, creds: newKeyring(l.opts.Secrets)}
	p.apis = l.apis(built, p.creds)
	l.checkServers(p.apis)
	if l.report.Diagnostics.HasErrors() {
		return nil
	}
	p.source, p.overlays = l.source, l.overlaid
	p.view = p.describe(l.report)
	if p.snapshot, err = p.snapshotOf(l.docs.sets); err != nil {
		l.report.Diagnostics.Errorf(c.Name.Pos, "unreadable-file", "the plan cannot be kept: %v", err)
		return nil
	}
	return p
}

// readCapability reads a file, or a shipped capability of that bare name.
func readCapability(file string) (name string, text []byte, err error) {
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

// overlay applies what the published file leaves out: the built-in overlay or
// the one beside the file that replaces it, then the named ones, then the
// overrides of this run. It reports false when an overlay is broken.
func (l *loader) overlay(src *spec.Source) (*spec.Source, bool) {
	overlays, ok := l.overlays(src)
	out, problems := src.With(overlays...)
	l.add(problems)
	if out != nil {
		for name, text := range out.Texts() {
			l.report.Sources[name] = text
		}
		src = out
	}
	return src, ok && !problems.HasErrors()
}

func (l *loader) overlays(src *spec.Source) (list []*spec.Overlay, ok bool) {
	ok = true
	add := func(name string, text []byte, builtin bool) {
		o, problems := spec.ReadOverlay(name, text)
		l.add(problems)
		l.report.Sources[name] = text
		if o == nil || problems.HasErrors() {
			ok = false
			return
		}
		o.Builtin = builtin
		if o.Applies(src) {
			list = append(list, o)
			l.overlaid = append(l.overlaid, snapshotFile{Name: name, Text: text, Builtin: builtin})
		}
	}
	addFile := func(path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			l.report.Diagnostics.Errorf(diag.Pos{File: path}, "unreadable-file", "the overlay cannot be read: %v", errors.Unwrap(err))
			ok = false
			return
		}
		add(path, text, false)
	}
	if !l.opts.NoOverlay {
		beside := strings.TrimSuffix(l.report.File, filepath.Ext(l.report.File)) + ".overlay.yaml"
		_, err := os.Stat(beside)
		for _, f := range capabilities.Overlays() {
			// A file beside the capability under the built-in's own name is
			// that overlay, as its authors edit it.
			if err != nil || filepath.Base(beside) != filepath.Base(f.Name) {
				add(f.Name, f.Data, true)
			}
		}
		if err == nil {
			addFile(beside)
		}
		for _, path := range l.project.overlays() {
			addFile(path)
		}
		for _, path := range l.opts.Overlays {
			addFile(path)
		}
	}
	for _, text := range l.opts.Overrides {
		o, err := parseOverride(text, src)
		if err != nil {
			l.report.Diagnostics.Errorf(diag.Pos{File: "--override " + text}, "bad-override", "%v", err)
			ok = false
			continue
		}
		add("--override "+text, o, true)
	}
	return list, ok
}

// checkCatalogue reports the operations that a catalogue names and its API's
// document does not have. A catalogue is support data: it cannot run, and a
// wrong id in it is a warning.
func (l *loader) checkCatalogue(src *spec.Source) {
	c, problems := src.Catalogue()
	l.add(problems)
	if c == nil {
		return
	}
	set, problems, err := l.docs.find(context.Background(), c.API.Value)
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
