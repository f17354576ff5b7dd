package jsonpath

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// anyOf reads a filter's condition: terms joined by ||.
func (p *pathParser) anyOf() condition {
	terms := []condition{p.allOf()}
	for p.problem == nil && p.operator("||") {
		terms = append(terms, p.allOf())
	}
	if len(terms) == 1 {
		return terms[0]
	}
	return orCondition(terms)
}

// allOf reads terms joined by &&.
func (p *pathParser) allOf() condition {
	terms := []condition{p.term()}
	for p.problem == nil && p.operator("&&") {
		terms = append(terms, p.term())
	}
	if len(terms) == 1 {
		return terms[0]
	}
	return andCondition(terms)
}

func (p *pathParser) operator(text string) bool {
	p.space()
	return p.take(text)
}

// term reads a comparison, a test, or a condition in parentheses, perhaps
// negated.
func (p *pathParser) term() condition {
	p.space()
	from := p.at
	if p.take("!") {
		if p.nesting++; p.nesting > maxPathNesting {
			p.fail(from, "", "path nests more than %d conditions", maxPathNesting)
			return nil
		}
		defer func() { p.nesting-- }()
		return notCondition{p.term()}
	}
	if p.take("(") {
		return p.parentheses(from)
	}
	left := p.operand()
	op := p.comparison()
	switch {
	case p.problem != nil:
		return nil
	case op != "":
		c := comparison{op: op, left: left, right: p.operand()}
		p.comparable(c.left, from)
		p.comparable(c.right, from)
		return c
	}
	if test, ok := left.(condition); ok {
		return test
	}
	p.fail(from, "compare it with a field, such as @.name == 'x'", "a filter's condition must be true or false")
	return nil
}

func (p *pathParser) parentheses(from int) condition {
	if p.nesting++; p.nesting > maxPathNesting {
		p.fail(from, "", "path nests more than %d conditions", maxPathNesting)
		return nil
	}
	defer func() { p.nesting-- }()
	inner := p.anyOf()
	p.space()
	if p.problem == nil && !p.take(")") {
		p.unexpected("a closing parenthesis", "")
	}
	return inner
}

// comparison reads an operator that compares, "" when none comes next.
func (p *pathParser) comparison() string {
	p.space()
	from := p.at
	for p.peek() >= 0 && strings.ContainsRune("=!<>~", p.peek()) {
		p.at++
	}
	op := string(p.in[from:p.at])
	switch op {
	case "", "==", "!=", "<", "<=", ">", ">=":
		return op
	case "=", "===":
		p.fail(from, "write == to compare", "unknown operator %q in a filter", op)
	case "!==":
		p.fail(from, "write !=", "unknown operator %q in a filter", op)
	case "=~", "~":
		p.fail(from, "write search(@.name, 'pattern')", "unknown operator %q in a filter", op)
	default:
		p.fail(from, "the operators are == != < <= > >= && || !", "unknown operator %q in a filter", op)
	}
	return ""
}

// comparable refuses operands that stand for no single value.
func (p *pathParser) comparable(o operand, from int) {
	if _, ok := o.(matching); ok {
		p.fail(from, "it is a condition by itself", "match and search cannot be compared")
	}
	if q, ok := o.(query); ok {
		p.singular(q)
	}
}

// singular refuses a path that may lead to many values where one is wanted.
func (p *pathParser) singular(q query) {
	if !q.path.definite {
		p.at = q.at.to
		p.fail(q.at.from, "read a single field, or use count(...)", "a path to several values has no value to compare")
	}
}

// operand reads a literal, a path that starts at @ or $, or a function's call.
func (p *pathParser) operand() operand {
	p.space()
	from := p.at
	switch r := p.peek(); {
	case r == '@' || r == '$':
		p.at++
		segments := p.relative()
		return query{path: *newPath("", segments), rooted: r == '$', at: span{from, p.at}}
	case r == '\'' || r == '"':
		return literal{p.quoted()}
	case r == '-' || r >= '0' && r <= '9':
		return p.number()
	case unicode.IsLetter(r):
		return p.word()
	}
	p.unexpected("a field such as @.name, or a value", "")
	return nil
}

// relative reads the segments of a path inside a filter, where a name without
// quotes is letters, digits, underscores and hyphens.
func (p *pathParser) relative() []segment {
	var out []segment
	for p.problem == nil {
		before := p.at
		p.space()
		from := p.at
		switch {
		case p.take(".."):
			out = append(out, p.relativeName(true))
		case p.take("."):
			out = append(out, p.relativeName(false))
		case p.peek() == '[':
			out = append(out, p.brackets(from))
		default:
			p.at = before
			return out
		}
	}
	return out
}

func (p *pathParser) relativeName(descend bool) segment {
	from := p.at
	if p.peek() == '[' {
		s := p.brackets(from)
		s.descend = descend
		return s
	}
	if p.take("*") {
		return segment{selectors: []selector{{kind: selectAll}}, descend: descend, at: span{from, p.at}}
	}
	for r := p.peek(); r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r); r = p.peek() {
		p.at++
	}
	if from == p.at {
		p.unexpected("a field's name", "write other names as ['name']")
		return segment{}
	}
	name := bareName(string(p.in[from:p.at]))
	return segment{selectors: []selector{name}, descend: descend, at: span{from, p.at}}
}

func (p *pathParser) number() operand {
	from := p.at
	for r := p.peek(); r >= 0 && strings.ContainsRune("+-.eE0123456789", r); r = p.peek() {
		p.at++
	}
	digits := string(p.in[from:p.at])
	if n, ok := jsonvalue.Number(digits); ok {
		return literal{n}
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		p.fail(from, "", "%q is no number", digits)
	}
	return literal{f}
}

// word reads true, false, null, or a call.
func (p *pathParser) word() operand {
	from := p.at
	for r := p.peek(); r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r); r = p.peek() {
		p.at++
	}
	switch word := string(p.in[from:p.at]); {
	case p.take("("):
		return p.call(word, from)
	case word == "true" || word == "false":
		return literal{word == "true"}
	case word == "null" || word == "nil":
		return literal{nil}
	case word == "and" || word == "or" || word == "not":
		p.fail(from, "write &&, || or !", "unexpected %q in a filter", word)
	default:
		p.fail(from, "write @."+word+" for the field, or '"+word+"' for the text", "unexpected %q in a filter", word)
	}
	return nil
}
