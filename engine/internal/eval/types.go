package eval

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// Type is the static type of a value. The zero Type is "anything": nothing is
// known, so nothing about it is refused. Null is not part of it: every value
// may be null. Types are immutable and safe for concurrent use.
type Type struct {
	kind   kind
	elem   *Type           // arrays; nil means any
	fields map[string]Type // objects
	open   bool            // objects: fields that are not listed are allowed
	// derived is kept with the type of a schema, which many steps may share, in
	// one scope and those derived from it.
	derived *derived
}

type kind uint8

const (
	anyKind kind = iota
	stringKind
	intKind
	floatKind
	boolKind
	arrayKind
	objectKind
)

// Any returns the type of which nothing is known.
func Any() Type { return Type{} }

// String returns the type of text.
func String() Type { return Type{kind: stringKind} }

// Int returns the type of whole numbers. At run time such a value may be an
// int or a float64, as JSON decoders make them.
func Int() Type { return Type{kind: intKind} }

// Float returns the type of all numbers.
func Float() Type { return Type{kind: floatKind} }

// Bool returns the type of true and false.
func Bool() Type { return Type{kind: boolKind} }

// ArrayOf returns the type of arrays of elem.
func ArrayOf(elem Type) Type { return Type{kind: arrayKind, elem: &elem} }

// Object returns the type of objects with these fields. An open object may
// have others, of any type; in a closed one reading them is a problem.
func Object(fields map[string]Type, open bool) Type {
	return Type{kind: objectKind, fields: maps.Clone(fields), open: open}
}

// WithField returns a copy of an object type with one more field, or with that
// field replaced. Other types are returned as they are.
func (t Type) WithField(name string, f Type) Type {
	if t.kind != objectKind {
		return t
	}
	fields := make(map[string]Type, len(t.fields)+1)
	maps.Copy(fields, t.fields)
	fields[name] = f
	return Type{kind: objectKind, fields: fields, open: t.open}
}

// Field returns the type of an object's field. Unlisted fields of an open
// object and fields of [Any] are any. ok is false when there is no such field.
func (t Type) Field(name string) (f Type, ok bool) {
	switch t.kind {
	case anyKind:
		return Type{}, true
	case objectKind:
		f, ok = t.fields[name]
		return f, ok || t.open
	default:
		return Type{}, false
	}
}

// Fields returns the names of an object's listed fields, sorted.
func (t Type) Fields() []string { return slices.Sorted(maps.Keys(t.fields)) }

// Elem returns the type of an array's items, and any for every other type.
func (t Type) Elem() Type {
	if t.elem == nil {
		return Type{}
	}
	return *t.elem
}

// Child returns the type of every item of an array, or of every field of an
// object.
func (t Type) Child() Type {
	if t.kind == arrayKind || t.open || len(t.fields) == 0 {
		return t.Elem()
	}
	return merged(t.Fields(), func(name string) Type { return t.fields[name] })
}

// IsAny reports whether nothing is known about t.
func (t Type) IsAny() bool { return t.kind == anyKind }

// Kind returns "any", "string", "integer", "number", "boolean", "array" or
// "object".
func (t Type) Kind() string {
	return [...]string{"any", "string", "integer", "number", "boolean", "array", "object"}[t.kind]
}

// String returns t in the user's words, such as "array of string".
func (t Type) String() string {
	if t.kind == arrayKind && !t.Elem().IsAny() {
		return "array of " + t.Elem().String()
	}
	return t.Kind()
}

// Accepts reports whether values of type u may be given where t is wanted, as
// far as types show: any accepts and is accepted by everything, a number
// accepts an integer, arrays and objects compare their items and fields. Fields
// that only one of two objects lists do not count.
func (t Type) Accepts(u Type) bool {
	switch {
	case t.IsAny() || u.IsAny():
		return true
	case t.kind == floatKind && u.kind == intKind:
		return true
	case t.kind != u.kind:
		return false
	case t.kind == arrayKind:
		return t.Elem().Accepts(u.Elem())
	}
	for name, f := range t.fields {
		if g, ok := u.fields[name]; ok && !f.Accepts(g) {
			return false
		}
	}
	return true
}

// Merge returns the type of a value that is either t or u.
func (t Type) Merge(u Type) Type {
	switch {
	case t.kind == floatKind && u.kind == intKind:
		return t
	case u.kind == floatKind && t.kind == intKind:
		return u
	case t.kind != u.kind:
		return Any()
	case t.kind == arrayKind:
		return ArrayOf(t.Elem().Merge(u.Elem()))
	case t.kind == objectKind:
		return t.mergeObject(u)
	default:
		return t
	}
}

func (t Type) mergeObject(u Type) Type {
	fields := make(map[string]Type, len(t.fields)+len(u.fields))
	maps.Copy(fields, t.fields)
	for name, g := range u.fields {
		if f, ok := fields[name]; ok {
			g = f.Merge(g)
		}
		fields[name] = g
	}
	return Type{kind: objectKind, fields: fields, open: t.open || u.open}
}

// FromValue returns the static type of a literal made of nil, bool, numbers,
// string, []any and map[string]any. Objects are closed. The type of nil, and
// of anything else, is any.
func FromValue(v any) Type {
	switch v := v.(type) {
	case bool:
		return Bool()
	case string:
		return String()
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return Int()
	case json.Number:
		if jsonvalue.IsInteger(v) {
			return Int()
		}
		return Float()
	case float32, float64:
		return Float()
	case []any:
		return ArrayOf(commonType(v))
	case map[string]any:
		fields := make(map[string]Type, len(v))
		for name, item := range v {
			fields[name] = FromValue(item)
		}
		return Type{kind: objectKind, fields: fields}
	default:
		return Any()
	}
}

func commonType(items []any) Type { return merged(items, FromValue) }

// merged returns the type of a value that is any of the items, any for none.
func merged[T any](items []T, typeOf func(T) Type) Type {
	var t Type
	for i, item := range items {
		u := typeOf(item)
		if i > 0 {
			u = t.Merge(u)
		}
		t = u
	}
	return t
}
