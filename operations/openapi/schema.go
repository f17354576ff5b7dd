package openapi

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations/check"

	"github.com/getkin/kin-openapi/openapi3"
)

func refTo(name string) string { return check.RefScheme + url.PathEscape(name) }

// schema returns a Schema Object as JSON Schema 2020-12 without keywords that
// neither validation nor binding reads (XML, extensions,
// identifiers). Absent is the empty schema.
func (c *compiler) schema(ref *openapi3.SchemaRef) *node {
	c.depth++
	defer func() { c.depth-- }()
	c.tooDeep = c.tooDeep || c.depth > maxNesting
	switch {
	case ref == nil || c.tooDeep:
		return objectNode()
	case ref.Ref != "":
		out := c.schemaRef(ref)
		c.refs = append(c.refs, ref)
		return out
	case ref.Value == nil:
		return objectNode()
	}
	return c.schemaValue(ref.Value)
}

func (c *compiler) schemaValue(s *openapi3.Schema) *node {
	if s.Always != nil {
		return boolNode(*s.Always)
	}
	if to, ok := c.dynamic(s); ok {
		return c.keywords(c.refNode(to), s)
	}
	return c.keywords(objectNode(), s)
}

// dynamic finds the schema that a $dynamicRef means: the component with the anchor
// that it names. Which of several is meant depends on the way there, which an index
// does not keep, so then none is.
func (c *compiler) dynamic(s *openapi3.Schema) (to target, ok bool) {
	anchor, _ := strings.CutPrefix(s.DynamicRef, "#")
	if anchor == "" || c.doc.Components == nil {
		return target{}, false
	}
	for name, ref := range c.doc.Components.Schemas {
		if ref.Ref != "" || ref.Value == nil || ref.Value.DynamicAnchor != anchor {
			continue
		}
		if ok {
			c.fault(s.Origin, "$dynamicRef %q may mean several schemas; anything is accepted", s.DynamicRef)
			return target{}, false
		}
		to, ok = target{ref.Value, name}, true
	}
	if !ok {
		c.fault(s.Origin, "$dynamicRef %q points at no component; anything is accepted", s.DynamicRef)
	}
	return to, ok
}

// target is a schema that is referred to, under the name that a reference to it
// ends in.
type target struct {
	schema *openapi3.Schema
	name   string
}

// schemaRef returns a reference to a component, with the keywords beside it.
func (c *compiler) schemaRef(ref *openapi3.SchemaRef) *node {
	if ref.Value == nil {
		c.circular(ref.Origin, ref.Ref)
		return objectNode()
	}
	to := target{ref.Value, lastPart(ref.Ref)}
	if c.is30 {
		out := c.refNode(to)
		if beside(ref)["nullable"] == true {
			return nullable(out) // all else beside $ref means nothing to OpenAPI 3.0
		}
		return out
	}
	original := c.rootComponent(ref)
	if original == nil || original == ref.Value {
		return c.refNode(to)
	}
	// kin-openapi made a copy of the component that holds the keywords beside the
	// reference: annotations replaced, assertions as one more part of allOf.
	to.schema = original
	own := openapi3.Schema{}
	if parts := ref.Value.AllOf; len(parts) > len(original.AllOf) {
		own = *parts[len(parts)-1].Value
	}
	annotate31(&own, ref.Value, beside(ref))
	return c.keywords(c.refNode(to), &own)
}

func (c *compiler) refNode(to target) *node {
	return objectNode(field{"$ref", stringNode(refTo(c.component(to)))})
}

// beside returns the keywords that stand beside a $ref.
func beside(ref *openapi3.SchemaRef) map[string]any {
	all, _ := ref.MarshalYAML()
	m, _ := all.(map[string]any)
	return m
}

// annotate31 copies the annotations that are given beside a reference.
func annotate31(to, from *openapi3.Schema, given map[string]any) {
	for key := range given {
		switch key {
		case "description":
			to.Description = from.Description
		case "deprecated":
			to.Deprecated = from.Deprecated
		case "readOnly":
			to.ReadOnly = from.ReadOnly
		case "writeOnly":
			to.WriteOnly = from.WriteOnly
		case "nullable":
			to.Nullable = from.Nullable
		case "default":
			to.Default = from.Default
		case "example":
			to.Example = from.Example
		case "examples":
			to.Examples = from.Examples
		}
	}
}

// rootComponent returns the schema under components.schemas of the document that
// ref names, as it is without the keywords beside ref; nil when ref leads
// elsewhere.
func (c *compiler) rootComponent(ref *openapi3.SchemaRef) *openapi3.Schema {
	name, ok := strings.CutPrefix(ref.Ref, "#/components/schemas/")
	at := ref.RefPath()
	if !ok || c.doc.Components == nil || at == nil || at.Path != location(c.source.path).Path {
		return nil
	}
	found := c.doc.Components.Schemas[unescape(name)]
	if found == nil {
		return nil
	}
	return found.Value
}

// lastPart returns the name that a reference ends in.
func lastPart(ref string) string {
	file, pointer, _ := strings.Cut(ref, "#")
	if last := pointer[strings.LastIndexByte(pointer, '/')+1:]; last != "" {
		return unescape(last)
	}
	return strings.TrimSuffix(path.Base(file), path.Ext(file))
}

func unescape(token string) string {
	if plain, err := url.PathUnescape(token); err == nil {
		token = plain
	}
	return strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
}

// component returns the name under which a target stands in the index: its own,
// made unique.
func (c *compiler) component(to target) string {
	if name, ok := c.names[to]; ok {
		return name
	}
	name := to.name
	for i := 2; c.taken[name]; i++ {
		name = fmt.Sprintf("%s_%d", to.name, i)
	}
	c.taken[name], c.names[to] = true, name
	c.queue = append(c.queue, to)
	return name
}

// drain compiles the components that have been referred to, and those they
// refer to.
func (c *compiler) drain() {
	for len(c.queue) > 0 && !c.tooDeep {
		next := c.queue[0]
		c.queue = c.queue[1:]
		c.components = append(c.components, field{c.names[next], c.schemaValue(next.schema)})
	}
	slices.SortFunc(c.components, func(a, b field) int { return strings.Compare(a.key, b.key) })
}

// refusesNull reports whether a keyword may refuse null whatever the type beside
// it allows.
func refusesNull(key string) bool {
	switch key {
	case "$ref", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "const":
		return true
	}
	return false
}

// nullable adds null to what a schema accepts. OpenAPI 3.0.3 gives the keyword
// a meaning beside `type` only; published documents also put it beside $ref,
// allOf and enum, and always mean the same.
func nullable(s *node) *node {
	types := s.get("type")
	if types == nil || slices.ContainsFunc(s.fields, func(f field) bool { return refusesNull(f.key) }) {
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
