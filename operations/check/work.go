package check

// The validator looks at a value once for every way that leads to it through a
// schema: 24 levels of "allOf: [S, S]" are 16 million ways. So the ways are
// counted before it starts.

// maxWays bounds the ways through a schema that contains itself nowhere; one
// with fewer is cheap for every value.
const maxWays = 4 * maxCompiled

// maxNesting bounds how deeply schemas and values may nest, as in documents.
const maxNesting = 500

// A check may take so many looks for each value that an answer is made of, and
// so many in all whatever its size.
const (
	maxLooksEach = 64
	minLooks     = 100_000
)

// work estimates the effort of checking a value.
type work struct {
	schema     any
	components components
}

// work returns nil when the schema is cheap for every value.
func (all components) work(schema any) *work {
	w := ways{components: all, known: map[string]int{}}
	if w.through(schema) <= maxWays {
		return nil
	}
	return &work{schema, all}
}

// ways counts the ways through schemas, at most maxWays+1, which is also the
// count of a component that contains itself.
type ways struct {
	components components
	known      map[string]int // by component
}

func (w *ways) through(v any) int {
	schema, ok := v.(map[string]any)
	if !ok {
		return 1
	}
	total := 1
	add := func(ways int) { total = min(total+ways, maxWays+1) }
	if name, to, ok := w.components.target(schema); ok {
		if _, met := w.known[name]; !met {
			w.known[name] = maxWays + 1 // until it is left: one that is met inside itself
			w.known[name] = w.through(to)
		}
		add(w.known[name])
	}
	for key, v := range schema {
		eachSubschema(key, v, func(sub any) {
			if total <= maxWays {
				add(w.through(sub))
			}
		})
	}
	return total
}

// eachSubschema calls visit with the schemas that stand under a keyword.
func eachSubschema(key string, v any, visit func(any)) {
	switch key {
	case "properties", "patternProperties", "dependentSchemas":
		for _, inner := range objectOf(v) {
			visit(inner)
		}
	case "allOf", "anyOf", "oneOf", "prefixItems":
		for _, item := range listOf(v) {
			visit(item)
		}
	case "items", "not", "contains", "propertyNames", "if", "then", "else",
		"additionalProperties", "unevaluatedItems", "unevaluatedProperties":
		visit(v)
	}
}

// allows reports whether the validator may check v: whether it takes looks in
// proportion to v's size. It is safe on nil.
func (w *work) allows(v any) bool {
	if w == nil {
		return true
	}
	l := looks{work: w, left: minLooks + maxLooksEach*countValues(v)}
	return l.at(w.schema, v, 0)
}

func countValues(v any) int {
	total := 1
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			total += countValues(item)
		}
	case map[string]any:
		for _, item := range v {
			total += countValues(item)
		}
	}
	return total
}

// looks walks as the validator would, without the comparisons.
type looks struct {
	*work
	left int
}

// at reports whether enough looks are left for v under a schema.
func (l *looks) at(s, v any, depth int) bool {
	if l.left--; l.left < 0 || depth > 4*maxNesting {
		return false
	}
	schema, ok := s.(map[string]any)
	if !ok {
		return true
	}
	if _, to, ok := l.components.target(schema); ok && !l.at(to, v, depth+1) {
		return false
	}
	for key, part := range schema {
		ok := true
		switch key {
		case "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas":
			eachSubschema(key, part, func(sub any) { ok = ok && l.at(sub, v, depth+1) })
		default:
			ok = l.inside(key, part, v, depth)
		}
		if !ok {
			return false
		}
	}
	return true
}

// inside looks at the values within v that a keyword applies to.
func (l *looks) inside(key string, part, v any, depth int) bool {
	ok := true
	switch v := v.(type) {
	case map[string]any:
		switch key {
		case "properties":
			for name, sub := range objectOf(part) {
				if item, there := v[name]; there {
					ok = ok && l.at(sub, item, depth+1)
				}
			}
		case "patternProperties", "additionalProperties", "unevaluatedProperties", "propertyNames":
			eachSubschema(key, part, func(sub any) {
				for _, item := range v {
					ok = ok && l.at(sub, item, depth+1)
				}
			})
		}
	case []any:
		switch key {
		case "items", "contains", "unevaluatedItems", "prefixItems":
			eachSubschema(key, part, func(sub any) {
				for _, item := range v {
					ok = ok && l.at(sub, item, depth+1)
				}
			})
		}
	}
	return ok
}
