package jsonpath

import (
	"maps"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// bytesPerVisit is how much text is as much work as one value.
const bytesPerVisit = 64

// compared is the condition that op holds between two operands.
func compared(op string, left, right operand) condition {
	return func(f *finder, item any) bool {
		a, okA := left.value(f, item)
		b, okB := right.value(f, item)
		if op != "<" && op != ">" {
			same := f.same(a, okA, b, okB)
			if same || op == "==" || op == "!=" {
				return same == (op != "!=")
			}
		}
		order, ok := f.compare(a, b)
		return ok && order != 0 && (order < 0) == (op[0] == '<')
	}
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
	deeper := func(a, b any) bool { return f.equal(a, b, depth+1) }
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, deeper)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, deeper)
	case nil, bool:
		return a == b
	}
	order, ok := f.compare(a, b)
	return ok && order == 0
}

// compare orders two numbers, by exact value, or two strings.
func (f *finder) compare(a, b any) (order int, ok bool) {
	if s, isText := a.(string); isText {
		t, ok := b.(string)
		f.visit(min(len(s), len(t)) / bytesPerVisit)
		return strings.Compare(s, t), ok
	}
	return jsonvalue.Compare(a, b)
}
