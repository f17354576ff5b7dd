package openapi

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations/check"
)

func refTo(name string) string { return check.RefScheme + url.PathEscape(name) }

// schema returns a Schema Object as JSON Schema 2020-12 without keywords that
// neither validation nor binding reads (XML, extensions,
// identifiers). Absent is the empty schema.
func (c *compiler) schema(n *node) *node {
	c.depth++
	defer func() { c.depth-- }()
	c.tooDeep = c.tooDeep || c.depth > maxNesting
	switch {
	case n == nil || c.tooDeep:
		return objectNode()
	case isBool(n):
		return boolNode(n.kind == kindTrue)
	case refOf(n) != "":
		return c.schemaRef(n)
	}
	return c.schemaValue(n)
}

func (c *compiler) schemaValue(n *node) *node {
	if to, ok := c.dynamic(n); ok {
		return c.keywords(c.refNode(to), n)
	}
	return c.keywords(&node{kind: kindObject, fields: make([]field, 0, 4)}, n)
}

// dynamic finds the schema that a $dynamicRef means: the component with the anchor
// that it names. Which of several is meant depends on the way there, which an index
// does not keep, so then none is.
func (c *compiler) dynamic(n *node) (to target, ok bool) {
	ref := n.get("$dynamicRef").text()
	anchor, _ := strings.CutPrefix(ref, "#")
	components := c.doc.get("components").get("schemas")
	if anchor == "" || components == nil {
		return target{}, false
	}
	for _, f := range components.fields {
		if refOf(f.value) != "" || f.value.get("$dynamicAnchor").text() != anchor {
			continue
		}
		if ok {
			c.fault(n, "$dynamicRef %q may mean several schemas; anything is accepted", ref)
			return target{}, false
		}
		to, ok = target{f.value, f.key}, true
	}
	if !ok {
		c.fault(n, "$dynamicRef %q points at no component; anything is accepted", ref)
	}
	return to, ok
}

// target is a schema that is referred to, under the name that a reference to it
// ends in.
type target struct {
	schema *node
	name   string
}

// schemaRef returns a reference to a component, with the keywords beside it.
func (c *compiler) schemaRef(n *node) *node {
	if c.follow(n) == nil {
		return objectNode()
	}
	to, _ := c.source.target(n, refOf(n))
	for refOf(to) != "" && !c.adds(to) {
		to, _ = c.source.target(to, refOf(to))
	}
	out := c.refNode(target{to, lastPart(refOf(n))})
	switch {
	case c.adds(n):
		return c.keywords(out, n)
	case c.is30 && n.get("nullable").is(kindTrue):
		return nullable(out) // all else beside $ref means nothing to OpenAPI 3.0
	}
	return out
}

// adds reports whether keywords beside a reference count.
func (c *compiler) adds(n *node) bool {
	return !c.is30 && slices.ContainsFunc(n.fields, func(f field) bool { return f.key != "$ref" && !strings.HasPrefix(f.key, "x-") })
}

func (c *compiler) refNode(to target) *node {
	return objectNode(field{"$ref", stringNode(refTo(c.component(to)))})
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
		c.components = append(c.components, field{c.names[next], c.schema(next.schema)})
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

// nullable adds null to the values that a schema accepts. OpenAPI 3.0.3 gives the keyword
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
