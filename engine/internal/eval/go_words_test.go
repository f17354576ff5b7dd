package eval

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"testing"
)

// goWords are words of Go's own that mean nothing to an author.
var goWords = regexp.MustCompile(`reflect|interface|map\[|\[\]\w|float64|\bint64\b|uint|struct\b|runtime|panic|pointer|goroutine|json\.|\bfunc\b|<nil>|unhashable|Value\.|%!|expr\b`)

// No message of an expression has Go's words in it, whatever values meet in it:
// each operator and function is tried with values of every kind, typed and not.
func TestMessagesHaveNoWordsOfGo(t *testing.T) {
	values := map[string]any{
		"null": nil, "truth": true, "one": 1, "half": 0.5, "text": "x", "digits": "7", "empty": []any{}, "list": []any{1, "a", nil},
		"object": map[string]any{"a": 1}, "bare": map[string]any{}, "huge": json.Number("18446744073709551617"), "lists": []any{[]any{1}, []any{2}},
		"objects": []any{map[string]any{"a": 1}, map[string]any{"a": "x"}},
	}
	env := &Env{Vars: map[string]any{"v": values}}
	var names, sources []string
	for name := range values {
		names = append(names, "v."+name)
	}
	names = append(names, "nil", "true", "1", "0.5", `"x"`, "[]", "[1]", "{}", "{a: 1}")
	add := func(format string, args ...any) { sources = append(sources, fmt.Sprintf(format, args...)) }
	for _, a := range names {
		for _, format := range []string{"-(%s)", "not (%s)", "(%s) ? 1 : 2", "(%s).a", "(%s).a.b", "(%s)?.a?.b", "(%s)[:]", "{(%s): 1}"} {
			add(format, a)
		}
		for _, b := range names {
			for _, op := range []string{"+", "-", "*", "/", "%", "**", "<", "==", "in", "and", "or", "??", "..", "contains", "startsWith", "endsWith", "matches", "|"} {
				add("(%s) %s (%s)", a, op, b)
			}
			add("(%s)[%s]", a, b)
			add("(%s)[%s:]", a, b)
		}
		for _, f := range functionNames() {
			for _, b := range []string{"v.object", "v.null", "v.huge", "nil", `"x"`} {
				add("%s(%s, %s)", f, a, b)
			}
		}
		for _, f := range functionNames() {
			for _, format := range []string{"%s(%s)", "%s(%s, #)", "%s(%s, # > 1)", "%s(%s, .a)", "%s(%s, .a, # < 1)", "%s(%s, 1, 2)", `%s(%s, "a", "b")`, "%s(%s, #acc + #, 1)"} {
				add(format, f, a)
			}
		}
	}
	scope := NewScope(nil, map[string]Type{"v": Any()})
	seen := map[string]bool{}
	report := func(src, message string) {
		if word := goWords.FindString(message); word != "" && !seen[message] {
			seen[message] = true
			t.Errorf("%s: %q is in %q", src, word, message)
		}
	}
	for _, src := range sources {
		e, problems := scope.Compile(src)
		for _, p := range problems {
			report(src, p.Message+" "+p.Hint)
		}
		if e == nil {
			continue
		}
		_, err := e.Eval(t.Context(), env)
		var fault *EvalError
		if err != nil && !errors.As(err, &fault) {
			t.Errorf("%s: %T", src, err)
		}
		if err != nil {
			report(src, err.Error())
		}
	}
}
