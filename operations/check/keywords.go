package check

import (
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// compare compares by each keyword of s.
func (p *pass) compare(s *shape, v any, done *evaluated) {
	if here := &p.at[len(p.at)-1]; here.whole == nil {
		here.whole = s
	}
	if !p.self(s, v) || s.outline && v == nil && s.types&isNull != 0 { // its parts are for the other types
		return
	}
	own := done
	if s.unevaluatedItems != nil || s.unevaluatedProperties != nil {
		own = &evaluated{}
	}
	switch v := v.(type) {
	case string:
		p.text(s, v)
	case []any:
		p.array(s, v, own)
	case map[string]any:
		p.object(s, v, own)
	default:
		if (s.bounds != nil || s.multipleOf != nil) && jsonvalue.IsNumber(v) {
			p.number(s, v)
		}
	}
	if s.forked {
		p.parts(s, v, own)
		p.unevaluated(s, v, own)
	}
	if own != done {
		done.add(own)
	}
}

// self compares v as a whole, and reports whether more may be said.
func (p *pass) self(s *shape, v any) bool {
	switch {
	case s.never:
		if p.wrong() {
			p.add("is documented never to be there")
		}
	case s.types != 0 && !s.types.has(v):
		if p.wrong() {
			p.add("is %s where %s is documented", article(typeName(v, s.outline)), s.typeNames)
		}
	case s.constant != nil && !documented(*s.constant, v):
		if p.wrong() {
			p.add("is %s where only %s is documented", show(v), show(*s.constant))
		}
	case s.enum != nil && !s.lists(v):
		if p.wrong() {
			p.add("is %s, which is none of the documented values (%s)", show(v), showAll(s.enum))
		}
	default:
		return true
	}
	return false
}

// size compares a length with its bounds.
func (p *pass) size(length, least, most int, of string) {
	switch {
	case length < least && p.wrong():
		p.add("has %d %s, at least %d are documented", length, of, least)
	case length > most && p.wrong():
		p.add("has %d %s, at most %d are documented", length, of, most)
	}
}

// keyword adds a violation of a keyword that no words say better.
func (p *pass) keyword(name string) {
	if p.wrong() {
		p.add("does not satisfy the documented %q", name)
	}
}

func (p *pass) text(s *shape, v string) {
	if s.minLength > 0 || s.maxLength < len(v) {
		p.size(utf8.RuneCountInString(v), s.minLength, s.maxLength, "characters")
	}
	if s.pattern != nil && !s.pattern.matches(v) && p.wrong() {
		p.add("%s does not match the pattern %s", show(v), s.pattern.text)
	}
	if s.format != "" && !p.answer && !fitsFormat(s.format, v) && p.wrong() {
		p.add("%s is not of the format %s", show(v), s.format)
	}
}

func (p *pass) number(s *shape, v any) {
	for _, b := range s.bounds {
		order, ok := jsonvalue.Compare(v, b.limit)
		if ok && !b.allows(order) && !mayBe(b.limit, v) && p.wrong() {
			p.add("is %s, "+b.wish, decimal(v), decimal(b.limit))
		}
	}
	if s.multipleOf == nil {
		return
	}
	switch whole, known := isMultiple(v, s.multipleOf); {
	case !known && p.wrong():
		p.add("is a number too long to be checked")
	case known && !whole:
		p.keyword("multipleOf")
	}
}

func (p *pass) array(s *shape, v []any, done *evaluated) {
	p.size(len(v), s.minItems, s.maxItems, "items")
	if s.unique {
		if i, j, found := repeated(v); found && p.wrong() {
			p.add("items %d and %d are equal", i, j)
		}
	}
	for i, item := range v {
		switch {
		case i < len(s.prefix):
			p.item(s.prefix[i], i, item)
		case s.items != nil:
			p.item(s.items, i, item)
		default:
			continue
		}
		done.item(i)
		if p.ended() {
			return
		}
	}
	if s.contains != nil {
		p.contains(s, v, done)
	}
}

func (p *pass) contains(s *shape, v []any, done *evaluated) {
	matched := 0
	for i, item := range v {
		p.enter("", i+1)
		if p.fits(s.contains, item, nil) {
			matched++
			done.item(i)
		}
		p.leave()
	}
	least, keyword := s.minContains, "minContains"
	if least < 0 {
		least, keyword = 1, "contains"
	}
	switch {
	case matched > s.maxContains:
		p.keyword("maxContains")
	case matched < least && (p.quiet || matched == len(v)):
		p.keyword(keyword)
	case matched < least:
		for i, item := range v {
			p.item(s.contains, i, item)
		}
	}
}

func (p *pass) object(s *shape, v map[string]any, done *evaluated) {
	if len(v) < s.minProperties {
		p.keyword("minProperties")
	}
	if len(v) > s.maxProperties {
		p.keyword("maxProperties")
	}
	for _, name := range s.required {
		if _, ok := v[name]; !ok && !p.maybeMissing(name) && p.wrong() {
			p.addOf(name, "property %q is missing", name)
		}
	}
	if p.quiet {
		for name := range v {
			p.field(s, name, v, done)
		}
	} else {
		for _, name := range slices.Sorted(maps.Keys(v)) {
			p.field(s, name, v, done)
		}
	}
	for name, schema := range s.dependent {
		if _, ok := v[name]; ok {
			p.part(schema, v, done)
		}
	}
}

// maybeMissing reports whether the value at hand may lack a required property.
func (p *pass) maybeMissing(name string) bool {
	key := property{p.at[len(p.at)-1].whole, name}
	is, known := p.missing[key]
	if !known {
		is = key.whole.mayLack(name, p.answer)
		if p.missing == nil {
			p.missing = map[property]bool{}
		}
		p.missing[key] = is
	}
	return is
}

func (p *pass) field(s *shape, name string, v map[string]any, done *evaluated) {
	if !p.ended() && p.named(s, name, v[name]) {
		done.name(name)
	}
}

// named compares a property, and reports whether a keyword of s is about it.
func (p *pass) named(s *shape, name string, v any) bool {
	if s.propertyNames != nil {
		p.enter("\x00"+name, 0)
		fits := p.fits(s.propertyNames, name, nil)
		p.leave()
		if !fits && p.wrong() {
			p.addOf(name, "%q is no name that a property may have", name)
		}
	}
	property, listed := s.properties[name]
	if listed {
		p.property(property, name, v)
	}
	for _, q := range s.patterns {
		if q.matches(name) {
			listed = true
			p.property(q.shape, name, v)
		}
	}
	switch {
	case listed:
	case s.closed:
		if p.wrong() {
			p.addOf(name, "property %q is not documented", name)
		}
	case s.additional != nil:
		p.property(s.additional, name, v)
	default:
		return false
	}
	return true
}

// property is one of the values that a schema is about.
type property struct {
	whole *shape
	name  string
}
