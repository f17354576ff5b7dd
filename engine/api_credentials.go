package engine

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/client"
)

// nameCredentials finds the variables of every scheme of the API: those of its
// document, and the one declared beside it unless it is one of them.
func (a *api) nameCredentials(set *operations.Set) {
	schemes, general := set.Schemes()
	same := map[string]string{}
	for _, requirement := range a.fallback {
		for _, use := range requirement {
			if name := documented(schemes, general, use); name != "" {
				same[use.Name] = name
			} else {
				schemes = append(schemes, use)
			}
		}
	}
	a.names = nameCredentials(a.name, schemes, general, a.declared)
	for name, as := range same {
		a.names[name] = a.names[as]
	}
}

// documented returns the scheme of a document that one declared beside it is:
// of the same name, or alike; "" when it is another.
func documented(schemes []operations.SchemeUse, general string, declared operations.SchemeUse) string {
	var alike []string
	for _, s := range schemes {
		if s.Name == declared.Name {
			return s.Name
		}
		if s.Scheme == declared.Scheme {
			alike = append(alike, s.Name)
		}
	}
	if slices.Contains(alike, general) {
		return general
	}
	if len(alike) == 1 {
		return alike[0]
	}
	return ""
}

// use records the security that an operation needs.
func (a *api) use(op *operations.Operation) {
	alternatives := a.alternatives(op)
	known := func(x []operations.Requirement) bool { return reflect.DeepEqual(x, alternatives) }
	if len(alternatives) > 0 && !slices.ContainsFunc(a.needs, known) {
		a.needs = append(a.needs, alternatives)
	}
}

// alternatives returns the security requirements of an operation, without the
// empty one of those that may be called without a credential.
func (a *api) alternatives(op *operations.Operation) []operations.Requirement {
	return slices.DeleteFunc(slices.Clone(a.security(op)), func(r operations.Requirement) bool { return len(r) == 0 })
}

// taken returns the variables of the alternatives that calls take: of each list
// the first one with a credential, else the first.
func (a *api) taken(ctx context.Context, needs [][]operations.Requirement, hosts []string) []document.Env {
	out := []document.Env{}
	for _, alternatives := range needs {
		var first, met []document.Env
		for _, requirement := range alternatives {
			var env []document.Env
			for _, use := range requirement {
				env = append(env, a.envOf(ctx, use, a.keys.there)...)
			}
			if first == nil {
				first = env
			}
			if !slices.ContainsFunc(env, func(e document.Env) bool { return !e.Set }) {
				met = env
				break
			}
		}
		if met == nil {
			met = first
		}
		for _, env := range met {
			if env.Hosts == nil {
				env.Hosts = slices.Clone(hosts)
			}
			if !slices.ContainsFunc(out, func(e document.Env) bool { return e.Name == env.Name && e.Scheme == env.Scheme }) {
				out = append(out, env)
			}
		}
	}
	return out
}

// namesOf returns the variables of one scheme.
func (a *api) namesOf(use operations.SchemeUse) schemeNames {
	if names, ok := a.names[use.Name]; ok {
		return names
	}
	return nameCredentials(a.name, []operations.SchemeUse{use}, "", a.declared)[use.Name]
}

// envOf lists the variables of one scheme, as find finds them: keyring.first,
// or keyring.there to run no command only to look.
func (a *api) envOf(ctx context.Context, use operations.SchemeUse, find func(context.Context, []string) (string, bool, error)) []document.Env {
	var out []document.Env
	names := a.namesOf(use)
	for _, part := range names.parts {
		_, ok, err := find(ctx, part.names)
		what := a.name
		if names.own {
			what += " " + use.Name
		}
		if part.part != "token" {
			what += " " + strings.ReplaceAll(part.part, "_", " ")
		}
		env := document.Env{
			Name: part.names[0], Aliases: part.names[1:], For: what, Set: ok && err == nil,
			Scheme: use.Name, Sent: sentAs(use.Scheme), Hosts: tokenHost(use.Scheme),
		}
		if err != nil {
			env.Problem = err.Error()
		}
		out = append(out, env)
	}
	return out
}

// sentAs returns the place of a scheme's credential in a request.
func sentAs(s operations.SecurityScheme) string {
	switch {
	case s.Type == "apiKey":
		return string(s.In) + " " + s.Param
	case s.Type == "mutualTLS":
		return ""
	case kindOf(s) == kindClient:
		return "token request"
	}
	return "header Authorization"
}

// tokenHost returns the server that a scheme's secret is exchanged at for a
// token; nil when it goes to the API's own.
func tokenHost(s operations.SecurityScheme) []string {
	if host := origin(s.TokenURL); kindOf(s) == kindClient && host != "" {
		return []string{host}
	}
	return nil
}

// missing lists the variables without which op cannot be called; none when any
// alternative can be met.
func (a *api) missing(ctx context.Context, op *operations.Operation) []document.Env {
	var first []document.Env
	for _, requirement := range a.security(op) {
		var lacking []document.Env
		for _, use := range requirement {
			for _, env := range a.envOf(ctx, use, a.keys.first) {
				if !env.Set {
					lacking = append(lacking, env)
				}
			}
		}
		if len(lacking) == 0 {
			return nil
		}
		if first == nil {
			first = lacking
		}
	}
	return first
}

// credential finds the credential of a scheme.
func (a *api) credential(ctx context.Context, _ string, use operations.SchemeUse) (client.Credential, bool, error) {
	if a.own != nil {
		return a.own.credential(ctx, use)
	}
	var c client.Credential
	for _, part := range a.namesOf(use).parts {
		v, ok, err := a.keys.first(ctx, part.names)
		if err != nil || !ok {
			return c, false, err
		}
		switch part.part {
		case "username", "client_id":
			c.User = v
		case "password", "client_secret":
			c.Password = v
		default:
			c.Token = v
		}
	}
	return c, true, nil
}
