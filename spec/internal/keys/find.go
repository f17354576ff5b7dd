package keys

import (
	"regexp"
	"slices"
	"strings"
)

// Item stands for every item of a list in the path of [Schema.At].
const Item = "[]"

// At returns the schemas of the value at a path of keys below a document's, of every
// alternative that has one.
func (s *Schema) At(path ...string) []*Schema {
	at := s.alternatives(s)
	for _, name := range path {
		var next []*Schema
		for _, x := range at {
			if v := x.below(name); v != nil {
				next = append(next, s.alternatives(v)...)
			}
		}
		at = next
	}
	return at
}

// below is the schema of one key, or of an item.
func (s *Schema) below(name string) *Schema {
	if name == Item {
		return s.Items
	}
	if i := slices.IndexFunc(s.Properties, func(p Property) bool { return p.Name == name }); i >= 0 {
		return s.Properties[i].Schema
	}
	for _, p := range s.PatternProperties {
		if like, err := regexp.Compile(p.Name); err == nil && like.MatchString(name) {
			return p.Schema
		}
	}
	return s.Rest
}

// alternatives are a schema and those that it is made of.
func (s *Schema) alternatives(x *Schema) []*Schema {
	if x == nil {
		return nil
	}
	out := []*Schema{x}
	if name, ok := strings.CutPrefix(x.Ref, "#/$defs/"); ok {
		i := slices.IndexFunc(s.Defs, func(p Property) bool { return p.Name == name })
		out = append(out, s.alternatives(s.Defs[i].Schema)...)
	}
	for _, y := range slices.Concat(x.AnyOf, x.AllOf, []*Schema{x.Then, x.Else}) {
		out = append(out, s.alternatives(y)...)
	}
	return out
}
