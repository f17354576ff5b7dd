package jsonpath

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// maxIndexDigits keeps indexes within the whole numbers that JSON tools agree
// on (RFC 9535, section 2.1).
const maxIndexDigits = 15

// brackets reads [a, b, ...]; the parser stands at the opening one.
func (p *pathParser) brackets(from int) (s segment) {
	p.nested(from, "filters", func() {
		p.at++
		for p.problem == nil {
			p.space()
			s.selectors = append(s.selectors, p.selector(from))
			p.space()
			if p.take("]") {
				break
			}
			if p.problem == nil && !p.take(",") {
				p.unexpected("] or a comma", "")
			}
		}
	})
	s.at = span{from, p.at}
	if len(s.selectors) == 1 && s.selectors[0].kind == selectName {
		s.at = span{from + 1, p.at - 1}
	}
	return s
}

func (p *pathParser) selector(open int) selector {
	switch r := p.peek(); {
	case r == '\'' || r == '"':
		return selector{kind: selectName, name: p.quoted()}
	case r == '*':
		p.at++
		return selector{kind: selectAll}
	case r == '?':
		p.at++
		return selector{kind: selectFilter, filter: p.filter()}
	case r == ':' || r == '-' || r >= '0' && r <= '9':
		return p.indexOrSlice()
	case r == ']':
		p.at++
		p.fail(open, "write [*] for every item, or [0] for the first", "brackets are empty")
	case r == '(':
		p.at++
		p.fail(open, "write [-1] for the last item, or [?(@.field == 'x')] for those that match", "a path computes no indexes")
	case r < 0:
		p.fail(open, "", `"[" is not closed`)
	default:
		from := p.at
		word := strings.TrimSpace(p.run(func(r rune) bool { return r != ']' && r != ',' }))
		p.fail(from, "write ['"+word+"']", "%q in brackets needs quotes", word)
	}
	return selector{}
}

func (p *pathParser) indexOrSlice() selector {
	first := p.integer()
	p.space()
	if !p.take(":") {
		if first == nil {
			p.unexpected("an index", "")
			return selector{}
		}
		return selector{kind: selectIndex, index: *first}
	}
	s := slice{from: first, step: 1}
	p.space()
	s.to = p.integer()
	p.space()
	if p.take(":") {
		p.space()
		if step := p.integer(); step != nil {
			s.step = *step
		}
	}
	return selector{kind: selectSlice, slice: s}
}

// integer reads a whole number if one comes next.
func (p *pathParser) integer() *int {
	from := p.at
	negative := p.take("-")
	digits := p.run(func(r rune) bool { return r >= '0' && r <= '9' })
	switch {
	case digits == "" && !negative:
		return nil
	case digits == "":
		p.unexpected("a digit", "")
		return nil
	case len(digits) > maxIndexDigits:
		p.fail(from, "", "index has more than %d digits", maxIndexDigits)
		return nil
	}
	i, _ := strconv.Atoi(string(p.in[from:p.at]))
	return &i
}

// quoted reads a string in either kind of quotes (RFC 9535, section 2.3.1).
func (p *pathParser) quoted() string {
	from, quote := p.at, p.peek()
	p.at++
	var b strings.Builder
	for p.problem == nil {
		r := p.peek()
		switch {
		case r < 0:
			p.fail(from, "", "string is not closed")
		case r == quote:
			p.at++
			return b.String()
		case r == '\\':
			b.WriteRune(p.escape(quote))
		case r < ' ':
			p.unexpected("text", `write \n, \t or \u and four digits`)
		default:
			b.WriteRune(r)
			p.at++
		}
	}
	return ""
}

func (p *pathParser) escape(quote rune) rune {
	from := p.at
	p.at++
	r := p.peek()
	p.at = min(p.at+1, len(p.in))
	const letters, meant = `bfnrt/\`, "\b\f\n\r\t/\\"
	switch i := strings.IndexRune(letters, r); {
	case r == quote:
		return r
	case r == 'u':
		return p.unicodeEscape(from)
	case r >= 0 && i >= 0:
		return rune(meant[i])
	}
	p.fail(from, `write \\ for a backslash`, "unknown escape in a string")
	return 0
}

// unicodeEscape reads the digits after \u, and the second half of a surrogate
// pair.
func (p *pathParser) unicodeEscape(from int) rune {
	r := p.hex4(from)
	if !utf16.IsSurrogate(r) {
		return r
	}
	if p.take(`\u`) {
		if r = utf16.DecodeRune(r, p.hex4(from)); r != unicode.ReplacementChar {
			return r
		}
	}
	p.fail(from, "", "half of a surrogate pair stands alone")
	return 0
}

func (p *pathParser) hex4(from int) rune {
	digits := p.in[p.at:min(p.at+4, len(p.in))]
	p.at += len(digits)
	n, err := strconv.ParseUint(string(digits), 16, 32)
	if err != nil || len(digits) < 4 {
		p.fail(from, "", `\u needs four hexadecimal digits`)
	}
	return rune(n)
}
