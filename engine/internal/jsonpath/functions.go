package jsonpath

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/capstan-run/capstan/internal/suggest"
)

// functions are those of RFC 9535, section 2.4.
var functions = []string{"length", "count", "value", "match", "search"}

// call reads the arguments of a function. A pattern is in Go's syntax for
// regular expressions, which take linear time.
func (p *pathParser) call(name string, from int) operand {
	if !slices.Contains(functions, name) {
		p.fail(from, suggest.Hint(name, "functions: ", functions), "unknown function %q", name)
		return operand{}
	}
	of := p.operand().query
	if p.problem == nil && of == nil {
		p.fail(from, "write "+name+"(@.field)", "%s needs a path", name)
	}
	matches := name == "match" || name == "search"
	var pattern operand
	if p.problem == nil && matches {
		if p.space(); !p.take(",") {
			p.unexpected("a comma and a pattern", "")
		}
		pattern = p.operand()
	}
	p.close()
	if p.problem == nil && name != "count" && name != "value" {
		p.singular(*of)
	}
	if p.problem != nil {
		return operand{}
	}
	if matches {
		return p.matching(name, *of, pattern.pattern, from)
	}
	return measure(name, *of)
}

// measure is the value of length, count or value.
func measure(name string, of query) operand {
	return operand{value: func(f *finder, item any) (any, bool) {
		if name == "length" {
			return of.length(f, item)
		}
		list := of.list(f, item)
		switch {
		case name == "count":
			return len(list), true
		case len(list) == 1:
			return list[0], true
		}
		return nil, false
	}}
}

func (q query) length(f *finder, item any) (any, bool) {
	v, _ := q.value(f, item)
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

// matching is the condition of match or search.
func (p *pathParser) matching(name string, of query, pattern *string, from int) operand {
	if pattern == nil {
		p.fail(from, "write the pattern in quotes", "%s needs a pattern that is known beforehand", name)
		return operand{}
	}
	source := *pattern
	if name == "match" {
		source = "^(?:" + source + ")$"
	}
	re, err := regexp.Compile(source)
	if err != nil {
		p.fail(from, "", "pattern of %s is no regular expression: %s", name, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return operand{test: func(f *finder, item any) bool {
		v, _ := of.value(f, item)
		s, ok := v.(string)
		return ok && f.visit(len(s)) && re.MatchString(s)
	}}
}
