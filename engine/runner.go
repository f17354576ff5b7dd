package engine

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"sync"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/engine/internal/connect"
	"github.com/capstan-run/capstan/engine/internal/load"
	"github.com/capstan-run/capstan/operations/client"
	"github.com/capstan-run/capstan/spec"
)

// Runner runs programs: it is their outside, as its [Options] have it. It keeps the
// connections of APIs, the credentials that it found and the programs of kept runs,
// and is safe for concurrent use.
type Runner struct {
	o Options

	open        sync.Once
	connections *client.Connections // of all files

	mu    sync.Mutex
	links map[*load.File]*connect.Link
	kept  map[string]*linked // by snapshot
}

// mostKept bounds each cache of a Runner; over it, the cache starts anew.
const mostKept = 256

// NewRunner returns a Runner; the zero Runner is that of nil. Nothing is looked up or opened yet.
func NewRunner(opts *Options) *Runner {
	r := &Runner{o: *cmp.Or(opts, &Options{})}
	r.o.External = maps.Clone(r.o.External)
	return r
}

// Close closes the connections that the Runner keeps and does not use. A Runner that
// is not closed closes them after less than a minute.
func (r *Runner) Close() {
	r.opened().Close()
}

func (r *Runner) opened() *client.Connections {
	r.open.Do(func() { r.connections = client.NewConnections(nil) })
	return r.connections
}

// Runtime returns the Runtime of the Options.
func (r *Runner) Runtime() durable.Runtime { return r.o.Runtime }

// linked is a program with the outside.
type linked struct {
	*Program
	runner *Runner
	link   *connect.Link
	set    load.Settings
}

// linked returns a program as this Runner runs it.
func (r *Runner) linked(p *Program) *linked {
	f, set := p.unit.File(), r.settings()
	set.RequestTimeout, set.MaxPages = cmp.Or(set.RequestTimeout, f.Limit), cmp.Or(set.MaxPages, f.MaxPages)
	return &linked{Program: p, runner: r, link: r.link(f), set: set}
}

// settings are the options that are kept with a run.
func (r *Runner) settings() load.Settings {
	return load.Settings{
		BaseURL: r.o.BaseURL, Pace: r.o.Pace, Timeout: r.o.Timeout, RequestTimeout: r.o.RequestTimeout, MaxPages: r.o.MaxPages, StrictResponses: r.o.StrictResponses,
		Mock: r.o.Mock, RecordDir: r.o.RecordDir, ReplayDir: r.o.ReplayDir,
	}
}

// link returns the APIs of a file as this Runner reaches them.
func (r *Runner) link(f *load.File) *connect.Link {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.links[f]
	if l == nil {
		if r.links == nil || len(r.links) >= mostKept {
			r.links = map[*load.File]*connect.Link{}
		}
		l = r.newLink(r.settings(), f.Binds)
		r.links[f] = l
	}
	return l
}

func (r *Runner) newLink(s load.Settings, binds *connect.Binds) *connect.Link {
	out := connect.Outside{Caller: r.o.Caller, Mock: s.Mock, RecordDir: s.RecordDir, ReplayDir: s.ReplayDir, BaseURL: s.BaseURL, Pace: s.Pace, Connections: r.opened(), Log: r.o.Log}
	return connect.NewLink(out, r.o.Secrets, binds)
}

// restored returns the program of a kept run, with the settings that the run was
// started with.
func (r *Runner) restored(snapshot []byte) (*linked, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p, ok := r.kept[string(snapshot)]; ok {
		return p, nil
	}
	u, set, err := load.Restore(snapshot)
	if err != nil {
		return nil, err
	}
	p := &linked{Program: newProgram(u), runner: r, link: r.newLink(set, u.File().Binds), set: set}
	r.keep(snapshot, p)
	return p, nil
}

// keep remembers the program of a snapshot.
func (r *Runner) keep(snapshot []byte, p *linked) {
	if _, known := r.kept[string(snapshot)]; known {
		return // a look-up copies no snapshot
	}
	if r.kept == nil || len(r.kept) >= mostKept {
		r.kept = map[string]*linked{}
	}
	r.kept[string(snapshot)] = p
}

// errNoProgram and errNoFile are returned in place of programs and files that there are not.
var (
	errNoProgram = errors.New("there is no program to run: a unit with an error has none, and its Problems have the reason")
	errNoFile    = errors.New("there is no file: Open returns none beside its error")
)

// errNoRuntime is returned for kept runs where nothing keeps them.
var errNoRuntime = errors.New("nothing keeps runs: Options.Runtime is not set")

// Plan returns the plan of a program with the environment variables that it reads,
// whether they are set, and the hosts that it talks to.
func (r *Runner) Plan(ctx context.Context, p *Program) *document.Plan {
	l := r.linked(p)
	view := *p.Plan()
	view.Env = append(view.Env, l.link.Env(ctx, p.unit.Uses, p.plan.Variables)...)
	view.Hosts = append(view.Hosts, l.link.Hosts(ctx, p.unit.Uses)...)
	view.Pace = l.link.Pace(p.unit.Uses)
	return &view
}

// Draft returns the plan of a unit as far as it goes. Of one that cannot run the steps
// have what is bound, what is missing and their errors.
func (r *Runner) Draft(ctx context.Context, u *Unit) *document.Plan { return r.Plan(ctx, u.draft) }

// Ready reports whether everything that the binds of a file name has a value, so
// that nothing starts that cannot work. The error is a *[CredentialError].
func (r *Runner) Ready(ctx context.Context, f *File) error {
	if f == nil {
		return errNoFile
	}
	if missing := r.link(f.loaded).Missing(ctx, nil, f.loaded.Binds.Keys()); len(missing) > 0 {
		return &CredentialError{missing}
	}
	return nil
}

// Text fills the binds in a text of the file, such as the token of a server's
// authentication. The error is a *[CredentialError] where one has no value.
func (r *Runner) Text(ctx context.Context, f *File, text spec.Str) (string, error) {
	if f == nil {
		return "", errNoFile
	}
	t, problems := f.loaded.Binds.Text(text, false)
	if err := problems.Err(); err != nil {
		return "", err
	}
	values, missing := r.link(f.loaded).Values(ctx, t.Keys())
	if len(missing) > 0 {
		return "", &CredentialError{missing}
	}
	out, _ := t.Render(values)
	return out, nil
}
