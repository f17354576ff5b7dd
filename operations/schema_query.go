package operations

import "slices"

// maxWalk bounds walks through allOf and alternatives, which may be cyclic.
const maxWalk = 16

// Is reports whether the schema's values may be of a JSON type: it is among
// Types, or a schema in AllOf, AnyOf or OneOf says so. "integer" counts as
// "number" too. A schema that says nothing about types is of none.
func (s *Schema) Is(typeName string) bool {
	return slices.ContainsFunc(s.types(0), func(t string) bool {
		return t == typeName || typeName == "number" && t == "integer"
	})
}

// types returns the JSON types that the schema names, looking through allOf and
// alternatives.
func (s *Schema) types(depth int) []string {
	if s == nil || depth > maxWalk {
		return nil
	}
	if len(s.Types) > 0 {
		return s.Types
	}
	for _, list := range [...][]*Schema{s.AllOf, s.AnyOf, s.OneOf} {
		var found []string
		for _, part := range list {
			found = append(found, part.types(depth+1)...)
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// Property returns the schema of a property, looking through allOf, or nil. A
// property that only some alternatives of anyOf or oneOf have is returned too,
// from the first that has it; additionalProperties are not looked at.
func (s *Schema) Property(name string) *Schema { return s.property(name, 0) }

func (s *Schema) property(name string, depth int) *Schema {
	if s == nil || depth > maxWalk {
		return nil
	}
	for _, p := range s.Properties {
		if p.Name == name {
			return p.Schema
		}
	}
	for _, list := range [...][]*Schema{s.AllOf, s.AnyOf, s.OneOf} {
		for _, part := range list {
			if found := part.property(name, depth+1); found != nil {
				return found
			}
		}
	}
	return nil
}

// Flatten returns the schema with everything in AllOf merged into it: for who
// wants to see all properties at once. Where parts disagree the first wins.
// Alternatives stay as they are. A schema without AllOf is returned itself.
func (s *Schema) Flatten() *Schema {
	if s == nil || len(s.AllOf) == 0 {
		return s
	}
	out := *s
	out.AllOf = nil
	out.Properties, out.Required = slices.Clone(s.Properties), slices.Clone(s.Required)
	out.flatten(s.AllOf, map[*Schema]bool{s: true})
	return &out
}

func (s *Schema) flatten(parts []*Schema, seen map[*Schema]bool) {
	for _, part := range parts {
		if seen[part] {
			continue
		}
		seen[part] = true
		s.merge(part)
		s.flatten(part.AllOf, seen)
	}
}

// merge adds what part says and s does not.
func (s *Schema) merge(part *Schema) {
	if len(s.Types) == 0 {
		s.Types = part.Types
	}
	s.Open = s.Open && part.Open || len(s.Properties) == 0 && part.Open
	s.Closed = s.Closed || part.Closed
	for _, p := range part.Properties {
		if !slices.ContainsFunc(s.Properties, func(q Property) bool { return q.Name == p.Name }) {
			s.Properties = append(s.Properties, p)
		}
	}
	for _, name := range part.Required {
		if !slices.Contains(s.Required, name) {
			s.Required = append(s.Required, name)
		}
	}
	s.mergeValues(part)
}

func (s *Schema) mergeValues(part *Schema) {
	if s.Name == "" {
		s.Name = part.Name
	}
	if s.Description == "" {
		s.Description = part.Description
	}
	if s.Format == "" {
		s.Format = part.Format
	}
	if s.Pattern == "" {
		s.Pattern = part.Pattern
	}
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
	if s.Items == nil {
		s.Items = part.Items
	}
	if s.Additional == nil {
		s.Additional = part.Additional
	}
	s.AnyOf, s.OneOf = append(slices.Clone(s.AnyOf), part.AnyOf...), append(slices.Clone(s.OneOf), part.OneOf...)
	s.mergeBounds(part)
}

func (s *Schema) mergeBounds(part *Schema) {
	for _, p := range [...]struct{ to, from **int }{
		{&s.MinLength, &part.MinLength},
		{&s.MaxLength, &part.MaxLength},
		{&s.MinItems, &part.MinItems},
		{&s.MaxItems, &part.MaxItems},
	} {
		if *p.to == nil {
			*p.to = *p.from
		}
	}
	for _, p := range [...]struct{ to, from **float64 }{
		{&s.Minimum, &part.Minimum},
		{&s.Maximum, &part.Maximum},
		{&s.ExclusiveMinimum, &part.ExclusiveMinimum},
		{&s.ExclusiveMaximum, &part.ExclusiveMaximum},
	} {
		if *p.to == nil {
			*p.to = *p.from
		}
	}
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
