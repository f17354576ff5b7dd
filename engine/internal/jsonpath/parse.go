package jsonpath

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/capstan-run/capstan/engine/internal/eval"
)

// pathParser reads a path by recursive descent. The first fault ends it:
// whoever finds problem set returns at once, with whatever it has.
type pathParser struct {
	in      []rune
	at      int
	nesting int
	problem *eval.Problem
}

// fail records a fault in the source from offset from up to where the parser
// stands, or of one code point if that is nothing.
func (p *pathParser) fail(from int, hint, format string, args ...any) {
	if p.problem != nil {
		return
	}
	from = min(from, max(len(p.in)-1, 0))
	p.problem = &eval.Problem{Offset: from, Length: max(min(p.at, len(p.in))-from, 1), Code: eval.CodeSyntax,
		Message: fmt.Sprintf(format, args...), Hint: hint}
}

// unexpected records that what stands here is not what could stand here.
func (p *pathParser) unexpected(wanted, hint string) {
	if p.peek() < 0 {
		p.fail(p.at, hint, "path ends where %s should be", wanted)
		return
	}
	from := p.at
	p.at++
	p.fail(from, hint, "unexpected %q in a path, where %s should be", p.in[from], wanted)
}

// peek returns the rune that comes next, -1 at the end.
func (p *pathParser) peek() rune { return p.runeAt(p.at) }

func (p *pathParser) runeAt(i int) rune {
	if i < 0 || i >= len(p.in) {
		return -1
	}
	return p.in[i]
}

// take passes over text if it comes next.
func (p *pathParser) take(text string) bool {
	rs := []rune(text)
	if p.at+len(rs) > len(p.in) || !slices.Equal(p.in[p.at:p.at+len(rs)], rs) {
		return false
	}
	p.at += len(rs)
	return true
}

func (p *pathParser) space() {
	for p.at < len(p.in) && isSpace(p.in[p.at]) {
		p.at++
	}
}

func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }

// path reads a whole source: an optional $, then segments. Without the $ the
// first name needs no dot either.
func (p *pathParser) path() []segment {
	p.space()
	from := p.at
	rooted := p.take("$")
	p.space()
	switch r := p.peek(); {
	case rooted && r >= 0 && r != '.' && r != '[':
		p.unexpected("a dot or [", fmt.Sprintf("write $.%s", strings.TrimSpace(string(p.in[from+1:]))))
		return nil
	case !rooted && r != '.' && r != '[':
		return append(p.bare(from), p.segments()...)
	}
	return p.segments()
}

// segments reads segments up to the end of the source.
func (p *pathParser) segments() []segment {
	var out []segment
	for p.problem == nil {
		p.space()
		from := p.at
		switch {
		case p.peek() < 0:
			return out
		case p.take(".."):
			out = append(out, p.descendants(from)...)
		case p.take("."):
			p.space()
			switch p.peek() {
			case -1: // "$." and a trailing dot
			case '[':
			default:
				out = append(out, p.bare(p.at)...)
			}
		case p.peek() == '[':
			out = append(out, p.brackets(from))
		default:
			p.unexpected("a dot or [", "")
		}
	}
	return out
}

// descendants reads what follows "..".
func (p *pathParser) descendants(from int) []segment {
	p.space()
	var found []segment
	switch p.peek() {
	case -1, '.':
		p.fail(from, "write a name after .., or a single dot", "nothing is named after %q", "..")
		return nil
	case '[':
		found = []segment{p.brackets(p.at)}
	default:
		found = p.bare(p.at)
	}
	for i := range found {
		found[i].descend = true
	}
	return found
}

// bare reads a name that stands without quotes: all up to the next dot or
// bracket, without the space around it. "*" is the wildcard.
func (p *pathParser) bare(from int) []segment {
	for r := p.peek(); r >= 0 && r != '.' && r != '['; r = p.peek() {
		p.at++
	}
	name := strings.TrimRight(string(p.in[from:p.at]), " \t\r\n")
	at := span{from, from + len([]rune(name))}
	if name == "*" {
		return []segment{{selectors: []selector{{kind: selectAll}}, at: at}}
	}
	if message, hint := refuseBare(name); message != "" {
		p.fail(from, hint, "%s", message)
		return nil
	}
	return []segment{{selectors: []selector{bareName(name)}, at: at}}
}

// bareName is the selector for an unquoted name. One made of digits is also
// the index that its author probably means.
func bareName(name string) selector {
	s := selector{kind: selectName, name: name}
	if strings.Trim(name, "0123456789") == "" && len(name) <= maxIndexDigits {
		s.index, _ = strconv.Atoi(name)
		s.bare = true
	}
	return s
}

// refuseBare finds what makes an unquoted name something else, probably.
func refuseBare(name string) (message, hint string) {
	odd := strings.IndexFunc(name, func(r rune) bool { return strings.ContainsRune("]{}*\"", r) || unicode.IsControl(r) })
	switch {
	case name == "":
		return "a name is missing in the path", ""
	case name == "$":
		return `"$" stands only where a path begins`, "to read a field of that name, write ['$']"
	case name == "@":
		return `"@" stands only in a filter`, "to read a field of that name, write ['@']"
	case strings.HasSuffix(name, "()"):
		return fmt.Sprintf("%q is no field: a path calls no functions", name), ""
	case strings.HasPrefix(name, "'"), odd >= 0:
		return fmt.Sprintf("%q cannot stand without quotes in a path", name), "if it is a field's name, write it as ['name']"
	}
	return "", ""
}
