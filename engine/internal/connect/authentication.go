package connect

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/plan"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/client"
	"github.com/capstan-run/capstan/operations/consumed"
	"github.com/capstan-run/capstan/spec"
)

// authentication is one credential of an API that a file describes.
type authentication struct {
	scheme string // the name of its scheme
	parts  []authText
	// options are the texts of the scheme itself that hold variables.
	options []optionText
	// tokens is the server that a client's secret is exchanged at, "" for none.
	tokens string
}

// authText is one part of a credential.
type authText struct {
	part string // "token", "username", ...
	text *plan.VariableText
}

// optionText is one text of a scheme.
type optionText struct {
	at   func(*operations.SecurityScheme) *string
	text *plan.VariableText
}

// authentications compiles the credentials of an API. text compiles one text, and
// returns nil for one with an error.
func authentications(c *spec.API, text func(spec.Str) *plan.VariableText) []authentication {
	var out []authentication
	names := consumed.SchemeNames(c.Auth)
	for i, auth := range c.Auth.All() {
		a := authentication{scheme: names[i], tokens: origin(cmp.Or(auth.TokenEndpoint.Value, auth.AuthorizationServer.Value))}
		for _, x := range partsOf(auth, envPrefix(c.Namespace.Value)) {
			if t := text(x.text); t != nil {
				a.parts = append(a.parts, authText{x.part, t})
			}
		}
		for _, x := range optionsOf(auth) {
			if !strings.Contains(x.text.Value, "{{") {
				continue
			}
			if t := text(x.text); t != nil {
				a.options = append(a.options, optionText{x.at, t})
			}
		}
		out = append(out, a)
	}
	return out
}

// part is one part of a credential as the file has it.
type part struct {
	part string
	text spec.Str
}

// partsOf lists the parts of a credential that the file gives. The published form
// has no place for a client's id and secret: they are variables, named after the
// API, where the file does not give them.
func partsOf(a *spec.Authentication, prefix string) []part {
	var out []part
	switch a.Type.Value {
	case "bearer":
		out = []part{{"token", a.Token}}
	case "apikey":
		out = []part{{"token", a.Value}}
	case "basic", "digest":
		out = []part{{"username", a.Username}, {"password", a.Password}}
	case "oauth2":
		out = []part{{"token", a.Token}}
		if !a.Token.IsSet() {
			out = []part{{"client_id", variable(a.ClientID, a.Type, prefix+"_CLIENT_ID")}, {"client_secret", variable(a.ClientSecret, a.Type, prefix+"_CLIENT_SECRET")}}
		}
	}
	return slices.DeleteFunc(out, func(p part) bool { return !p.text.IsSet() })
}

// variable is a text of the file, or else the variable of a name.
func variable(text, at spec.Str, name string) spec.Str {
	if text.IsSet() {
		return text
	}
	return spec.At(at.Pos, "{{env."+name+"}}")
}

type option struct {
	text spec.Str
	at   func(*operations.SecurityScheme) *string
}

// optionsOf lists the texts of a scheme that may hold variables.
func optionsOf(a *spec.Authentication) []option {
	return []option{
		{a.Key, func(s *operations.SecurityScheme) *string { return &s.Param }},
		{a.TokenEndpoint, func(s *operations.SecurityScheme) *string { return &s.TokenURL }},
		{a.AuthorizationServer, func(s *operations.SecurityScheme) *string { return &s.AuthorizationServer }},
		{a.Audience, func(s *operations.SecurityScheme) *string { return &s.Audience }},
		{a.Resource, func(s *operations.SecurityScheme) *string { return &s.Resource }},
	}
}

// keys lists the binds that the credential is made of.
func (a *authentication) keys() []string {
	var keys []string
	for _, x := range a.parts {
		keys = append(keys, x.text.Keys()...)
	}
	for _, x := range a.options {
		keys = append(keys, x.text.Keys()...)
	}
	return keys
}

// credential fills the credential in; ok is false when a bind has no value.
func (a *authentication) credential(ctx context.Context, l *Link, use operations.SchemeUse) (c client.Credential, ok bool) {
	values, _ := l.Values(ctx, a.keys())
	for _, x := range a.parts {
		s, ok := x.text.Render(values)
		if !ok {
			return client.Credential{}, false
		}
		set(&c, x.part, s)
	}
	for _, x := range a.options {
		s, ok := x.text.Render(values)
		if !ok {
			return client.Credential{}, false
		}
		*x.at(&use.Scheme) = s
	}
	if len(a.options) > 0 {
		c.Use = &use
	}
	return c, true
}
