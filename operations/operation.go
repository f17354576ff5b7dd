// Package operations is the vocabulary of calls to APIs: the document's account of
// an operation, a request of it and its answer, the one function type that
// sends, its errors, and how secrets are hidden. Start with [Set.Lookup] and
// [Caller]. Its packages do the work: openapi reads documents, request writes
// messages, client sends them, check compares answers with their schemas.
package operations

import (
	"cmp"
	"mime"
	"slices"
	"strings"
)

// Effect is the effect of an operation on the provider's data, judged by its HTTP
// method: those that the IANA registry of methods calls safe read.
type Effect string

// The effects.
const (
	Read   Effect = "read"
	Write  Effect = "write"
	Delete Effect = "delete"
)

// Operation is one OpenAPI Operation Object, resolved: references followed,
// path-level parameters and servers merged in. It is immutable and safe for
// concurrent use.
type Operation struct {
	API         string // name of the API, as the capability's `api` has it
	ID          string // operationId, opaque
	Method      string // as it is sent, "GET"
	Path        string // path template, "/organizations/{id}"
	Summary     string
	Description string
	Tags        []string
	Deprecated  bool
	Servers     []Server
	Params      []*Param
	Body        *Body          // nil when the operation takes none
	Responses   []*ResponseDoc // ordered: exact codes ascending, ranges, default
	Security    []Requirement  // alternatives; empty means no credential
}

// Param is an OpenAPI Parameter Object with its defaults filled in.
type Param struct {
	Name          string
	In            In
	Required      bool
	Deprecated    bool
	Description   string
	Schema        *Schema // never nil; &Schema{} accepts anything
	Style         string  // form, simple, label, matrix, spaceDelimited, pipeDelimited, deepObject
	Explode       bool
	AllowReserved bool
	MediaType     string // set when the parameter uses `content`
	// Encoding is that of the fields of a form, where MediaType is one.
	Encoding map[string]Encoding
}

// In is where a parameter travels.
type In string

// The places a value can travel. InBody marks a property of the body.
const (
	InPath   In = "path"
	InQuery  In = "query"
	InHeader In = "header"
	InCookie In = "cookie"
	InBody   In = "body"
	// InQueryString marks a parameter that is the whole query (OpenAPI 3.2).
	InQueryString In = "querystring"
)

// Body is an OpenAPI Request Body Object.
type Body struct {
	Required    bool
	Description string
	Media       []Media // ordered by preference: JSON first, then as documented
}

// Media is an OpenAPI Media Type Object.
type Media struct {
	Type     string  // "application/json"
	Schema   *Schema // never nil
	Example  any     // first documented example, nil when none
	Encoding map[string]Encoding
	// Loose reports that Schema is the expected answer, and is no
	// promise: answers are not held against it. Compiled documents have none.
	Loose bool
	// Validate, when not nil, compares an answer with the whole schema of the
	// document, of which Schema is a part: see package check.
	Validate func(v any) []Violation
}

// Encoding is an OpenAPI Encoding Object.
type Encoding struct {
	ContentType   string
	Style         string
	Explode       bool
	AllowReserved bool
}

// ResponseDoc is an OpenAPI Response Object: an answer as documented, where
// [Response] is one that came back.
type ResponseDoc struct {
	Status      string // "200", "2XX", "default"
	Description string
	Media       []Media
	Headers     []ResponseHeader // by name
}

// ResponseHeader is an OpenAPI Header Object.
type ResponseHeader struct {
	Name   string
	Schema *Schema // never nil
}

// Server is an OpenAPI Server Object.
type Server struct {
	URL         string // may hold {variables}; relative to the document when not absolute
	Description string
	Variables   map[string]ServerVariable
}

// ServerVariable is an OpenAPI Server Variable Object.
type ServerVariable struct {
	Default string
	Enum    []string
}

// Requirement is one alternative of an OpenAPI Security Requirement Object:
// every scheme in it is needed together.
type Requirement []SchemeUse

// SchemeUse is one scheme of a requirement.
type SchemeUse struct {
	Name   string // key under components.securitySchemes
	Scheme SecurityScheme
	Scopes []string
}

// SecurityScheme is an OpenAPI Security Scheme Object.
type SecurityScheme struct {
	Type     string // apiKey, http, oauth2, openIdConnect, mutualTLS; and, which OpenAPI has no types for, awsSigV4, oauth1
	Scheme   string // for http: bearer, basic, ...; for oauth1 the signature method, HMAC-SHA1 when ""
	In       In     // for apiKey
	Param    string // for apiKey: parameter name
	TokenURL string // for oauth2 client credentials
	// AuthorizationServer is the issuer that names the token URL in its
	// metadata when TokenURL is "" (RFC 8414); Audience and Resource (RFC 8707)
	// are further parameters of the token request, "" for none. For oauth2;
	// compiled documents have none of them.
	AuthorizationServer, Audience, Resource string
	// Region and Service are those of an AWS API, for awsSigV4; "" where the server's
	// host has them.
	Region, Service string
	// Realm is named in the Authorization header, and BodyHash has a body that is no
	// form signed, too. For oauth1.
	Realm    string
	BodyHash bool
}

// Place returns where a request carries the credential of a scheme, and under which
// name; "" for nowhere.
func (s SecurityScheme) Place() (in In, name string) {
	switch s.Type {
	case "mutualTLS":
		return "", ""
	case "apiKey":
		return s.In, s.Param
	}
	return InHeader, "Authorization"
}

// Credential returns the scheme whose credential travels as the parameter of a place
// and name, whichever alternative of Security is met. Names of headers have no case
// (RFC 9110, section 5.1).
func (o *Operation) Credential(in In, name string) (use SchemeUse, ok bool) {
	for _, alternative := range o.Security {
		i := slices.IndexFunc(alternative, func(u SchemeUse) bool {
			at, called := u.Scheme.Place()
			return at == in && (called == name || in == InHeader && strings.EqualFold(called, name))
		})
		if i < 0 {
			return SchemeUse{}, false
		}
		use, ok = alternative[i], true
	}
	return use, ok
}

// Effect returns the effect of the operation, by its method.
func (o *Operation) Effect() Effect {
	switch o.Method {
	case "GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "PROPFIND", "REPORT", "SEARCH":
		return Read
	case "DELETE":
		return Delete
	default:
		return Write
	}
}

// Idempotent reports whether sending the request twice has the effect of
// sending it once (RFC 9110, section 9.2.2).
func (o *Operation) Idempotent() bool {
	return o.Effect() == Read || o.Method == "PUT" || o.Method == "DELETE"
}

// Param returns the parameter called name in the given place, or nil.
func (o *Operation) Param(in In, name string) *Param {
	for _, p := range o.Params {
		if p.In == in && p.Name == name {
			return p
		}
	}
	return nil
}

// InTemplate reports whether the path has a place for p: in one of its segments, or
// in a query of its own ("/ships?id={ship}").
func (o *Operation) InTemplate(p *Param) bool {
	path, query := SplitQuery(o.Path)
	return p.In == InPath && slices.Contains(Placeholders(path), p.Name) ||
		(p.In == InPath || p.In == InQuery) && slices.Contains(Placeholders(query), p.Name)
}

// Unplaced returns the path parameters that the path has no place for. An
// operation that has one cannot be called: without it the request would go to
// another resource.
func (o *Operation) Unplaced() []*Param {
	var out []*Param
	for _, p := range o.Params {
		if p.In == InPath && !o.InTemplate(p) {
			out = append(out, p)
		}
	}
	return out
}

// JSON returns the first media type that is JSON ("application/json",
// "application/problem+json", ...), or nil.
func (b *Body) JSON() *Media { return firstJSON(b.Media) }

// JSON returns the first media type that is JSON, or nil.
func (r *ResponseDoc) JSON() *Media { return firstJSON(r.Media) }

// Success returns the documented response of lowest 2xx status, else "2XX",
// else "default", else nil.
func (o *Operation) Success() *ResponseDoc {
	for _, want := range []func(string) bool{
		func(s string) bool { return len(s) == 3 && s[0] == '2' && s != "2XX" },
		func(s string) bool { return s == "2XX" || s == "2xx" },
		func(s string) bool { return s == "default" },
	} {
		for _, r := range o.Responses {
			if want(r.Status) {
				return r
			}
		}
	}
	return nil
}

// Result returns the JSON schema of a successful answer, or nil when none is
// documented.
func (o *Operation) Result() *Schema {
	r := o.Success()
	if r == nil {
		return nil
	}
	if m := r.JSON(); m != nil {
		return m.Schema
	}
	return nil
}

// Documented returns the response for a status: that of the exact code, else of
// its range, else the default, else nil.
func (o *Operation) Documented(status int) *ResponseDoc {
	var class, other *ResponseDoc
	for _, r := range o.Responses {
		switch s := r.Status; {
		case len(s) == 3 && s[0] == byte('0'+status/100) && s[1] == byte('0'+status/10%10) && s[2] == byte('0'+status%10):
			return r
		case class == nil && len(s) == 3 && s[0] == byte('0'+status/100) && strings.EqualFold(s[1:], "XX"):
			class = r
		case other == nil && strings.EqualFold(s, "default"):
			other = r
		}
	}
	return cmp.Or(class, other)
}

// IsJSON reports whether a media type is JSON: application/json, text/json or
// a "+json" suffix (RFC 6839).
func IsJSON(mediaType string) bool {
	if mediaType == "application/json" {
		return true
	}
	t, _, err := mime.ParseMediaType(mediaType)
	if err != nil {
		return false
	}
	return t == "application/json" || t == "text/json" || strings.HasSuffix(t, "+json")
}

func firstJSON(ms []Media) *Media {
	for i := range ms {
		if IsJSON(ms[i].Type) {
			return &ms[i]
		}
	}
	return nil
}
