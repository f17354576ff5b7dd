package check

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// Value compares a JSON-like value with a schema by its structure: types,
// const, enum, required and closed properties, items, bounds and patterns. It
// is meant for values that are known beforehand; answers have [Response].
// Numbers may be of any Go number type or json.Number. It returns nil when
// nothing is wrong. The work is bounded by the size of the value times that of
// the schema, however the schema's parts share and repeat each other.
func Value(s *operations.Schema, v any) []operations.Violation { return structure(s, v, false) }

// Answer is [Value] for a value that an API returns: a required property that is
// writeOnly may be missing, since it is required in requests only.
func Answer(s *operations.Schema, v any) []operations.Violation { return structure(s, v, true) }

func structure(s *operations.Schema, v any, answer bool) []operations.Violation {
	c := &checker{checkerState: &checkerState{answer: answer}}
	c.check(s, v, &spot{}, 0)
	return c.found
}

// maxViolations bounds a report; more would not be read.
const maxViolations = 50

type checker struct {
	found []operations.Violation
	*checkerState
}

func (c *checker) add(path *spot, format string, args ...any) {
	if len(c.found) < maxViolations {
		c.found = append(c.found, operations.Violation{Path: path.pointer(), Message: fmt.Sprintf(format, args...)})
	}
}

// take adds violations that were found before, each once.
func (c *checker) take(list []operations.Violation) {
	for _, v := range list {
		if len(c.found) < maxViolations && !slices.Contains(c.found, v) {
			c.found = append(c.found, v)
		}
	}
}

// check compares v, which stands at path, with s. A schema that has parts is
// compared with one place once: its findings there are kept. One that
// meets itself there, through its parts, adds nothing.
func (c *checker) check(s *operations.Schema, v any, path *spot, depth int) {
	if s == nil || depth > maxNesting || len(c.found) >= maxViolations {
		return
	}
	if path.whole == nil {
		path.whole = s
	}
	if len(s.AllOf)+len(s.AnyOf)+len(s.OneOf) == 0 {
		c.compare(s, v, path, depth)
		return
	}
	found, known := path.seen[s]
	if !known {
		path.visit(s, nil)
		inner := &checker{checkerState: c.checkerState}
		inner.compare(s, v, path, depth)
		found = inner.found
		path.visit(s, found)
	}
	c.take(found)
}

func (c *checker) compare(s *operations.Schema, v any, path *spot, depth int) {
	if v == nil && slices.Contains(s.Types, "null") {
		c.values(s, v, path) // its parts are for the other types
		return
	}
	if len(s.Types) > 0 && !slices.ContainsFunc(s.Types, func(t string) bool { return isOfType(v, t) }) {
		c.add(path, "is %s where %s is documented", article(jsonType(v)), strings.Join(s.Types, " or "))
		return
	}
	c.values(s, v, path)
	switch v := v.(type) {
	case string:
		c.text(s, v, path)
	case []any:
		c.array(s, v, path, depth)
	case map[string]any:
		c.object(s, v, path, depth)
	default:
		if jsonvalue.IsNumber(v) {
			c.number(s, v, path)
		}
	}
	for _, part := range s.AllOf {
		c.check(part, v, path, depth+1)
	}
	c.alternatives(s.AnyOf, v, path, depth)
	c.alternatives(s.OneOf, v, path, depth)
}

func (c *checker) values(s *operations.Schema, v any, path *spot) {
	if s.HasConst && !documented(s.Const, v) {
		c.add(path, "is %s where only %s is documented", show(v), show(s.Const))
	}
	if s.Enum != nil && !c.listed(s, v) {
		c.add(path, "is %s, which is none of the documented values (%s)", show(v), showAll(s.Enum))
	}
}

func (c *checker) text(s *operations.Schema, v string, path *spot) {
	if length := utf8.RuneCountInString(v); s.MinLength != nil && length < *s.MinLength {
		c.add(path, "has %d characters, at least %d are documented", length, *s.MinLength)
	} else if s.MaxLength != nil && length > *s.MaxLength {
		c.add(path, "has %d characters, at most %d are documented", length, *s.MaxLength)
	}
	if s.Pattern != "" {
		if re := c.pattern(s.Pattern); re != nil && !re.MatchString(v) {
			c.add(path, "%s does not match the pattern %s", show(v), s.Pattern)
		}
	}
}

func (c *checker) number(s *operations.Schema, n any, path *spot) {
	breaks := func(bound *float64, wrong func(order int) bool) bool {
		if bound == nil || mayBe(*bound, n) {
			return false
		}
		order, ok := jsonvalue.Compare(n, *bound)
		return ok && wrong(order)
	}
	switch {
	case breaks(s.Minimum, func(order int) bool { return order < 0 }):
		c.add(path, "is %s, at least %s is documented", show(n), show(*s.Minimum))
	case breaks(s.Maximum, func(order int) bool { return order > 0 }):
		c.add(path, "is %s, at most %s is documented", show(n), show(*s.Maximum))
	case breaks(s.ExclusiveMinimum, func(order int) bool { return order <= 0 }):
		c.add(path, "is %s, more than %s is documented", show(n), show(*s.ExclusiveMinimum))
	case breaks(s.ExclusiveMaximum, func(order int) bool { return order >= 0 }):
		c.add(path, "is %s, less than %s is documented", show(n), show(*s.ExclusiveMaximum))
	}
}

func (c *checker) array(s *operations.Schema, v []any, path *spot, depth int) {
	if s.MinItems != nil && len(v) < *s.MinItems {
		c.add(path, "has %d items, at least %d are documented", len(v), *s.MinItems)
	} else if s.MaxItems != nil && len(v) > *s.MaxItems {
		c.add(path, "has %d items, at most %d are documented", len(v), *s.MaxItems)
	}
	if s.Items == nil {
		return
	}
	for i, item := range v {
		if len(c.found) >= maxViolations {
			return
		}
		c.check(s.Items, item, path.child(strconv.Itoa(i)), depth+1)
	}
}

func (c *checker) object(s *operations.Schema, v map[string]any, path *spot, depth int) {
	for _, name := range s.Required {
		if _, ok := v[name]; !ok && !(c.answer && isWriteOnly(path.whole.Property(name))) {
			c.add(path, "property %q is missing", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		p, listed := c.property(s, name)
		if !listed {
			p = s.Additional
		}
		if p == nil && !listed {
			if s.Closed {
				c.add(path, "property %q is not documented", name)
			}
			continue
		}
		c.check(p, v[name], path.child(name), depth+1)
	}
}

// alternatives accepts a value that fits at least one of list. That at most one
// of oneOf may fit is left to the full validator.
func (c *checker) alternatives(list []*operations.Schema, v any, path *spot, depth int) {
	if len(list) == 0 {
		return
	}
	var nearest []operations.Violation
	for _, s := range list {
		try := &checker{checkerState: c.checkerState}
		try.check(s, v, path, depth+1)
		if len(try.found) == 0 {
			return
		}
		if nearest == nil || len(try.found) < len(nearest) {
			nearest = try.found
		}
	}
	near := nearest[0]
	near.Path = strings.TrimPrefix(near.Path, path.pointer())
	c.add(path, "fits none of the %d documented shapes; the nearest: %s", len(list), near)
}

func isOfType(v any, typeName string) bool {
	got := jsonType(v)
	return got == typeName || typeName == "number" && got == "integer"
}

// jsonType returns the JSON type of a value; a whole number is an integer
// however it is held.
func jsonType(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	default:
		switch {
		case !jsonvalue.IsNumber(v):
			return "value of no JSON type"
		case jsonvalue.IsInteger(v):
			return "integer"
		}
		return "number"
	}
}
