package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
)

// parts compares v with the schemas that s is made of.
func (p *pass) parts(s *shape, v any, done *evaluated) {
	if s.ref != nil {
		p.part(s.ref, v, done)
	}
	for _, part := range s.allOf {
		p.part(part, v, done)
	}
	if s.anyOf != nil {
		p.alternatives(s.anyOf, v, done, false)
	}
	if s.oneOf != nil {
		p.alternatives(s.oneOf, v, done, !s.outline)
	}
	if s.not != nil && p.fits(s.not, v, done) && p.wrong() {
		p.add(`fits the shape that is documented under "not"`)
	}
	switch {
	case s.when == nil:
	case p.fits(s.when, v, done):
		p.part(s.then, v, done)
	default:
		p.part(s.otherwise, v, done)
	}
}

// alternatives compares v with a list of which at least one must fit, or exactly
// one. Alternatives become one violation, which names how the nearest differs.
func (p *pass) alternatives(list []*shape, v any, done *evaluated, one bool) {
	fitting := 0
	for _, s := range list {
		if p.fits(s, v, done) {
			fitting++
		}
		if fitting > 1 && one || fitting > 0 && !one && done == nil {
			break
		}
	}
	switch {
	case fitting > 1 && one:
		if p.wrong() {
			p.add("fits %d of the documented shapes where only one may fit", fitting)
		}
	case fitting == 0 && p.wrong():
		p.none(list, v)
	}
}

func (p *pass) none(list []*shape, v any) {
	var nearest []operations.Violation
	for _, s := range list {
		found := p.apart(func() { p.check(s, v, nil) })
		if nearest == nil || len(found) < len(nearest) {
			nearest = found
		}
	}
	message := fmt.Sprintf("fits none of the %d documented shapes", len(list))
	if len(nearest) > 0 { // not when the looks were used up
		first := nearest[0]
		first.Path = strings.TrimPrefix(first.Path, p.path())
		message += "; the nearest: " + first.String()
	}
	p.add("%s", message)
}

// unevaluated compares what no keyword of s, nor of its parts, was about.
func (p *pass) unevaluated(s *shape, v any, done *evaluated) {
	if s.unevaluatedItems == nil && s.unevaluatedProperties == nil {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if s.unevaluatedProperties != nil && !done.names[name] {
				p.property(s.unevaluatedProperties, name, v[name])
				done.name(name)
			}
		}
	case []any:
		for i, inner := range v {
			if s.unevaluatedItems != nil && !done.items[i] {
				p.item(s.unevaluatedItems, i, inner)
				done.item(i)
			}
		}
	}
}

// evaluated are the properties or items that a keyword was about. It is nil where
// that is not asked.
type evaluated struct {
	names map[string]bool
	items map[int]bool
}

func (e *evaluated) fresh() *evaluated {
	if e == nil {
		return nil
	}
	return &evaluated{}
}

func (e *evaluated) name(name string) {
	if e != nil {
		if e.names == nil {
			e.names = map[string]bool{}
		}
		e.names[name] = true
	}
}

func (e *evaluated) item(i int) {
	if e != nil {
		if e.items == nil {
			e.items = map[int]bool{}
		}
		e.items[i] = true
	}
}

func (e *evaluated) add(other *evaluated) {
	if e != nil && other != nil {
		for name := range other.names {
			e.name(name)
		}
		for i := range other.items {
			e.item(i)
		}
	}
}
