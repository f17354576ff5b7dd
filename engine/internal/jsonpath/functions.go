package jsonpath

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/capstan-run/capstan/engine/internal/eval"
)

// Functions in filters: those of RFC 9535, section 2.4.
type (
	// measure makes a value of a path: length, count or value.
	measure struct {
		name string
		of   query
	}
	// matching is match or search: a condition, which has no value to compare.
	matching struct {
		of      query
		pattern *regexp.Regexp
	}
)

func (p *pathParser) call(name string, from int) operand {
	names := []string{"length", "count", "value", "match", "search"}
	if !slices.Contains(names, name) {
		p.fail(from, eval.Suggest(name, "functions", names), "unknown function %q", name)
		return nil
	}
	arg := p.operand()
	q, isQuery := arg.(query)
	if p.problem == nil && !isQuery {
		p.fail(from, "write "+name+"(@.field)", "%s needs a path", name)
		return nil
	}
	var pattern operand
	if test := name == "match" || name == "search"; test && p.operator(",") {
		pattern = p.operand()
	} else if test && p.problem == nil {
		p.unexpected("a comma and a pattern", "")
	}
	p.space()
	if p.problem == nil && !p.take(")") {
		p.unexpected("a closing parenthesis", "")
	}
	if p.problem != nil {
		return nil
	}
	return p.function(name, q, pattern, from)
}

// function makes the operand that stands for a call. A pattern is in Go's
// syntax for regular expressions, which take linear time.
func (p *pathParser) function(name string, of query, pattern operand, from int) operand {
	if name != "count" && name != "value" {
		p.singular(of)
	}
	if pattern == nil {
		return measure{name, of}
	}
	text, isText := pattern.(literal)
	source, isString := text.v.(string)
	if !isText || !isString {
		p.fail(from, "write the pattern in quotes", "%s needs a pattern that is known beforehand", name)
		return nil
	}
	if name == "match" {
		source = "^(?:" + source + ")$"
	}
	re, err := regexp.Compile(source)
	if err != nil {
		p.fail(from, "", "pattern of %s is no regular expression: %s", name, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		return nil
	}
	return matching{of, re}
}

func (m measure) value(f *finder, item any) (any, bool) {
	if m.name == "length" {
		v, _ := m.of.value(f, item)
		switch v := v.(type) {
		case string:
			f.visit(len(v) / bytesPerVisit)
			return utf8.RuneCountInString(v), true
		case []any:
			return len(v), true
		case map[string]any:
			return len(v), true
		}
		return nil, false
	}
	list := f.list(m.of.path.segments, m.of.start(f, item))
	switch {
	case m.name == "count":
		return len(list), true
	case len(list) == 1:
		return list[0], true
	}
	return nil, false
}

func (m matching) holds(f *finder, item any) bool {
	v, _ := m.of.value(f, item)
	s, ok := v.(string)
	return ok && f.visit(len(s)) && m.pattern.MatchString(s)
}

func (matching) value(*finder, any) (any, bool) { return nil, false }
