package spec

import "github.com/capstan-run/capstan/diag"

// Value is any YAML value with its place: the form in which `with` and unknown
// keys reach the plan stage. Aliases are resolved, tags are decoded.
type Value struct {
	Kind   ValueKind
	Scalar any // nil, bool, int64, float64, json.Number or string when Kind is Scalar
	Str    Str // the scalar as text, set for every scalar
	Items  []Value
	Fields []Field
	Pos    diag.Pos
}

// ValueKind is the shape of a [Value].
type ValueKind int

// The kinds of value.
const (
	Scalar ValueKind = iota
	Sequence
	Mapping
)

// Field is one entry of a mapping.
type Field struct {
	Key   Str
	Value Value
}

// Go returns the value as plain Go data: nil, bool, int64, float64, json.Number,
// string, []any or map[string]any.
func (v Value) Go() any {
	switch v.Kind {
	case Sequence:
		out := make([]any, len(v.Items))
		for i, item := range v.Items {
			out[i] = item.Go()
		}
		return out
	case Mapping:
		out := make(map[string]any, len(v.Fields))
		for _, f := range v.Fields {
			out[f.Key.Value] = f.Value.Go()
		}
		return out
	default:
		return v.Scalar
	}
}
