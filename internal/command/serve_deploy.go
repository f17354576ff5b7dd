package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/durable/memory"
	"github.com/capstan-run/capstan/internal/command/internal/term"
	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/serve"
	"github.com/capstan-run/capstan/serve/control"
	"github.com/capstan-run/capstan/serve/skill"
	"github.com/capstan-run/capstan/spec"
)

// deployment is the files that one `capstan serve` serves. Files are loaded by one
// goroutine at a time, and not any more once it is closed.
type deployment struct {
	mu     sync.Mutex // held while files are loaded
	closed bool

	app    *app
	paths  []string
	flags  *serveFlags
	opened *engine.LoadOptions // the meaning of files
	opts   *engine.Options     // the outside, without the runtime
	serve  *serve.Options
	access serve.Access

	rt           durable.Runtime     // keeps the runs of compositions; nil while there are none
	stateKey     []byte              // outlives the process where the runs do
	compositions *serve.Compositions // nil while there are none
	refused      []engine.Refusal    // of the last load
	served       map[string]bool     // files of the last load that worked, true without an error; nil before the first
	unserved     map[string]bool     // files that were reported as not served
}

// deploy checks the flags.
func (a *app) deploy(paths []string, f *serveFlags) (*deployment, error) {
	if f.keepRuns < 1 {
		return nil, usagef("--keep-runs %d: keep one at least", f.keepRuns)
	}
	if f.keepRuns != standardKeep && a.flags.state != noState {
		return nil, usagef("--keep-runs is about runs in memory (--state none); capstan runs prune forgets those that are stored")
	}
	if f.mcp == "stdio" && !a.wantsText() {
		return nil, usagef("--mcp stdio speaks on stdout, so -o %s cannot print there", a.flags.output)
	}
	load, err := f.load.options(a)
	if err != nil {
		return nil, err
	}
	opts, err := f.send.options(a)
	if err != nil {
		return nil, err
	}
	ports, err := portsOf(f.ports)
	if err != nil {
		return nil, err
	}
	d := &deployment{app: a, paths: paths, flags: f, opened: load, opts: opts}
	d.serve = &serve.Options{
		Address: f.address, PortOffset: f.portOffset, Ports: ports, Strict: f.load.strict, Log: a.serveLog(), In: a.io.In, Out: a.io.Out,
		Seen: control.NewSeen(), Version: buildVersion(debug.ReadBuildInfo()).Version,
	}
	d.access, err = f.access.access(d.serve.Log)
	return d, err
}

// portsOf reads --port.
func portsOf(values []string) (map[string]int, error) {
	out := map[string]int{}
	for _, v := range values {
		namespace, text, _ := strings.Cut(v, "=")
		port, err := strconv.Atoi(text)
		if namespace == "" || err != nil || port < 0 || port > 65535 {
			return nil, usagef("--port %q: write NAMESPACE=N, the namespace of an exposure and a port, 0 for one that the system chooses", v)
		}
		out[namespace] = port
	}
	return out, nil
}

// close stops serving compositions, after files that are being loaded. The
// runtime stays open.
func (d *deployment) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	if d.compositions != nil {
		d.compositions.Close()
	}
}

// load makes the endpoints, and returns the files that they depend on.
func (d *deployment) load(ctx context.Context) (endpoints []*serve.Endpoint, watched []string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, nil, serve.ErrStopping
	}
	files, watched, err := d.find(ctx)
	if err != nil {
		return nil, nil, err
	}
	d.opened.Several = len(files) > 1
	runner := engine.NewRunner(d.opts) // credentials are looked up anew with every load
	var programs []*engine.Program
	served := map[string]bool{}
	d.refused = nil
	for _, file := range files {
		s, err := d.open(ctx, runner, file)
		switch {
		case err != nil:
			return nil, nil, err
		case s == nil:
			continue
		case !composed(s):
			own, err := d.exposures(ctx, runner, s)
			if err != nil {
				return nil, nil, err
			}
			endpoints = append(endpoints, own...)
		default:
			own, err := d.programs(ctx, s)
			if err != nil {
				return nil, nil, err
			}
			programs = append(programs, own...)
		}
		watched = append(watched, s.Files()...)
		served[file.path] = s.Err() == nil
		delete(d.unserved, file.path)
	}
	composed, err := d.compose(programs)
	if err != nil {
		return nil, nil, err
	}
	if endpoints = append(composed, endpoints...); len(endpoints) == 0 {
		return nil, nil, usagef("there is nothing to serve in %s", strings.Join(d.paths, ", "))
	}
	if err := d.checkPorts(endpoints); err != nil {
		return nil, nil, err
	}
	if endpoints, err = d.apart(endpoints); err != nil {
		return nil, nil, err
	}
	d.served = served
	return endpoints, watched, nil
}

// apart leaves out the endpoints of later files that stand where others do.
func (d *deployment) apart(endpoints []*serve.Endpoint) ([]*serve.Endpoint, error) {
	kept, refused := serve.Apart(endpoints)
	if len(refused) == 0 {
		return kept, nil
	}
	report := &engine.Report{File: refused[0].Reason.Pos.File}
	for _, r := range refused {
		report.Diagnostics = append(report.Diagnostics, r.Reason)
	}
	if d.serve.Strict {
		return nil, &engine.LoadError{Report: report}
	}
	d.app.reportDiagnostics(report)
	d.refused = append(d.refused, refused...)
	for _, e := range endpoints {
		if !slices.Contains(kept, e) {
			e.Close()
		}
	}
	return kept, nil
}

// checkPorts refuses a --port of an exposure that is not there.
func (d *deployment) checkPorts(endpoints []*serve.Endpoint) error {
	var names []string
	for _, e := range endpoints {
		names = append(names, cmp.Or(e.Namespace, e.Type))
	}
	for _, namespace := range slices.Sorted(maps.Keys(d.serve.Ports)) {
		if !slices.Contains(names, namespace) {
			return usage(fmt.Sprintf("--port %s=%d: nothing of that namespace is served", namespace, d.serve.Ports[namespace]), suggest.Hint(namespace, "there is ", names))
		}
	}
	return nil
}

// found is a file to serve. One that was found rather than named may be
// something else.
type found struct {
	path  string
	named bool
}

// find lists the files to serve, and the directories in which new ones appear.
func (d *deployment) find(ctx context.Context) (files []found, dirs []string, err error) {
	for _, path := range d.paths {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			files = append(files, found{path, true})
			continue
		}
		names, folders, err := yamlUnder(ctx, path)
		if err != nil {
			return nil, nil, err
		}
		for _, name := range names {
			files = append(files, found{name, false})
		}
		dirs = append(dirs, folders...)
	}
	return distinct(files), dirs, nil
}

// distinct drops files that are there already, under any name. One that was
// named counts as named.
func distinct(files []found) (out []found) {
	at := map[string]int{}
	for _, f := range files {
		place, err := filepath.EvalSymlinks(f.path)
		if err == nil {
			place, err = filepath.Abs(place)
		}
		if err != nil {
			place = f.path // a capability that ships is known by its name
		}
		if first, again := at[place]; again {
			out[first].named = out[first].named || f.named
			continue
		}
		at[place] = len(out)
		out = append(out, f)
	}
	return out
}

// open loads a file. It is nil when it was found and cannot be served, which is reported.
func (d *deployment) open(ctx context.Context, r *engine.Runner, f found) (*engine.File, error) {
	a := d.app
	s, report := opened(ctx, f.path, d.opened, r)
	useless := s == nil || report.Diagnostics.HasErrors() && (d.serve.Strict || !usable(s) && (len(s.Units()) > 0 || len(s.Exposures()) == 0))
	worse := report.Diagnostics.HasErrors() && d.served[f.path] // its last good version stays
	switch {
	case worse:
		return nil, &engine.LoadError{Report: report}
	case useless && f.named:
		return nil, a.refuseRun(report)
	case useless:
		d.leftOut(f.path, report)
		return nil, nil
	case !f.named && !composed(s) && len(s.Spec().Exposures) == 0:
		d.passedOver(f.path, "it exposes nothing: a part of other files, or flows for `capstan run`")
		return nil, nil
	}
	if f.named {
		a.reportDiagnostics(warnings(report))
	}
	refused := append(s.Refused(), s.Unserved()...)
	a.listRefused(f.path, "served", refused)
	d.refused = append(d.refused, refused...)
	return s, nil
}

// leftOut reports a file of a folder that cannot be served, with its first error.
func (d *deployment) leftOut(path string, report *engine.Report) {
	if other := notRun[report.Dialect]; other != "" {
		d.passedOver(path, other)
		return
	}
	errs := report.Diagnostics.Errors()
	if len(errs) == 0 || errs[0].Code == "unknown-dialect" && !isCapability(report) {
		d.passedOver(path, "it is no capability file")
		return
	}
	first := errs[0]
	text := fmt.Sprintf("warning: %s is not served: %s: %s [%s]", term.Printable(path), first.Pos, term.OneLine(first.Message), first.Code)
	if more := len(errs) - 1; more > 0 {
		text += fmt.Sprintf(", and %s more", words.Count(more, "error", "errors"))
	}
	d.once(path, func() { d.app.complain("%s; capstan validate %s shows all", text, shellWord(path)) })
}

// notRun are the files of a folder that belong to others, by dialect.
var notRun = map[string]string{
	"overlay": "it is an overlay", "catalogue": "it is a catalogue", "openapi": "it is an OpenAPI document", "template": "it is a template",
}

// passedOver reports a file of a folder that is not meant to be served.
func (d *deployment) passedOver(path, why string) {
	d.once(path, func() { d.app.note("%s is not served: %s", term.Printable(path), why) })
}

// once reports something about a file, unless the load before did.
func (d *deployment) once(path string, report func()) {
	if d.served == nil || !d.unserved[path] {
		report()
	}
	if d.unserved == nil {
		d.unserved = map[string]bool{}
	}
	d.unserved[path] = true
}

// usable reports whether anything in a file can be run.
func usable(f *engine.File) bool {
	return slices.ContainsFunc(f.Units(), func(u *engine.Unit) bool { return u.Program != nil })
}

// warnings is a report without the errors.
func warnings(r *engine.Report) *engine.Report {
	out := *r
	out.Diagnostics = slices.DeleteFunc(slices.Clone(r.Diagnostics), func(d diag.Diagnostic) bool { return d.Severity == diag.Error })
	return &out
}

// exposures makes the endpoints that a framework file declares.
func (d *deployment) exposures(ctx context.Context, r *engine.Runner, s *engine.File) ([]*serve.Endpoint, error) {
	if err := r.Ready(ctx, s); err != nil {
		return nil, err
	}
	ends, err := serve.Exposures(ctx, r, s, d.serve)
	var load *engine.LoadError
	switch {
	case errors.Is(err, serve.ErrPort):
		return nil, usagef("--port-offset %d: %v", d.flags.portOffset, err)
	case errors.As(err, &load):
		return nil, err
	case err != nil:
		return nil, &failure{exit: exitInvalid, code: codeInvalid, message: err.Error()}
	}
	return ends, nil
}

// composed reports whether a file's units are served as runs; any other file declares
// its exposures.
func composed(f *engine.File) bool {
	own := func(u *engine.Unit) bool { return u.Kind != spec.UnitFlow }
	return len(f.Spec().Exposures) == 0 && slices.ContainsFunc(f.Units(), own)
}

// programs returns the compositions of a file, to be run here.
func (d *deployment) programs(ctx context.Context, f *engine.File) (out []*engine.Program, err error) {
	if err := d.keep(ctx); err != nil {
		return nil, err
	}
	for _, u := range f.Units() {
		if u.Program == nil {
			continue
		}
		out = append(out, u.Program)
		if missing := missingCredentials(ctx, u.Program, d.opts); len(missing) > 0 {
			d.app.complain("warning: %s cannot be started: %v", u.Name, &engine.CredentialError{Missing: missing})
		}
	}
	return out, nil
}

// keep opens the runtime.
func (d *deployment) keep(ctx context.Context) (err error) {
	if d.rt != nil {
		return nil
	}
	d.rt, err = d.app.openToRun(ctx)
	if err != nil {
		return err
	}
	if d.rt == nil {
		d.rt = memory.NewRuntime(memory.RuntimeOptions{Keep: d.flags.keepRuns, KeepFor: keepFor})
		return nil
	}
	if d.app.open != nil {
		d.stateKey = d.app.open.StateKey
		return nil
	}
	dir, err := d.app.stateDir()
	if err == nil {
		d.stateKey, err = stateKey(filepath.Join(dir, "mcp.key"))
	}
	return err
}

// compose serves programs, anew or in place of those before.
func (d *deployment) compose(programs []*engine.Program) ([]*serve.Endpoint, error) {
	f := d.flags
	switch {
	case d.compositions != nil:
		if err := d.compositions.Replace(programs); err != nil {
			return nil, usage(err.Error(), "")
		}
		return d.compositions.Endpoints(), nil
	case len(programs) > 0:
	case f.rest != "", f.mcp != "":
		return nil, usagef("--rest and --mcp serve compositions, and there is none among the files; a framework file says itself where it is served")
	case f.access.given() != "":
		return nil, usagef("%s is about compositions, and there is none among the files; a framework file says itself who may call it", f.access.given())
	default:
		return nil, nil
	}
	opts := *d.opts
	opts.Runtime = d.rt
	o := serve.CompositionOptions{
		Programs: programs, Runner: engine.NewRunner(&opts), REST: f.rest, MCP: f.mcp, Access: d.access, StateKey: d.stateKey,
		Skill: skill.Options{NoOverlay: f.load.noOverlay}, Version: buildVersion(debug.ReadBuildInfo()).Version, Log: d.serve.Log,
	}
	if o.REST == "" && o.MCP == "" {
		o.REST, o.MCP = defaultServed, defaultServed
	}
	c, err := serve.NewCompositions(o)
	if errors.Is(err, serve.ErrUnguarded) {
		return nil, usage(err.Error(), "give callers keys with --api-key-file FILE, or tokens with --oauth-issuer URL; if everybody may come in, say so with --insecure-open")
	}
	if err != nil {
		return nil, usage(err.Error(), "")
	}
	d.compositions = c
	return c.Endpoints(), nil
}
