package script

import (
	"github.com/dop251/goja"
)

const (
	maxJSONDepth  = 1000
	maxJSONValues = 1_000_000
)

// guardJSON bounds how deep JSON is read, and how deep and large it is
// written: the same array in many places is many times its text.
func (s *sandbox) guardJSON() {
	object := s.rt.Get("JSON").(*goja.Object)
	s.guard(object, "parse", func(call goja.FunctionCall) {
		if jsonDepth(call.Argument(0).String()) > maxJSONDepth {
			panic(s.error("RangeError", "the JSON is nested more than %d deep", maxJSONDepth))
		}
	})
	stringify := s.function(object, "stringify")
	s.define(object, "stringify", func(call goja.FunctionCall) goja.Value {
		s.alive()
		w := &jsonWriter{sandbox: s, depth: map[*goja.Object]int{}, indent: 10}
		if goja.IsUndefined(call.Argument(2)) {
			w.indent = 0
		}
		w.choose(call.Argument(1))
		return s.must(stringify(call.This, call.Argument(0), s.rt.ToValue(w.replace), call.Argument(2)))
	})
}

// jsonDepth returns how deep the brackets of a JSON text nest.
func jsonDepth(text string) int {
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
			deepest = max(deepest, depth)
		case c == ']' || c == '}':
			depth--
		}
	}
	return deepest
}

// jsonWriter is the replacer that JSON.stringify asks for every value before
// it writes it (ECMA-262, 25.5.2): here values are counted, and the replacer
// or list of names that the script gave does its work.
type jsonWriter struct {
	*sandbox
	script goja.Callable
	names  map[string]bool // nil: all
	depth  map[*goja.Object]int
	values int
	text   int64
	indent int64
}

// choose takes over the replacer of the script.
func (w *jsonWriter) choose(replacer goja.Value) {
	if f, ok := goja.AssertFunction(replacer); ok {
		w.script = f
		return
	}
	o, ok := replacer.(*goja.Object)
	if !ok || !w.array(o) {
		return
	}
	w.names = map[string]bool{}
	n := w.checkLength(o)
	for i := range n {
		w.names[o.Get(index(i)).String()] = true
	}
}

func (w *jsonWriter) replace(call goja.FunctionCall) goja.Value {
	w.alive()
	holder, _ := call.This.(*goja.Object)
	key, value := call.Argument(0), call.Argument(1)
	w.values++
	depth := w.depth[holder]
	if w.values > maxJSONValues || depth > maxJSONDepth {
		panic(w.error("RangeError", "the value is too large for JSON here: more than %d values, or nested more than %d deep", maxJSONValues, maxJSONDepth))
	}
	if w.script != nil {
		value = w.must(w.script(holder, key, value))
	}
	if w.names != nil && w.values > 1 && !w.names[key.String()] && holder.ClassName() != "Array" {
		return goja.Undefined()
	}
	w.text += int64(len(key.String())) + w.indent*int64(depth)
	switch v := value.(type) {
	case *goja.Object:
		w.depth[v] = depth + 1
	default:
		if goja.IsString(value) {
			w.text += int64(len(value.String()))
		}
	}
	if w.text > w.maxText {
		w.tooLong("a text", w.maxText)
	}
	return value
}
