package connect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/client"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/spec"
)

// consumedAPI is an API that a file describes under consumes.
type consumedAPI struct {
	spec *spec.API
	base *plan.VariableText
	auth []authentication
	// rehearsal has the operations with the answers that a mock gives where documented
	// has none.
	rehearsal  func() *operations.Set
	documented *consumed.Documented
	pace       string // as [Declared] has it
}

// Consumed returns an API that a file describes under consumes. units are those of
// the file, and documented has the operations as an OpenAPI document describes them,
// nil where there is none. pace is as [Declared] has it.
func Consumed(c *spec.API, binds *Binds, units []*spec.Unit, documented *consumed.Documented, pace string) (API, diag.List) {
	a := &consumedAPI{spec: c, documented: documented, pace: pace}
	var problems diag.List
	text := func(s spec.Str, uri bool) *plan.VariableText {
		t, found := binds.Text(s, uri)
		problems = append(problems, found...)
		return t
	}
	a.base = text(c.BaseURI, true)
	a.auth = authentications(c, func(s spec.Str) *plan.VariableText { return text(s, false) })
	a.rehearsal = sync.OnceValue(func() *operations.Set {
		set, _ := consumed.Set(rehearsed(c, units))
		return set
	})
	return a, problems
}

func (a *consumedAPI) Declared() Declared { return Declared{Pace: a.pace} }

func (a *consumedAPI) Server(ctx context.Context, l *Link) (string, error) {
	if l.BaseURL != "" || !l.Sends() { // a request that is not sent needs no server
		return l.BaseURL, nil
	}
	return a.server(ctx, l)
}

// server returns the API's base URI, with the values of its binds.
func (a *consumedAPI) server(ctx context.Context, l *Link) (string, error) {
	if a.base == nil {
		return "", errors.New("it has no base URI")
	}
	values, _ := l.Values(ctx, a.base.Keys())
	s, ok := a.base.Render(values)
	if !ok {
		return "", errors.New("a bind of its base URI has no value")
	}
	s = strings.TrimRight(strings.TrimSpace(s), "/")
	if err := CheckBaseURL(s); err != nil {
		return "", fmt.Errorf("the base URI cannot be used: %w", err)
	}
	return s, nil
}

// URL returns the base URI with the values that its binds have now, or as it is
// written where one has none.
func (a *consumedAPI) URL(ctx context.Context, l *Link, _ *operations.Operation) string {
	if l.BaseURL != "" || a.base == nil {
		return l.BaseURL
	}
	if url, err := a.server(ctx, l); err == nil {
		return url
	}
	return a.base.Source()
}

// Check reports nothing: a base URI may depend on binds, whose values are known when
// it is called; the client refuses servers that credentials must not go to.
func (a *consumedAPI) Check(context.Context, *Link, []*operations.Operation) []Problem { return nil }

// keys lists the binds that the API is reached and authenticated with: those that it
// needs, or all.
func (a *consumedAPI) keys(l *Link, all bool) []string {
	var keys []string
	if a.base != nil && l.BaseURL == "" {
		keys = append(keys, a.base.Keys()...)
	}
	for _, x := range a.auth {
		keys = append(keys, x.keys(all)...)
	}
	return keys
}

func (a *consumedAPI) Env(ctx context.Context, l *Link, _ []*operations.Operation) []document.Env {
	host := originOr(a.URL(ctx, l, nil))
	var out []document.Env
	needed := a.keys(l, false)
	for _, key := range a.keys(l, true) {
		if env := l.look(ctx, key, a.hostsOf(key, host)); env.Set || slices.Contains(needed, key) {
			out = append(out, env)
		}
	}
	return out
}

// hostsOf lists the servers that a bind's value goes to because this API is
// reached or authenticated with it: the API's own, or the one that gives out its
// access tokens.
func (a *consumedAPI) hostsOf(key, host string) []string {
	var out []string
	if a.base != nil && slices.Contains(a.base.Keys(), key) {
		out = append(out, host)
	}
	for _, auth := range a.auth {
		for _, x := range auth.parts {
			switch {
			case !slices.Contains(x.text.Keys(), key):
			case auth.tokens != "" && strings.HasPrefix(x.part, "client_"):
				out = union(out, []string{auth.tokens})
			default:
				out = union(out, []string{host})
			}
		}
	}
	return out
}

func (a *consumedAPI) Missing(ctx context.Context, l *Link, _ []*operations.Operation) []document.Env {
	_, missing := l.Values(ctx, a.keys(l, false))
	return missing
}

func (a *consumedAPI) Credential(ctx context.Context, l *Link, use operations.SchemeUse) (client.Credential, bool, error) {
	for _, auth := range a.auth {
		if auth.scheme == use.Name {
			c, ok := auth.credential(ctx, l, use)
			return c, ok, nil
		}
	}
	return client.Credential{}, false, nil
}

// Operation gives a mock the answers that the API's document describes, else those
// that the file's units read.
func (a *consumedAPI) Operation(l *Link, op *operations.Operation) *operations.Operation {
	if !l.Mock || a.spec.Sketched && a.documented.Operation(op.ID) != nil {
		return op
	}
	if set := a.rehearsal(); set != nil {
		if with, ok := set.Lookup(op.ID); ok {
			op = with
		}
	}
	return a.documented.Answered(op)
}
