package script

import (
	"math"
	"reflect"

	"github.com/dop251/goja"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// result copies the variable `result` out. It may have been declared with let
// or const, which are no properties of the global object.
func (s *sandbox) result() (any, error) {
	v, err := s.rt.RunString("typeof result === 'undefined' ? undefined : result")
	if err != nil {
		return nil, err
	}
	var out any
	copier := &copier{sandbox: s}
	// Getters and toJSON run, and may throw: inside of the interpreter that
	// is an error like any other.
	copying, _ := goja.AssertFunction(s.rt.ToValue(func(goja.FunctionCall) goja.Value {
		out, _ = copier.out(v, "", 0)
		return goja.Undefined()
	}))
	if _, err := copying(goja.Undefined()); err != nil {
		return nil, err
	}
	return out, nil
}

// copier turns a value of the script's into plain data.
type copier struct {
	*sandbox
	values int
	text   int64
}

// out copies v, which stands under key. ok is false for values that JSON leaves
// out.
func (c *copier) out(v goja.Value, key string, depth int) (data any, ok bool) {
	c.alive()
	if c.values++; c.values > maxJSONValues {
		panic(c.error("RangeError", "the result holds more than %d values", maxJSONValues))
	}
	if depth > maxJSONDepth {
		panic(c.error("RangeError", "the result is nested more than %d deep, or holds itself", maxJSONDepth))
	}
	o, isObject := v.(*goja.Object)
	if isObject {
		return c.object(o, key, depth)
	}
	if _, symbol := v.(*goja.Symbol); symbol || v == nil || goja.IsUndefined(v) {
		return nil, false
	}
	switch x := v.Export().(type) {
	case int64:
		return number(float64(x)), true
	case float64:
		return number(x), true
	case string:
		if c.text += int64(len(x)); c.text > c.maxText {
			c.tooLong("all text of the result", c.maxText)
		}
		return x, true
	case bool:
		return x, true
	}
	return nil, true // null
}

// number returns an int where nothing is lost, and nil for NaN and infinities,
// as JSON does.
func number(f float64) any {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return nil
	case f == math.Trunc(f) && math.Abs(f) <= 1<<53:
		return int(f)
	}
	return f
}

func (c *copier) object(o *goja.Object, key string, depth int) (data any, ok bool) {
	if n, ok := c.exact.numbers[o]; ok {
		v, _ := jsonvalue.Number(string(n))
		return v, true
	}
	if _, callable := goja.AssertFunction(o); callable {
		return nil, false
	}
	if o.ExportType() == reflect.TypeFor[*goja.Promise]() {
		return c.promise(o.Export().(*goja.Promise), key, depth)
	}
	if toJSON, is := goja.AssertFunction(orUndefined(o.Get("toJSON"))); is {
		plain := c.must(toJSON(o, c.rt.ToValue(key)))
		if _, still := plain.(*goja.Object); !still {
			return c.out(plain, key, depth+1)
		}
		o = plain.(*goja.Object)
	}
	for name, constructor := range c.unlikeJSON {
		if c.rt.InstanceOf(o, constructor) {
			panic(c.error("TypeError", "the result holds a %s, which JSON does not have; make it an object or an array", name))
		}
	}
	switch o.ClassName() {
	case "String":
		return c.out(c.rt.ToValue(o.String()), key, depth)
	case "Number", "Boolean":
		return c.out(c.rt.ToValue(o.Export()), key, depth)
	}
	if c.array(o) {
		n := c.checkLength(o)
		items := make([]any, 0, min(n, 1024))
		for i := range n {
			item, _ := c.out(o.Get(index(i)), index(i), depth+1)
			items = append(items, item)
		}
		return items, true
	}
	fields := map[string]any{}
	for _, name := range o.Keys() {
		c.text += int64(len(name))
		if v, ok := c.out(o.Get(name), name, depth+1); ok {
			fields[name] = v
		}
	}
	return fields, true
}

// promise returns the value that a promise was settled with. All that could settle it
// has run by now.
func (c *copier) promise(p *goja.Promise, key string, depth int) (any, bool) {
	switch p.State() {
	case goja.PromiseStateFulfilled:
		return c.out(p.Result(), key, depth+1)
	case goja.PromiseStateRejected:
		panic(p.Result())
	}
	panic(c.error("TypeError", "the result waits for something that never happens"))
}

func orUndefined(v goja.Value) goja.Value {
	if v == nil {
		return goja.Undefined()
	}
	return v
}
