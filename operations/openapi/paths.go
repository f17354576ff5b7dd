package openapi

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/operations"
)

func (c *compiler) paths() {
	paths := c.doc.get("paths")
	if paths.isNull() {
		c.fault(c.doc, `the document has no "paths", so it has no operations`)
		return
	}
	for _, f := range paths.fields {
		path := f.key
		if strings.HasPrefix(path, "x-") || f.value.isNull() {
			continue
		}
		if !strings.HasPrefix(path, "/") {
			c.fault(f.value, `path %q does not start with "/"; it is read as if it did`, path)
			path = "/" + path
		}
		c.pathItem(path, c.item(f.value))
	}
}

// item returns a path item with the one it refers to. A key beside the reference
// wins.
func (c *compiler) item(n *node) *node {
	to := c.source.follow(n)
	if to == n || to == nil {
		return n
	}
	out := *to
	out.fields = slices.Clone(to.fields)
	for _, f := range n.fields {
		if f.key != "$ref" {
			out.set(f.key, f.value)
		}
	}
	return &out
}

// methodKeys are the operations that a path has keys for.
var methodKeys = [...]string{"connect", "delete", "get", "head", "options", "patch", "post", "put", "query", "trace"}

func (c *compiler) pathItem(path string, item *node) {
	for _, f := range item.fields {
		switch {
		case f.key == "additionalOperations":
			for _, more := range f.value.fields {
				if !more.value.isNull() && c.callable(path, more.key, true, more.value) {
					c.operations = append(c.operations, c.operation(more.key, path, item, more.value))
				}
			}
		case slices.Contains(methodKeys[:], f.key) && f.value.is(kindObject):
			method := strings.ToUpper(f.key)
			if c.callable(path, method, false, f.value) {
				c.operations = append(c.operations, c.operation(method, path, item, f.value))
			}
		}
	}
}

func (c *compiler) operation(method, path string, item, op *node) *node {
	out := headNode(&operations.Operation{
		ID: c.id(method, path, op), Method: method, Path: path,
		Summary:     cmp.Or(op.get("summary").text(), item.get("summary").text()),
		Description: cmp.Or(op.get("description").text(), item.get("description").text()),
		Tags:        scalars(op.get("tags")), Deprecated: op.get("deprecated").is(kindTrue),
	})
	out.set("servers", c.servers(op, item))
	out.set("params", c.params(method, path, item, op))
	if body := c.body(op.get("requestBody")); body != nil {
		out.set("body", body)
	}
	out.set("responses", c.responses(op))
	out.set("security", c.security(op))
	return out
}

// scalars returns the texts of a list, numbers among them.
func scalars(list *node) (out []string) {
	each(list, func(item *node) {
		if item.kind != kindObject && item.kind != kindArray && item.kind != kindNull {
			out = append(out, item.str)
		}
	})
	return out
}

// id returns the operationId, or "METHOD /path" where it is missing or taken.
func (c *compiler) id(method, path string, op *node) string {
	made, id := method+" "+path, op.get("operationId").text()
	first, taken := c.ids[id]
	switch {
	case id == "":
		c.fault(op, "%s has no operationId; call it %q", made, made)
		id = made
	case taken:
		c.problems.Add(diag.Diagnostic{
			Code: "openapi-fault", Severity: diag.Warning, Pos: c.pos(op, "operationId"),
			Message: fmt.Sprintf("operationId %q is used twice; %s is called %q", id, made, made),
			Related: []diag.Related{{Pos: first, Message: "the first use is here"}},
		})
		id = made
	}
	c.ids[id] = c.source.whole(op)
	return id
}

var templateParam = lazyregexp.New(`\{([^{}]+)\}`)

// params merges the parameters of the path and the operation, the operation's
// winning, and adds those the path template names without a description.
func (c *compiler) params(method, path string, item, op *node) *node {
	var order []string
	found := make(map[string]*node)
	for _, list := range [...]*node{item.get("parameters"), op.get("parameters")} {
		each(list, func(ref *node) {
			p := c.param(method, path, ref)
			if p == nil {
				return
			}
			key := p.get("in").text() + " " + p.get("name").text()
			if _, ok := found[key]; !ok {
				order = append(order, key)
			}
			found[key] = p
		})
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

func (c *compiler) param(method, path string, ref *node) *node {
	p := c.follow(ref)
	if p == nil {
		return nil
	}
	name, in := p.get("name").text(), operations.In(p.get("in").text())
	switch {
	case name == "":
		c.fault(p, "a parameter of %s %s has no name; it is ignored", method, path)
		return nil
	case in == operations.InHeader && slices.Contains(ignoredHeaders[:], strings.ToLower(name)):
		return nil
	case in == operations.InQueryString && len(p.get("content").all()) == 0:
		c.fault(p, `parameter %q of %s %s is in the querystring and needs "content"; it is ignored`, name, method, path)
		return nil
	case in != operations.InPath && in != operations.InQuery && in != operations.InHeader && in != operations.InCookie && in != operations.InQueryString:
		c.fault(p, "parameter %q of %s %s is in %q, which OpenAPI 3 does not have; it is ignored", name, method, path, in)
		return nil
	}
	if in == operations.InPath && !strings.Contains(path, "{"+name+"}") {
		// Left out, its value would be lost and the request would go to all
		// there is.
		c.fault(p, "path parameter %q has no place in %s: the operation cannot be called", name, path)
	}
	style := styleOf(cmp.Or(p.get("style").text(), defaultStyles[in]), p)
	doc := &operations.Param{
		Name: name, In: in, Required: in == operations.InPath || p.get("required").is(kindTrue), Deprecated: p.get("deprecated").is(kindTrue),
		Description: c.described(ref, p), Style: style, Explode: explodes(style, p.get("explode")), AllowReserved: p.get("allowReserved").is(kindTrue),
	}
	return paramNode(doc, c.paramSchema(doc, p))
}

// defaultStyles are those of OpenAPI 3.1, section 4.8.12.2.
var defaultStyles = map[operations.In]string{
	operations.InPath: "simple", operations.InHeader: "simple", operations.InQuery: "form", operations.InCookie: "form",
}

// explodes returns the given value, else the default for a style.
func explodes(style string, given *node) bool {
	if !given.isNull() {
		return given.is(kindTrue)
	}
	return style == "form" || style == "cookie"
}

// all returns the fields of an object whose value is not null.
func (n *node) all() []field {
	if n == nil {
		return nil
	}
	if i := slices.IndexFunc(n.fields, func(f field) bool { return f.value.isNull() }); i < 0 {
		return n.fields
	}
	return slices.DeleteFunc(slices.Clone(n.fields), func(f field) bool { return f.value.isNull() })
}

// paramSchema returns the schema of a parameter, from `schema` or from the one
// entry of `content`, with the parameter's own example.
func (c *compiler) paramSchema(doc *operations.Param, p *node) *node {
	schema := p.get("schema")
	if types := p.get("content").all(); len(types) > 0 {
		doc.MediaType = types[0].key
		schema = types[0].value.get("schema")
		doc.Encoding = c.encodings(types[0].key, types[0].value)
	}
	s := c.schema(schema)
	if example := c.example(p); example != nil && s.is(kindObject) && !s.has("examples") {
		s.set("examples", arrayNode(example))
	}
	return s
}

// once records a fault of the document as a whole, however often it shows.
func (c *compiler) once(message string) {
	same := func(d diag.Diagnostic) bool { return d.Message == message }
	if !slices.ContainsFunc(*c.problems, same) {
		c.fault(c.doc, "%s", message)
	}
}
