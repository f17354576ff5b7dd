package eval

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// The functions that expressions may call are expr-lang's own, without those
// that read anything but inputs of a run. docs/expressions.md describes them.

// withheld are the builtins of expr that read the clock or the time zones.
var withheld = []string{"now", "date", "duration", "timezone"}

// functionNames are the functions that expressions may call, in order.
var functionNames = slices.DeleteFunc(slices.Sorted(maps.Keys(builtin.Index)), func(name string) bool { return slices.Contains(withheld, name) })

// trait describes one of expr's own builtins to lowering.
type trait struct {
	items    bool // the first argument is gone through, counted or looked into
	text     bool // makes text or items in proportion to its arguments, and counts neither
	integers int  // so many arguments precede those that must be an int, if they are whole numbers
}

var traits = map[string]trait{
	"all": predicate, "any": predicate, "one": predicate, "none": predicate, "filter": predicate, "map": predicate, "find": predicate,
	"findIndex": predicate, "findLast": predicate, "findLastIndex": predicate, "count": predicate, "sum": predicate, "groupBy": predicate,
	"sortBy": predicate, "reduce": predicate, "first": predicate, "last": predicate, "len": predicate, "reverse": predicate,
	"take": {items: true, integers: 1}, "get": {items: true, integers: 1},
	"split": {text: true, integers: 2}, "splitAfter": {text: true, integers: 2},
	"upper": {text: true, integers: none}, "lower": {text: true, integers: none},
	"toBase64": {text: true, integers: none}, "fromBase64": {text: true, integers: none},
	"bitand": {}, "bitor": {}, "bitxor": {}, "bitnand": {}, "bitnot": {}, "bitshl": {}, "bitshr": {}, "bitushr": {},
}

const none = math.MaxInt

var predicate = trait{items: true, integers: none}

func traitOf(name string) trait {
	if t, ok := traits[name]; ok {
		return t
	}
	return trait{integers: none}
}

// function is one of ours: its signature for the checker, unless that is the
// one of expr's, and its body, which gets as many arguments as the signature
// lets pass; their values may be of any kind all the same.
type function struct {
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

// functions stand in the place of expr's functions and operators of the same
// names: of those that may make far more than they are given, take quadratic
// time, depend on Go's random order of map keys, or do not know json.Number.
var functions = map[string]function{
	"join": {run: join, types: signatures(func([]any) string { return "" }, func([]any, string) string { return "" },
		func([]string) string { return "" }, func([]string, string) string { return "" })},
	"replace":   {run: replaceText, types: signatures(strings.ReplaceAll, strings.Replace)},
	"repeat":    {run: repeat, types: signatures(strings.Repeat)},
	"string":    {run: asText(TextOf), types: signatures(func(any) string { return "" })},
	"toJSON":    {run: asText(CompactJSON), types: signatures(func(any) string { return "" })},
	"keys":      {run: eachField("keys", func(name string, _ any) any { return name }), validate: oneOf("keys", "object", reflect.Map)},
	"values":    {run: eachField("values", func(_ string, v any) any { return v }), validate: oneOf("values", "object", reflect.Map)},
	"toPairs":   {run: eachField("toPairs", func(name string, v any) any { return []any{name, v} }), validate: oneOf("toPairs", "object", reflect.Map)},
	"fromPairs": {run: ofItems("fromPairs", fromPairs), types: signatures(func([]any) map[string]any { return nil })},
	"uniq":      {run: ofItems("uniq", uniq), validate: oneOf("uniq", "array", reflect.Slice)},
	"flatten":   {run: ofItems("flatten", flatten), validate: oneOf("flatten", "array", reflect.Slice)},
	"concat":    {run: concat, validate: manyArrays},

	"abs":    {run: ofOne(absolute)},
	"int":    {run: ofOne(toInt)},
	"float":  {run: ofOne(toFloat)},
	"ceil":   {run: rounding("ceil", math.Ceil)},
	"floor":  {run: rounding("floor", math.Floor)},
	"round":  {run: rounding("round", math.Round)},
	"min":    {run: extreme("min", -1)},
	"max":    {run: extreme("max", 1)},
	"mean":   {run: ofFloats("mean", mean)},
	"median": {run: ofFloats("median", median)},
	"sum":    {run: ofItems("sum", sum)},
	"sort":   {run: sortItems},

	"fromJSON": {run: fromJSON},
	"type":     {run: ofOne(typeName)},

	"==":       {run: func(_ *meter, args []any) (any, error) { return equal(args[0], args[1]), nil }},
	"!=":       {run: func(_ *meter, args []any) (any, error) { return !equal(args[0], args[1]), nil }},
	"in":       {run: func(_ *meter, args []any) (any, error) { return in(args[0], args[1]) }},
	"<":        {run: ordered("<", func(order int) bool { return order < 0 })},
	"<=":       {run: ordered("<=", func(order int) bool { return order <= 0 })},
	">":        {run: ordered(">", func(order int) bool { return order > 0 })},
	">=":       {run: ordered(">=", func(order int) bool { return order >= 0 })},
	"-":        {run: calculation("-")},
	"*":        {run: calculation("*")},
	"/":        {run: calculation("/")},
	"%":        {run: calculation("%")},
	"**":       {run: calculation("**")},
	addName:    {run: func(m *meter, args []any) (any, error) { return m.add(args[0], args[1]) }},
	negateName: {run: ofOne(negate)},

	tickName:      {run: func(m *meter, _ []any) (any, error) { return nil, m.tick() }},
	chargeName:    {run: func(m *meter, args []any) (any, error) { return args[0], m.charge(args[0]) }},
	wholeName:     {run: ofOne(whole)},
	canonicalName: {run: ofOne(func(v any) (any, error) { return jsonvalue.Canonical(v), nil })},
	itemsName:     {run: ofOne(hasItems)},
	sortPairsName: {run: sortPairs},
}

// keepsSignature reports whether expr's builtin is replaced when an expression
// is lowered, and checked as expr does it until then.
func (f function) keepsSignature() bool { return f.run != nil && f.types == nil && f.validate == nil }

// limitBuiltins takes the withheld builtins out of cfg and puts the signatures
// of our versions in the place of expr's.
func limitBuiltins(cfg *conf.Config) {
	for _, name := range withheld {
		cfg.Disabled[name] = true
		delete(cfg.Builtins, name)
	}
	for name, f := range functions {
		if !f.keepsSignature() {
			cfg.Functions[name] = &builtin.Function{Name: name, Types: f.types, Validate: f.validate, Func: neverCalled}
		}
	}
}

// neverCalled stands where the checker wants a function; lowering replaces
// every call of it.
func neverCalled(...any) (any, error) { return nil, failf("function is not bound to an evaluation") }

// bind returns f as the evaluation environment holds it. An error ends the
// evaluation.
func (m *meter) bind(f function) func(...any) any {
	return func(args ...any) any {
		v, err := f.run(m, args)
		if err != nil {
			panic(err)
		}
		return v
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

// takes reports whether an argument may be of a kind, and the type that it has
// if not. The type of nil is nil.
func takes(arg reflect.Type, kind reflect.Kind) (is string, ok bool) {
	if arg == nil {
		return "null", false
	}
	return userWords(arg.String()), arg.Kind() == kind || arg.Kind() == reflect.Interface
}

// ofOne is the body of a function of one value.
func ofOne(f func(v any) (any, error)) func(*meter, []any) (any, error) {
	return func(_ *meter, args []any) (any, error) { return f(args[0]) }
}

// ofItems is the body of a function of one array.
func ofItems(name string, f func(m *meter, items []any) (any, error)) func(*meter, []any) (any, error) {
	return func(m *meter, args []any) (any, error) {
		items, err := itemsOf(name, args[0])
		if err != nil {
			return nil, err
		}
		return f(m, items)
	}
}

// itemsOf returns the items of any of the arrays that expr makes. The result
// must not be written to.
func itemsOf(name string, v any) ([]any, error) {
	switch v := v.(type) {
	case []any:
		return v, nil
	case []string:
		return boxed(v), nil
	case []int:
		return boxed(v), nil
	case []float64:
		return boxed(v), nil
	}
	return nil, failf("%s needs an array, got %s", name, describe(v))
}

func boxed[T any](items []T) []any {
	out := make([]any, len(items))
	for i, item := range items {
		out[i] = item
	}
	return out
}

func textArg(name string, args []any, i int) (string, error) {
	s, ok := args[i].(string)
	if !ok {
		return "", failf("%s needs a string, got %s", name, describe(args[i]))
	}
	return s, nil
}

// typeName is the type function.
func typeName(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return "nil", nil
	case bool:
		return "bool", nil
	case string:
		return "string", nil
	case json.Number:
		if strings.ContainsAny(string(v), ".eE") {
			return "float", nil
		}
		return "int", nil
	case float64, float32:
		return "float", nil
	case map[string]any, map[any][]any:
		return "map", nil
	}
	if isNumber(v) {
		return "int", nil
	}
	return "array", nil
}

// hasItems passes on every value but a json.Number, which to expr is text, with
// a length and parts.
func hasItems(v any) (any, error) {
	if n, ok := v.(json.Number); ok {
		return nil, failf("a number has no length and no parts: %s", jsonvalue.Show(n))
	}
	return v, nil
}

func fromJSON(m *meter, args []any) (any, error) {
	text, err := textArg("fromJSON", args, 0)
	if err != nil {
		return nil, err
	}
	v, err := jsonvalue.Decode([]byte(text))
	switch {
	case err != nil:
		return nil, failf("fromJSON cannot read the text: %v", err)
	case strings.TrimSpace(text) == "":
		return nil, failf("fromJSON cannot read the text: it is empty")
	}
	return v, m.charge(v)
}
