package check

import (
	"regexp"
	"slices"

	"github.com/capstan-run/capstan/operations"
)

// spot is where a value stands within the one that is checked. It remembers
// which schemas were compared with the value, so that parts that lead to one
// schema by many ways cost one comparison.
type spot struct {
	parent *spot
	token  string
	whole  *operations.Schema // the first schema that was compared with the value
	seen   map[*operations.Schema][]operations.Violation
	// Places inside are kept only where a schema with parts may come again; the
	// items of a plain list are forgotten one by one.
	inside map[string]*spot
	keeps  bool
}

// visit records the findings of the comparison with s.
func (p *spot) visit(s *operations.Schema, found []operations.Violation) {
	if p.seen == nil {
		p.seen, p.keeps = make(map[*operations.Schema][]operations.Violation), true
	}
	p.seen[s] = found
}

// child returns the place of a property or item.
func (p *spot) child(token string) *spot {
	if at := p.inside[token]; at != nil {
		return at
	}
	at := &spot{parent: p, token: token, keeps: p.keeps}
	if p.keeps {
		if p.inside == nil {
			p.inside = make(map[string]*spot)
		}
		p.inside[token] = at
	}
	return at
}

// pointer returns the place as a JSON pointer.
func (p *spot) pointer() string {
	var tokens []string
	for ; p.parent != nil; p = p.parent {
		tokens = append(tokens, p.token)
	}
	slices.Reverse(tokens)
	return pointer(tokens)
}

// checkerState is shared by the checkers of one value.
type checkerState struct {
	answer   bool
	patterns map[string]*regexp.Regexp
	enums    map[*operations.Schema]map[string]bool
	names    map[*operations.Schema]map[string]*operations.Schema
}

// searchable is the length from which a list is indexed before it is searched.
const searchable = 32

// pattern returns a compiled pattern, nil for one that Go's syntax lacks.
func (c *checkerState) pattern(text string) *regexp.Regexp {
	re, known := c.patterns[text]
	if !known {
		if c.patterns == nil {
			c.patterns = make(map[string]*regexp.Regexp)
		}
		re, _ = regexp.Compile(text)
		c.patterns[text] = re
	}
	return re
}

// listed reports whether v is among the values of an enum.
func (c *checkerState) listed(s *operations.Schema, v any) bool {
	text, isText := v.(string)
	if !isText || len(s.Enum) < searchable {
		return slices.ContainsFunc(s.Enum, func(e any) bool { return documented(e, v) })
	}
	texts, known := c.enums[s]
	if !known {
		if c.enums == nil {
			c.enums = make(map[*operations.Schema]map[string]bool)
		}
		texts = make(map[string]bool, len(s.Enum))
		for _, e := range s.Enum {
			if text, ok := e.(string); ok {
				texts[text] = true
			}
		}
		c.enums[s] = texts
	}
	return texts[text]
}

// property returns the schema of a property that s itself lists.
func (c *checkerState) property(s *operations.Schema, name string) (p *operations.Schema, listed bool) {
	if len(s.Properties) < searchable {
		i := slices.IndexFunc(s.Properties, func(p operations.Property) bool { return p.Name == name })
		if i < 0 {
			return nil, false
		}
		return s.Properties[i].Schema, true
	}
	names, known := c.names[s]
	if !known {
		if c.names == nil {
			c.names = make(map[*operations.Schema]map[string]*operations.Schema)
		}
		names = make(map[string]*operations.Schema, len(s.Properties))
		for _, p := range slices.Backward(s.Properties) { // the first of a name counts
			names[p.Name] = p.Schema
		}
		c.names[s] = names
	}
	p, listed = names[name]
	return p, listed
}

// isWriteOnly reports whether a property is one that only requests carry.
func isWriteOnly(s *operations.Schema) bool {
	return s.Any(func(part *operations.Schema) bool { return part.WriteOnly })
}
