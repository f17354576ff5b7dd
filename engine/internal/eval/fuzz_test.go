package eval

import (
	"testing"
	"unicode"
	"unicode/utf8"
)

func seeds(f *testing.F) {
	for _, s := range []string{
		`a-b.c`, `x-1.data-2`, "`a-b`", `"\"a-b"`, `1e-3-x-1`, `/* a-b`, `in-progress in in`, `#acc-1`, `steps["a.b"].x`,
		`filter(a-b.data, .state == "active")[0].id`, `map(inputs.domains, {domain: #, state: "pending"})`,
		`{{ inputs.name }} and {{ {a: {b: 1}} }}`, `{{ "}}" }}`, `let q = a-b; q?.data ?? 1..n`, `a-b.total-count-1`,
		`reduce(1..3, #acc + #, 0)`, `{(a): (1)}`, `join(["a"], "-") + "é"`, `not in in`, `if n > 1 {a} else {n}`, `verify-directry.data`, `[10000000000000000001, a-b.x + 1.10]`,
		`a-b.headers.Content-Type`, `a-b?.headers["ETag"]`, `steps["in"].headers.x-1 - 1`, `"x" in a-b.headers`, `a-b["headers"]`, `a-b.headers[n]`, `a-b.headers.a-b.headers`,
	} {
		f.Add(s)
	}
}

// fuzzScope is that of the fixtures, with headers of two steps.
func fuzzScope() *Scope {
	s := fixtureScope()
	s.SetHeaders("a-b")
	s.SetHeaders("in")
	return s
}

// Rewriting changes runes in place: nothing moves, strings least of all, and
// it can be undone, but for long numbers, which the source still has.
func FuzzRewrite(f *testing.F) {
	seeds(f)
	scope := fuzzScope()
	f.Fuzz(func(t *testing.T, src string) {
		if !utf8.ValidString(src) {
			return
		}
		r := rewrite(src, scope.names)
		in, out := []rune(src), []rune(r.text)
		if len(in) != len(out) {
			t.Fatalf("%q became %q", src, r.text)
		}
		for i := range in {
			if in[i] != out[i] && plain(string(out[i])) != string(in[i]) && !inLongNumber(in, i) {
				t.Fatalf("%q became %q at %d", src, r.text, i)
			}
		}
	})
}

// inLongNumber reports whether a number that expr would round covers in[i].
func inLongNumber(in []rune, i int) bool {
	for from := i; from >= 0 && (wordRune(in[from]) || in[from] == '.'); from-- {
		if end := numberEnd(in, from); unicode.IsDigit(in[from]) && end > i && isLongNumber(string(in[from:end])) {
			return true
		}
	}
	return false
}

// Compiling and evaluating end, without a panic, and problems lie inside the
// source.
func FuzzCompile(f *testing.F) {
	seeds(f)
	scope, env := fuzzScope(), fixtureEnv()
	env.Headers = map[string]map[string]any{"a-b": {"etag": "v1", "content-type": "text/plain"}}
	f.Fuzz(func(t *testing.T, src string) {
		e, problems := scope.Compile(src)
		checkPlaces(t, src, problems)
		if (e == nil) != HasErrors(problems) {
			t.Fatalf("expression %v, problems %v", e, problems)
		}
		if e == nil {
			return
		}
		if v, err := e.Eval(t.Context(), env); err == nil {
			again, err := e.Eval(t.Context(), env)
			if err != nil || !sameJSON(v, again) {
				t.Fatalf("%v, then %v, %v", v, again, err)
			}
		}
	})
}

func checkPlaces(t *testing.T, src string, problems []Problem) {
	t.Helper()
	size := utf8.RuneCountInString(src)
	for _, p := range problems {
		if p.Offset < 0 || p.Length < 0 || p.Offset > size || p.Offset+p.Length > size+1 {
			t.Fatalf("problem %+v lies outside %q", p, src)
		}
		if p.Code == "" || p.Message == "" {
			t.Fatalf("problem %+v says nothing", p)
		}
	}
}

func sameJSON(a, b any) bool {
	x, errX := CompactJSON(a)
	y, errY := CompactJSON(b)
	return errX == nil && errY == nil && x == y
}
