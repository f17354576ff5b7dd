package eval

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// meteredFunc is a function of ours: what the checker must know of it, and
// what it does. run gets as many arguments as types or validate let pass;
// their values may be of any kind all the same.
type meteredFunc struct {
	name     string
	types    []reflect.Type
	validate func([]reflect.Type) (reflect.Type, error)
	run      func(m *meter, args []any) (any, error)
}

// Names of functions that only lowering calls.
const (
	tickName      = "tick"
	addName       = "+"
	negateName    = "negate"
	chargeName    = "charge"
	wholeName     = "whole"
	canonicalName = "canonical"
	itemsName     = "items"
	sortPairsName = "sortPairs"
)

// metered lists the builtins that we make ourselves, because expr's version
// may make far more than it is given, takes quadratic time, or depends on Go's
// random order of map keys.
func metered() []meteredFunc {
	return []meteredFunc{
		{name: "join", run: join, types: signatures(func([]any) string { return "" }, func([]any, string) string { return "" },
			func([]string) string { return "" }, func([]string, string) string { return "" })},
		{name: "replace", run: replaceText, types: signatures(strings.ReplaceAll, strings.Replace)},
		{name: "repeat", run: repeat, types: signatures(strings.Repeat)},
		{name: "string", run: toText, types: signatures(func(any) string { return "" })},
		{name: "toJSON", run: toJSON, types: signatures(func(any) string { return "" })},
		{name: "keys", run: keys, validate: oneOf("keys", "object", reflect.Map)},
		{name: "values", run: values, validate: oneOf("values", "object", reflect.Map)},
		{name: "toPairs", run: toPairs, validate: oneOf("toPairs", "object", reflect.Map)},
		{name: "fromPairs", run: fromPairs, types: signatures(func([]any) map[string]any { return nil })},
		{name: "uniq", run: uniq, validate: oneOf("uniq", "array", reflect.Slice)},
		{name: "flatten", run: flatten, validate: oneOf("flatten", "array", reflect.Slice)},
		{name: "concat", run: concat, validate: manyArrays},
	}
}

// internal lists the functions that stand for no builtin.
func internal() []meteredFunc {
	return []meteredFunc{
		{name: tickName, run: func(m *meter, _ []any) (any, error) { return nil, m.tick() }},
		{name: chargeName, run: func(m *meter, args []any) (any, error) { return args[0], m.charge(args[0]) }},
		{name: wholeName, run: func(_ *meter, args []any) (any, error) { return whole(args[0]) }},
	}
}

func signatures(funcs ...any) []reflect.Type {
	types := make([]reflect.Type, len(funcs))
	for i, f := range funcs {
		types[i] = reflect.TypeOf(f)
	}
	return types
}

func oneOf(name, want string, kind reflect.Kind) func([]reflect.Type) (reflect.Type, error) {
	result := reflect.TypeFor[[]any]()
	return func(args []reflect.Type) (reflect.Type, error) {
		if len(args) != 1 {
			return result, fmt.Errorf("%s takes one argument, not %d", name, len(args))
		}
		if is, ok := takes(args[0], kind); !ok {
			return result, fmt.Errorf("%s takes an %s, not %s", name, want, is)
		}
		return result, nil
	}
}

func manyArrays(args []reflect.Type) (reflect.Type, error) {
	result := reflect.TypeFor[[]any]()
	if len(args) == 0 {
		return result, fmt.Errorf("concat takes one or more arrays")
	}
	for _, arg := range args {
		if is, ok := takes(arg, reflect.Slice); !ok {
			return result, fmt.Errorf("concat takes arrays, not %s", is)
		}
	}
	return result, nil
}

// takes reports whether an argument may be of a kind, and what it is if not.
// The type of nil is nil.
func takes(arg reflect.Type, kind reflect.Kind) (is string, ok bool) {
	if arg == nil {
		return "null", false
	}
	return userWords(arg.String()), arg.Kind() == kind || arg.Kind() == reflect.Interface
}

// meteredNamed returns the function that lowering calls by name.
func meteredNamed(name string) meteredFunc {
	all := slices.Concat(metered(), internal(), operators(), numeric())
	return all[slices.IndexFunc(all, func(f meteredFunc) bool { return f.name == name })]
}

// bind returns f as the evaluation environment holds it. An error ends the
// evaluation.
func (m *meter) bind(f meteredFunc) func(...any) any {
	return func(args ...any) any {
		v, err := f.run(m, args)
		if err != nil {
			panic(err)
		}
		return v
	}
}
