package template

import (
	"strings"
)

// text reads a string.
func (p *jsonTextParser) text(key bool) {
	from := p.at
	tags := p.tags
	p.at++
	for p.fault == "" {
		c := p.peek()
		switch {
		case p.atTag():
			p.pass()
		case p.at >= len(p.src), c < ' ':
			p.unexpected("the end of a string")
		case c == '"':
			p.at++
			p.addString(from, tags[:len(tags)-len(p.tags)], key)
			return
		case c == '\\':
			p.escape()
		default:
			p.at++
		}
	}
}

func (p *jsonTextParser) addString(from int, tags []tag, key bool) {
	parts := textParts(p.src, from+1, p.at-1, tags)
	switch {
	case len(parts) == 0:
		p.add(`""`)
	case len(parts) == 1 && parts[0].slot == noSlot:
		p.add(`"` + parts[0].text + `"`)
	default:
		p.out = append(p.out, jsonString{parts, key})
	}
}

func (p *jsonTextParser) escape() {
	p.at++
	size := 1
	if p.peek() == 'u' {
		size = 5
		digits := p.src[p.at+1 : min(p.at+5, len(p.src))]
		if len(digits) < 4 || strings.Trim(digits, "0123456789abcdefABCDEF") != "" {
			p.unexpected("an escape")
			return
		}
	} else if p.at >= len(p.src) || !strings.ContainsRune(`"\/bfnrt`, rune(p.peek())) {
		p.unexpected("an escape")
		return
	}
	p.at += size
}

// number reads a number as JSON writes it.
func (p *jsonTextParser) number() {
	from := p.at
	digits := func() bool {
		start := p.at
		for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
			p.at++
		}
		return p.at > start
	}
	if p.peek() == '-' {
		p.at++
	}
	if p.peek() == '0' {
		p.at++
	} else if !digits() {
		p.unexpected("a digit")
	}
	if p.peek() == '.' {
		if p.at++; !digits() {
			p.unexpected("a digit")
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		p.at++
		if c := p.peek(); c == '+' || c == '-' {
			p.at++
		}
		if !digits() {
			p.unexpected("a digit")
		}
	}
	p.add(p.src[from:p.at])
}
