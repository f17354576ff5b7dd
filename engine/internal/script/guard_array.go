package script

import (
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// guardArrays bounds the methods that go through an array, or anything with a
// length, in one call.
func (s *sandbox) guardArrays() {
	proto := s.prototype("Array")
	for _, name := range proto.GetOwnPropertyNames() {
		switch name {
		case "constructor", "length", "push", "pop", "at", "keys", "values", "entries", "join", "toString", "toLocaleString", "concat", "flat":
			continue
		}
		s.guard(proto, name, func(call goja.FunctionCall) { s.checkLength(call.This) })
	}
	s.guard(proto, "concat", func(call goja.FunctionCall) {
		total := s.checkLength(call.This)
		for _, a := range call.Arguments {
			if total += s.checkLength(a); total > s.maxItems {
				s.tooLong("an array", s.maxItems)
			}
		}
	})
	s.guard(proto, "flat", func(call goja.FunctionCall) {
		depth := int64(1)
		if d := call.Argument(0); !goja.IsUndefined(d) {
			depth = min(d.ToInteger(), maxJSONDepth+1)
		}
		s.countFlat(call.This, depth, s.maxItems)
	})
	j := &joiner{sandbox: s}
	s.define(proto, "join", j.join)
	s.define(proto, "toLocaleString", j.join)

	s.guard(s.rt.Get("Array").(*goja.Object), "from", func(call goja.FunctionCall) { s.checkLength(call.Argument(0)) })
	s.guard(s.rt.Get("Reflect").(*goja.Object), "apply", func(call goja.FunctionCall) { s.checkLength(call.Argument(2)) })
	s.guard(s.rt.Get("Reflect").(*goja.Object), "construct", func(call goja.FunctionCall) { s.checkLength(call.Argument(1)) })
	s.guard(s.prototype("Function"), "apply", func(call goja.FunctionCall) { s.checkLength(call.Argument(1)) })
}

func (s *sandbox) tooLong(what string, limit int64) {
	panic(s.error("RangeError", "%s may not be longer than %d here", what, limit))
}

// checkLength returns the length of v, which must be bounded. A length that is
// computed could be another when it is read again, so it is refused.
func (s *sandbox) checkLength(v goja.Value) int64 {
	o, ok := v.(*goja.Object)
	if !ok {
		return 0 // texts are bounded where they are made
	}
	length := o.Get("length")
	if length == nil || goja.IsUndefined(length) {
		return 0
	}
	if o.ClassName() != "Array" {
		d, _ := s.must(s.descriptor(goja.Undefined(), o, s.rt.ToValue("length"))).(*goja.Object)
		if d == nil || d.Get("value") == nil {
			panic(s.error("TypeError", "the length of a list must be an ordinary property"))
		}
	}
	n := length.ToInteger()
	if n > s.maxItems {
		s.tooLong("a list", s.maxItems)
	}
	return max(n, 0)
}

// countFlat subtracts the number of items that v flattens to from left.
func (s *sandbox) countFlat(v goja.Value, depth, left int64) int64 {
	n := s.checkLength(v)
	s.alive()
	if depth > maxJSONDepth {
		depth = maxJSONDepth
	}
	for i := range n {
		if left--; left < 0 {
			s.tooLong("an array", s.maxItems)
		}
		item, _ := v.(*goja.Object).Get(index(i)).(*goja.Object)
		if item == nil || item.ClassName() != "Array" {
			continue
		}
		if depth <= 0 {
			continue
		}
		left = s.countFlat(item, depth-1, left)
	}
	return left
}

// joiner is Array.prototype.join (ECMA-262, 23.1.3.18) with a bound on its
// result. An array inside itself is empty text there.
type joiner struct {
	*sandbox
	open []*goja.Object // arrays that are being joined
}

func (j *joiner) join(call goja.FunctionCall) goja.Value {
	list := call.This.ToObject(j.rt)
	for _, o := range j.open {
		if o == list {
			return j.rt.ToValue("")
		}
	}
	if len(j.open) >= maxJSONDepth {
		panic(j.error("RangeError", "arrays are nested more than %d deep", maxJSONDepth))
	}
	j.open = append(j.open, list)
	defer func() { j.open = j.open[:len(j.open)-1] }()
	separator := ","
	if a := call.Argument(0); !goja.IsUndefined(a) {
		separator = a.String()
	}
	n := j.checkLength(list)
	var b strings.Builder
	for i := range n {
		j.alive()
		if i > 0 {
			b.WriteString(separator)
		}
		if v := list.Get(index(i)); v != nil && !goja.IsUndefined(v) && !goja.IsNull(v) {
			b.WriteString(v.String())
		}
		if int64(b.Len()) > j.maxText {
			j.tooLong("a text", j.maxText)
		}
	}
	return j.rt.ToValue(b.String())
}

func (s *sandbox) array(o *goja.Object) bool {
	return s.must(s.isArray(goja.Undefined(), o)).ToBoolean()
}

// index is the name that item i of an array has.
func index(i int64) string { return strconv.FormatInt(i, 10) }
