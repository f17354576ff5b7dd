package check

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/capstan-run/capstan/operations"
)

// A value is compared in up to three passes, each of which does more than the one
// before: the first only finds out whether anything is wrong, the second what. A
// schema whose parts repeat each other leads to one value by many ways (24 levels
// of "allOf: [S, S]" are 16 million), so both give up after so many looks at
// values, and the third compares a shape with a place once, and remembers.
const (
	maxLooksEach = 64
	minLooks     = 10_000
	looksToWord  = 50 // a violation's message costs as much
)

// maxDepth bounds how deeply a comparison nests, in schemas and values, of which
// documents allow 500 each.
const maxDepth = 2_000

// maxViolations bounds what is remembered of one place; more would not be read.
const maxViolations = 50

// compare returns how v differs from s. In an answer a required property that is
// writeOnly may be missing, otherwise one that is readOnly.
func compare(s *shape, v any, answer bool) []operations.Violation {
	p := &pass{answer: answer, quiet: true, looks: minLooks}
	p.at = p.room[:0]
	if p.run(s, v); p.looks < 0 {
		*p = pass{answer: answer, quiet: true, looks: maxLooksEach * countValues(v), at: p.at[:0]}
		p.run(s, v)
	}
	if p.looks >= 0 && p.failed == 0 {
		return nil
	}
	if p.looks >= 0 {
		p = &pass{answer: answer, looks: 2*minLooks + maxLooksEach*countValues(v)}
		p.run(s, v)
	}
	if p.looks < 0 {
		p = &pass{answer: answer, known: map[spot]*finding{}}
		p.run(s, v)
	}
	return distinct(p.found, s != nil && s.outline)
}

// distinct returns each of found once, in the order of places: that of the value
// and its schema for a schema of the model.
func distinct(found []operations.Violation, inOrder bool) []operations.Violation {
	if !inOrder {
		slices.SortFunc(found, func(a, b operations.Violation) int {
			return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
		})
	}
	known := make(map[operations.Violation]bool, len(found))
	return slices.DeleteFunc(found, func(v operations.Violation) bool {
		again := known[v]
		known[v] = true
		return again
	})
}

// pass is one comparison of a value with a shape.
type pass struct {
	answer bool
	quiet  bool // only whether something is wrong counts
	looks  int  // that are left; not counted when known is there
	known  map[spot]*finding
	at     []place  // from the whole value to the one at hand
	room   [6]place // of most answers
	depth  int

	failed  int
	found   []operations.Violation
	missing map[property]bool // those that were missing: whether they may be
}

// place is a value within another one.
type place struct {
	name  string
	item  int    // of a list, counted from 1; 0 for a property
	whole *shape // the first shape that was compared with the value
}

// spot is a shape at a place.
type spot struct {
	shape     *shape
	path      string
	evaluated bool // it was wanted what was evaluated
}

// finding is the result of a comparison at a spot.
type finding struct {
	found     []operations.Violation
	evaluated *evaluated
}

func (p *pass) run(s *shape, v any) {
	p.at = append(p.at, place{})
	p.check(s, v, nil)
}

// ended reports that looking further is useless.
func (p *pass) ended() bool { return p.known == nil && (p.looks < 0 || p.quiet && p.failed > 0) }

// wrong counts a violation and reports whether it is to be worded.
func (p *pass) wrong() bool {
	p.failed++
	return !p.quiet
}

// add words a violation that was counted.
func (p *pass) add(format string, args ...any) { p.addOf("", format, args...) }

// addOf words a violation that a property is missing, or there.
func (p *pass) addOf(property, format string, args ...any) {
	p.looks -= looksToWord
	p.found = append(p.found, operations.Violation{Path: p.path(), Message: fmt.Sprintf(format, args...), Property: property})
}

// path returns the place at hand as a JSON pointer.
func (p *pass) path() string {
	tokens := make([]string, 0, len(p.at))
	for _, at := range p.at[1:] {
		if at.item > 0 {
			at.name = strconv.Itoa(at.item - 1)
		}
		tokens = append(tokens, at.name)
	}
	return pointer(tokens)
}

// check compares v, the value at hand, with s, and adds to done what of it was
// evaluated; done is nil where that is not asked. A shape that meets itself at one
// place, through its parts, adds nothing.
func (p *pass) check(s *shape, v any, done *evaluated) {
	if p.looks--; s == nil || p.ended() {
		return
	}
	if p.depth++; p.depth > maxDepth {
		p.looks = -1
	} else if s.ready(); !s.forked || p.known == nil {
		p.compare(s, v, done)
	} else {
		p.recall(s, v, done)
	}
	p.depth--
}

// recall compares a shape with a place once.
func (p *pass) recall(s *shape, v any, done *evaluated) {
	key := spot{s, p.path(), done != nil}
	f := p.known[key]
	if f == nil {
		f = &finding{evaluated: done.fresh()}
		p.known[key] = f
		found := distinct(p.apart(func() { p.compare(s, v, f.evaluated) }), true)
		f.found = found[:min(len(found), maxViolations)]
	}
	p.failed += len(f.found)
	p.found = append(p.found, f.found...)
	done.add(f.evaluated)
}

// apart returns what do finds, which counts nowhere else.
func (p *pass) apart(do func()) []operations.Violation {
	found, failed := p.found, p.failed
	p.found, p.failed = nil, 0
	do()
	inner := p.found
	p.found, p.failed = found, failed
	return inner
}

// fits reports whether v, the value at hand, fits s, and adds to done what of it
// was evaluated if it does.
func (p *pass) fits(s *shape, v any, done *evaluated) bool {
	found, failed, quiet, inner := p.found, p.failed, p.quiet, done.fresh()
	p.found, p.failed, p.quiet = nil, 0, p.known == nil
	p.check(s, v, inner)
	fits := p.failed == 0
	p.found, p.failed, p.quiet = found, failed, quiet
	if fits {
		done.add(inner)
	}
	return fits
}

// part compares v with a schema that the one at hand is made of.
func (p *pass) part(s *shape, v any, done *evaluated) {
	before, inner := p.failed, done.fresh()
	p.check(s, v, inner)
	if p.failed == before {
		done.add(inner)
	}
}

// enter and leave make a value within the one at hand the one at hand.
func (p *pass) enter(name string, item int) { p.at = append(p.at, place{name: name, item: item}) }
func (p *pass) leave()                      { p.at = p.at[:len(p.at)-1] }

func (p *pass) property(s *shape, name string, v any) {
	p.enter(name, 0)
	p.check(s, v, nil)
	p.leave()
}

func (p *pass) item(s *shape, i int, v any) {
	p.enter("", i+1)
	p.check(s, v, nil)
	p.leave()
}
