package jsonpath

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/capstan-run/capstan/engine/internal/eval"
)

// pathParser reads a path by recursive descent. The first fault ends it: once
// problem is set, every method returns soon, with whatever it has.
type pathParser struct {
	in      []rune
	at      int
	nesting int
	reads   []query // in the filter being read
	keys    bool    // names may hold brackets: see ParseReference
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

// unexpected records that the next code point is not one that could stand here.
func (p *pathParser) unexpected(wanted, hint string) {
	if p.peek() < 0 {
		p.fail(p.at, hint, "path ends where %s should be", wanted)
		return
	}
	from := p.at
	p.at++
	p.fail(from, hint, "unexpected %q in a path, where %s should be", p.in[from], wanted)
}

// peek returns the code point that comes next, -1 at the end.
func (p *pathParser) peek() rune {
	if p.at >= len(p.in) {
		return -1
	}
	return p.in[p.at]
}

// take passes over text, which is ASCII, if it comes next.
func (p *pathParser) take(text string) bool {
	if p.at+len(text) > len(p.in) || string(p.in[p.at:p.at+len(text)]) != text {
		return false
	}
	p.at += len(text)
	return true
}

// run passes over all code points that belong.
func (p *pathParser) run(belongs func(r rune) bool) string {
	from := p.at
	for p.at < len(p.in) && belongs(p.in[p.at]) {
		p.at++
	}
	return string(p.in[from:p.at])
}

func (p *pathParser) space() { p.run(func(r rune) bool { return strings.ContainsRune(blanks, r) }) }

const blanks = " \t\n\r"

// nested reads one filter, parenthesis or negation more.
func (p *pathParser) nested(from int, kind string, read func()) {
	if p.nesting++; p.nesting > maxPathNesting {
		p.fail(from, "", "path nests more than %d %s", maxPathNesting, kind)
	} else {
		read()
	}
	p.nesting--
}

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
		return append(p.name(false), p.segments(false)...)
	}
	return p.segments(false)
}

// segments reads segments up to the end of the source, in a filter as long as
// there are any.
func (p *pathParser) segments(inFilter bool) []segment {
	var out []segment
	for p.problem == nil {
		before := p.at
		p.space()
		from := p.at
		switch {
		case p.take(".."):
			out = append(out, p.descendants(from, inFilter)...)
		case p.take("."):
			if !inFilter {
				p.space()
			}
			if r := p.peek(); r != '[' && (inFilter || r >= 0) { // "$." and a trailing dot count for nothing
				out = append(out, p.name(inFilter)...)
			}
		case p.peek() == '[':
			out = append(out, p.brackets(from))
		case inFilter:
			p.at = before
			return out
		case p.peek() < 0:
			return out
		default:
			p.unexpected("a dot or [", "")
		}
	}
	return out
}

// descendants reads the segment after "..".
func (p *pathParser) descendants(from int, inFilter bool) []segment {
	if !inFilter {
		p.space()
	}
	var found []segment
	switch r := p.peek(); {
	case r == '[':
		found = []segment{p.brackets(p.at)}
	case !inFilter && (r < 0 || r == '.'):
		p.fail(from, "write a name after .., or a single dot", "nothing is named after %q", "..")
	default:
		found = p.name(inFilter)
	}
	for i := range found {
		found[i].descend = true
	}
	return found
}

// name reads a name that stands without quotes; "*" is the wildcard.
func (p *pathParser) name(inFilter bool) []segment {
	from := p.at
	name := "*"
	switch {
	case !inFilter: // all up to the next dot or bracket, without the space around it
		name = strings.TrimRight(p.run(func(r rune) bool { return r != '.' && r != '[' }), blanks)
		if message, hint := refuseName(name); message != "" {
			p.fail(from, hint, "%s", message)
			return nil
		}
		if p.keys && name != "*" {
			name += p.bracketedWords()
		}
	case !p.take("*"):
		name = p.run(func(r rune) bool { return r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) })
		if name == "" {
			p.unexpected("a field's name", "write other names as ['name']")
			return nil
		}
	}
	s := selector{kind: selectName, name: name}
	switch {
	case name == "*":
		s = selector{kind: selectAll}
	case strings.Trim(name, "0123456789") == "" && len(name) <= maxIndexDigits:
		s.index, _ = strconv.Atoi(name)
		s.bare = true
	}
	return []segment{{selectors: []selector{s}, at: span{from, from + utf8.RuneCountInString(name)}}}
}

// bracketedWords passes over "[word][word]" as far as it comes next.
func (p *pathParser) bracketedWords() string {
	from, end := p.at, p.at
	for p.take("[") && unicode.IsLetter(p.peek()) {
		p.run(func(r rune) bool { return r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) })
		if !p.take("]") {
			break
		}
		end = p.at
	}
	p.at = end
	return string(p.in[from:end])
}

// refuseName returns why a name without quotes is probably something else.
func refuseName(name string) (message, hint string) {
	odd := func(r rune) bool { return strings.ContainsRune("]{}*\"", r) || unicode.IsControl(r) }
	switch {
	case name == "*":
		return "", ""
	case name == "":
		return "a name is missing in the path", ""
	case name == "$":
		return `"$" stands only where a path begins`, "to read a field of that name, write ['$']"
	case name == "@":
		return `"@" stands only in a filter`, "to read a field of that name, write ['@']"
	case strings.HasSuffix(name, "()"):
		return fmt.Sprintf("%q is no field: a path calls no functions", name), ""
	case strings.HasPrefix(name, "'"), strings.ContainsFunc(name, odd):
		return fmt.Sprintf("%q cannot stand without quotes in a path", name), "if it is a field's name, write it as ['name']"
	}
	return "", ""
}
