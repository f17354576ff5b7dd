package openapi

import (
	"slices"

	"github.com/capstan-run/capstan/operations/check"

	"github.com/capstan-run/capstan/operations"
)

// schemaReader builds Schemas from the nodes of an index. References become
// pointers to one Schema per component, so cycles in the document are cycles
// here. Two things can only be done when everything reachable is built, and are
// put off until finish: filling components, and copying a component where a
// reference has siblings ("$ref" beside "description").
type schemaReader struct {
	doc    *document
	queue  []*component
	copies []schemaCopy
}

// schemaCopy is a schema that is another one with annotations, and perhaps
// restrictions, of its own.
type schemaCopy struct {
	to, from    *operations.Schema
	annotations *node
	own         *operations.Schema // nil when it restricts nothing
	orNull      bool
}

// schema returns the Schema for n; never nil.
func (r *schemaReader) schema(n *node) *operations.Schema {
	s := &operations.Schema{}
	if !n.is(kindObject) {
		s.Open = true // a boolean schema
		return s
	}
	if ref := n.get("$ref").text(); ref != "" {
		if target := r.component(check.RefName(ref)); target != nil {
			if len(n.fields) == 1 {
				return target
			}
			r.copyLater(s, target, n)
			return s
		}
	}
	r.fill(s, n)
	return s
}

// copyLater makes "to" a copy of "from", with the keywords that stand in n beside
// the reference.
func (r *schemaReader) copyLater(to, from *operations.Schema, n *node) {
	c := schemaCopy{to: to, from: from, annotations: n}
	if hasAssertions(n) {
		rest := &node{kind: kindObject, fields: slices.DeleteFunc(slices.Clone(n.fields), func(f field) bool { return f.key == "$ref" })}
		c.own = &operations.Schema{}
		r.fill(c.own, rest)
	}
	r.copies = append(r.copies, c)
}

// component returns the schema of a component, which is filled by finish.
func (r *schemaReader) component(name string) *operations.Schema {
	c := r.doc.components[name]
	if c == nil {
		return nil
	}
	if c.schema == nil {
		c.schema = &operations.Schema{Name: name}
		r.queue = append(r.queue, c)
	}
	return c.schema
}

// finish fills all components that have been met, and then makes the copies.
func (r *schemaReader) finish() {
	for len(r.queue) > 0 {
		c := r.queue[0]
		r.queue = r.queue[1:]
		n := r.doc.reader.at(c.place)
		if ref := n.get("$ref").text(); ref != "" {
			if target := r.component(check.RefName(ref)); target != nil {
				r.copyLater(c.schema, target, n)
				continue
			}
		}
		r.fill(c.schema, n)
	}
	waiting := make(map[*operations.Schema]int, len(r.copies))
	for i, c := range r.copies {
		waiting[c.to] = i
	}
	for i := range r.copies {
		r.copy(i, waiting)
	}
}

// copy makes a copy after the one it is a copy of, if any. A chain that leads
// back to itself is cut; the document was warned about.
func (r *schemaReader) copy(i int, waiting map[*operations.Schema]int) {
	c := r.copies[i]
	if _, ok := waiting[c.to]; !ok {
		return
	}
	delete(waiting, c.to)
	if before, ok := waiting[c.from]; ok {
		r.copy(before, waiting)
	}
	name := c.to.Name
	*c.to = *c.from
	if name != "" {
		c.to.Name = name
	}
	annotate(c.to, c.annotations)
	if c.own != nil {
		c.to.AllOf = append(slices.Clone(c.to.AllOf), c.own)
	}
	if c.orNull {
		c.to.Any(func(part *operations.Schema) bool { // it takes their types
			if before, ok := waiting[part]; ok {
				r.copy(before, waiting)
			}
			return false
		})
		allowNull(c.to)
	}
}

// annotate lets the keywords beside a reference win over the target's.
func annotate(s *operations.Schema, n *node) {
	for _, f := range n.fields {
		switch f.key {
		case "description":
			s.Description = f.value.text()
		case "deprecated":
			s.Deprecated = f.value.is(kindTrue)
		case "readOnly":
			s.ReadOnly = f.value.is(kindTrue)
		case "writeOnly":
			s.WriteOnly = f.value.is(kindTrue)
		case "default":
			s.Default, s.HasDefault = f.value.value(), true
		case "examples":
			if len(f.value.items) > 0 {
				s.Example = f.value.items[0].value()
			}
		}
	}
}

// hasAssertions reports whether keywords beside a reference restrict it.
func hasAssertions(n *node) bool {
	return slices.ContainsFunc(n.fields, func(f field) bool {
		switch f.key {
		case "$ref", "description", "deprecated", "readOnly", "writeOnly", "default", "examples":
			return false
		}
		return true
	})
}

// fill sets s to the content of n, which is no reference.
func (r *schemaReader) fill(s *operations.Schema, n *node) {
	if inner := orNull(n); inner != nil {
		r.fillOrNull(s, n, inner)
		return
	}
	annotate(s, n)
	s.Format, s.Pattern = n.get("format").text(), n.get("pattern").text()
	s.Types = typesOf(n)
	s.Required = n.get("required").texts()
	if c := n.get("const"); c != nil {
		s.Const, s.HasConst = c.value(), true
	}
	each(n.get("enum"), func(v *node) { s.Enum = append(s.Enum, v.value()) })
	r.fillParts(s, n)
	s.MinLength, s.MaxLength = intOf(n, "minLength"), intOf(n, "maxLength")
	s.MinItems, s.MaxItems = intOf(n, "minItems"), intOf(n, "maxItems")
	s.Minimum, s.Maximum = floatOf(n, "minimum"), floatOf(n, "maximum")
	s.ExclusiveMinimum, s.ExclusiveMaximum = floatOf(n, "exclusiveMinimum"), floatOf(n, "exclusiveMaximum")
}

func (r *schemaReader) fillParts(s *operations.Schema, n *node) {
	if properties := n.get("properties"); properties != nil {
		for _, f := range properties.fields {
			s.Properties = append(s.Properties, operations.Property{Name: f.key, Schema: r.schema(f.value)})
		}
	}
	patterns := n.get("patternProperties")
	switch additional := n.get("additionalProperties"); {
	case additional.is(kindFalse) && patterns != nil && len(patterns.fields) > 0:
		s.Open = true
		if len(patterns.fields) == 1 { // the one shape that other properties have
			s.Additional = r.schema(patterns.fields[0].value)
		}
	case additional.is(kindFalse):
		s.Closed = true
	case additional == nil:
		s.Open = len(s.Properties) == 0
	default:
		s.Open = true
		if additional.is(kindObject) && len(additional.fields) > 0 {
			s.Additional = r.schema(additional)
		}
	}
	if items := n.get("items"); items != nil {
		s.Items = r.schema(items)
	}
	if d := n.get("discriminator"); d != nil {
		s.Variant = &operations.Variant{Property: d.get("property").text(), Value: d.get("value").text(), Schema: r.schema(d.get("schema"))}
	}
	s.AllOf, s.AnyOf, s.OneOf = r.list(n.get("allOf")), r.list(n.get("anyOf")), r.list(n.get("oneOf"))
}

func (r *schemaReader) list(n *node) []*operations.Schema {
	var out []*operations.Schema
	each(n, func(v *node) { out = append(out, r.schema(v)) })
	return out
}

// orNull returns X when n is "X or null", written as anyOf or oneOf of the two
// with nothing but annotations beside it; else nil.
func orNull(n *node) *node {
	list := n.get("anyOf")
	if list == nil {
		list = n.get("oneOf")
	}
	if list == nil || len(list.items) != 2 || n.get("properties") != nil || n.get("allOf") != nil {
		return nil
	}
	for i, item := range list.items {
		if item.is(kindObject) && item.get("type").text() == "null" && list.items[1-i].is(kindObject) {
			return list.items[1-i]
		}
	}
	return nil
}

// fillOrNull reads "X or null" as X with "null" among its types: its meaning
// to a reader of its properties.
func (r *schemaReader) fillOrNull(s *operations.Schema, n, inner *node) {
	r.copies = append(r.copies, schemaCopy{to: s, from: r.schema(inner), annotations: n, orNull: true})
}

// allowNull adds null to the values that a schema accepts. One with types in its parts alone
// gets these, so that null can be added.
func allowNull(s *operations.Schema) {
	if len(s.Types) == 0 && len(s.AllOf)+len(s.AnyOf)+len(s.OneOf) > 0 {
		s.Types = partTypes(s)
	}
	if len(s.Types) > 0 && !slices.Contains(s.Types, "null") {
		s.Types = append(slices.Clone(s.Types), "null")
	}
	if s.HasConst {
		s.Enum, s.Const, s.HasConst = []any{s.Const}, nil, false
	}
	if s.Enum != nil && !slices.Contains(s.Enum, nil) {
		s.Enum = append(slices.Clone(s.Enum), nil)
	}
}

// partTypes returns the types that the parts of a schema name: all types if
// they name none.
func partTypes(s *operations.Schema) []string {
	var types []string
	s.Any(func(part *operations.Schema) bool {
		for _, t := range part.Types {
			if !slices.Contains(types, t) {
				types = append(types, t)
			}
		}
		return false
	})
	if types == nil {
		return schemaTypes[:]
	}
	return types
}

// typesOf returns the types a schema names. One that lists properties or items
// and names no type means the object or array it describes, though to JSON
// Schema it is silent about other values.
func typesOf(n *node) []string {
	t := n.get("type")
	switch {
	case t.is(kindString):
		return []string{t.str}
	case t != nil:
		return t.texts()
	case n.get("properties") != nil:
		return []string{"object"}
	case n.get("items") != nil:
		return []string{"array"}
	}
	return nil
}

func intOf(n *node, key string) *int {
	if v, ok := n.get(key).number(); ok {
		i := int(v)
		return &i
	}
	return nil
}

func floatOf(n *node, key string) *float64 {
	if v, ok := n.get(key).number(); ok {
		return &v
	}
	return nil
}
