package plan

import (
	"cmp"
	"slices"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// Accepts returns the schema that a value of the input has to fit: its own, narrowed by
// those of the places that it always reaches unchanged. It is for those who give the
// value; [Feed.Refuses] decides.
func (in *Input) Accepts() *operations.Schema {
	s := in.Schema
	for _, f := range in.Feeds {
		switch {
		case f.Whole():
			s = narrowed(s, f.Schema)
		case f.Step.When == nil && len(f.At) == 1 && f.At[0] == EachItem:
			s = narrowed(s, &operations.Schema{Types: []string{"array"}, Items: f.Schema})
		}
	}
	return s
}

// About returns the description of the input, else that of the first place it reaches.
func (in *Input) About() string {
	about := in.Description
	for _, f := range in.Feeds {
		if f.Whole() {
			about = cmp.Or(about, f.About)
		}
	}
	return about
}

// narrowed returns the schema of values that fit both, as far as one schema without parts
// has the words for it. One that takes no value of the other's types is left out: the
// value is converted on its way.
func narrowed(own, by *operations.Schema) *operations.Schema {
	if own == nil || by == nil {
		return cmp.Or(own, by)
	}
	own, by = own.Flatten(), by.Flatten()
	types, ok := commonTypes(own.Types, by.Types)
	if !ok {
		return own
	}
	s := *own
	s.Types, s.Enum = types, commonValues(choices(own), choices(by))
	s.Format, s.Pattern, s.Example = cmp.Or(own.Format, by.Format), cmp.Or(own.Pattern, by.Pattern), cmp.Or(own.Example, by.Example)
	s.MinLength, s.MaxLength = stricter(own.MinLength, by.MinLength, 1), stricter(own.MaxLength, by.MaxLength, -1)
	s.MinItems, s.MaxItems = stricter(own.MinItems, by.MinItems, 1), stricter(own.MaxItems, by.MaxItems, -1)
	s.Minimum, s.Maximum = stricter(own.Minimum, by.Minimum, 1), stricter(own.Maximum, by.Maximum, -1)
	s.ExclusiveMinimum = stricter(own.ExclusiveMinimum, by.ExclusiveMinimum, 1)
	s.ExclusiveMaximum = stricter(own.ExclusiveMaximum, by.ExclusiveMaximum, -1)
	if own.Items == nil || by.Items != nil {
		s.Items = narrowed(own.Items, by.Items)
	}
	if len(own.Properties)+len(own.Required) == 0 {
		s.Properties, s.Required, s.Open, s.Closed, s.Additional = by.Properties, by.Required, by.Open, by.Closed, by.Additional
	}
	if len(own.OneOf)+len(own.AnyOf) == 0 {
		s.OneOf, s.AnyOf = by.OneOf, by.AnyOf
	}
	return &s
}

// choices are the values that a schema lists, nil for any.
func choices(s *operations.Schema) []any {
	if s.HasConst {
		return []any{s.Const}
	}
	return s.Enum
}

// commonTypes returns the types that both allow; no types are all of them.
func commonTypes(a, b []string) (types []string, ok bool) {
	if len(a) == 0 || len(b) == 0 {
		return slices.Concat(a, b), true
	}
	for _, t := range a {
		switch {
		case slices.Contains(b, t), t == "integer" && slices.Contains(b, "number"):
			types = append(types, t)
		case t == "number" && slices.Contains(b, "integer"):
			types = append(types, "integer")
		}
	}
	return types, len(types) > 0
}

// commonValues returns the values that both list; nil lists any. Where they have none in
// common those of a are left, none of which is accepted.
func commonValues(a, b []any) []any {
	if len(a) == 0 || len(b) == 0 {
		return slices.Concat(a, b)
	}
	both := slices.DeleteFunc(slices.Clone(a), func(v any) bool {
		return !slices.ContainsFunc(b, func(w any) bool { return jsonvalue.Equal(v, w) })
	})
	if len(both) == 0 {
		return a
	}
	return both
}

// stricter returns the larger of two bounds, for -1 the smaller; nil bounds nothing.
func stricter[T cmp.Ordered](a, b *T, sign int) *T {
	if a == nil || b != nil && cmp.Compare(*b, *a) == sign {
		return b
	}
	return a
}
