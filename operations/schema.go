package operations

// Schema is a JSON Schema 2020-12 as far as binding, typing, suggesting and
// mocking need it. OpenAPI 3.0 schemas are translated when a document is
// compiled: nullable becomes a "null" type. "X or null", written as anyOf or
// oneOf, reads as X with a "null" type too, and a reference with siblings as a
// copy of its target. Values (Enum, Const, Default, Example) are nil, bool, int,
// float64, json.Number, string, []any or map[string]any. Schemas may be cyclic;
// guard recursion by depth or by pointer. A nil *Schema accepts anything.
type Schema struct {
	Name        string   // component name when the schema was a $ref, "" inline
	Types       []string // string, integer, number, boolean, array, object, null; empty: any
	Format      string
	Description string
	Deprecated  bool
	ReadOnly    bool
	WriteOnly   bool

	Enum       []any
	Const      any
	HasConst   bool
	Default    any
	HasDefault bool
	Example    any // first example, nil when none

	Properties []Property // in document order; by name where that is not known
	Required   []string
	// Open reports whether properties that are not listed are allowed. JSON
	// Schema's default is yes; Capstan treats an object that lists properties
	// and does not mention additionalProperties as closed when it suggests
	// field names, so Open is true only when additionalProperties is true or
	// a schema, or when no property is listed.
	Open bool
	// Closed reports that additionalProperties is false: other properties are
	// refused, not merely unknown. Beside patternProperties it is not: names that
	// fit a pattern are allowed, and which do is not known here.
	Closed     bool
	Additional *Schema // schema of additional properties, nil when unconstrained
	Items      *Schema

	AllOf []*Schema
	OneOf []*Schema
	AnyOf []*Schema
	// Variant is one of the schemas that the discriminator of this one maps to, nil for
	// none. It restricts nothing: a value that is made up may be one.
	Variant *Variant

	Pattern   string
	MinLength *int
	MaxLength *int
	MinItems  *int
	MaxItems  *int
	Minimum   *float64
	Maximum   *float64

	ExclusiveMinimum *float64
	ExclusiveMaximum *float64
}

// Property is one named property of an object schema.
type Property struct {
	Name   string
	Schema *Schema
}

// Variant is a schema that values of another one may have; Property has Value then.
type Variant struct {
	Property, Value string
	Schema          *Schema
}

// Violation is one way in which a value breaks its schema.
type Violation struct {
	Path    string // JSON pointer into the value (RFC 6901), "" for the whole
	Message string // lower case, without a full stop
	// Property names the property of the value that is missing, or may not be there; "" where
	// the value itself is at fault.
	Property string
}

func (v Violation) String() string {
	if v.Path == "" {
		return v.Message
	}
	return v.Path + ": " + v.Message
}
