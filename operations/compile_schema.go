package operations

import (
	"fmt"
	"math"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// refScheme starts every reference of a compiled schema: "index:/Organization"
// names a component of the same index.
const refScheme = "index:/"

func refTo(name string) string { return refScheme + url.PathEscape(name) }

func refName(ref string) string {
	name, err := url.PathUnescape(strings.TrimPrefix(ref, refScheme))
	if err != nil {
		return ""
	}
	return name
}

// schema returns a Schema Object as JSON Schema 2020-12 without what neither
// validation nor binding reads (discriminators, XML, extensions, identifiers).
// Absent is the empty schema. Keywords of the wrong kind are left out with a
// warning, so that what comes out is always a valid schema.
func (c *compiler) schema(at cursor) *node {
	if c.budget--; at.node == nil || c.budget < 0 {
		return objectNode()
	}
	if at.isBool() {
		return boolNode(at.is(kindTrue))
	}
	if !at.is(kindObject) {
		c.fault(at, "a schema must be an object, not %s; anything is accepted here", at.typeName())
		return objectNode()
	}
	out := objectNode()
	if at.ref() != "" {
		c.schemaRef(out, at)
		if c.is30 && !at.get("nullable").is(kindTrue) {
			return out // OpenAPI 3.0 ignores whatever stands beside $ref
		}
	}
	for _, f := range at.fields {
		c.keyword(out, f.key, cursor{at.doc, f.value})
	}
	c.exclusive(out, at)
	c.enumWithConst(out, at)
	if at.get("nullable").is(kindTrue) {
		return nullable(out)
	}
	return out
}

// schemaRef points out at the component that at refers to.
func (c *compiler) schemaRef(out *node, at cursor) {
	target, err := c.resolver.target(at, at.ref())
	if err == nil && target.ref() != "" {
		_, err = c.resolver.follow(target) // a chain must end somewhere
	}
	if err != nil {
		c.warn("openapi-ref", at, err.Error()+"; anything is accepted here")
		return
	}
	out.set("$ref", stringNode(refTo(c.component(target, at.ref()))))
}

// component returns the name under which the target of a reference stands in
// the index: its own under components.schemas, else the last part of the
// reference, made unique.
func (c *compiler) component(target cursor, ref string) string {
	if name, ok := c.names[target.node]; ok {
		return name
	}
	file, pointer, _ := strings.Cut(ref, "#")
	base := pointer[strings.LastIndexByte(pointer, '/')+1:]
	if base == "" {
		base = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	}
	if plain, err := url.PathUnescape(base); err == nil {
		base = strings.ReplaceAll(strings.ReplaceAll(plain, "~1", "/"), "~0", "~")
	}
	name := base
	for i := 2; c.taken[name]; i++ {
		name = fmt.Sprintf("%s_%d", base, i)
	}
	c.taken[name], c.names[target.node] = true, name
	c.queue = append(c.queue, target)
	return name
}

// drain compiles the components that have been referred to, and those they
// refer to.
func (c *compiler) drain() {
	for len(c.queue) > 0 && c.budget >= 0 {
		next := c.queue[0]
		c.queue = c.queue[1:]
		c.components = append(c.components, field{c.names[next.node], c.schema(next)})
	}
	slices.SortFunc(c.components, func(a, b field) int { return strings.Compare(a.key, b.key) })
}

// keyword adds one keyword of a schema to out.
func (c *compiler) keyword(out *node, key string, at cursor) {
	switch key {
	case "allOf", "anyOf", "oneOf", "prefixItems":
		c.schemaList(out, key, at)
	case "properties", "patternProperties", "dependentSchemas":
		c.schemaMap(out, key, at)
	case "items":
		c.items(out, at)
	case "not", "additionalProperties", "contains", "propertyNames", "if", "then", "else", "unevaluatedItems", "unevaluatedProperties":
		out.set(key, c.schema(at))
	case "type":
		c.types(out, at)
	case "required":
		c.required(out, at)
	case "enum":
		if !at.is(kindArray) || len(at.items) == 0 {
			c.fault(at, `"enum" must be a list of values; it is ignored`)
			return
		}
		out.set(key, c.plain(at.node))
	case "const", "default":
		out.set(key, c.plain(at.node))
	case "example":
		out.set("examples", arrayNode(c.plain(at.node)))
	case "examples":
		if at.is(kindArray) && len(at.items) > 0 {
			out.set(key, c.plain(at.node))
		}
	case "minimum", "maximum", "multipleOf":
		c.number(out, key, at)
	case "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains":
		c.count(out, key, at)
	case "format", "description", "pattern":
		c.text(out, key, at)
	case "uniqueItems", "deprecated", "readOnly", "writeOnly":
		out.setTrue(key, at.is(kindTrue))
	}
}

func (c *compiler) schemaList(out *node, key string, at cursor) {
	if !at.is(kindArray) || len(at.items) == 0 {
		c.fault(at, "%q must be a list of schemas; it is ignored", key)
		return
	}
	list := arrayNode()
	for _, item := range at.items {
		list.items = append(list.items, c.schema(cursor{at.doc, item}))
	}
	out.set(key, list)
}

func (c *compiler) schemaMap(out *node, key string, at cursor) {
	if !at.is(kindObject) {
		c.fault(at, "%q must map names to schemas; it is ignored", key)
		return
	}
	all := objectNode()
	for _, f := range at.fields {
		all.fields = append(all.fields, field{f.key, c.schema(cursor{at.doc, f.value})})
	}
	out.set(key, all)
}

// items reads a list of schemas, which older drafts allowed, as prefixItems.
func (c *compiler) items(out *node, at cursor) {
	if at.is(kindArray) {
		c.fault(at, `"items" must be one schema; the list is read as prefixItems`)
		if len(at.items) > 0 {
			c.schemaList(out, "prefixItems", at)
		}
		return
	}
	out.set("items", c.schema(at))
}

var schemaTypes = [...]string{"string", "integer", "number", "boolean", "array", "object", "null"}

func (c *compiler) types(out *node, at cursor) {
	names := at.texts()
	if at.is(kindString) {
		names = []string{at.str}
	}
	var known []string
	for _, name := range names {
		switch {
		case !slices.Contains(schemaTypes[:], name):
			c.fault(at, "%q is no type of JSON Schema; values of any type are accepted", name)
			return
		case !slices.Contains(known, name):
			known = append(known, name)
		}
	}
	switch len(known) {
	case 0:
	case 1:
		out.set("type", stringNode(known[0]))
	default:
		out.set("type", stringsNode(known))
	}
}

// required drops what is named twice: JSON Schema forbids it, and published
// documents do it.
func (c *compiler) required(out *node, at cursor) {
	if at.isBool() {
		c.fault(at, `"required" must be a list of property names; a boolean here has no meaning`)
		return
	}
	var names []string
	for _, name := range at.texts() {
		if slices.Contains(names, name) {
			c.fault(at, `"required" names %q twice`, name)
			continue
		}
		names = append(names, name)
	}
	if len(names) > 0 {
		out.set("required", stringsNode(names))
	}
}

func (c *compiler) number(out *node, key string, at cursor) {
	v, ok := at.number()
	if !ok || key == "multipleOf" && v <= 0 {
		c.fault(at, "%q must be a number, not %s; it is ignored", key, at.typeName())
		return
	}
	out.set(key, floatNode(v))
}

func (c *compiler) count(out *node, key string, at cursor) {
	v, ok := at.number()
	if !ok || v < 0 || v != math.Trunc(v) {
		c.fault(at, "%q must be a whole number; it is ignored", key)
		return
	}
	if v < 1<<31 { // a larger bound bounds nothing
		out.set(key, floatNode(v))
	}
}

func (c *compiler) text(out *node, key string, at cursor) {
	if !at.is(kindString) {
		c.fault(at, "%q must be a string, not %s; it is ignored", key, at.typeName())
		return
	}
	out.setString(key, at.str)
}

// exclusive translates the boolean bounds of OpenAPI 3.0, which qualify
// minimum and maximum, into the numeric ones of JSON Schema.
func (c *compiler) exclusive(out *node, at cursor) {
	for _, k := range [...]struct{ exclusive, bound string }{{"exclusiveMinimum", "minimum"}, {"exclusiveMaximum", "maximum"}} {
		given := at.at(k.exclusive)
		bound := out.get(k.bound)
		switch {
		case given.node == nil || given.is(kindFalse):
		case given.is(kindTrue) && bound != nil:
			out.remove(k.bound)
			out.set(k.exclusive, bound)
		case !given.is(kindTrue):
			c.number(out, k.exclusive, given)
		}
	}
}

// enumWithConst reports an enum and a const that exclude each other: nothing would
// be accepted, which nobody means.
func (c *compiler) enumWithConst(out *node, at cursor) {
	enum, constant := out.get("enum"), out.get("const")
	if enum == nil || constant == nil {
		return
	}
	for _, item := range enum.items {
		if equalNodes(item, constant) {
			return
		}
	}
	c.fault(at, `"const" is none of the values of "enum"; "enum" is ignored`)
	out.remove("enum")
}

// nullable adds null to what a schema accepts. OpenAPI 3.0.3 gives the keyword
// a meaning beside `type` only; published documents also put it beside $ref,
// allOf and enum, and always mean the same.
func nullable(s *node) *node {
	types := s.get("type")
	if types == nil || s.get("$ref") != nil {
		return objectNode(field{"anyOf", arrayNode(s, objectNode(field{"type", stringNode("null")}))})
	}
	names := types.texts()
	if types.is(kindString) {
		names = []string{types.str}
	}
	if !slices.Contains(names, "null") {
		s.set("type", stringsNode(append(names, "null")))
	}
	if enum := s.get("enum"); enum != nil && !slices.ContainsFunc(enum.items, func(n *node) bool { return n.is(kindNull) }) {
		s.set("enum", arrayNode(append(slices.Clone(enum.items), &node{})...))
	}
	return s
}

// remove deletes a key.
func (n *node) remove(key string) {
	n.fields = slices.DeleteFunc(n.fields, func(f field) bool { return f.key == key })
}

// equalNodes compares values as JSON does: the order of keys does not count.
func equalNodes(a, b *node) bool {
	if a.kind != b.kind || a.str != b.str || a.int != b.int || a.float != b.float ||
		len(a.items) != len(b.items) || len(a.fields) != len(b.fields) {
		return false
	}
	for i := range a.items {
		if !equalNodes(a.items[i], b.items[i]) {
			return false
		}
	}
	for _, f := range a.fields {
		other := b.get(f.key)
		if other == nil || !equalNodes(f.value, other) {
			return false
		}
	}
	return true
}
