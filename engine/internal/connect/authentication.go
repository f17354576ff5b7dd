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
// has no place for the credentials of clients and for access keys: they are
// variables, of AWS the usual ones and else named after the API, where the file does
// not give them.
func partsOf(a *spec.Authentication, prefix string) []part {
	var out []part
	switch kind := a.Type.Value; {
	case kind == "apikey":
		out = []part{{"token", a.Value}}
	case kind == "oauth2" && !a.Token.IsSet():
		out = []part{
			{"client_id", variable(a.ClientID, a.Type, prefix+"_CLIENT_ID")},
			{"client_secret", variable(a.ClientSecret, a.Type, prefix+"_CLIENT_SECRET")},
		}
	case (kind == "awssigv4" || kind == "oauth1") && !a.Username.IsSet():
		for _, x := range signingParts(map[string]string{"awssigv4": "AWS", "oauth1": prefix}[kind], kind == "oauth1") {
			out = append(out, part{x.part, variable(spec.Str{}, a.Type, x.names[0])})
		}
	default:
		out = []part{{"username", a.Username}, {"password", a.Password}, {"token", a.Token}, {"token_secret", a.TokenSecret}}
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
		{a.Region, func(s *operations.SecurityScheme) *string { return &s.Region }},
		{a.Service, func(s *operations.SecurityScheme) *string { return &s.Service }},
		{a.Realm, func(s *operations.SecurityScheme) *string { return &s.Realm }},
	}
}

// keys lists the binds that the credential is made of: those that it needs, or all.
func (a *authentication) keys(all bool) []string {
	var keys []string
	for _, x := range a.parts {
		if all || !optional(x.part) {
			keys = append(keys, x.text.Keys()...)
		}
	}
	for _, x := range a.options {
		keys = append(keys, x.text.Keys()...)
	}
	return keys
}

// credential fills the credential in; ok is false when a bind has no value.
func (a *authentication) credential(ctx context.Context, l *Link, use operations.SchemeUse) (c client.Credential, ok bool) {
	values, _ := l.Values(ctx, a.keys(true))
	for _, x := range a.parts {
		s, ok := x.text.Render(values)
		switch {
		case ok:
			set(&c, x.part, s)
		case !optional(x.part):
			return client.Credential{}, false
		}
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
