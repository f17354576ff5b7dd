package script

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
)

// sandbox is the world of one run: an interpreter with less to offer than the
// language has.
type sandbox struct {
	rt    *goja.Runtime
	hide  func(string) string   // see Options.Hide
	cause atomic.Pointer[error] // why the run was stopped

	maxText  int64 // UTF-16 units that one call may make
	maxItems int64 // array items that one call may go through

	isArray    goja.Callable
	unlikeJSON map[string]*goja.Object // constructors of values that JSON has no form for
	descriptor goja.Callable
	regexps    *regexps
	exact      exactNumbers
}

func newSandbox(o Options) *sandbox {
	rt := goja.New()
	s := &sandbox{rt: rt, hide: o.Hide, maxText: max(o.Memory/4, 1<<10), maxItems: max(o.Memory/16, 1<<10)}
	rt.SetParserOptions(parser.WithDisableSourceMaps)
	rt.SetMaxCallStackSize(maxStack)
	rt.SetTimeSource(func() time.Time { return o.Now })
	random := rand.New(rand.NewPCG(o.Seed, 0))
	rt.SetRandSource(random.Float64)
	s.isArray = s.function(rt.Get("Array"), "isArray")
	s.descriptor = s.function(rt.Get("Object"), "getOwnPropertyDescriptor")
	s.unlikeJSON = map[string]*goja.Object{}
	for _, name := range []string{"Map", "Set", "WeakMap", "WeakSet"} {
		s.unlikeJSON[name] = rt.Get(name).(*goja.Object)
	}
	s.regexps = &regexps{sandbox: s, known: map[string]*pattern{}}

	s.guardArrays()
	s.guardText()
	s.guardJSON()
	s.define(s.prototype("RegExp"), "exec", s.regexps.exec)
	s.define(s.prototype("RegExp"), "test", s.regexps.test)
	s.guardIterators()
	s.takeAway()
	s.silence()
	return s
}

// guardIterators lets loops over the library's own iterators end, which spread
// and destructuring run through without looking up.
func (s *sandbox) guardIterators() {
	for _, iterator := range []string{"[].values()", "new Map().values()", "new Set().values()", "''[Symbol.iterator]()"} {
		proto := s.must(s.rt.RunString("Object.getPrototypeOf(" + iterator + ")")).(*goja.Object)
		s.guard(proto, "next", func(goja.FunctionCall) {})
	}
}

// takeAway removes features that cannot be bounded, or that compile text.
func (s *sandbox) takeAway() {
	global := s.rt.GlobalObject()
	for _, name := range []string{
		"eval", "Function", "BigInt", "BigInt64Array", "BigUint64Array", "ArrayBuffer", "SharedArrayBuffer", "DataView",
		"Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array", "Float32Array", "Float64Array",
	} {
		_ = global.Delete(name) // configurable, as all globals are: cannot fail
	}
	refuse := func(goja.FunctionCall) goja.Value {
		panic(s.error("TypeError", "code cannot be made from text"))
	}
	for _, kind := range []string{"function(){}", "function*(){}", "async function(){}", "async () => 0"} {
		f, err := s.rt.RunString("Object.getPrototypeOf(" + kind + ")")
		if err != nil {
			continue // a kind of function that the interpreter does not have
		}
		s.define(f.(*goja.Object), "constructor", refuse)
	}
}

// silence gives scripts the console that they may be used to. It prints
// nothing: the output of a script is its result.
func (s *sandbox) silence() {
	console := s.rt.NewObject()
	for _, name := range []string{"log", "info", "warn", "error", "debug", "trace"} {
		s.define(console, name, func(goja.FunctionCall) goja.Value { return goja.Undefined() })
	}
	s.put(s.rt.GlobalObject(), "console", console)
}

// alive ends a call into the library when the run was stopped.
func (s *sandbox) alive() {
	if s.cause.Load() != nil {
		panic(new(goja.InterruptedError))
	}
}

// error makes an error of the language's own kind, to panic with.
func (s *sandbox) error(kind, format string, args ...any) goja.Value {
	e, err := s.rt.New(s.rt.Get(kind), s.rt.ToValue(fmt.Sprintf(format, args...)))
	if err != nil { // the script replaced the constructor
		return s.rt.ToValue(fmt.Sprintf(format, args...))
	}
	return e
}

func (s *sandbox) prototype(class string) *goja.Object {
	return s.rt.Get(class).(*goja.Object).Get("prototype").(*goja.Object)
}

func (s *sandbox) function(of goja.Value, name string) goja.Callable {
	f, _ := goja.AssertFunction(of.(*goja.Object).Get(name))
	return f
}

// define gives o a method that does not show up in loops.
func (s *sandbox) define(o *goja.Object, name string, f func(goja.FunctionCall) goja.Value) {
	if err := o.DefineDataProperty(name, s.rt.ToValue(f), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
		panic(err) // a property that cannot be replaced would leave a hole
	}
}

// put gives o an ordinary property, whatever its name ("__proto__" too).
func (s *sandbox) put(o *goja.Object, name string, v goja.Value) {
	if err := o.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE); err != nil {
		panic(err)
	}
}

func (s *sandbox) set(o *goja.Object, name string, v any) {
	if err := o.Set(name, v); err != nil {
		panic(err)
	}
}

// guard puts a check before the method of o called name.
func (s *sandbox) guard(o *goja.Object, name string, check func(goja.FunctionCall)) {
	method, ok := goja.AssertFunction(o.Get(name))
	if !ok {
		return
	}
	s.define(o, name, func(call goja.FunctionCall) goja.Value {
		s.alive()
		check(call)
		return s.must(method(call.This, call.Arguments...))
	})
}

// must throws on the error of a function of the script.
func (s *sandbox) must(v goja.Value, err error) goja.Value {
	if err != nil {
		panic(err)
	}
	return v
}
