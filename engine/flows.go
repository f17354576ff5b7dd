package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/client"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/spec"
)

// consumed readies the operations of every API that the file calls.
func (f *flows) consumed() diag.List {
	var problems diag.List
	for _, c := range f.file.Consumes {
		if f.opts.Mock {
			c = f.rehearsed(c)
		}
		set, found := consumed.Set(c)
		problems = append(problems, found...)
		if set == nil {
			continue
		}
		f.sets[c.Namespace.Value] = set
		problems = append(problems, f.addAPI(c)...)
	}
	return problems
}

// addAPI makes what programs know of one API.
func (f *flows) addAPI(c *spec.Consumed) diag.List {
	name := c.Namespace.Value
	own := &consumedAPI{flows: f}
	var problems diag.List
	own.base, problems = f.text(c.BaseURI, true)
	auth, more := f.auth(c.Auth)
	own.auth = auth
	if c.Auth != nil {
		own.tokens = origin(cmp.Or(c.Auth.TokenEndpoint.Value, c.Auth.AuthorizationServer.Value))
	}
	f.apis[name] = &api{name: name, base: f.opts.BaseURL, keys: f.creds, own: own}
	return append(problems, more...)
}

// consumedAPI is how a framework file says where an API is and what it takes.
type consumedAPI struct {
	flows *flows
	base  *plan.VariableText
	auth  map[string]*plan.VariableText
	// tokens is the server that a client's secret is exchanged at, "" for none.
	tokens string
}

// hostsOf lists the servers that a bind's value goes to because this API is
// reached or authenticated with it: the API's own, or the one that gives out its
// access tokens.
func (c *consumedAPI) hostsOf(key, host string) []string {
	var out []string
	if c.base != nil && slices.Contains(c.base.Keys(), key) {
		out = append(out, host)
	}
	for part, t := range c.auth {
		if t == nil || !slices.Contains(t.Keys(), key) {
			continue
		}
		if c.tokens != "" && strings.HasPrefix(part, "client_") {
			out = append(out, c.tokens)
		} else {
			out = append(out, host)
		}
	}
	return out
}

// text compiles a text that binds fill in.
func (f *flows) text(s spec.Str, uri bool) (*plan.VariableText, diag.List) {
	var problems diag.List
	t, unknown, wrong := plan.NewVariables(f.file.Binds).Text(s.Value, uri)
	for _, p := range wrong {
		pos, end := s.Span(p.Offset, p.Length)
		problems.Add(diag.Diagnostic{Code: p.Code, Pos: pos, EndColumn: end, Message: p.Message, Hint: p.Hint})
	}
	for _, name := range unknown {
		pos, end := s.Span(0, len([]rune(s.Value)))
		problems.Add(f.unbound(diag.Diagnostic{
			Code: "unknown-name", Pos: pos, EndColumn: end, Message: fmt.Sprintf("%q is no bind, and nothing else may stand here", name),
			Hint: fmt.Sprintf("add it to binds, or write {{env.%s}} to read it from the environment", strings.ToUpper(name)),
		}))
	}
	return t, problems
}

// unbound makes a variable that nothing binds a warning, unless the file is held
// to the published form: it is read from the environment, and in a section to
// import it is bound by whoever imports it.
func (f *flows) unbound(d diag.Diagnostic) diag.Diagnostic {
	switch {
	case f.file.Section:
		d.Severity = diag.Info
	case !f.opts.Strict:
		d.Severity = diag.Warning
	}
	return d
}

// auth compiles the texts of an authentication by their part.
func (f *flows) auth(a *spec.Authentication) (map[string]*plan.VariableText, diag.List) {
	if a == nil {
		return nil, nil
	}
	var problems diag.List
	out := map[string]*plan.VariableText{}
	for part, s := range map[string]spec.Str{
		"token": a.Token, "value": a.Value, "username": a.Username, "password": a.Password,
		"client_id": a.ClientID, "client_secret": a.ClientSecret,
	} {
		if s.IsSet() {
			t, found := f.text(s, false)
			problems = append(problems, found...)
			out[part] = t
		}
	}
	return out, problems
}

// program plans a flow.
func (f *flows) program(name string) (*Program, diag.List) {
	i := slices.IndexFunc(f.model.Units, func(u *spec.Unit) bool { return u.Name == name })
	built, problems := plan.Build(f.model, f.model.Units[i], plan.Sources{
		File: f.reads.file,
		API: func(namespace string) (*operations.Set, error) {
			if set := f.sets[namespace]; set != nil {
				return set, nil
			}
			return nil, fmt.Errorf("the API %q cannot be used", namespace)
		},
	})
	p := &Program{opts: *f.opts, plan: built, creds: f.creds, apis: map[string]*api{}, flows: f, unit: name, source: f.source, overlays: f.overlays}
	for _, s := range built.Steps {
		if a := s.Operation(); a != nil {
			p.apis[a.API] = f.apis[a.API]
		}
	}
	p.snapshot = sync.OnceValues(func() ([]byte, error) { return p.snapshotOf(f.sets) })
	return p, problems
}

// keys lists the binds that a program reads: in its texts, and in the base URIs
// and credentials of the APIs it calls.
func (p *Program) bindKeys() []string {
	keys := append([]string(nil), p.plan.Variables...)
	for _, name := range p.apiNames() {
		own := p.apis[name].own
		if own.base != nil && p.opts.BaseURL == "" {
			keys = append(keys, own.base.Keys()...)
		}
		for _, t := range own.auth {
			if t != nil {
				keys = append(keys, t.Keys()...)
			}
		}
	}
	return keys
}

// server is the API's base URL, with the values of its binds.
func (c *consumedAPI) server(ctx context.Context) (string, error) {
	if c.base == nil {
		return "", fmt.Errorf("it has no base URI")
	}
	values, _, err := c.flows.binds.values(ctx, c.base.Keys())
	if err != nil {
		return "", err
	}
	s, ok := c.base.Render(values)
	if !ok {
		return "", fmt.Errorf("a bind of its base URI has no value")
	}
	s = strings.TrimRight(strings.TrimSpace(s), "/")
	if err := checkBaseURL(s); err != nil {
		return "", fmt.Errorf("the base URI cannot be used: %w", err)
	}
	return s, nil
}

// credential is what the API's authentication says.
func (c *consumedAPI) credential(ctx context.Context, use operations.SchemeUse) (client.Credential, bool, error) {
	var out client.Credential
	for part, t := range c.auth {
		if t == nil {
			continue
		}
		values, _, err := c.flows.binds.values(ctx, t.Keys())
		if err != nil {
			return out, false, err
		}
		s, ok := t.Render(values)
		if !ok {
			return out, false, nil
		}
		switch part {
		case "username", "client_id":
			out.User = s
		case "password", "client_secret":
			out.Password = s
		default:
			out.Token = s
		}
	}
	return out, true, nil
}

// Text fills the binds in a text of the file, such as the token of a server's
// authentication.
func (s *Service) Text(ctx context.Context, text spec.Str) (string, error) {
	if !text.IsSet() {
		return "", nil
	}
	t, problems := s.fw.text(text, false)
	if err := problems.Err(); err != nil {
		return "", err
	}
	values, missing, err := s.fw.binds.values(ctx, t.Keys())
	if err != nil {
		return "", err
	}
	if len(missing) > 0 {
		return "", &CredentialError{missing}
	}
	out, _ := t.Render(values)
	return out, nil
}
