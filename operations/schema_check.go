package operations

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// Check compares a JSON-like value with the schema by its structure: types,
// const, enum, required and closed properties, items, bounds and patterns. It is
// meant for values that are known beforehand; answers have
// [Operation.CheckResponse]. Numbers may be of any Go number type or
// json.Number. It returns nil when nothing is wrong.
func (s *Schema) Check(v any) []Violation {
	c := &checker{}
	c.check(s, v, nil, 0)
	return c.found
}

// maxViolations bounds a report; more would not be read.
const maxViolations = 50

type checker struct {
	found []Violation
	// Schemas that are being compared with the value at hand; one that meets
	// itself there, through allOf or alternatives, says nothing new.
	open map[*Schema]bool
}

func (c *checker) add(path []string, format string, args ...any) {
	if len(c.found) < maxViolations {
		c.found = append(c.found, Violation{pointer(path), fmt.Sprintf(format, args...)})
	}
}

// check compares v with s. A child value starts with no schema open.
func (c *checker) check(s *Schema, v any, path []string, depth int) {
	if s == nil || depth > maxNesting || c.open[s] || len(c.found) >= maxViolations {
		return
	}
	if len(s.AllOf)+len(s.AnyOf)+len(s.OneOf) > 0 {
		if c.open == nil {
			c.open = make(map[*Schema]bool)
		}
		c.open[s] = true
		defer delete(c.open, s)
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

func (c *checker) values(s *Schema, v any, path []string) {
	if s.HasConst && !documented(s.Const, v) {
		c.add(path, "is %s where only %s is documented", show(v), show(s.Const))
	}
	if s.Enum != nil && !slices.ContainsFunc(s.Enum, func(e any) bool { return documented(e, v) }) {
		c.add(path, "is %s, which is none of the documented values (%s)", show(v), showAll(s.Enum))
	}
}

func (c *checker) text(s *Schema, v string, path []string) {
	if length := utf8.RuneCountInString(v); s.MinLength != nil && length < *s.MinLength {
		c.add(path, "has %d characters, at least %d are documented", length, *s.MinLength)
	} else if s.MaxLength != nil && length > *s.MaxLength {
		c.add(path, "has %d characters, at most %d are documented", length, *s.MaxLength)
	}
	if s.Pattern != "" {
		if re, err := regexp.Compile(s.Pattern); err == nil && !re.MatchString(v) {
			c.add(path, "%s does not match the pattern %s", show(v), s.Pattern)
		}
	}
}

func (c *checker) number(s *Schema, n any, path []string) {
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

func (c *checker) array(s *Schema, v []any, path []string, depth int) {
	if s.MinItems != nil && len(v) < *s.MinItems {
		c.add(path, "has %d items, at least %d are documented", len(v), *s.MinItems)
	} else if s.MaxItems != nil && len(v) > *s.MaxItems {
		c.add(path, "has %d items, at most %d are documented", len(v), *s.MaxItems)
	}
	if s.Items == nil {
		return
	}
	defer c.child()()
	for i, item := range v {
		c.check(s.Items, item, append(slices.Clip(path), strconv.Itoa(i)), depth+1)
	}
}

func (c *checker) object(s *Schema, v map[string]any, path []string, depth int) {
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			c.add(path, "property %q is missing", name)
		}
	}
	defer c.child()()
	for _, name := range sortedKeys(v) {
		var p *Schema
		if i := slices.IndexFunc(s.Properties, func(p Property) bool { return p.Name == name }); i >= 0 {
			p = s.Properties[i].Schema
		} else if p = s.Additional; p == nil {
			if s.Closed {
				c.add(path, "property %q is not documented", name)
			}
			continue
		}
		c.check(p, v[name], append(slices.Clip(path), name), depth+1)
	}
}

// child leaves the value at hand for one inside it; the result returns to it.
func (c *checker) child() func() {
	outer := c.open
	c.open = nil
	return func() { c.open = outer }
}

// alternatives accepts a value that fits at least one of list. That at most one
// of oneOf may fit is left to the full validator.
func (c *checker) alternatives(list []*Schema, v any, path []string, depth int) {
	if len(list) == 0 {
		return
	}
	var nearest []Violation
	for _, s := range list {
		try := &checker{open: c.open}
		try.check(s, v, path, depth+1)
		if len(try.found) == 0 {
			return
		}
		if nearest == nil || len(try.found) < len(nearest) {
			nearest = try.found
		}
	}
	near := nearest[0]
	near.Path = strings.TrimPrefix(near.Path, pointer(path))
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
