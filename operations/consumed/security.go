package consumed

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
	"golang.org/x/net/http/httpguts"
)

// authentication is the schemes that the API's operations need together, nil when
// there is none. Texts with variables in them stay as written: a client.Credential
// with Use has the scheme that they come to.
func (m *maker) authentication() []operations.Requirement {
	var all operations.Requirement
	names := SchemeNames(m.api.Auth)
	for i, a := range m.api.Auth.All() {
		use := m.scheme(a)
		use.Name = names[i]
		same := func(u operations.SchemeUse) bool { return samePlace(u.Scheme, use.Scheme) }
		if slices.ContainsFunc(all, same) {
			in, name := use.Scheme.Place()
			m.refuseAll(cmp.Or(a.Key, a.Type), "keep one of them", "two credentials of %s go into the %s %s, which has room for one", m.api.Namespace.Value, in, name)
		}
		all = append(all, use)
	}
	if all == nil {
		return nil
	}
	return []operations.Requirement{all}
}

// SchemeNames returns the names of the schemes of an authentication and those sent
// with it: the type of the only one, else of API keys their own names.
func SchemeNames(auth *spec.Authentication) []string {
	var names []string
	for _, a := range auth.All() {
		name := strings.ToLower(a.Type.Value)
		if len(auth.Also) > 0 && a.Key.Value != "" {
			name = a.Key.Value
		}
		own := name
		for i := 2; slices.Contains(names, own); i++ {
			own = fmt.Sprintf("%s-%d", name, i)
		}
		names = append(names, own)
	}
	return names
}

func samePlace(a, b operations.SecurityScheme) bool {
	inA, nameA := a.Place()
	inB, nameB := b.Place()
	return inA == inB && (nameA == nameB || inA == operations.InHeader && strings.EqualFold(nameA, nameB))
}

func (m *maker) scheme(a *spec.Authentication) (use operations.SchemeUse) {
	switch kind := strings.ToLower(a.Type.Value); kind {
	case "bearer", "basic", "digest":
		use.Scheme = operations.SecurityScheme{Type: "http", Scheme: kind}
	case "apikey":
		use.Scheme = operations.SecurityScheme{Type: "apiKey", In: m.placement(a.Placement), Param: a.Key.Value}
		if in := use.Scheme.In; in == operations.InHeader && a.Key.IsSet() && !strings.Contains(a.Key.Value, "{") && !httpguts.ValidHeaderFieldName(a.Key.Value) {
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
	case "awssigv4":
		use.Scheme = operations.SecurityScheme{Type: "awsSigV4", Region: a.Region.Value, Service: a.Service.Value}
		m.scope(a)
	case "oauth1":
		use.Scheme = operations.SecurityScheme{Type: "oauth1", Scheme: a.Method.Value, Realm: a.Realm.Value, BodyHash: a.BodyHash}
	default:
		m.refuseAll(a.Type, "use bearer, basic, apikey, digest, oauth2, awssigv4 or oauth1", "authentication %q of %s is not one that capstan knows", a.Type.Value, m.api.Namespace.Value)
		use.Scheme.Type = kind // which nothing can meet
	}
	return use
}

// scope reports an AWS signature of which neither the file nor the host of the API
// says what it is for.
func (m *maker) scope(a *spec.Authentication) {
	base := m.api.BaseURI.Value
	u, err := url.Parse(base)
	if err != nil || base == "" || strings.Contains(base, "{") {
		return // reported elsewhere, or known when it is called
	}
	service, region := operations.AWSScope(u.Hostname())
	for name, known := range map[string]bool{"region": a.Region.IsSet() || region != "", "service": a.Service.IsSet() || service != ""} {
		if !known {
			m.refuseAll(a.Type, "add region: us-east-1 and service: execute-api, or what they are for the API", "the AWS signature of %s needs a %s, and the host %s has none", m.api.Namespace.Value, name, u.Hostname())
			return
		}
	}
}

// placement is where an API key travels; the header by default.
func (m *maker) placement(s spec.Str) operations.In {
	switch in := operations.In(cmp.Or(strings.ToLower(s.Value), "header")); in {
	case operations.InHeader, operations.InQuery, operations.InCookie, operations.InBody, operations.InPath:
		return in
	}
	m.refuseAll(s, "write header, query, cookie, body or path", "an API key cannot travel in %q", s.Value)
	return operations.InHeader
}

// carries reports whether the requests of an operation have a place for the API's
// keys, and reports those that have none.
func (m *maker) carries(op *spec.ConsumedOperation, made *operations.Operation) bool {
	for _, requirement := range m.security {
		for _, use := range requirement {
			hint, why := unfit(use.Scheme, op, made)
			if why != "" {
				at := op.Name
				if use.Scheme.In == operations.InPath && op.Path.IsSet() {
					at = op.Path
				}
				m.refuseAll(at, hint, "the API key %q of %s travels in the %s, and %s", use.Scheme.Param, m.api.Namespace.Value, use.Scheme.In, why)
				return false
			}
		}
	}
	return true
}

// unfit returns why a request of an operation cannot carry an API key, "" when it
// can.
func unfit(s operations.SecurityScheme, op *spec.ConsumedOperation, made *operations.Operation) (hint, why string) {
	switch {
	case s.Type != "apiKey":
	case s.In == operations.InPath && !made.InTemplate(&operations.Param{Name: s.Param, In: operations.InPath}):
		return fmt.Sprintf("write {{%s}} where it belongs in the path", s.Param), fmt.Sprintf("%s has no place for it", made.Path)
	case s.In == operations.InBody && (made.Method == "GET" || made.Method == "HEAD"):
		return "write placement: query, or what the API wants", fmt.Sprintf("a %s request has none", made.Method)
	case s.In == operations.InBody && op.Body != nil && !slices.Contains([]string{"", "json", "formUrlEncoded", "multipartForm"}, op.Body.Type.Value):
		return "write the body as json or a form", fmt.Sprintf("that of %s is %s", op.Name.Value, op.Body.Type.Value)
	}
	return "", ""
}
