package eval

import (
	"strings"
	"testing"
)

// Whatever an expression does, it ends soon and in bounded memory.
func TestEvalLimits(t *testing.T) {
	scope := NewScope(nil, map[string]Type{"xs": ArrayOf(Int()), "s": String()})
	big := make([]any, 2000)
	for i := range big {
		big[i] = i
	}
	env := &Env{Vars: map[string]any{"xs": big, "s": strings.Repeat("x", 1<<20)}}
	doubling := "let a0 = [1, 2];"
	for range 30 {
		last := strings.Count(doubling, ";") - 1
		name := func(i int) string { return "a" + strings.Repeat("x", i) }
		if last == 0 {
			doubling = "let a = [1, 2];"
		}
		doubling += " let " + name(last+1) + " = [" + name(last) + ", " + name(last) + "];"
	}
	tip := "a" + strings.Repeat("x", 30)
	for _, c := range []struct{ src, want string }{
		{`count(xs, count(xs, count(xs, # == 1) > 0) > 0)`, "predicates are nested 3 deep"},
		{`count(1..1500, count(xs, # < 0) == 5)`, "more than 2000000 predicate calls"},
		{`map(xs, map(xs, #))`, "too many items"},
		{`reduce(1..100, #acc + #acc, "ab")`, "too much text"},
		{`let a = s + s; let b = a + a; let c = b + b; let d = c + c; let e = d + d; let f = e + e; f + f`, "too much text"},
		{`repeat(s, 1000000)`, "too much text"},
		{`repeat("ab", 9223372036854775807)`, "too much text"},
		{`replace(s, "x", s)`, "too much text"},
		{`replace(s, "", s)`, "too much text"},
		{`map(1..1000, upper(s))`, "too much text"},
		{`map(1..1000, split(s, ""))`, "too many items"},
		{`join(map(xs, s))`, "too much text"},
		{doubling + ` toJSON(` + tip + `)`, "too many items"},
		{doubling + ` flatten(` + tip + `)`, "too many items"},
		{doubling + ` string(` + tip + `)`, "too many items"},
		{doubling + ` uniq(` + tip + `)`, "too many items"},
		{doubling + tip, "too many items"},
	} {
		e, problems := scope.Compile(c.src)
		if e == nil {
			if !strings.Contains(problems[0].String(), c.want) {
				t.Errorf("%.60s: %v", c.src, problems)
			}
			continue
		}
		if _, err := e.Eval(t.Context(), env); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60s: got %v, want %q", c.src, err, c.want)
		}
	}
}

// What a capability may well do stays far from the bounds.
func TestWithinLimits(t *testing.T) {
	scope := NewScope(nil, map[string]Type{"xs": ArrayOf(Int()), "s": String()})
	big := make([]any, 1000)
	for i := range big {
		big[i] = i
	}
	env := &Env{Vars: map[string]any{"xs": big, "s": strings.Repeat("é", 1<<19)}}
	for _, src := range []string{
		`count(xs, let x = #; any(xs, # == x)) == 1000`,
		`len(map(xs, {a: #, b: string(#)})) == 1000`,
		`len(s + s) == 1048576`,
		`len(uniq(xs)) == 1000`,
	} {
		e, problems := scope.CompileBool(src)
		if e == nil {
			t.Fatalf("%s: %v", src, problems)
		}
		if got, err := e.Eval(t.Context(), env); got != true {
			t.Errorf("%s: %v, %v", src, got, err)
		}
	}
}
