package spec

import "github.com/capstan-run/capstan/diag"

// Span maps a range of Value, counted in code points, to the place where the
// author wrote it: one column later when quoted, the line alone in a block
// scalar or where escapes make columns uncertain. endColumn is 0 when unknown.
func (s Str) Span(from, length int) (pos diag.Pos, endColumn int) {
	pos = s.Pos
	switch {
	case s.Style == Block || s.Raw != "" && s.Raw != s.Value:
		return pos, 0
	case s.Style == Quoted:
		pos.Column++
	}
	pos.Column += from
	return pos, pos.Column + max(length, 1)
}

// Go returns the value as plain Go data: nil, bool, int64, float64, string,
// []any or map[string]any.
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
