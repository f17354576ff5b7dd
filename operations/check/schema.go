package check

import (
	"math"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
)

// Value compares a JSON-like value with a schema by its structure: types,
// const, enum, required and closed properties, items, bounds, patterns
// and formats of text. It is meant for values that a request carries, of which required
// properties that are readOnly may be missing; answers have [Response]. That at most one of oneOf may fit is
// not asked.
// Numbers may be of any Go number type or json.Number. It returns nil when
// nothing is wrong. The work is bounded as that of [Schemas.Full].
func Value(s *operations.Schema, v any) []operations.Violation {
	return compare(outlines{}.shape(s), v, false)
}

// Answer is [Value] for a value that an API returns: a required property that is
// writeOnly may be missing, since it is required in requests only, and formats are not
// compared.
func Answer(s *operations.Schema, v any) []operations.Violation {
	return compare(outlines{}.shape(s), v, true)
}

// outlines are the shapes of schemas, for one comparison.
type outlines map[*operations.Schema]*shape

func (o outlines) shape(s *operations.Schema) *shape {
	if s == nil {
		return nil
	}
	if o[s] == nil {
		o[s] = &shape{load: func(to *shape) { o.fill(to, s) }}
	}
	return o[s]
}

func (o outlines) list(schemas []*operations.Schema) (out []*shape) {
	for _, s := range schemas {
		out = append(out, o.shape(s))
	}
	return out
}

func (o outlines) fill(to *shape, s *operations.Schema) {
	to.outline = true
	to.types, to.typeNames = typesOf(s.Types), strings.Join(s.Types, " or ")
	to.writeOnly, to.readOnly, to.required = s.WriteOnly, s.ReadOnly, s.Required
	if s.HasConst {
		to.constant = &s.Const
	}
	to.setEnum(s.Enum)
	to.properties = make(map[string]*shape, len(s.Properties))
	for _, p := range slices.Backward(s.Properties) { // the first of a name counts
		to.properties[p.Name] = o.shape(p.Schema)
	}
	to.closed = s.Closed && s.Additional == nil
	to.additional, to.items = o.shape(s.Additional), o.shape(s.Items)
	to.allOf, to.anyOf, to.oneOf = o.list(s.AllOf), o.list(s.AnyOf), o.list(s.OneOf)
	to.forked = len(s.AllOf)+len(s.AnyOf)+len(s.OneOf) > 0
	to.minLength, to.maxLength = orElse(s.MinLength, 0), orElse(s.MaxLength, math.MaxInt)
	to.minItems, to.maxItems = orElse(s.MinItems, 0), orElse(s.MaxItems, math.MaxInt)
	to.maxProperties = math.MaxInt
	if s.Pattern != "" {
		to.pattern = patternOf(s.Pattern)
	}
	to.format = s.Format
	for i, limit := range [...]*float64{s.Minimum, s.Maximum, s.ExclusiveMinimum, s.ExclusiveMaximum} {
		if limit != nil {
			to.bounds = append(to.bounds, bound{*limit, boundKinds[i].allows, boundKinds[i].wish})
		}
	}
}

func orElse(n *int, otherwise int) int {
	if n == nil {
		return otherwise
	}
	return *n
}
