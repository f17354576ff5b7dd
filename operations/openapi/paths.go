package openapi

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/operations"
)

func (c *compiler) paths() {
	if c.doc.Paths == nil {
		c.fault(c.doc.Origin, `the document has no "paths", so it has no operations`)
		return
	}
	items := c.doc.Paths.Map()
	for _, key := range inOrder(items, func(p *openapi3.PathItem) *openapi3.Origin { return p.Origin }) {
		path := key
		if !strings.HasPrefix(path, "/") {
			c.fault(items[key].Origin, `path %q does not start with "/"; it is read as if it did`, path)
			path = "/" + path
		}
		c.pathItem(path, items[key])
	}
}

func (c *compiler) pathItem(path string, item *openapi3.PathItem) {
	origin := func(op *openapi3.Operation) *openapi3.Origin { return op.Origin }
	all, more := item.Operations(), maps.Clone(item.AdditionalOperations)
	for _, method := range inOrder(more, origin) {
		if !c.callable(path, method, true, more[method]) && all[method] == more[method] {
			delete(all, method)
		}
	}
	for _, method := range inOrder(all, origin) {
		if all[method] == more[method] || c.callable(path, method, false, all[method]) {
			c.operations = append(c.operations, c.operation(method, path, item, all[method]))
		}
	}
}

func (c *compiler) operation(method, path string, item *openapi3.PathItem, op *openapi3.Operation) *node {
	out := headNode(&operations.Operation{
		ID: c.id(method, path, op), Method: method, Path: path, Summary: cmp.Or(op.Summary, item.Summary),
		Description: cmp.Or(op.Description, item.Description), Tags: op.Tags, Deprecated: op.Deprecated,
	})
	out.set("servers", c.servers(op, item))
	out.set("params", c.params(method, path, item, op))
	if body := c.body(op.RequestBody); body != nil {
		out.set("body", body)
	}
	out.set("responses", c.responses(op))
	out.set("security", c.security(op))
	return out
}

// id returns the operationId, or "METHOD /path" where it is missing or taken.
func (c *compiler) id(method, path string, op *openapi3.Operation) string {
	made, id := method+" "+path, op.OperationID
	first, taken := c.ids[id]
	switch {
	case id == "":
		c.fault(op.Origin, "%s has no operationId; call it %q", made, made)
		id = made
	case taken:
		c.problems.Add(diag.Diagnostic{
			Code: "openapi-fault", Severity: diag.Warning, Pos: c.pos(op.Origin, "operationId"),
			Message: fmt.Sprintf("operationId %q is used twice; %s is called %q", id, made, made),
			Related: []diag.Related{{Pos: first, Message: "the first use is here"}},
		})
		id = made
	}
	c.ids[id] = c.pos(op.Origin, "")
	return id
}

var templateParam = regexp.MustCompile(`\{([^{}]+)\}`)

// params merges the parameters of the path and the operation, the operation's
// winning, and adds those the path template names without a description.
func (c *compiler) params(method, path string, item *openapi3.PathItem, op *openapi3.Operation) *node {
	var order []string
	found := make(map[string]*node)
	for _, ref := range slices.Concat(item.Parameters, op.Parameters) {
		p := c.param(method, path, ref)
		if p == nil {
			continue
		}
		key := p.get("in").text() + " " + p.get("name").text()
		if _, ok := found[key]; !ok {
			order = append(order, key)
		}
		found[key] = p
	}
	out := arrayNode()
	for _, m := range templateParam.FindAllStringSubmatch(path, -1) {
		key := "path " + m[1]
		if _, ok := found[key]; !ok {
			c.fault(op.Origin, "%s %s does not describe its path parameter %q; any text is accepted", method, path, m[1])
			order = append(order, key)
			found[key] = pathParam(m[1])
		}
	}
	for _, key := range order {
		if !c.contested(method, path, op, found[key], order) {
			out.items = append(out.items, found[key])
		}
	}
	return out
}

func pathParam(name string) *node {
	return paramNode(&operations.Param{Name: name, In: operations.InPath, Required: true, Style: "simple"}, objectNode(field{"type", stringNode("string")}))
}

// ignoredHeaders shall be ignored as parameters (OpenAPI 3.1, section 4.8.12.1).
var ignoredHeaders = [...]string{"accept", "content-type", "authorization"}

func (c *compiler) param(method, path string, ref *openapi3.ParameterRef) *node {
	p := ref.Value
	if p == nil {
		c.circular(ref.Origin, ref.Ref)
		return nil
	}
	in := operations.In(p.In)
	switch {
	case p.Name == "":
		c.fault(p.Origin, "a parameter of %s %s has no name; it is ignored", method, path)
		return nil
	case in == operations.InHeader && slices.Contains(ignoredHeaders[:], strings.ToLower(p.Name)):
		return nil
	case in == operations.InQueryString && len(p.Content) == 0:
		c.fault(p.Origin, `parameter %q of %s %s is in the querystring and needs "content"; it is ignored`, p.Name, method, path)
		return nil
	case in != operations.InPath && in != operations.InQuery && in != operations.InHeader && in != operations.InCookie && in != operations.InQueryString:
		c.fault(p.Origin, "parameter %q of %s %s is in %q, which OpenAPI 3 does not have; it is ignored", p.Name, method, path, in)
		return nil
	}
	if in == operations.InPath && !strings.Contains(path, "{"+p.Name+"}") {
		// Left out, its value would be lost and the request would go to all
		// there is.
		c.fault(p.Origin, "path parameter %q has no place in %s: the operation cannot be called", p.Name, path)
	}
	style := styleOf(cmp.Or(p.Style, defaultStyles[in]), p.Extensions)
	doc := &operations.Param{
		Name: p.Name, In: in, Required: in == operations.InPath || p.Required, Deprecated: p.Deprecated, Description: p.Description,
		Style: style, Explode: explodes(style, p.Explode), AllowReserved: p.AllowReserved,
	}
	return paramNode(doc, c.paramSchema(doc, p))
}

// defaultStyles are those of OpenAPI 3.1, section 4.8.12.2.
var defaultStyles = map[operations.In]string{
	operations.InPath: "simple", operations.InHeader: "simple", operations.InQuery: "form", operations.InCookie: "form",
}

// explodes returns the given value, else the default for a style.
func explodes(style string, given *bool) bool {
	if given != nil {
		return *given
	}
	return style == "form" || style == "cookie"
}

// paramSchema returns the schema of a parameter, from `schema` or from the one
// entry of `content`, with the parameter's own example.
func (c *compiler) paramSchema(doc *operations.Param, p *openapi3.Parameter) *node {
	schema := p.Schema
	if types := inOrder(p.Content, mediaOrigin); len(types) > 0 {
		doc.MediaType = types[0]
		schema = p.Content[types[0]].Schema
		doc.Encoding = c.encodings(types[0], p.Content[types[0]])
	}
	s := c.schema(schema)
	if example := c.example(p.Example, p.Examples); example != nil && s.is(kindObject) && s.get("examples") == nil {
		s.set("examples", arrayNode(example))
	}
	return s
}

// security returns the alternatives of an operation, each a list of schemes
// with all a caller needs to know of them, by name.
func (c *compiler) security(op *openapi3.Operation) *node {
	list := c.doc.Security
	if op.Security != nil {
		list = *op.Security
	}
	out := arrayNode()
	for _, alternative := range list {
		uses := arrayNode()
		for _, name := range slices.Sorted(maps.Keys(alternative)) {
			uses.items = append(uses.items, c.schemeUse(name, alternative[name]))
		}
		out.items = append(out.items, uses)
	}
	return out
}

// generalScheme returns the scheme that the document names, alone, for all
// operations that name none of their own; "" when there is no such one.
func (c *compiler) generalScheme() string {
	general := ""
	for _, alternative := range c.doc.Security {
		for name := range alternative {
			if general != "" && general != name {
				return ""
			}
			general = name
		}
	}
	return general
}

func (c *compiler) schemeUse(name string, scopes []string) *node {
	use := operations.SchemeUse{Name: name, Scopes: scopes}
	var ref *openapi3.SecuritySchemeRef
	if c.doc.Components != nil {
		ref = c.doc.Components.SecuritySchemes[name]
	}
	if ref == nil || ref.Value == nil {
		c.once(fmt.Sprintf("security scheme %q is not described under components.securitySchemes", name))
		return schemeUseNode(use)
	}
	scheme := ref.Value
	c.unread(scheme.Origin, scheme.Extensions, fmt.Sprintf("security scheme %q", name), "oauth2MetadataUrl")
	use.Scheme = operations.SecurityScheme{Type: scheme.Type, Scheme: strings.ToLower(scheme.Scheme), In: operations.In(scheme.In)}
	if scheme.Type == "apiKey" {
		use.Scheme.Param = scheme.Name
	}
	if kind := signing(scheme); kind != "" {
		use.Scheme = operations.SecurityScheme{Type: kind}
	}
	if flows := scheme.Flows; flows != nil && flows.ClientCredentials != nil {
		use.Scheme.TokenURL = flows.ClientCredentials.TokenURL
	}
	return schemeUseNode(use)
}

// signing returns the type of a scheme that signs requests, which OpenAPI has no type
// for, "" for any other.
func signing(s *openapi3.SecurityScheme) string {
	gateway, _ := s.Extensions["x-amazon-apigateway-authtype"].(string)
	switch {
	case strings.EqualFold(gateway, "awsSigv4"), s.Type == "http" && strings.EqualFold(s.Scheme, "aws4-hmac-sha256"):
		return "awsSigV4"
	case s.Type == "http" && strings.EqualFold(s.Scheme, "oauth"): // its name in the IANA registry
		return "oauth1"
	}
	return ""
}

// once records a fault of the document as a whole, however often it shows.
func (c *compiler) once(message string) {
	same := func(d diag.Diagnostic) bool { return d.Message == message }
	if !slices.ContainsFunc(*c.problems, same) {
		c.fault(c.doc.Origin, "%s", message)
	}
}
