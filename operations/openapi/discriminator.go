package openapi

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// alternatives adds the alternatives of a schema under oneOf or anyOf. Where a
// discriminator tells them apart, its property has the name of the alternative as its
// example, so that an answer that is made of one names it. A value that fits two is no
// mistake then: oneOf is read as anyOf.
func (c *compiler) alternatives(out *node, key string, s *openapi3.Schema, all openapi3.SchemaRefs) {
	inline := func(ref *openapi3.SchemaRef) bool { return ref.Ref == "" } // it has no name
	if s.Discriminator == nil || s.Discriminator.PropertyName == "" || len(all) == 0 || slices.ContainsFunc(all, inline) {
		c.schemaList(out, key, all)
		return
	}
	list := arrayNode()
	for _, ref := range all {
		list.items = append(list.items, c.alternative(s.Discriminator, ref))
	}
	if len(s.AnyOf) == 0 {
		key = "anyOf"
	}
	out.set(key, list)
}

func (c *compiler) alternative(d *openapi3.Discriminator, ref *openapi3.SchemaRef) *node {
	whole := c.schema(ref)
	name := nameOf(d, ref)
	if name == "" || ref.Value == nil {
		return whole
	}
	property := objectNode(field{"type", stringNode("string")})
	if own := propertyOf(ref.Value, d.PropertyName, 0); own != nil {
		if own.Value == nil || own.Ref != "" || own.Value.Const != nil || len(own.Value.Enum) == 1 {
			return whole // it says which one it is itself
		}
		property = c.schemaValue(own.Value)
	}
	if !property.is(kindObject) {
		return whole
	}
	property.set("examples", arrayNode(stringNode(name)))
	named := objectNode(field{"properties", objectNode(field{d.PropertyName, property})})
	return objectNode(field{"allOf", arrayNode(named, whole)})
}

// nameOf returns the value of a discriminator that stands for an alternative: the
// first that its mapping has, else the name of the schema. A mapping holds names of
// components, references and names of files.
func nameOf(d *openapi3.Discriminator, ref *openapi3.SchemaRef) string {
	file, pointer, _ := strings.Cut(ref.Ref, "#")
	for _, value := range slices.Sorted(maps.Keys(d.Mapping)) {
		to := d.Mapping[value].Ref
		toFile, toPointer, _ := strings.Cut(to, "#")
		if to == ref.Ref || to == lastPart(ref.Ref) && !strings.ContainsAny(to, "/#.") ||
			pointer == toPointer && path.Base(file) == path.Base(toFile) {
			return value
		}
	}
	return lastPart(ref.Ref)
}

// propertyOf returns a property of a schema, or of those that it is made of.
func propertyOf(s *openapi3.Schema, name string, depth int) *openapi3.SchemaRef {
	if p := s.Properties[name]; p != nil || depth > maxNesting {
		return p
	}
	for _, part := range s.AllOf {
		if part.Value != nil && part.Value != s {
			if p := propertyOf(part.Value, name, depth+1); p != nil {
				return p
			}
		}
	}
	return nil
}
