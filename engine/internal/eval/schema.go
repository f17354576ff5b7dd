package eval

import (
	"maps"

	"github.com/capstan-run/capstan/operations"
)

// Bounds of the type made from one schema. A document's schemas may refer to
// themselves; everything beyond a bound is any, that is unchecked.
const (
	maxSchemaDepth  = 12
	maxSchemaRepeat = 2     // times one schema may enclose itself
	maxSchemaTypes  = 10000 // types made in all
)

// SchemaType returns the type of the values that s describes. Null is left
// out: a nullable string is a string. Unions (oneOf, anyOf, several types) are
// any, allOf is merged, and an object is open when its schema is.
//
// Scopes that do not derive from each other must not share the result.
func SchemaType(s *operations.Schema) Type {
	r := schemaReader{inside: map[*operations.Schema]int{}}
	t := r.read(s, 0)
	t.derived = new(derived)
	return t
}

type schemaReader struct {
	inside map[*operations.Schema]int // schemas being read, and how often
	made   int
}

func (r *schemaReader) read(s *operations.Schema, depth int) Type {
	if s == nil || depth > maxSchemaDepth || r.made >= maxSchemaTypes || r.inside[s] >= maxSchemaRepeat {
		return Any()
	}
	r.made++
	r.inside[s]++
	defer func() { r.inside[s]-- }()

	if isUnion(s) {
		return r.union(s, depth)
	}
	t, open := r.own(s, depth), false
	for _, part := range s.AllOf {
		u := r.read(part, depth+1)
		open = open || u.IsAny() && isUnion(part)
		t = both(t, u)
	}
	t.open = t.open || open && t.kind == objectKind
	return t
}

// isUnion reports whether s has alternatives, whose fields are unknown to the type.
func isUnion(s *operations.Schema) bool { return s != nil && len(s.OneOf)+len(s.AnyOf) > 0 }

// union knows one shape only: X or null, which is X.
func (r *schemaReader) union(s *operations.Schema, depth int) Type {
	var only *operations.Schema
	for _, alt := range append(append([]*operations.Schema(nil), s.OneOf...), s.AnyOf...) {
		switch {
		case alt != nil && len(alt.Types) == 1 && alt.Types[0] == "null":
		case only != nil || alt == nil:
			return Any()
		default:
			only = alt
		}
	}
	if only == nil || len(s.Properties) > 0 || len(s.AllOf) > 0 {
		return Any()
	}
	return r.read(only, depth+1)
}

// own is the type that s declares by itself, without allOf.
func (r *schemaReader) own(s *operations.Schema, depth int) Type {
	switch name := baseType(s); name {
	case "string":
		return String()
	case "integer":
		return Int()
	case "number":
		return Float()
	case "boolean":
		return Bool()
	case "array":
		return ArrayOf(r.read(s.Items, depth+1))
	case "object":
		return r.object(s, depth)
	default:
		return Any()
	}
}

func (r *schemaReader) object(s *operations.Schema, depth int) Type {
	fields := make(map[string]Type, len(s.Properties))
	for _, p := range s.Properties {
		fields[p.Name] = r.read(p.Schema, depth+1)
	}
	return Type{kind: objectKind, fields: fields, open: s.Open || s.Additional != nil || len(fields) == 0 && len(s.AllOf) == 0}
}

// baseType is the one type of s that is not null, "" when there is none or more
// than one. Schemas often leave it to be inferred from their other keywords.
func baseType(s *operations.Schema) string {
	var base string
	for _, name := range s.Types {
		switch {
		case name == "null":
		case base != "":
			return ""
		default:
			base = name
		}
	}
	switch {
	case base != "" || len(s.Types) > 0:
		return base
	case len(s.Properties) > 0:
		return "object"
	case s.Items != nil:
		return "array"
	case s.HasConst:
		return FromValue(s.Const).Kind()
	case len(s.Enum) > 0:
		return commonType(s.Enum).Kind()
	default:
		return ""
	}
}

// both is the type of a value that is t and u at once, as allOf has it. A part
// that adds nothing is any, or an object without fields.
func both(t, u Type) Type {
	switch {
	case t.IsAny():
		return u
	case u.IsAny() || t.kind != objectKind || u.kind != objectKind:
		return t
	}
	fields := maps.Clone(t.fields)
	if fields == nil {
		fields = map[string]Type{}
	}
	for name, g := range u.fields {
		fields[name] = both(fields[name], g)
	}
	open := t.open && len(t.fields) > 0 || u.open && len(u.fields) > 0 || len(fields) == 0
	return Type{kind: objectKind, fields: fields, open: open}
}
