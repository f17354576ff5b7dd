// Package connect reaches APIs: their servers, credentials and binds. An [API]
// is one as its file describes it; a [Link] gives it the outside.
package connect

import (
	"context"
	"slices"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/client"
)

// API is how an API is reached, as files describe it. It is immutable.
type API interface {
	// Server returns the URL that requests are sent below, "" for that of their
	// operation.
	Server(ctx context.Context, l *Link) (string, error)
	// URL returns the server of an operation as far as it is known.
	URL(ctx context.Context, l *Link, op *operations.Operation) string
	// Check reports why operations cannot be reached.
	Check(ctx context.Context, l *Link, ops []*operations.Operation) []Problem
	// Env lists the environment variables that calls of the operations read, with
	// the servers that their values go to.
	Env(ctx context.Context, l *Link, ops []*operations.Operation) []document.Env
	// Missing lists the variables without which the operations cannot be called.
	Missing(ctx context.Context, l *Link, ops []*operations.Operation) []document.Env
	// Credential finds the credential of a security scheme.
	Credential(ctx context.Context, l *Link, use operations.SchemeUse) (client.Credential, bool, error)
	// Operation returns an operation with all that is known of it when it is sent
	// or answered by a mock.
	Operation(l *Link, op *operations.Operation) *operations.Operation
	// Forward makes the operation and the arguments of a request that is passed on.
	// The path is below the API's base, percent-encoded; "" is the base itself.
	Forward(ctx context.Context, l *Link, method, path, query string) (*operations.Operation, []operations.Arg, error)
	// Declared returns the settings that stand beside the API's description.
	Declared() Declared
}

// Problem is why an API cannot be reached. Op is nil where it is all of its
// operations.
type Problem struct {
	Op            *operations.Operation
	Code, Message string
}

// Use is an API with its operations that a program calls.
type Use struct {
	Name string
	API  API
	Ops  []*operations.Operation
}

// Hosts lists the scheme and host of every server that is called.
func (l *Link) Hosts(ctx context.Context, uses []Use) []string {
	out := []string{}
	for _, u := range uses {
		out = union(out, hosts(ctx, l, u.API, u.Ops))
	}
	return out
}

func hosts(ctx context.Context, l *Link, api API, ops []*operations.Operation) []string {
	var out []string
	for _, op := range ops {
		if host := originOr(api.URL(ctx, l, op)); host != "" && !slices.Contains(out, host) {
			out = append(out, host)
		}
	}
	return out
}

// Env lists the environment variables of the APIs and of binds.
func (l *Link) Env(ctx context.Context, uses []Use, binds []string) []document.Env {
	out := []document.Env{}
	add := func(env document.Env) {
		same := func(e document.Env) bool { return e.Name == env.Name && e.For == env.For && e.Scheme == env.Scheme }
		if i := slices.IndexFunc(out, same); i >= 0 {
			out[i].Hosts = union(out[i].Hosts, env.Hosts)
			return
		}
		out = append(out, env)
	}
	all := l.Hosts(ctx, uses)
	for _, key := range binds { // a step may send it to any of them
		add(l.look(ctx, key, slices.Clone(all)))
	}
	for _, u := range uses {
		for _, env := range u.API.Env(ctx, l, u.Ops) {
			add(env)
		}
	}
	return out
}

// Missing lists the variables of the APIs and of binds that have no value.
func (l *Link) Missing(ctx context.Context, uses []Use, binds []string) []document.Env {
	if !l.Sends() {
		return nil
	}
	_, missing := l.Values(ctx, binds)
	for _, u := range uses {
		for _, env := range u.API.Missing(ctx, l, u.Ops) {
			missing = addMissing(missing, env)
		}
	}
	return missing
}

func addMissing(list []document.Env, env document.Env) []document.Env {
	if slices.ContainsFunc(list, func(e document.Env) bool { return e.Name == env.Name && e.For == env.For }) {
		return list
	}
	return append(list, env)
}

// Check reports why the APIs cannot be reached.
func (l *Link) Check(ctx context.Context, uses []Use) []Problem {
	if !l.Sends() {
		return nil
	}
	var out []Problem
	for _, u := range uses {
		out = append(out, u.API.Check(ctx, l, u.Ops)...)
	}
	return out
}

func union(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}
