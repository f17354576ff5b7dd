package openapi

import (
	"path"
	"slices"
	"strings"
)

// alternatives adds the alternatives of a schema under oneOf or anyOf. Where a
// discriminator tells them apart, its property has the name of the alternative as its
// example, so that an answer that is made of one names it. A value that fits two is no
// mistake then: oneOf is read as anyOf.
func (c *compiler) alternatives(out *node, key string, s *node) {
	all, d := s.get(key), s.get("discriminator")
	inline := func(n *node) bool { return refOf(n) == "" } // it has no name
	if all == nil || d.get("propertyName").text() == "" || len(all.items) == 0 || slices.ContainsFunc(all.items, inline) {
		c.schemaList(out, key, all)
		return
	}
	list := arrayNode()
	for _, ref := range all.items {
		list.items = append(list.items, c.alternative(d, ref))
	}
	if anyOf := s.get("anyOf"); anyOf == nil || len(anyOf.items) == 0 {
		key = "anyOf"
	}
	out.set(key, list)
}

func (c *compiler) alternative(d, ref *node) *node {
	whole := c.schema(ref)
	name, key := nameOf(d, refOf(ref)), d.get("propertyName").text()
	to := c.source.follow(ref)
	if name == "" || to == nil {
		return whole
	}
	property := objectNode(field{"type", stringNode("string")})
	if own := c.propertyOf(to, key, map[*node]bool{}); own != nil {
		if refOf(own) != "" || !own.get("const").isNull() || own.get("enum").is(kindArray) && len(own.get("enum").items) == 1 {
			return whole // it says which one it is itself
		}
		property = c.schema(own)
	}
	if !property.is(kindObject) {
		return whole
	}
	property.set("examples", arrayNode(stringNode(name)))
	named := objectNode(field{"properties", objectNode(field{key, property})})
	return objectNode(field{"allOf", arrayNode(named, whole)})
}

// variant notes of a schema with a discriminator that lists no alternatives the first
// one that its mapping has, or else the first schema that is made of it.
func (c *compiler) variant(out, s *node) {
	d := s.get("discriminator")
	key := d.get("propertyName").text()
	if key == "" || s.has("oneOf") || s.has("anyOf") {
		return
	}
	mapping := d.get("mapping").all()
	if len(mapping) == 0 {
		mapping = c.heirs(s)
	}
	for _, f := range mapping {
		to := f.value.text()
		if !strings.ContainsAny(to, "/#.") {
			to = "#/components/schemas/" + to
		}
		ref := &node{kind: kindObject, file: f.value.file, at: f.value.at, fields: []field{{"$ref", stringNode(to)}}}
		if one := c.source.follow(ref); one != nil && one != s {
			out.set("discriminator", objectNode(field{"property", stringNode(key)}, field{"value", stringNode(f.key)}, field{"schema", c.schemaRef(ref)}))
			return
		}
	}
}

// heirs returns the components that have a schema under allOf, with references to them.
func (c *compiler) heirs(s *node) (out []field) {
	for _, f := range c.doc.get("components").get("schemas").all() {
		each(f.value.get("allOf"), func(part *node) {
			if refOf(part) != "" && c.source.follow(part) == s {
				out = append(out, field{f.key, stringNode("#/components/schemas/" + strings.NewReplacer("~", "~0", "/", "~1", "%", "%25").Replace(f.key))})
			}
		})
	}
	return out
}

// nameOf returns the value of a discriminator that stands for an alternative: the
// first that its mapping has, else the name of the schema. A mapping holds names of
// components, references and names of files.
func nameOf(d *node, ref string) string {
	file, pointer, _ := strings.Cut(ref, "#")
	for _, f := range sorted(d.get("mapping").all()) {
		to := f.value.text()
		toFile, toPointer, _ := strings.Cut(to, "#")
		if to == ref || to == lastPart(ref) && !strings.ContainsAny(to, "/#.") ||
			pointer == toPointer && path.Base(file) == path.Base(toFile) {
			return f.key
		}
	}
	return lastPart(ref)
}

// propertyOf returns a property of a schema, or of those that it is made of, unless
// these were searched.
func (c *compiler) propertyOf(s *node, name string, searched map[*node]bool) *node {
	searched[s] = true
	if p := s.get("properties").get(name); p != nil {
		return p
	}
	if s.get("allOf") == nil {
		return nil
	}
	for _, part := range s.get("allOf").items {
		if to := c.source.follow(part); to != nil && !searched[to] {
			if p := c.propertyOf(to, name, searched); p != nil {
				return p
			}
		}
	}
	return nil
}
