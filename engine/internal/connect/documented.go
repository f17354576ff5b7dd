package connect

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/client"
	"github.com/capstan-run/capstan/spec"
)

// Declared are the settings beside an API's document, in a project file or a
// catalogue. Snapshots of runs hold them.
type Declared struct {
	Base     string   `json:"base,omitempty"` // server, "" for the document's own
	Pace     string   `json:"pace,omitempty"` // how many requests that server takes in a time
	OwnPace  bool     `json:"-"`              // the document states it, not what is beside it
	Env      []string `json:"env,omitempty"`  // variables that hold the credential
	AuthType string   `json:"auth,omitempty"` // the authentication type that Env is for, "" when none is given
	// Security is for documents that declare none.
	Security []operations.Requirement `json:"fallback,omitempty"`
}

// Or fills in from next where d is silent. A pace is that of the server beside it:
// one that replaces it has none, or its own.
func (d Declared) Or(next Declared) Declared {
	if d.Base == "" || d.Base == next.Base {
		d.Pace = cmp.Or(d.Pace, next.Pace)
	}
	d.Base = cmp.Or(d.Base, next.Base)
	if len(d.Env) == 0 {
		d.Env, d.AuthType = next.Env, next.AuthType
	}
	if d.Security == nil {
		d.Security = next.Security
	}
	return d
}

// DeclaredSecurity is the requirement that an auth type of a catalogue stands
// for; nil for types that need more of a document.
func DeclaredSecurity(authType string) []operations.Requirement {
	scheme := operations.SecurityScheme{Type: "http"}
	meant, _ := spec.AuthType(authType)
	switch meant {
	case "bearer", "basic", "digest":
		scheme.Scheme = meant
	case "awssigv4":
		scheme.Type = "awsSigV4"
	case "oauth1":
		scheme.Type = "oauth1"
	default:
		return nil
	}
	return []operations.Requirement{{{Name: meant, Scheme: scheme}}}
}

// documentedAPI is an API with an OpenAPI document.
type documentedAPI struct {
	name     string
	declared Declared
	names    map[string]schemeNames // of the variables, by scheme
}

// Documented returns an API with an OpenAPI document.
func Documented(name string, d Declared, set *operations.Set) API {
	var own Declared
	pace, server := set.Pace()
	if own.Pace = pace; strings.TrimSuffix(d.Base, "/") == strings.TrimSuffix(server, "/") {
		own.Base = d.Base // the document's server, named again
	}
	a := &documentedAPI{name: name, declared: d.Or(own)}
	a.declared.OwnPace = d.Pace == ""
	a.nameCredentials(set)
	return a
}

func (a *documentedAPI) Declared() Declared { return a.declared }

func (a *documentedAPI) Server(_ context.Context, l *Link) (string, error) {
	return cmp.Or(l.BaseURL, a.declared.Base), nil
}

func (a *documentedAPI) URL(_ context.Context, l *Link, op *operations.Operation) string {
	url := cmp.Or(l.BaseURL, a.declared.Base)
	if url != "" {
		url = op.Below(url)
	} else if len(op.Servers) > 0 {
		server, asWritten := op.Servers[0], func(text string) string { return text }
		url = operations.Expand(server.URL, asWritten, func(name string) string {
			if v, ok := server.Variables[name]; ok {
				return v.Default
			}
			return "{" + name + "}"
		})
	}
	if origin(url) == "" {
		return ""
	}
	return url
}

// Check reports operations without a server, and servers that credentials must not
// go to.
func (a *documentedAPI) Check(ctx context.Context, l *Link, ops []*operations.Operation) []Problem {
	var out []Problem
	for _, op := range ops {
		if a.URL(ctx, l, op) == "" {
			out = append(out, Problem{op, "no-server", fmt.Sprintf("the OpenAPI document of %q names no server for %s; give one with --base-url", a.name, op.ID)})
		}
	}
	for _, host := range hosts(ctx, l, a, ops) {
		if strings.HasPrefix(host, "http://") && !confidential(host) && len(a.needs(ops)) > 0 {
			out = append(out, Problem{nil, "insecure-server", fmt.Sprintf("the credential of %q would go to %s unencrypted; use https", a.name, host)})
		}
	}
	return out
}

// Operation adds the declared security to an operation whose document has none.
func (a *documentedAPI) Operation(_ *Link, op *operations.Operation) *operations.Operation {
	if a.declared.Security == nil || len(op.Security) > 0 {
		return op
	}
	with := *op
	with.Security = a.declared.Security
	return &with
}

func (a *documentedAPI) Forward(context.Context, *Link, string, string, string) (*operations.Operation, []operations.Arg, error) {
	return nil, nil, fmt.Errorf("the API %q is called by its operations only", a.name)
}

func (a *documentedAPI) Env(ctx context.Context, l *Link, ops []*operations.Operation) []document.Env {
	return a.taken(ctx, l.Keys, a.needs(ops), hosts(ctx, l, a, ops))
}

func (a *documentedAPI) Missing(ctx context.Context, l *Link, ops []*operations.Operation) []document.Env {
	var out []document.Env
	for _, op := range ops {
		for _, env := range a.missing(ctx, l.Keys, op) {
			out = addMissing(out, env)
		}
	}
	return out
}

// nameCredentials finds the variables of every scheme of the API: those of its
// document, and the one declared beside it unless it is one of them.
func (a *documentedAPI) nameCredentials(set *operations.Set) {
	schemes, general := set.Schemes()
	same := map[string]string{}
	for _, requirement := range a.declared.Security {
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

// security returns the requirements of an operation: those of its document, else
// those declared beside it.
func (a *documentedAPI) security(op *operations.Operation) []operations.Requirement {
	return a.Operation(nil, op).Security
}

// needs returns the alternatives of the operations, each list once.
func (a *documentedAPI) needs(ops []*operations.Operation) [][]operations.Requirement {
	var out [][]operations.Requirement
	for _, op := range ops {
		alternatives := a.alternatives(op)
		known := func(x []operations.Requirement) bool { return reflect.DeepEqual(x, alternatives) }
		if len(alternatives) > 0 && !slices.ContainsFunc(out, known) {
			out = append(out, alternatives)
		}
	}
	return out
}

// alternatives returns the security requirements of an operation, without the
// empty one of those that may be called without a credential.
func (a *documentedAPI) alternatives(op *operations.Operation) []operations.Requirement {
	return slices.DeleteFunc(slices.Clone(a.security(op)), func(r operations.Requirement) bool { return len(r) == 0 })
}

// taken returns the variables of the alternatives that calls take: of each list
// the first one with a credential, else the first.
func (a *documentedAPI) taken(ctx context.Context, keys *Keyring, needs [][]operations.Requirement, hosts []string) []document.Env {
	out := []document.Env{}
	for _, alternatives := range needs {
		var first, met []document.Env
		for _, requirement := range alternatives {
			var env []document.Env
			for _, use := range requirement {
				env = append(env, a.envOf(ctx, use, keys.There)...)
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
func (a *documentedAPI) namesOf(use operations.SchemeUse) schemeNames {
	if names, ok := a.names[use.Name]; ok {
		return names
	}
	return nameCredentials(a.name, []operations.SchemeUse{use}, "", a.declared)[use.Name]
}

// envOf lists the variables of one scheme, as find finds them: Keyring.First,
// or Keyring.There to run no command only to look.
func (a *documentedAPI) envOf(ctx context.Context, use operations.SchemeUse, find func(context.Context, []string) (string, bool, error)) []document.Env {
	var out []document.Env
	names := a.namesOf(use)
	for _, part := range names.parts {
		_, ok, err := find(ctx, part.names)
		if !ok && err == nil && optional(part.part) {
			continue
		}
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
func (a *documentedAPI) missing(ctx context.Context, keys *Keyring, op *operations.Operation) []document.Env {
	var first []document.Env
	for _, requirement := range a.security(op) {
		var lacking []document.Env
		for _, use := range requirement {
			if _, there, err := a.credential(ctx, keys, use); there && err == nil {
				continue
			}
			for _, env := range a.envOf(ctx, use, keys.First) {
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

func (a *documentedAPI) Credential(ctx context.Context, l *Link, use operations.SchemeUse) (client.Credential, bool, error) {
	return a.credential(ctx, l.Keys, use)
}

func (a *documentedAPI) credential(ctx context.Context, keys *Keyring, use operations.SchemeUse) (client.Credential, bool, error) {
	var c client.Credential
	for _, part := range a.namesOf(use).parts {
		v, ok, err := keys.First(ctx, part.names)
		if !ok && err == nil && optional(part.part) {
			continue
		}
		if err != nil || !ok {
			return client.Credential{}, false, err
		}
		set(&c, part.part, v)
	}
	return c, true, nil
}

// set sets one part of a credential.
func set(c *client.Credential, part, value string) {
	switch part {
	case "username", "client_id", "access_key_id", "consumer_key":
		c.User = value
	case "password", "client_secret", "secret_access_key", "consumer_secret":
		c.Password = value
	case "token_secret":
		c.TokenSecret = value
	default:
		c.Token = value
	}
}
