package operations

import (
	"cmp"
	"maps"
	"slices"
)

// Any calls visit with s and every schema it is made of, through AllOf, AnyOf
// and OneOf in this order, each once however the schemas refer to each other,
// until visit returns true, which it reports.
func (s *Schema) Any(visit func(*Schema) bool) bool {
	return s.eachPart(visit, make(map[*Schema]bool))
}

func (s *Schema) eachPart(visit func(*Schema) bool, seen map[*Schema]bool) bool {
	if s == nil || seen[s] {
		return false
	}
	if visit(s) {
		return true
	}
	if len(s.AllOf)+len(s.AnyOf)+len(s.OneOf) == 0 {
		return false
	}
	seen[s] = true
	for _, list := range [...][]*Schema{s.AllOf, s.AnyOf, s.OneOf} {
		for _, part := range list {
			if part.eachPart(visit, seen) {
				return true
			}
		}
	}
	return false
}

// Is reports whether the schema's values may be of a JSON type: it is among
// Types, or a schema in AllOf, AnyOf or OneOf has it. "integer" counts as
// "number" too. A schema without types is of none.
func (s *Schema) Is(typeName string) bool {
	return s.Any(func(part *Schema) bool {
		return slices.ContainsFunc(part.Types, func(t string) bool {
			return t == typeName || typeName == "number" && t == "integer"
		})
	})
}

// Property returns the schema of a property, looking through allOf, or nil. A
// property that only some alternatives of anyOf or oneOf have is returned too,
// from the first that has it; additionalProperties are not looked at.
func (s *Schema) Property(name string) *Schema {
	var found *Schema
	s.Any(func(part *Schema) bool {
		i := slices.IndexFunc(part.Properties, func(p Property) bool { return p.Name == name })
		if i >= 0 {
			found = part.Properties[i].Schema
		}
		return i >= 0
	})
	return found
}

// CommonProperty returns the schema that the value of a property has to fit whichever of
// the alternatives in OneOf and AnyOf the object is, or nil where one of them has none.
func (s *Schema) CommonProperty(name string) *Schema {
	if s != nil && len(s.AllOf)+len(s.OneOf)+len(s.AnyOf) == 0 {
		return s.own(name)
	}
	return s.common(name, map[*Schema]bool{})
}

// own returns the schema of a property that s itself lists, or nil.
func (s *Schema) own(name string) *Schema {
	for _, p := range s.Properties {
		if p.Name == name {
			return p.Schema
		}
	}
	return nil
}

func (s *Schema) common(name string, inside map[*Schema]bool) *Schema {
	if s == nil || inside[s] {
		return nil
	}
	inside[s] = true
	defer delete(inside, s)
	all := []*Schema{s.own(name)}
	for _, part := range s.AllOf {
		all = append(all, part.common(name, inside))
	}
	for _, list := range [...][]*Schema{s.OneOf, s.AnyOf} {
		parts := make([]*Schema, len(list))
		for i, part := range list {
			parts[i] = part.common(name, inside)
		}
		if len(list) > 0 && !slices.Contains(parts, nil) {
			all = append(all, anyOf(parts))
		}
	}
	all = slices.DeleteFunc(all, func(s *Schema) bool { return s == nil })
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return &Schema{AllOf: all}
}

// anyOf returns the schema of values that fit one of several. Lists of values become one.
func anyOf(parts []*Schema) *Schema {
	out := &Schema{}
	for _, part := range parts {
		values := part.Enum
		if part.HasConst {
			values = []any{part.Const}
		}
		if len(values) == 0 || len(part.AllOf)+len(part.OneOf)+len(part.AnyOf) > 0 {
			return &Schema{AnyOf: parts}
		}
		out.Enum = append(out.Enum, values...)
		for _, t := range part.Types {
			if !slices.Contains(out.Types, t) {
				out.Types = append(out.Types, t)
			}
		}
		out.Description = cmp.Or(out.Description, part.Description)
	}
	if slices.ContainsFunc(parts, func(s *Schema) bool { return len(s.Types) == 0 }) {
		out.Types = nil
	}
	return out
}

// Flatten returns the schema with everything in AllOf merged into it: for readers
// of all properties at once. Where parts disagree the first wins.
// Alternatives stay as they are. A schema without AllOf is returned itself.
func (s *Schema) Flatten() *Schema {
	if s == nil || len(s.AllOf) == 0 {
		return s
	}
	out := *s
	out.AllOf = nil
	out.Properties, out.Required = slices.Clone(s.Properties), slices.Clone(s.Required)
	m := merger{into: &out, seen: map[*Schema]bool{s: true}, properties: map[string]bool{}, required: map[string]bool{}}
	for _, p := range out.Properties {
		m.properties[p.Name] = true
	}
	for _, name := range out.Required {
		m.required[name] = true
	}
	m.all(s.AllOf)
	return &out
}

// merger merges parts into a schema, by the names that the schema has already.
type merger struct {
	into                 *Schema
	seen                 map[*Schema]bool
	properties, required map[string]bool
}

func (m *merger) all(parts []*Schema) {
	for _, part := range parts {
		if m.seen[part] {
			continue
		}
		m.seen[part] = true
		m.merge(part)
		m.all(part.AllOf)
	}
}

// merge adds the keywords of part that the schema does not have.
func (m *merger) merge(part *Schema) {
	s := m.into
	if len(s.Types) == 0 {
		s.Types = part.Types
	}
	s.Open = s.Open && part.Open || len(s.Properties) == 0 && part.Open
	s.Closed = s.Closed || part.Closed
	for _, p := range part.Properties {
		if !m.properties[p.Name] {
			m.properties[p.Name] = true
			s.Properties = append(s.Properties, p)
		}
	}
	for _, name := range part.Required {
		if !m.required[name] {
			m.required[name] = true
			s.Required = append(s.Required, name)
		}
	}
	s.mergeValues(part)
}

func (s *Schema) mergeValues(part *Schema) {
	s.Name, s.Description = cmp.Or(s.Name, part.Name), cmp.Or(s.Description, part.Description)
	s.Format, s.Pattern = cmp.Or(s.Format, part.Format), cmp.Or(s.Pattern, part.Pattern)
	s.Items, s.Additional = cmp.Or(s.Items, part.Items), cmp.Or(s.Additional, part.Additional)
	if s.Enum == nil {
		s.Enum = part.Enum
	}
	if !s.HasConst {
		s.Const, s.HasConst = part.Const, part.HasConst
	}
	if !s.HasDefault {
		s.Default, s.HasDefault = part.Default, part.HasDefault
	}
	if s.Example == nil {
		s.Example = part.Example
	}
	s.AnyOf, s.OneOf = slices.Concat(s.AnyOf, part.AnyOf), slices.Concat(s.OneOf, part.OneOf)
	s.MinLength, s.MaxLength = cmp.Or(s.MinLength, part.MinLength), cmp.Or(s.MaxLength, part.MaxLength)
	s.MinItems, s.MaxItems = cmp.Or(s.MinItems, part.MinItems), cmp.Or(s.MaxItems, part.MaxItems)
	s.Minimum, s.Maximum = cmp.Or(s.Minimum, part.Minimum), cmp.Or(s.Maximum, part.Maximum)
	s.ExclusiveMinimum = cmp.Or(s.ExclusiveMinimum, part.ExclusiveMinimum)
	s.ExclusiveMaximum = cmp.Or(s.ExclusiveMaximum, part.ExclusiveMaximum)
}

// About returns the description of the schema, else of a part of AllOf.
func (s *Schema) About() string {
	if s = s.Flatten(); s == nil {
		return ""
	}
	return s.Description
}

// OneValue returns the only value the schema allows: its const, or the one
// entry of its enum (looking through allOf).
func (s *Schema) OneValue() (any, bool) {
	s = s.Flatten()
	switch {
	case s == nil:
		return nil, false
	case s.HasConst:
		return s.Const, true
	case len(s.Enum) == 1:
		return s.Enum[0], true
	}
	return nil, false
}

// FieldOrder returns the keys of m: first those the schema lists, in its order,
// then the others by name.
func (s *Schema) FieldOrder(m map[string]any) []string {
	var names []string
	if s != nil {
		for _, p := range s.Properties {
			if _, ok := m[p.Name]; ok && !slices.Contains(names, p.Name) {
				names = append(names, p.Name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
