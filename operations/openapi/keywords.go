package openapi

import (
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/capstan-run/capstan/operations"
)

// keywords adds the keywords of a schema to out and returns it: out itself
// unless null has to be added around it.
func (c *compiler) keywords(out *node, s *openapi3.Schema) *node {
	c.types(out, s)
	c.values(out, s)
	c.bounds(out, s)
	c.parts(out, s)
	c.annotations(out, s)
	if s.Nullable {
		return nullable(out)
	}
	return out
}

var schemaTypes = [...]string{"string", "integer", "number", "boolean", "array", "object", "null"}

func (c *compiler) types(out *node, s *openapi3.Schema) {
	var known []string
	for _, name := range s.Type.Slice() {
		switch {
		case !slices.Contains(schemaTypes[:], name):
			c.faultAt(c.pos(s.Origin, "type"), "%q is no type of JSON Schema; values of any type are accepted", name)
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
func (c *compiler) values(out *node, s *openapi3.Schema) {
	enum := c.plainList(s.Enum)
	if given(s, "const", s.Const) {
		constant := c.plain(s.Const)
		out.set("const", constant)
		if len(enum) > 0 && !slices.ContainsFunc(enum, func(item *node) bool { return equalNodes(item, constant) }) {
			c.fault(s.Origin, `"const" is none of the values of "enum"; "enum" is ignored`)
			enum = nil
		}
	}
	if len(enum) > 0 {
		out.set("enum", arrayNode(enum...))
	}
	if given(s, "default", s.Default) {
		out.set("default", c.plain(s.Default))
	}
}

// given distinguishes a value of null from none at all, which kin-openapi reads
// alike: only a given value has a place.
func given(s *openapi3.Schema, key string, v any) bool {
	if v != nil || s.Origin == nil {
		return v != nil
	}
	_, ok := s.Origin.Fields.Lookup(key)
	return ok
}

func (c *compiler) bounds(out *node, s *openapi3.Schema) {
	number := func(key string, v *float64) {
		if v != nil {
			out.set(key, floatNode(*v))
		}
	}
	count := func(key string, v *uint64) {
		if v != nil && *v < 1<<31 { // a larger bound bounds nothing
			out.set(key, floatNode(float64(*v)))
		}
	}
	least := func(key string, v uint64) {
		if v > 0 {
			count(key, &v)
		}
	}
	// OpenAPI 3.0 has booleans that qualify minimum and maximum; JSON Schema has
	// bounds of their own.
	bound := func(key, exclusiveKey string, v *float64, exclusive openapi3.ExclusiveBound) {
		if exclusive.IsTrue() {
			key = exclusiveKey
		}
		number(key, v)
		number(exclusiveKey, exclusive.Value)
	}
	bound("minimum", "exclusiveMinimum", s.Min, s.ExclusiveMin)
	bound("maximum", "exclusiveMaximum", s.Max, s.ExclusiveMax)
	if s.MultipleOf != nil && *s.MultipleOf > 0 {
		number("multipleOf", s.MultipleOf)
	}
	least("minLength", s.MinLength)
	count("maxLength", s.MaxLength)
	least("minItems", s.MinItems)
	count("maxItems", s.MaxItems)
	least("minProperties", s.MinProps)
	count("maxProperties", s.MaxProps)
	count("minContains", s.MinContains)
	count("maxContains", s.MaxContains)
	out.setString("pattern", s.Pattern)
	out.setTrue("uniqueItems", s.UniqueItems)
	c.required(out, s)
}

// required drops a name that stands twice: JSON Schema forbids it, and published
// documents do it. The schema itself is put right too, for kin-openapi's checks.
func (c *compiler) required(out *node, s *openapi3.Schema) {
	var names []string
	for i, name := range s.Required {
		if !slices.Contains(names, name) {
			names = append(names, name)
			continue
		}
		at := c.pos(s.Origin, "required")
		if s.Origin != nil && i < len(s.Origin.Sequences["required"]) {
			at = c.source.pos(&s.Origin.Sequences["required"][i])
		}
		c.faultAt(at, `"required" names %q twice`, name)
	}
	s.Required = names
	if len(names) > 0 {
		out.set("required", stringsNode(names))
	}
}

// parts adds the schemas that a schema is made of.
func (c *compiler) parts(out *node, s *openapi3.Schema) {
	c.schemaMap(out, "properties", s.Properties)
	c.schemaMap(out, "patternProperties", s.PatternProperties)
	c.schemaMap(out, "dependentSchemas", s.DependentSchemas)
	for _, one := range [...]struct {
		key    string
		schema *openapi3.SchemaRef
	}{
		{"items", s.Items}, {"not", s.Not}, {"contains", s.Contains}, {"propertyNames", s.PropertyNames},
		{"if", s.If}, {"then", s.Then}, {"else", s.Else},
	} {
		if one.schema != nil {
			out.set(one.key, c.schema(one.schema))
		}
	}
	c.boolSchema(out, "additionalProperties", s.AdditionalProperties)
	c.boolSchema(out, "unevaluatedItems", s.UnevaluatedItems)
	c.boolSchema(out, "unevaluatedProperties", s.UnevaluatedProperties)
	c.schemaList(out, "allOf", s.AllOf)
	c.alternatives(out, "anyOf", s, s.AnyOf)
	c.alternatives(out, "oneOf", s, s.OneOf)
	c.schemaList(out, "prefixItems", s.PrefixItems)
}

func (c *compiler) schemaMap(out *node, key string, all openapi3.Schemas) {
	if all == nil {
		return
	}
	m := objectNode()
	for _, name := range inOrder(all, schemaOrigin) {
		m.fields = append(m.fields, field{name, c.schema(all[name])})
	}
	out.set(key, m)
}

func schemaOrigin(ref *openapi3.SchemaRef) *openapi3.Origin {
	if ref.Origin == nil && ref.Ref == "" && ref.Value != nil {
		return ref.Value.Origin
	}
	return ref.Origin
}

func (c *compiler) schemaList(out *node, key string, all openapi3.SchemaRefs) {
	if len(all) == 0 {
		return
	}
	list := arrayNode()
	for _, ref := range all {
		list.items = append(list.items, c.schema(ref))
	}
	out.set(key, list)
}

func (c *compiler) boolSchema(out *node, key string, s openapi3.BoolSchema) {
	switch {
	case s.Has != nil:
		out.set(key, boolNode(*s.Has))
	case s.Schema != nil:
		out.set(key, c.schema(s.Schema))
	}
}

func (c *compiler) annotations(out *node, s *openapi3.Schema) {
	format := s.Format
	if format == "" && isBinary(s) {
		format = "binary"
	}
	out.setString("format", format)
	out.setString("description", s.Description)
	out.setTrue("deprecated", s.Deprecated)
	out.setTrue("readOnly", s.ReadOnly)
	out.setTrue("writeOnly", s.WriteOnly)
	switch {
	case len(s.Examples) > 0:
		out.set("examples", arrayNode(c.plainList(s.Examples)...))
	case given(s, "example", s.Example):
		out.set("examples", arrayNode(c.plain(s.Example)))
	}
}

// isBinary reports a string that is documented, as OpenAPI 3.1 does, by a media type
// that is no text.
func isBinary(s *openapi3.Schema) bool {
	t := s.ContentMediaType
	return t != "" && s.ContentEncoding == "" && s.Type.Is("string") && !strings.HasPrefix(t, "text/") && !operations.IsJSON(t) && !strings.HasSuffix(t, "xml")
}

// plain returns a decoded JSON value as a node.
func (c *compiler) plain(v any) *node {
	n, err := plainNode(v, c.depth)
	c.tooDeep = c.tooDeep || err != nil
	return n
}

func (c *compiler) plainList(list []any) []*node { return listNode(list, c.plain).items }
