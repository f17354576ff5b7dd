package jsonpath

import (
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// bytesPerVisit is how much text is as much work as one value.
const bytesPerVisit = 64

// condition is what a filter asks of an item (RFC 9535, section 2.3.5).
type condition interface {
	holds(f *finder, item any) bool
	// check types what the condition reads of items of type t.
	check(c *pathTyper, t eval.Type) *eval.Problem
}

// operand is one side of a comparison; ok is false when there is no value.
type operand interface {
	value(f *finder, item any) (v any, ok bool)
	check(c *pathTyper, t eval.Type) *eval.Problem
}

type (
	orCondition  []condition
	andCondition []condition
	notCondition struct{ condition }
	comparison   struct {
		op          string
		left, right operand
	}
	literal struct{ v any }
	// query is a path from the item, or from the root of the data. Alone it
	// asks whether it leads anywhere.
	query struct {
		path   Path
		rooted bool
		at     span
	}
)

func (c orCondition) holds(f *finder, item any) bool {
	for _, term := range c {
		if term.holds(f, item) {
			return true
		}
	}
	return false
}

func (c andCondition) holds(f *finder, item any) bool {
	for _, term := range c {
		if !term.holds(f, item) {
			return false
		}
	}
	return true
}

func (c notCondition) holds(f *finder, item any) bool { return !c.condition.holds(f, item) }

func (c comparison) holds(f *finder, item any) bool {
	a, okA := c.left.value(f, item)
	b, okB := c.right.value(f, item)
	switch c.op {
	case "==":
		return f.same(a, okA, b, okB)
	case "!=":
		return !f.same(a, okA, b, okB)
	case "<", ">":
		order, ok := f.compare(a, b)
		return ok && (order < 0) == (c.op == "<") && order != 0
	}
	if f.same(a, okA, b, okB) {
		return true
	}
	order, ok := f.compare(a, b)
	return ok && (order < 0) == (c.op == "<=")
}

func (l literal) value(*finder, any) (any, bool) { return l.v, true }

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

func (q query) holds(f *finder, item any) bool {
	if q.path.definite {
		_, ok := q.value(f, item)
		return ok
	}
	return len(f.list(q.path.segments, q.start(f, item))) > 0
}

// same reports whether two operands are equal; two that are missing are.
func (f *finder) same(a any, okA bool, b any, okB bool) bool {
	if !okA || !okB {
		return okA == okB
	}
	return f.equal(a, b, 0)
}

func (f *finder) equal(a, b any, depth int) bool {
	if !f.visit(1) || !f.deep(depth) {
		return false
	}
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !f.equal(a[i], b[i], depth+1) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name, v := range a {
			if w, ok := b[name]; !ok || !f.equal(v, w, depth+1) {
				return false
			}
		}
		return true
	case nil, bool:
		return a == b
	}
	order, ok := f.compare(a, b)
	return ok && order == 0
}

// compare orders two numbers or two strings.
func (f *finder) compare(a, b any) (order int, ok bool) {
	if s, isText := a.(string); isText {
		t, ok := b.(string)
		f.visit(min(len(s), len(t)) / bytesPerVisit)
		return strings.Compare(s, t), ok
	}
	return jsonvalue.Compare(a, b)
}
