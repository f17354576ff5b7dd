package openapi

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
)

// keywords adds the keywords of a schema to out and returns it: out itself
// unless null has to be added around it.
func (c *compiler) keywords(out *node, s *node) *node {
	c.types(out, s)
	c.values(out, s)
	c.bounds(out, s)
	c.parts(out, s)
	c.annotations(out, s)
	if s.get("nullable").is(kindTrue) {
		return nullable(out)
	}
	return out
}

var schemaTypes = [...]string{"string", "integer", "number", "boolean", "array", "object", "null"}

func (c *compiler) types(out *node, s *node) {
	var known []string
	if one := s.get("type"); slices.Contains(schemaTypes[:], one.text()) {
		out.set("type", one)
		return
	}
	names := scalars(s.get("type"))
	if name := s.get("type").text(); name != "" {
		names = []string{name}
	}
	for _, name := range names {
		switch {
		case !slices.Contains(schemaTypes[:], name):
			c.faultAt(c.pos(s, "type"), "%q is no type of JSON Schema; values of any type are accepted", name)
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

// values adds enum, const and default. An enum and a const that exclude each
// other would accept nothing, which no author means.
func (c *compiler) values(out *node, s *node) {
	enum := c.plainList(s.get("enum"))
	if v := s.get("const"); v != nil {
		constant := c.plain(v)
		out.set("const", constant)
		if len(enum) > 0 && !slices.ContainsFunc(enum, func(item *node) bool { return equalNodes(item, constant) }) {
			c.fault(s, `"const" is none of the values of "enum"; "enum" is ignored`)
			enum = nil
		}
	}
	if len(enum) > 0 {
		out.set("enum", arrayNode(enum...))
	}
	if v := s.get("default"); v != nil {
		out.set("default", c.plain(v))
	}
}

func (c *compiler) bounds(out *node, s *node) {
	number := func(key string, v *node) {
		if f, ok := v.number(); ok {
			out.set(key, floatNode(f))
		}
	}
	count := func(key string, least int64) {
		if v := s.get(key); v.is(kindInt) && v.int >= least && v.int < 1<<31 { // a larger bound bounds nothing
			out.set(key, floatNode(float64(v.int)))
		}
	}
	// OpenAPI 3.0 has booleans that qualify minimum and maximum; JSON Schema has
	// bounds of their own.
	bound := func(key, exclusiveKey string) {
		v, exclusive := s.get(key), s.get(exclusiveKey)
		if exclusive.is(kindTrue) {
			key = exclusiveKey
		}
		number(key, v)
		number(exclusiveKey, exclusive)
	}
	bound("minimum", "exclusiveMinimum")
	bound("maximum", "exclusiveMaximum")
	if f, _ := s.get("multipleOf").number(); f > 0 {
		out.set("multipleOf", floatNode(f))
	}
	count("minLength", 1)
	count("maxLength", 0)
	count("minItems", 1)
	count("maxItems", 0)
	count("minProperties", 1)
	count("maxProperties", 0)
	count("minContains", 0)
	count("maxContains", 0)
	out.setText("pattern", s.get("pattern"))
	out.setTrue("uniqueItems", s.get("uniqueItems").is(kindTrue))
	c.required(out, s)
}

// required drops a name that stands twice: JSON Schema forbids it, and published
// documents do it.
func (c *compiler) required(out *node, s *node) {
	var names []string
	each(s.get("required"), func(item *node) {
		switch name := item.str; {
		case len(item.items)+len(item.fields) > 0:
		case slices.Contains(names, name):
			c.faultAt(c.source.pos(item, item.at), `"required" names %q twice`, name)
		default:
			names = append(names, name)
		}
	})
	if len(names) > 0 {
		out.set("required", stringsNode(names))
	}
}

// parts adds the schemas that a schema is made of.
func (c *compiler) parts(out *node, s *node) {
	for _, key := range [...]string{"properties", "patternProperties", "dependentSchemas"} {
		if all := s.get(key); all.is(kindObject) {
			m := objectNode()
			for _, f := range all.all() {
				m.fields = append(m.fields, field{f.key, c.schema(f.value)})
			}
			out.set(key, m)
		}
	}
	for _, key := range [...]string{
		"items", "not", "contains", "propertyNames", "if", "then", "else", "additionalProperties", "unevaluatedItems", "unevaluatedProperties",
	} {
		if one := s.get(key); !one.isNull() {
			out.set(key, c.schema(one))
		}
	}
	c.schemaList(out, "allOf", s.get("allOf"))
	c.alternatives(out, "anyOf", s)
	c.alternatives(out, "oneOf", s)
	c.schemaList(out, "prefixItems", s.get("prefixItems"))
	c.variant(out, s)
}

func (c *compiler) schemaList(out *node, key string, all *node) {
	if all == nil || len(all.items) == 0 {
		return
	}
	list := arrayNode()
	each(all, func(n *node) { list.items = append(list.items, c.schema(n)) })
	out.set(key, list)
}

func (c *compiler) annotations(out *node, s *node) {
	out.setText("format", s.get("format"))
	if !out.has("format") && isBinary(s) {
		out.setString("format", "binary")
	}
	out.setText("description", s.get("description"))
	for _, key := range [...]string{"deprecated", "readOnly", "writeOnly"} {
		out.setTrue(key, s.get(key).is(kindTrue))
	}
	if examples := s.get("examples"); examples.is(kindArray) && len(examples.items) > 0 {
		out.set("examples", arrayNode(c.plainList(examples)...))
	} else if example := s.get("example"); example != nil {
		out.set("examples", arrayNode(c.plain(example)))
	}
}

// isBinary reports a string that is documented, as OpenAPI 3.1 does, by a media type
// that is no text.
func isBinary(s *node) bool {
	t := s.get("contentMediaType").text()
	return t != "" && !s.has("contentEncoding") && s.get("type").text() == "string" && !strings.HasPrefix(t, "text/") && !operations.IsJSON(t) && !strings.HasSuffix(t, "xml")
}

// plain returns a value of the document, whose objects have the order of their keys.
func (c *compiler) plain(n *node) *node {
	out, ok := plainNode(n, c.depth)
	c.tooDeep = c.tooDeep || !ok
	return out
}

func (c *compiler) plainList(list *node) (out []*node) {
	each(list, func(item *node) { out = append(out, c.plain(item)) })
	return out
}
