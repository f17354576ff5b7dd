package consumed

import (
	"cmp"
	"strings"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
	"golang.org/x/net/http/httpguts"
)

// authentication is the one scheme that the API's operations need, called by its
// type; nil when there is none. Texts with variables in them stay as written: an
// client.Credential with Use has the scheme that they come to.
func (m *maker) authentication() []operations.Requirement {
	a := m.api.Auth
	if a == nil {
		return nil
	}
	kind := strings.ToLower(a.Type.Value)
	use := operations.SchemeUse{Name: kind}
	switch kind {
	case "bearer", "basic", "digest":
		use.Scheme = operations.SecurityScheme{Type: "http", Scheme: kind}
	case "apikey":
		use.Scheme = operations.SecurityScheme{Type: "apiKey", In: m.placement(a.Placement), Param: a.Key.Value}
		if in := use.Scheme.In; in == operations.InHeader && !strings.Contains(a.Key.Value, "{") && !httpguts.ValidHeaderFieldName(a.Key.Value) {
			m.refuseAll(a.Key, "write key: X-API-Key, or what the API calls it", "the API key of %s has no header that could carry it: %q", m.api.Namespace.Value, a.Key.Value)
		}
	case "oauth2":
		use.Scheme = operations.SecurityScheme{
			Type: "oauth2", TokenURL: a.TokenEndpoint.Value, AuthorizationServer: a.AuthorizationServer.Value,
			Audience: a.Audience.Value, Resource: a.Resource.Value,
		}
		for _, s := range a.Scopes {
			use.Scopes = append(use.Scopes, s.Value)
		}
	default:
		m.refuseAll(a.Type, "use bearer, basic, apikey, digest or oauth2", "authentication %q of %s is not one that capstan knows", a.Type.Value, m.api.Namespace.Value)
		use.Scheme.Type = kind // which nothing can meet
	}
	return []operations.Requirement{{use}}
}

// placement is where an API key travels; the header by default.
func (m *maker) placement(s spec.Str) operations.In {
	switch in := operations.In(cmp.Or(strings.ToLower(s.Value), "header")); in {
	case operations.InHeader, operations.InQuery, operations.InCookie:
		return in
	}
	m.refuseAll(s, "write header or query", "an API key cannot travel in %q", s.Value)
	return operations.InHeader
}
