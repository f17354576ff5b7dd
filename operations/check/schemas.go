package check

import (
	"math"
	"net/url"
	"strings"
	"sync"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
)

// RefScheme starts every reference of a schema that [Schemas.Full] compares with:
// "index:/Organization" names a component.
const RefScheme = "index:/"

// RefName returns the name in a reference.
func RefName(ref string) string {
	name, err := url.PathUnescape(strings.TrimPrefix(ref, RefScheme))
	if err != nil {
		return ""
	}
	return name
}

// Full returns the comparison of answers with the whole of a JSON Schema 2020-12,
// for [operations.Media]. The schema is read when the comparison is first used; nil
// accepts everything. The work is bounded by the size of the value times that of
// the schema, however the schema's parts share and repeat each other.
func (c *Schemas) Full(read func() any) func(v any) []operations.Violation {
	root := sync.OnceValue(func() *shape { return c.shape(read()) })
	return func(v any) []operations.Violation { return compare(root(), v, true) }
}

// Schemas are the schemas of a document, each read and made ready when a value
// first meets it. They are safe for concurrent use.
type Schemas struct {
	read   func(name string) any
	mu     sync.Mutex
	shapes map[string]*shape // of components
}

// NewSchemas returns schemas that refer to components, which read returns as plain
// JSON, nil for one that is missing.
func NewSchemas(read func(name string) any) *Schemas {
	return &Schemas{read: read, shapes: map[string]*shape{}}
}

// component returns the shape of a component; one that is missing accepts
// everything.
func (c *Schemas) component(name string) *shape {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.shapes[name]
	if s == nil {
		s = &shape{load: func(s *shape) {
			c.fill(s, c.read(name))
		}}
		c.shapes[name] = s
	}
	return s
}

// shape returns the shape of a schema, which is nil when there is none.
func (c *Schemas) shape(schema any) *shape {
	if schema == nil {
		return nil
	}
	m := objectOf(schema)
	if ref, ok := m["$ref"].(string); ok && len(m) == 1 {
		return c.component(RefName(ref))
	}
	s := &shape{}
	c.fill(s, schema)
	return s
}

func (c *Schemas) list(v any) (out []*shape) {
	for _, schema := range listOf(v) {
		out = append(out, c.shape(schema))
	}
	return out
}

func (c *Schemas) named(v any) map[string]*shape {
	all := objectOf(v)
	out := make(map[string]*shape, len(all))
	for name, schema := range all {
		out[name] = c.shape(schema)
	}
	return out
}

func (c *Schemas) fill(s *shape, schema any) {
	m := objectOf(schema)
	s.never = schema == false
	s.writeOnly, s.readOnly = m["writeOnly"] == true, m["readOnly"] == true
	if name, ok := m["type"].(string); ok {
		s.types = typesOf([]string{name})
	} else {
		s.types = typesOf(textsOf(m["type"]))
	}
	s.typeNames = s.types.String()
	if v, ok := m["const"]; ok {
		s.constant = &v
	}
	s.setEnum(listOf(m["enum"]))
	s.fillBounds(m)
	s.required = textsOf(m["required"])
	s.properties = c.named(m["properties"])
	for text, schema := range objectOf(m["patternProperties"]) {
		s.patterns = append(s.patterns, patternShape{patternOf(text), c.shape(schema)})
	}
	s.closed = m["additionalProperties"] == false
	if !s.closed {
		s.additional = c.shape(m["additionalProperties"])
	}
	s.propertyNames, s.dependent = c.shape(m["propertyNames"]), c.named(m["dependentSchemas"])
	s.items, s.prefix, s.contains = c.shape(m["items"]), c.list(m["prefixItems"]), c.shape(m["contains"])
	if ref, ok := m["$ref"].(string); ok {
		s.ref = c.component(RefName(ref))
	}
	s.allOf, s.anyOf, s.oneOf = c.list(m["allOf"]), c.list(m["anyOf"]), c.list(m["oneOf"])
	s.not, s.when, s.then, s.otherwise = c.shape(m["not"]), c.shape(m["if"]), c.shape(m["then"]), c.shape(m["else"])
	s.unevaluatedItems, s.unevaluatedProperties = c.shape(m["unevaluatedItems"]), c.shape(m["unevaluatedProperties"])
	s.forked = s.ref != nil || len(s.allOf)+len(s.anyOf)+len(s.oneOf)+len(s.patterns)+len(s.dependent) > 0 ||
		s.not != nil || s.when != nil || s.contains != nil || s.unevaluatedItems != nil || s.unevaluatedProperties != nil
}

func (s *shape) fillBounds(m map[string]any) {
	count := func(key string, otherwise int) int {
		if n, ok := jsonvalue.Float(m[key]); ok && n < math.MaxInt32 {
			return int(n)
		}
		return otherwise
	}
	s.minLength, s.maxLength = count("minLength", 0), count("maxLength", math.MaxInt)
	s.minItems, s.maxItems = count("minItems", 0), count("maxItems", math.MaxInt)
	s.minProperties, s.maxProperties = count("minProperties", 0), count("maxProperties", math.MaxInt)
	s.minContains, s.maxContains = count("minContains", -1), count("maxContains", math.MaxInt)
	s.multipleOf, s.unique = m["multipleOf"], m["uniqueItems"] == true
	if text, ok := m["pattern"].(string); ok {
		s.pattern = patternOf(text)
	}
	for _, b := range boundKinds {
		if limit, ok := m[b.key]; ok {
			s.bounds = append(s.bounds, bound{limit, b.allows, b.wish})
		}
	}
}

// listOf, objectOf and textsOf return an empty value for one of another type.
func listOf(v any) []any            { list, _ := v.([]any); return list }
func objectOf(v any) map[string]any { object, _ := v.(map[string]any); return object }
func textsOf(v any) (texts []string) {
	for _, item := range listOf(v) {
		if text, ok := item.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}
