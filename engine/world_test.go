package engine_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/durable"
	"github.com/capstan-run/capstan/operations"
)

// options are those of a test, for loading and for running.
type options struct {
	OpenAPI         map[string]string
	Unit            string
	Overlays        []string
	NoOverlay       bool
	Overrides       []string
	Project         string
	AllowRead       []string
	Strict          bool
	FS              fs.FS
	StrictResponses bool
	BaseURL         string
	Timeout         time.Duration
	RequestTimeout  time.Duration
	Caller          operations.Caller
	Mock            bool
	RecordDir       string
	ReplayDir       string
	Secrets         func(ctx context.Context, name string) (value string, ok bool, err error)
	External        map[string]engine.ExternalHandler
	Runtime         durable.Runtime
	Log             *slog.Logger
	OnEvent         func(durable.Event)
}

func (o *options) load() *engine.LoadOptions {
	o = cmp.Or(o, &options{})
	return &engine.LoadOptions{
		OpenAPI: o.OpenAPI, Unit: o.Unit, Overlays: o.Overlays, NoOverlay: o.NoOverlay, Overrides: o.Overrides,
		Project: o.Project, AllowRead: o.AllowRead, Strict: o.Strict, FS: o.FS,
	}
}

func (o *options) runner() *engine.Runner {
	o = cmp.Or(o, &options{})
	return engine.NewRunner(&engine.Options{
		StrictResponses: o.StrictResponses, BaseURL: o.BaseURL, Timeout: o.Timeout, RequestTimeout: o.RequestTimeout, Caller: o.Caller,
		Mock: o.Mock, RecordDir: o.RecordDir, ReplayDir: o.ReplayDir, Secrets: o.Secrets, External: o.External, Runtime: o.Runtime,
		Log: o.Log, OnEvent: o.OnEvent,
	})
}

// on returns the options with a Runtime.
func (o *options) on(rt durable.Runtime) *engine.Runner {
	with := *cmp.Or(o, &options{})
	with.Runtime = rt
	return with.runner()
}

// program is a program with the Runner of a test.
type program struct {
	*engine.Program
	r *engine.Runner
}

func (p *program) Run(ctx context.Context, in engine.Inputs) (*engine.Result, error) {
	return p.r.Run(ctx, p.Program, in, nil)
}

func (p *program) RunWith(ctx context.Context, in engine.Inputs, o *engine.RunOptions) (*engine.Result, error) {
	return p.r.Run(ctx, p.Program, in, o)
}

func (p *program) Start(ctx context.Context, in engine.Inputs, o *engine.RunOptions) (string, error) {
	return p.r.Start(ctx, p.Program, in, o)
}

func (p *program) Call(ctx context.Context, in engine.Inputs) (*engine.Answer, error) {
	return p.r.Call(ctx, p.Program, in)
}

func (p *program) Plan() *document.Plan { return p.r.Plan(context.Background(), p.Program) }

// service is a file with the Runner of a test.
type service struct {
	*engine.File
	r *engine.Runner
}

// unitOf is a unit with its program as the test runs it.
type unitOf struct {
	*engine.Unit
	Program *program
}

func (s *service) of(u *engine.Unit) *unitOf { return &unitOf{u, &program{u.Program, s.r}} }

func (s *service) Units() []*unitOf {
	var out []*unitOf
	for _, u := range s.File.Units() {
		out = append(out, s.of(u))
	}
	return out
}

func (s *service) Unit(name string) (*unitOf, error) {
	u, err := s.File.Unit(name)
	if err != nil {
		return nil, err
	}
	return s.of(u), nil
}

func (s *service) Ready(ctx context.Context) error { return s.r.Ready(ctx, s.File) }

func (s *service) Forward(ctx context.Context, namespace string, r engine.ForwardRequest) (*engine.Answer, error) {
	return s.r.Forward(ctx, s.File, namespace, r)
}

// api is an API with the Runner of a test.
type api struct {
	*engine.API
	r    *engine.Runner
	Call operations.Caller
}

func (a *api) Env(ctx context.Context, op *operations.Operation) []document.Env {
	return a.r.Env(ctx, a.API, op)
}

func openAPI(ctx context.Context, name string, o *options) (*api, error) {
	a, err := engine.OpenAPI(ctx, name, o.load())
	if err != nil {
		return nil, err
	}
	r := o.runner()
	call, err := r.Caller(a)
	return &api{a, r, call}, err
}

// validated returns the report on a file.
func validated(ctx context.Context, file string, o *options) *engine.Report {
	f, err := engine.Open(ctx, file, o.load())
	var load *engine.LoadError
	if errors.As(err, &load) {
		return load.Report
	}
	return f.Report()
}

// load loads a program as the commands do: one that cannot reach its APIs is refused.
func load(ctx context.Context, file string, o *options) (*program, error) {
	p, err := engine.Load(ctx, file, o.load())
	if err != nil {
		return nil, err
	}
	r := o.runner()
	if problems := r.Check(ctx, p); problems.HasErrors() {
		return nil, &engine.LoadError{Report: &engine.Report{Diagnostics: problems}}
	}
	return &program{p, r}, nil
}

// open opens a file without errors.
func open(ctx context.Context, file string, o *options) (*service, error) {
	f, err := engine.Open(ctx, file, o.load())
	if err == nil {
		err = f.Err()
	}
	if err != nil {
		return nil, err
	}
	return &service{f, o.runner()}, nil
}

func resume(ctx context.Context, rt durable.Runtime, id string, o *options, ro *engine.RunOptions) (*engine.Result, error) {
	return o.on(rt).Resume(ctx, id, ro)
}

func serve(ctx context.Context, rt durable.Runtime, o *options, so durable.ServeOptions) error {
	return o.on(rt).Serve(ctx, so)
}

func inspect(ctx context.Context, rt durable.Runtime, id string) (*document.Run, error) {
	return (*options)(nil).on(rt).Inspect(ctx, id)
}

func history(ctx context.Context, rt durable.Runtime, id string, after int64) ([]durable.Event, error) {
	run, err := inspect(ctx, rt, id)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(run.Events, func(e durable.Event) bool { return e.Seq <= after }), nil
}

func say(ctx context.Context, rt durable.Runtime, id string, s engine.Signal) error {
	return (*options)(nil).on(rt).Signal(ctx, id, s)
}

func settle(ctx context.Context, rt durable.Runtime, id, step string, happened bool, result json.RawMessage) error {
	return say(ctx, rt, id, engine.Signal{Step: step, Happened: &happened, Result: result, By: "runs resolve"})
}
