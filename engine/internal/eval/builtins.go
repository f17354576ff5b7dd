package eval

import (
	"math"
	"slices"
	"strings"

	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"
)

// Builtin describes a function that expressions may call.
type Builtin struct {
	Name      string
	Signature string // in the user's words; "?" marks an optional argument
	Doc       string
}

// Builtins lists the functions that expressions may call, by topic. They are
// expr-lang's own, without now, date, duration and timezone (the clock and the
// time zone database are no inputs of a run). Those in [metered] are our own
// versions.
func Builtins() []Builtin {
	return slices.Clone([]Builtin{
		{"all", "all(array, predicate) boolean", "whether the predicate holds for every item"},
		{"any", "any(array, predicate) boolean", "whether the predicate holds for some item"},
		{"one", "one(array, predicate) boolean", "whether the predicate holds for exactly one item"},
		{"none", "none(array, predicate) boolean", "whether the predicate holds for no item"},
		{"filter", "filter(array, predicate) array", "the items for which the predicate holds"},
		{"map", "map(array, expression) array", "the expression's value for each item"},
		{"find", "find(array, predicate) any", "the first item for which the predicate holds, else null"},
		{"findIndex", "findIndex(array, predicate) integer", "its index, else null"},
		{"findLast", "findLast(array, predicate) any", "the last item for which the predicate holds, else null"},
		{"findLastIndex", "findLastIndex(array, predicate) integer", "its index, else null"},
		{"count", "count(array, predicate?) integer", "how many items the predicate holds for, or are true"},
		{"sum", "sum(array, expression?) number", "the sum of the items, or of the expression's values"},
		{"groupBy", "groupBy(array, expression) object", "the items by the expression's value"},
		{"sortBy", "sortBy(array, expression, order?) array", `the items by the expression's value, "asc" or "desc"`},
		{"reduce", "reduce(array, expression, initial?) any", "#acc combined with each item in turn"},

		{"first", "first(array) any", "the first item, null when there is none"},
		{"last", "last(array) any", "the last item, null when there is none"},
		{"take", "take(array, n) array", "the first n items"},
		{"get", "get(array or object, key) any", "an item or field, null when there is none"},
		{"len", "len(array, object or string) integer", "how many items, fields or characters"},
		{"reverse", "reverse(array) array", "the items in reverse order"},
		{"sort", "sort(array, order?) array", `numbers or strings in order, "asc" or "desc"`},
		{"uniq", "uniq(array) array", "the items without repetitions"},
		{"concat", "concat(array, ...) array", "the items of all arrays"},
		{"flatten", "flatten(array) array", "the items of nested arrays"},
		{"keys", "keys(object) array", "the names of the fields, sorted"},
		{"values", "values(object) array", "the values of the fields, in the order of keys"},
		{"toPairs", "toPairs(object) array", "[name, value] of each field, in the order of keys"},
		{"fromPairs", "fromPairs(array) object", "the object with these [name, value] pairs"},

		{"trim", "trim(string, characters?) string", "without spaces, or these characters, at both ends"},
		{"trimPrefix", "trimPrefix(string, prefix?) string", "without this prefix"},
		{"trimSuffix", "trimSuffix(string, suffix?) string", "without this suffix"},
		{"upper", "upper(string) string", "in upper case"},
		{"lower", "lower(string) string", "in lower case"},
		{"split", "split(string, separator, n?) array", "the parts between separators, at most n"},
		{"splitAfter", "splitAfter(string, separator, n?) array", "the parts with their separators, at most n"},
		{"replace", "replace(string, old, new, n?) string", "with old replaced by new, at most n times"},
		{"repeat", "repeat(string, n) string", "n times in a row"},
		{"join", "join(array, separator?) string", "the strings in one"},
		{"indexOf", "indexOf(string, part) integer", "where part first occurs, in bytes, else -1"},
		{"lastIndexOf", "lastIndexOf(string, part) integer", "where part last occurs, in bytes, else -1"},
		{"hasPrefix", "hasPrefix(string, prefix) boolean", "whether it starts so"},
		{"hasSuffix", "hasSuffix(string, suffix) boolean", "whether it ends so"},

		{"abs", "abs(number) number", "without its sign"},
		{"ceil", "ceil(number) number", "rounded up"},
		{"floor", "floor(number) number", "rounded down"},
		{"round", "round(number) number", "rounded to the nearest whole number"},
		{"min", "min(number or array, ...) number", "the smallest"},
		{"max", "max(number or array, ...) number", "the greatest"},
		{"mean", "mean(number or array, ...) number", "the average"},
		{"median", "median(number or array, ...) number", "the middle one"},
		{"bitand", "bitand(a, b) integer", "bitwise and"},
		{"bitor", "bitor(a, b) integer", "bitwise or"},
		{"bitxor", "bitxor(a, b) integer", "bitwise exclusive or"},
		{"bitnand", "bitnand(a, b) integer", "bits of a that are not in b"},
		{"bitnot", "bitnot(a) integer", "bitwise complement"},
		{"bitshl", "bitshl(a, n) integer", "shifted left"},
		{"bitshr", "bitshr(a, n) integer", "shifted right"},
		{"bitushr", "bitushr(a, n) integer", "shifted right, filled with zeros"},

		{"type", "type(any) string", `"nil", "bool", "int", "float", "string", "array" or "map"`},
		{"int", "int(number or string) integer", "as a whole number"},
		{"float", "float(number or string) number", "as a number"},
		{"string", "string(any) string", "as text: numbers as they are written, arrays and objects as JSON"},
		{"toJSON", "toJSON(any) string", "as compact JSON, fields sorted"},
		{"fromJSON", "fromJSON(string) any", "the value of a JSON document"},
		{"toBase64", "toBase64(string) string", "encoded"},
		{"fromBase64", "fromBase64(string) string", "decoded"},
	})
}

// withheld are the builtins of expr that read what is no input of a run.
func withheld(name string) bool {
	switch name {
	case "now", "date", "duration", "timezone":
		return true
	}
	return false
}

// makesText reports whether expr's builtin of this name makes text or items in
// proportion to its arguments without counting them; its results are charged
// to the meter. What could make much more than that is in [metered].
func makesText(name string) bool {
	switch name {
	case "upper", "lower", "split", "splitAfter", "toBase64", "fromBase64":
		return true
	}
	return false
}

// firstInteger returns from which argument on expr's builtin of this name
// refuses whole numbers that do not arrive as an int.
func firstInteger(name string) int {
	switch {
	case name == "take" || name == "get":
		return 1
	case name == "split" || name == "splitAfter":
		return 2
	case strings.HasPrefix(name, "bit"):
		return 0
	}
	return math.MaxInt
}

// wantsItems reports whether the first argument of expr's builtin of this name
// is gone through, counted or looked into.
func wantsItems(name string) bool {
	switch name {
	case "all", "any", "one", "none", "filter", "map", "find", "findIndex", "findLast", "findLastIndex", "count", "sum", "groupBy",
		"sortBy", "reduce", "first", "last", "take", "get", "len", "reverse":
		return true
	}
	return false
}

// limitBuiltins takes the withheld builtins out of cfg and puts our versions in
// the place of the metered ones.
func limitBuiltins(cfg *conf.Config) {
	for _, f := range builtin.Builtins {
		if withheld(f.Name) {
			cfg.Disabled[f.Name] = true
			delete(cfg.Builtins, f.Name)
		}
	}
	for _, f := range metered() {
		cfg.Functions[f.name] = &builtin.Function{Name: f.name, Types: f.types, Validate: f.validate, Func: neverCalled}
	}
}

// neverCalled stands where the checker wants a function; lowering replaces
// every call of it.
func neverCalled(...any) (any, error) { return nil, failf("function is not bound to an evaluation") }
