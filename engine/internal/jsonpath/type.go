package jsonpath

import (
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/internal/suggest"
)

// TypeOf returns the type of the values that the path leads to in a t: an array
// unless the path is definite. The problem is an unknown field of a closed
// object, or a field or item of a value that has none; its offset counts code
// points of the path's source.
func (p *Path) TypeOf(t eval.Type) (eval.Type, *eval.Problem) {
	c := pathTyper{source: []rune(p.source), root: t}
	out, problem := c.walk(p.segments, t)
	switch {
	case problem != nil:
		return eval.Type{}, problem
	case p.definite:
		return out, nil
	}
	return eval.ArrayOf(out), nil
}

// pathTyper types one path, and the paths in its filters.
type pathTyper struct {
	source []rune
	root   eval.Type
	from   int    // where the path being typed begins
	items  string // in a filter: the path to its items
}

// walk returns the type of each value that segments select from a t.
func (c *pathTyper) walk(segments []segment, t eval.Type) (eval.Type, *eval.Problem) {
	for _, s := range segments {
		if s.descend { // anything may be down there
			t = eval.Any()
			continue
		}
		var all eval.Type
		for i, sel := range s.selectors {
			u, problem := c.select1(sel, t, s.at)
			if problem != nil {
				return eval.Type{}, problem
			}
			if i > 0 {
				u = all.Merge(u)
			}
			all = u
		}
		t = all
	}
	return t, nil
}

func (c *pathTyper) select1(sel selector, t eval.Type, at span) (eval.Type, *eval.Problem) {
	if t.IsAny() {
		return t, nil
	}
	switch sel.kind {
	case selectName:
		return c.field(sel, t, at)
	case selectIndex, selectSlice:
		if t.Kind() != "array" {
			return eval.Type{}, c.noItems(t, at)
		}
		return t.Elem(), nil
	}
	if t.Kind() != "array" && t.Kind() != "object" {
		return eval.Type{}, c.noItems(t, at)
	}
	item := t.Child()
	if sel.kind == selectAll {
		return item, nil
	}
	inner := *c
	inner.items = c.owner(at)
	for _, q := range sel.filter.reads {
		inner.from = q.at.from
		from := item
		if q.rooted {
			from = c.root
		}
		if _, problem := inner.walk(q.path.segments, from); problem != nil {
			return eval.Type{}, problem
		}
	}
	return item, nil
}

func (c *pathTyper) field(sel selector, t eval.Type, at span) (eval.Type, *eval.Problem) {
	p := eval.Problem{Offset: at.from, Length: at.to - at.from, Code: eval.CodeWrongType}
	switch {
	case t.Kind() == "array" && sel.bare:
		return t.Elem(), nil
	case t.Kind() == "array":
		p.Message = fmt.Sprintf("an array has no field %q", sel.name)
		p.Hint = "write [0] before it for the first item, or [*] for every one"
		return eval.Type{}, &p
	case t.Kind() != "object":
		p.Message = fmt.Sprintf("%s has no fields, so no %q", t, sel.name)
		return eval.Type{}, &p
	}
	f, ok := t.Field(sel.name)
	if ok {
		return f, nil
	}
	p.Code = eval.CodeUnknownField
	p.Message = fmt.Sprintf("unknown field %q", sel.name)
	if owner := c.owner(at); owner != "" {
		p.Message += " in " + owner
	}
	p.Hint = suggest.Hint(sel.name, "it has: ", t.Fields())
	if p.Words = t.Fields(); p.Length == len([]rune(sel.name)) {
		p.Meant = suggest.Meant(sel.name, t.Fields())
	}
	return eval.Type{}, &p
}

func (c *pathTyper) noItems(t eval.Type, at span) *eval.Problem {
	p := eval.Problem{Offset: at.from, Length: at.to - at.from, Code: eval.CodeWrongType, Message: fmt.Sprintf("%s has no items", t)}
	if t.Kind() == "object" {
		p.Hint = suggest.Hint("", "it is no array; it has: ", t.Fields())
	}
	return &p
}

// owner is the source before a segment, "" when that is the root alone.
func (c *pathTyper) owner(at span) string {
	if c.items != "" && c.source[c.from] == '@' {
		return "the items of " + c.items
	}
	text := strings.TrimRight(string(c.source[c.from:at.from]), " \t\r\n.[")
	if text == "$" || text == "@" {
		return ""
	}
	return strings.TrimSpace(text)
}
