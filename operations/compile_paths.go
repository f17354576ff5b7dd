package operations

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
)

// methods are the keys of a Path Item Object that hold operations.
var methods = [...]string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

func (c *compiler) paths() {
	paths := c.object(c.root.at("paths"), `"paths"`)
	if paths.node == nil {
		c.fault(c.root, `the document has no "paths", so it has no operations`)
		return
	}
	for _, f := range paths.fields {
		if strings.HasPrefix(f.key, "x-") {
			continue
		}
		path := f.key
		item := c.object(cursor{paths.doc, f.value}, fmt.Sprintf("path %q", path))
		if !strings.HasPrefix(path, "/") {
			c.fault(cursor{paths.doc, f.value}, `path %q does not start with "/"; it is read as if it did`, path)
			path = "/" + path
		}
		c.pathItem(path, item)
	}
}

func (c *compiler) pathItem(path string, item cursor) {
	if item.node == nil {
		return
	}
	for _, f := range item.fields {
		if !slices.Contains(methods[:], f.key) {
			continue
		}
		op := c.object(cursor{item.doc, f.value}, f.key+" "+path)
		if op.node != nil {
			c.operations = append(c.operations, c.operation(strings.ToUpper(f.key), path, item, op))
		}
	}
}

// operation builds the index's form of an operation; see readOperation for the
// other direction.
func (c *compiler) operation(method, path string, item, op cursor) *node {
	out := objectNode(field{"id", stringNode(c.id(method, path, op))}, field{"method", stringNode(method)}, field{"path", stringNode(path)})
	summary, description := op.get("summary").text(), op.get("description").text()
	out.setString("summary", cmp.Or(summary, item.get("summary").text()))
	out.setString("description", cmp.Or(description, item.get("description").text()))
	if tags := op.get("tags").texts(); len(tags) > 0 {
		out.set("tags", stringsNode(tags))
	}
	out.setTrue("deprecated", op.get("deprecated").is(kindTrue))
	out.set("servers", c.servers(op, item))
	out.set("params", c.params(method, path, item, op))
	if body := c.body(op); body != nil {
		out.set("body", body)
	}
	out.set("responses", c.responses(op))
	out.set("security", c.security(op))
	return out
}

// id returns the operationId, or "METHOD /path" where it is missing or taken.
func (c *compiler) id(method, path string, op cursor) string {
	made := method + " " + path
	id := op.get("operationId").text()
	first, taken := c.ids[id]
	switch {
	case id == "":
		c.fault(op, "%s has no operationId; call it %q", made, made)
		id = made
	case taken:
		at := op.at("operationId")
		c.problems.Add(diag.Diagnostic{
			Code: "openapi-fault", Severity: diag.Warning, Pos: at.pos(),
			Message: fmt.Sprintf("operationId %q is used twice; %s is called %q", id, made, made),
			Related: []diag.Related{{Pos: first, Message: "the first use is here"}},
		})
		id = made
	}
	c.ids[id] = op.pos()
	return id
}

var templateParam = regexp.MustCompile(`\{([^{}]+)\}`)

// params merges the parameters of the path and the operation, the operation's
// winning, and adds those the path template names and nobody describes.
func (c *compiler) params(method, path string, item, op cursor) *node {
	var order []string
	found := make(map[string]*node)
	for _, list := range []cursor{item.at("parameters"), op.at("parameters")} {
		if list.node == nil {
			continue
		}
		for _, entry := range list.items {
			p := c.param(method, path, c.object(cursor{list.doc, entry}, "a parameter"))
			if p == nil {
				continue
			}
			key := p.get("in").text() + " " + p.get("name").text()
			if _, ok := found[key]; !ok {
				order = append(order, key)
			}
			found[key] = p
		}
	}
	out := arrayNode()
	for _, m := range templateParam.FindAllStringSubmatch(path, -1) {
		key := "path " + m[1]
		if _, ok := found[key]; !ok {
			c.fault(op, "%s %s does not describe its path parameter %q; any text is accepted", method, path, m[1])
			order = append(order, key)
			found[key] = pathParam(m[1])
		}
	}
	for _, key := range order {
		out.items = append(out.items, found[key])
	}
	return out
}

func pathParam(name string) *node {
	return objectNode(
		field{"name", stringNode(name)}, field{"in", stringNode("path")}, field{"required", boolNode(true)},
		field{"style", stringNode("simple")}, field{"schema", objectNode(field{"type", stringNode("string")})},
	)
}

// ignoredHeaders shall be ignored as parameters (OpenAPI 3.1, section 4.8.12.1).
var ignoredHeaders = [...]string{"accept", "content-type", "authorization"}

func (c *compiler) param(method, path string, p cursor) *node {
	if p.node == nil {
		return nil
	}
	name, in := p.get("name").text(), In(p.get("in").text())
	switch {
	case name == "":
		c.fault(p, "a parameter of %s %s has no name; it is ignored", method, path)
		return nil
	case in == InPath && !strings.Contains(path, "{"+name+"}"):
		c.fault(p, "path parameter %q does not stand in %s; it is ignored", name, path)
		return nil
	case in == InHeader && slices.Contains(ignoredHeaders[:], strings.ToLower(name)):
		return nil
	case in != InPath && in != InQuery && in != InHeader && in != InCookie:
		c.fault(p, "parameter %q of %s %s is in %q, which OpenAPI 3 does not have; it is ignored", name, method, path, in)
		return nil
	}
	out := objectNode(field{"name", stringNode(name)}, field{"in", stringNode(string(in))})
	out.setTrue("required", in == InPath || p.get("required").is(kindTrue))
	out.setTrue("deprecated", p.get("deprecated").is(kindTrue))
	out.setString("description", p.get("description").text())
	c.paramStyle(out, in, p)
	out.set("schema", c.paramSchema(out, p))
	return out
}

// paramStyle fills in the defaults of OpenAPI 3.1, section 4.8.12.2.
func (c *compiler) paramStyle(out *node, in In, p cursor) {
	style := p.get("style").text()
	if style == "" {
		style = map[In]string{InPath: "simple", InHeader: "simple", InQuery: "form", InCookie: "form"}[in]
	}
	out.set("style", stringNode(style))
	explode := style == "form"
	if e := p.get("explode"); e.isBool() {
		explode = e.is(kindTrue)
	}
	out.setTrue("explode", explode)
	out.setTrue("allowReserved", p.get("allowReserved").is(kindTrue))
}

// paramSchema returns the schema of a parameter, from `schema` or from the one
// entry of `content`, with the parameter's own example.
func (c *compiler) paramSchema(out *node, p cursor) *node {
	schema := p.at("schema")
	if content := p.at("content"); content.is(kindObject) && len(content.fields) > 0 {
		out.set("mediaType", stringNode(content.fields[0].key))
		schema = c.object(cursor{content.doc, content.fields[0].value}, "a media type").at("schema")
	}
	s := c.schema(schema)
	if example := c.example(p); example != nil && s.is(kindObject) && s.get("examples") == nil {
		s.set("examples", arrayNode(example))
	}
	return s
}

// security returns the alternatives of an operation, each a list of schemes
// with all a caller needs to know of them.
func (c *compiler) security(op cursor) *node {
	list := op.at("security")
	if list.node == nil {
		list = c.root.at("security")
	}
	out := arrayNode()
	if list.node == nil {
		return out
	}
	for _, alternative := range list.items {
		uses := arrayNode()
		for _, f := range alternative.fields {
			uses.items = append(uses.items, c.schemeUse(cursor{list.doc, alternative}, f))
		}
		out.items = append(out.items, uses)
	}
	return out
}

func (c *compiler) schemeUse(at cursor, use field) *node {
	out := objectNode(field{"name", stringNode(use.key)})
	if scopes := use.value.texts(); len(scopes) > 0 {
		out.set("scopes", stringsNode(scopes))
	}
	scheme := c.object(c.root.at("components").at("securitySchemes").at(use.key), "a security scheme")
	if scheme.node == nil {
		c.fault(at, "security scheme %q is not described under components.securitySchemes", use.key)
		return out
	}
	out.setString("type", scheme.get("type").text())
	out.setString("scheme", strings.ToLower(scheme.get("scheme").text()))
	out.setString("in", scheme.get("in").text())
	if scheme.get("type").text() == "apiKey" {
		out.setString("param", scheme.get("name").text())
	}
	out.setString("tokenUrl", scheme.get("flows").get("clientCredentials").get("tokenUrl").text())
	return out
}

func stringsNode(list []string) *node {
	out := arrayNode()
	for _, s := range list {
		out.items = append(out.items, stringNode(s))
	}
	return out
}
