package operations

// The validator looks at a value once for every way that leads to it through a
// schema: 24 levels of "allOf: [S, S]" are 16 million ways. So the ways are
// counted before it starts.

// maxWays bounds the ways through a schema that contains itself nowhere; one
// with fewer is cheap for every value.
const maxWays = 4 * maxCompiled

// A check may take so many looks for each value that an answer is made of, and
// so many in all whatever its size.
const (
	maxLooksEach = 64
	minLooks     = 100_000
)

// work estimates what it takes to check a value.
type work struct {
	root       *node
	components components
}

// work returns nil when the schema is cheap for every value.
func (all components) work(n *node) *work {
	w := ways{components: all, known: map[*node]int{}}
	if w.through(n) <= maxWays {
		return nil
	}
	return &work{n, all}
}

// ways counts the ways through schemas, at most maxWays+1, which is also the
// count of a schema that contains itself.
type ways struct {
	components components
	known      map[*node]int
}

func (w *ways) through(n *node) int {
	if !n.is(kindObject) {
		return 1
	}
	if count, ok := w.known[n]; ok {
		return count
	}
	w.known[n] = maxWays + 1 // until it is left: one that is met inside itself
	total := 1
	add := func(sub *node) {
		if total <= maxWays {
			total = min(total+w.through(sub), maxWays+1)
		}
	}
	if to := w.components.target(n); to != nil {
		add(to)
	}
	for _, f := range n.fields {
		eachSubschema(f, add)
	}
	w.known[n] = total
	return total
}

// eachSubschema calls visit with the schemas that stand under a keyword.
func eachSubschema(f field, visit func(*node)) {
	switch f.key {
	case "properties", "patternProperties", "dependentSchemas":
		for _, inner := range f.value.fields {
			visit(inner.value)
		}
	case "allOf", "anyOf", "oneOf", "prefixItems":
		for _, item := range f.value.items {
			visit(item)
		}
	case "items", "not", "contains", "propertyNames", "if", "then", "else",
		"additionalProperties", "unevaluatedItems", "unevaluatedProperties":
		visit(f.value)
	}
}

// allows reports whether the validator may check v: whether it takes looks in
// proportion to v's size. It is safe on nil.
func (w *work) allows(v any) bool {
	if w == nil {
		return true
	}
	l := looks{work: w, left: minLooks + maxLooksEach*countValues(v)}
	return l.at(w.root, v, 0)
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

// looks does what the validator would do, without the comparisons.
type looks struct {
	*work
	left int
}

// at reports whether enough looks are left for v under n.
func (l *looks) at(n *node, v any, depth int) bool {
	if l.left--; l.left < 0 || depth > 4*maxNesting {
		return false
	}
	if !n.is(kindObject) {
		return true
	}
	ok := true
	if to := l.components.target(n); to != nil {
		ok = l.at(to, v, depth+1)
	}
	for _, f := range n.fields {
		if !ok {
			return false
		}
		switch f.key {
		case "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas":
			eachSubschema(f, func(sub *node) { ok = ok && l.at(sub, v, depth+1) })
		default:
			ok = l.inside(f, v, depth)
		}
	}
	return ok
}

// inside looks at the values within v that a keyword applies to.
func (l *looks) inside(f field, v any, depth int) bool {
	ok := true
	switch v := v.(type) {
	case map[string]any:
		switch f.key {
		case "properties":
			for _, p := range f.value.fields {
				if item, there := v[p.key]; there {
					ok = ok && l.at(p.value, item, depth+1)
				}
			}
		case "patternProperties", "additionalProperties", "unevaluatedProperties", "propertyNames":
			eachSubschema(f, func(sub *node) {
				for _, item := range v {
					ok = ok && l.at(sub, item, depth+1)
				}
			})
		}
	case []any:
		switch f.key {
		case "items", "contains", "unevaluatedItems", "prefixItems":
			eachSubschema(f, func(sub *node) {
				for _, item := range v {
					ok = ok && l.at(sub, item, depth+1)
				}
			})
		}
	}
	return ok
}
