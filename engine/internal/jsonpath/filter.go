package jsonpath

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// filter selects the items for which a condition holds (RFC 9535, section
// 2.3.5). The paths that the condition reads are kept to be typed.
type filter struct {
	holds condition
	reads []query
}

type condition func(f *finder, item any) bool

// operand is one side of a comparison, or a condition by itself. Its value is
// absent when ok is false.
type operand struct {
	value   func(f *finder, item any) (v any, ok bool) // nil: it cannot be compared
	test    condition                                  // nil: it is no condition
	query   *query                                     // nil: it is no path
	pattern *string                                    // nil: it is no text
}

// query is a path from the item, or from the root of the data.
type query struct {
	path   Path
	rooted bool
	at     span
}

func (q query) start(f *finder, item any) any {
	if q.rooted {
		return f.root
	}
	return item
}

func (q query) value(f *finder, item any) (any, bool) {
	f.visit(len(q.path.segments))
	return q.path.one(q.start(f, item))
}

func (q query) list(f *finder, item any) []any { return f.list(q.path.segments, q.start(f, item)) }

func (q query) leads(f *finder, item any) bool {
	if q.path.definite {
		_, ok := q.value(f, item)
		return ok
	}
	return len(q.list(f, item)) > 0
}

// filter reads a condition.
func (p *pathParser) filter() *filter {
	outer := p.reads
	p.reads = nil
	out := &filter{holds: p.anyOf()}
	out.reads, p.reads = p.reads, outer
	return out
}

func (p *pathParser) anyOf() condition { return p.terms("||", p.allOf, true) }

func (p *pathParser) allOf() condition { return p.terms("&&", p.term, false) }

// terms reads terms with an operator between them, of which one that is
// decisive makes up the result.
func (p *pathParser) terms(operator string, term func() condition, decisive bool) condition {
	terms := []condition{term()}
	for p.problem == nil && p.operator(operator) {
		terms = append(terms, term())
	}
	if len(terms) == 1 {
		return terms[0]
	}
	return func(f *finder, item any) bool {
		for _, holds := range terms {
			if holds(f, item) == decisive {
				return decisive
			}
		}
		return !decisive
	}
}

func (p *pathParser) operator(text string) bool {
	p.space()
	return p.take(text)
}

// term reads a comparison, a test, or a condition in parentheses, perhaps
// negated.
func (p *pathParser) term() (holds condition) {
	p.space()
	from := p.at
	switch {
	case p.take("!"):
		p.nested(from, "conditions", func() {
			inner := p.term()
			holds = func(f *finder, item any) bool { return !inner(f, item) }
		})
		return holds
	case p.take("("):
		p.nested(from, "conditions", func() {
			holds = p.anyOf()
			p.close()
		})
		return holds
	}
	left := p.operand()
	op := p.comparison()
	switch {
	case p.problem != nil:
	case op != "":
		right := p.operand()
		p.comparable(left, from)
		p.comparable(right, from)
		return compared(op, left, right)
	case left.test == nil:
		p.fail(from, "compare it with a field, such as @.name == 'x'", "a filter's condition must be true or false")
	}
	return left.test
}

// close reads the parenthesis that closes.
func (p *pathParser) close() {
	p.space()
	if p.problem == nil && !p.take(")") {
		p.unexpected("a closing parenthesis", "")
	}
}

// comparison reads an operator that compares, "" when none comes next.
func (p *pathParser) comparison() string {
	p.space()
	from := p.at
	for p.peek() >= 0 && strings.ContainsRune("=!<>~", p.peek()) {
		p.at++
	}
	op := string(p.in[from:p.at])
	hint := "the operators are == != < <= > >= && || !"
	switch op {
	case "", "==", "!=", "<", "<=", ">", ">=":
		return op
	case "=", "===":
		hint = "write == to compare"
	case "!==":
		hint = "write !="
	case "=~", "~":
		hint = "write search(@.name, 'pattern')"
	}
	p.fail(from, hint, "unknown operator %q in a filter", op)
	return ""
}

// comparable refuses operands that stand for no single value.
func (p *pathParser) comparable(o operand, from int) {
	switch {
	case p.problem != nil:
	case o.value == nil:
		p.fail(from, "it is a condition by itself", "match and search cannot be compared")
	case o.query != nil:
		p.singular(*o.query)
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
		q := query{path: *newPath("", p.segments(true)), rooted: r == '$', at: span{from, p.at}}
		p.reads = append(p.reads, q)
		return operand{value: q.value, test: q.leads, query: &q}
	case r == '\'' || r == '"':
		text := p.quoted()
		o := literal(text)
		o.pattern = &text
		return o
	case r == '-' || r >= '0' && r <= '9':
		return literal(p.number())
	case unicode.IsLetter(r):
		return p.word()
	}
	p.unexpected("a field such as @.name, or a value", "")
	return operand{}
}

func literal(v any) operand {
	return operand{value: func(*finder, any) (any, bool) { return v, true }}
}

func (p *pathParser) number() any {
	digits := p.run(func(r rune) bool { return strings.ContainsRune("+-.eE0123456789", r) })
	if n, ok := jsonvalue.Number(digits); ok {
		return n
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		p.fail(p.at-len(digits), "", "%q is no number", digits)
	}
	return f
}

// word reads true, false, null, or a call.
func (p *pathParser) word() operand {
	from := p.at
	word := p.run(func(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) })
	if p.take("(") {
		return p.call(word, from)
	}
	hint := "write @." + word + " for the field, or '" + word + "' for the text"
	switch word {
	case "true", "false":
		return literal(word == "true")
	case "null", "nil":
		return literal(nil)
	case "and", "or", "not":
		hint = "write &&, || or !"
	}
	p.fail(from, hint, "unexpected %q in a filter", word)
	return operand{}
}
