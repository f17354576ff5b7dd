package mock

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
)

// maker makes values from schemas. It prefers, in this order: a constant, the
// documented example, the default, the first alternative that fits, a value
// that follows from type, format and name.
type maker struct {
	now     time.Time
	left    *int // how many values, for all copies of the maker
	request bool // of what is sent: what is required, and no more
}

// newMaker makes one answer. Its values are bounded: schemas that require each other in
// more than one place grow without end.
func newMaker(now time.Time) maker { return maker{now: now, left: new(10_000)} }

// Example returns a value for a request, by the same rules as those of answers: what the
// schema requires and no more. It is the same at any time.
func Example(s *operations.Schema, name string) any {
	m := maker{now: time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC), left: new(1_000), request: true}
	if s == nil {
		s = &operations.Schema{Types: []string{"string"}}
	}
	return m.value(s, name, nil)
}

func (m maker) spent() bool { return *m.left <= 0 }

// deepest is how far optional properties are followed into nested objects.
const deepest = 6

func (m maker) value(s *operations.Schema, name string, above []*operations.Schema) any {
	if *m.left--; s == nil {
		return "example"
	}
	if s.HasConst {
		return copied(s.Const)
	}
	if stamp, ok := m.stamp(s, name); ok {
		return stamp
	}
	if _, isObject := s.Example.(map[string]any); s.Example != nil && !isObject {
		if v := copied(s.Example); fits(s, v) {
			return v
		}
	}
	if s.HasDefault && s.Default != nil {
		if v := copied(s.Default); fits(s, v) {
			return v
		}
	}
	for _, v := range s.Enum {
		if v != nil {
			return copied(v)
		}
	}
	if v, ok := m.alternative(s, name, above); ok {
		return v
	}
	if v, ok := m.variant(s, name, above); ok {
		return v
	}
	return m.typed(s, name, above)
}

// alternative makes the first oneOf or anyOf branch that the whole accepts.
func (m maker) alternative(s *operations.Schema, name string, above []*operations.Schema) (any, bool) {
	if len(s.Properties) > 0 || len(above) > deepest || m.spent() {
		return nil, false // typed folds a branch into the properties
	}
	for _, b := range slices.Concat(s.OneOf, s.AnyOf) {
		if b == nil || slices.Equal(b.Types, []string{"null"}) {
			continue
		}
		if v := m.value(b, name, append(above, s)); fits(s, v) {
			return v, true
		}
	}
	return nil, false
}

// variant makes a value of the schema that the discriminator maps to.
func (m maker) variant(s *operations.Schema, name string, above []*operations.Schema) (any, bool) {
	if s.Variant == nil || slices.Contains(above, s) || m.spent() {
		return nil, false
	}
	v, ok := m.value(s.Variant.Schema, name, append(above, s)).(map[string]any)
	if !ok {
		return nil, false
	}
	before, named := v[s.Variant.Property]
	if v[s.Variant.Property] = s.Variant.Value; named && !fits(s.Variant.Schema, v) {
		v[s.Variant.Property] = before
	}
	return v, fits(s, v)
}

func (m maker) typed(s *operations.Schema, name string, above []*operations.Schema) any {
	sh := shapeOf(s)
	switch sh.kind {
	case "object":
		return m.object(s, sh, above)
	case "array":
		return m.array(s, sh, name, above)
	case "string":
		return sampleText(sh.leaf, name, m.now)
	case "integer", "number":
		return sampleNumber(sh.leaf)
	case "boolean":
		return false
	case "":
		if sh.leaf != nil && sh.leaf != s {
			return m.value(sh.leaf, name, append(above, s))
		}
		return "example"
	default:
		return nil
	}
}

// object makes the required properties and those optional ones that do not
// lead back to where we are, then puts the example's fields over them.
func (m maker) object(s *operations.Schema, sh shape, above []*operations.Schema) any {
	out := map[string]any{}
	example, _ := copied(s.Example).(map[string]any)
	inner := append(slices.Clone(above), s)
	for _, p := range sh.props {
		if p.Schema != nil && (p.Schema.WriteOnly && !m.request || p.Schema.ReadOnly && m.request) {
			continue // only the other way carries it, even where it is required
		}
		needed := sh.needed[p.Name]
		if m.request && !needed {
			continue
		}
		if p.Schema != nil && !needed && (p.Schema.Deprecated || leadsBack(p.Schema, inner) || len(inner) > deepest) {
			continue
		}
		if v, ok := example[p.Name]; ok && fits(p.Schema, v) && !m.stamps(p) {
			out[p.Name] = v
			continue
		}
		if len(inner) > deepest*2 || m.spent() {
			continue // a schema that requires itself has no value at all
		}
		out[p.Name] = m.value(p.Schema, p.Name, inner)
	}
	for name, v := range example {
		if sh.byName[name] == nil && !s.Closed && !m.request {
			out[name] = v
		}
	}
	for _, name := range sh.required {
		if _, ok := out[name]; !ok && sh.byName[name] == nil && !m.spent() {
			out[name] = m.value(nil, name, inner)
		}
	}
	return out
}

func (m maker) array(s *operations.Schema, sh shape, name string, above []*operations.Schema) any {
	n := 1
	if leaf := sh.leaf; leaf != nil && leaf.MinItems != nil {
		n = max(n, min(*leaf.MinItems, 100))
	} else if sh.items == nil || leadsBack(sh.items, append(slices.Clone(above), s)) || len(above) > deepest {
		return []any{}
	}
	out := make([]any, n)
	for i := range out {
		if m.spent() {
			return out[:i]
		}
		out[i] = m.value(sh.items, words.Singular(name), append(slices.Clone(above), s))
	}
	return out
}

// leadsBack reports whether making s would make one of the schemas around it.
func leadsBack(s *operations.Schema, above []*operations.Schema) bool {
	return slices.Contains(above, s) || s.Items != nil && slices.Contains(above, s.Items)
}

// stamp gives times that follow the clock where the document's example would
// be years old.
func (m maker) stamp(s *operations.Schema, name string) (string, bool) {
	if s.Format != "date-time" || !slices.Contains(s.Types, "string") || slices.Contains(s.Types, "null") {
		return "", false
	}
	switch n := words.Snake(name); {
	case strings.HasPrefix(n, "created"), strings.HasPrefix(n, "updated"), strings.HasPrefix(n, "modified"), n == "timestamp":
		return timestamp(m.now), true
	case strings.HasPrefix(n, "expires"):
		return timestamp(m.now.Add(24 * time.Hour)), true
	}
	return "", false
}

func (m maker) stamps(p operations.Property) bool {
	if p.Schema == nil {
		return false
	}
	_, ok := m.stamp(p.Schema, p.Name)
	return ok
}

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func sampleNumber(s *operations.Schema) any {
	n := 1.0
	for _, low := range []*float64{s.Minimum, s.ExclusiveMinimum} {
		if low != nil && n <= *low {
			n = math.Floor(*low) + 1
		}
	}
	for _, high := range []*float64{s.Maximum, s.ExclusiveMaximum} {
		if high != nil && n >= *high {
			n = math.Ceil(*high) - 1
		}
	}
	if s.Maximum != nil && s.Minimum != nil && (n < *s.Minimum || n > *s.Maximum) {
		return *s.Minimum
	}
	return n
}
