package eval

import (
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// The functions that expressions may call are expr-lang's own, without those
// that read anything but inputs of a run. docs/expressions.md describes them.

// withheld are the builtins of expr that read the clock or the time zones.
var withheld = []string{"now", "date", "duration", "timezone"}

// functionNames are the functions that expressions may call, in order.
var functionNames = sync.OnceValue(func() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(builtin.Index)), func(name string) bool { return slices.Contains(withheld, name) })
})

// trait describes one of expr's own builtins to lowering.
type trait struct {
	items    bool // the first argument is gone through, counted or looked into
	text     bool // makes text or items in proportion to its arguments, and counts neither
	integers int  // from this argument on, counted from 1, whole numbers must be of type int
}

var traits = map[string]trait{
	"all": {items: true}, "any": {items: true}, "one": {items: true}, "none": {items: true}, "filter": {items: true}, "map": {items: true},
	"find": {items: true}, "findIndex": {items: true}, "findLast": {items: true}, "findLastIndex": {items: true}, "count": {items: true},
	"sum": {items: true}, "groupBy": {items: true}, "sortBy": {items: true}, "reduce": {items: true}, "first": {items: true}, "last": {items: true},
	"len": {items: true}, "reverse": {items: true}, "take": {items: true, integers: 2}, "get": {items: true, integers: 2},
	"split": {text: true, integers: 3}, "splitAfter": {text: true, integers: 3},
	"upper": {text: true}, "lower": {text: true}, "toBase64": {text: true}, "fromBase64": {text: true},
	"bitand": {integers: 1}, "bitor": {integers: 1}, "bitxor": {integers: 1}, "bitnand": {integers: 1}, "bitnot": {integers: 1},
	"bitshl": {integers: 1}, "bitshr": {integers: 1}, "bitushr": {integers: 1},
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

// bind returns the body of a function as the evaluation environment holds it.
// An error ends the evaluation.
func (m *meter) bind(run func(m *meter, args []any) (any, error)) func(...any) any {
	return func(args ...any) any {
		v, err := run(m, args)
		if err != nil {
			panic(err)
		}
		return v
	}
}
