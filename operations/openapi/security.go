package openapi

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
)

// security returns the alternatives of an operation, each a list of schemes
// with all a caller needs to know of them, by name.
func (c *compiler) security(op *node) *node {
	list := op.get("security")
	if list.isNull() {
		list = c.doc.get("security")
	}
	out := arrayNode()
	each(list, func(alternative *node) {
		uses := arrayNode()
		for _, f := range sorted(alternative.fields) {
			uses.items = append(uses.items, c.schemeUse(f.key, scalars(f.value)))
		}
		out.items = append(out.items, uses)
	})
	return out
}

// sorted returns fields in the order of their keys.
func sorted(fields []field) []field {
	return slices.SortedFunc(slices.Values(fields), func(a, b field) int { return cmp.Compare(a.key, b.key) })
}

// generalScheme returns the scheme that the document names, alone, for all
// operations that name none of their own; "" when there is no such one.
func (c *compiler) generalScheme() (general string) {
	several := false
	each(c.doc.get("security"), func(alternative *node) {
		for _, f := range alternative.fields {
			several = several || general != "" && general != f.key
			general = f.key
		}
	})
	if several {
		return ""
	}
	return general
}

func (c *compiler) schemeUse(name string, scopes []string) *node {
	use := operations.SchemeUse{Name: name, Scopes: scopes}
	scheme := c.source.follow(c.doc.get("components").get("securitySchemes").get(name))
	if scheme.isNull() {
		c.once(fmt.Sprintf("security scheme %q is not described under components.securitySchemes", name))
		return schemeUseNode(use)
	}
	c.unread(scheme, fmt.Sprintf("security scheme %q", name), "oauth2MetadataUrl")
	kind := scheme.get("type").text()
	use.Scheme = operations.SecurityScheme{Type: kind, Scheme: strings.ToLower(scheme.get("scheme").text()), In: operations.In(scheme.get("in").text())}
	if kind == "apiKey" {
		use.Scheme.Param = scheme.get("name").text()
	}
	if kind := signing(scheme); kind != "" {
		use.Scheme = operations.SecurityScheme{Type: kind}
	}
	use.Scheme.TokenURL = scheme.get("flows").get("clientCredentials").get("tokenUrl").text()
	return schemeUseNode(use)
}

// signing returns the type of a scheme that signs requests, which OpenAPI has no type
// for, "" for any other.
func signing(scheme *node) string {
	http := scheme.get("type").text() == "http"
	name := scheme.get("scheme").text()
	switch {
	case strings.EqualFold(scheme.get("x-amazon-apigateway-authtype").text(), "awsSigv4"), http && strings.EqualFold(name, "aws4-hmac-sha256"):
		return "awsSigV4"
	case http && strings.EqualFold(name, "oauth"): // its name in the IANA registry
		return "oauth1"
	}
	return ""
}
