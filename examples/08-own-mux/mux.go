// Package ownmux mounts capabilities in a program's own mux: a composition, whose runs
// are kept, and a framework file with the authentication that it declares, each over
// REST and MCP.
package ownmux

import (
	"context"
	"net/http"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/serve"
)

// Mount adds both files to a mux, and returns the function that ends them. The runner is the
// outside of the framework file's calls and of the composition's runs; its Runtime keeps the runs.
func Mount(ctx context.Context, mux *http.ServeMux, runner *engine.Runner) (stop func(), err error) {
	desk, err := mountDesk(ctx, mux, runner)
	if err != nil {
		return nil, err
	}
	onboarding, err := mountOnboarding(ctx, mux, runner)
	if err != nil {
		desk()
		return nil, err
	}
	return func() { onboarding(); desk() }, nil
}

// mountDesk serves the exposures of a framework file below /desk and /tools.
func mountDesk(ctx context.Context, mux *http.ServeMux, runner *engine.Runner) (stop func(), err error) {
	file, err := engine.Open(ctx, "desk.yaml", nil)
	if err != nil {
		return nil, err
	}
	if err := file.Err(); err != nil {
		return nil, err
	}
	if err := runner.Ready(ctx, file); err != nil {
		return nil, err // a token that the file asks for is not set
	}
	endpoints, err := serve.Exposures(ctx, runner, file, nil)
	if err != nil {
		return nil, err
	}
	for _, e := range endpoints {
		prefix := "/" + e.Namespace
		mux.Handle(prefix+"/", http.StripPrefix(prefix, e.Handler()))
	}
	return func() {
		for _, e := range endpoints {
			e.Close()
		}
	}, nil
}

// mountOnboarding serves a composition below /ops: its page at /ops/, REST below it and
// MCP at /ops/mcp.
func mountOnboarding(ctx context.Context, mux *http.ServeMux, runner *engine.Runner) (stop func(), err error) {
	prog, err := engine.Load(ctx, "b2b-enterprise-onboarding", nil)
	if err != nil {
		return nil, err
	}
	mounted, err := serve.Mount(mux, "/ops/", serve.CompositionOptions{Programs: []*engine.Program{prog}, Runner: runner})
	if err != nil {
		return nil, err
	}
	return mounted.Close, nil
}
