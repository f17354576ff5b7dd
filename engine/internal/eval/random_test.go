package eval

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// Hyphenated ids mean the same as plain names: random expressions are written
// once with ids of every shape and once with plain names, and must agree in
// value, or fail both.
func TestIDsAgreeWithPlainNames(t *testing.T) {
	ids := []string{
		"poll-connection-active", "verify-directory", "verify-directory-users", "a-b", "a--b", "x-1", "2fa-setup",
		"größe-prüfen", "in-progress", "not-active", "filter", "map", "len", "in", "not", "let", "if", "true", "plain",
	}
	w := exprWriter{rand: rand.New(rand.NewPCG(1, 2))}
	steps, env := map[string]Type{}, fixtureEnv()
	for i, id := range ids {
		name := fmt.Sprintf("zz%d", i)
		w.names = append(w.names, [2]string{id, name})
		steps[id], steps[name] = listType(), listType()
		env.Steps[name] = env.Steps[id]
	}
	scope := NewScope(steps, map[string]Type{"total": Int(), "n": Int(), "a": Int()})

	refused := 0
	for range 1000 {
		authored, simple := w.number(4)
		want, wantErr := evaluate(t, scope, simple, env)
		got, gotErr := evaluate(t, scope, authored, env)
		if fmt.Sprint(got) != fmt.Sprint(want) || (gotErr == nil) != (wantErr == nil) {
			t.Fatalf("%s\n = %v, %v\n%s\n = %v, %v", authored, got, gotErr, simple, want, wantErr)
		}
		if wantErr != nil {
			refused++
		}
	}
	if refused > 500 {
		t.Errorf("%d of 1000 expressions have no value: nothing is compared", refused)
	}
}

func evaluate(t *testing.T, scope *Scope, src string, env *Env) (any, error) {
	e, problems := scope.Compile(src)
	if e == nil {
		return nil, fmt.Errorf("%v", problems)
	}
	return e.Eval(t.Context(), env)
}

// exprWriter writes random expressions in two spellings.
type exprWriter struct {
	rand  *rand.Rand
	names [][2]string
}

func (w exprWriter) space() string { return []string{"", " ", "  ", "\n", "\t"}[w.rand.IntN(5)] }

// number writes an expression whose value is a whole number.
func (w exprWriter) number(depth int) (authored, simple string) {
	id := w.names[w.rand.IntN(len(w.names))]
	both := func(format string, args ...[2]string) (string, string) {
		var left, right []any
		for _, a := range args {
			left, right = append(left, a[0]), append(right, a[1])
		}
		return fmt.Sprintf(format, left...), fmt.Sprintf(format, right...)
	}
	sub := func() [2]string { a, b := w.number(depth - 1); return [2]string{a, b} }
	space := [2]string{w.space()}
	space[1] = space[0]
	if depth <= 0 {
		return both([]string{"1", "0", "23", "total", "n", "a"}[w.rand.IntN(6)])
	}
	switch w.rand.IntN(11) {
	case 0, 1:
		return both("%s.data%s[0].count", id, space)
	case 2:
		return both(`steps["%s"].data[1].count`, id)
	case 3:
		return both("(%s)-%s", sub(), sub())
	case 4:
		return both("(%s)%s-%s%s", sub(), space, space, sub())
	case 5:
		return both("sum(map(%s.data, .count-%s))", id, sub())
	case 6:
		return both(`count(filter(%s.data, .count > %s and .state != "a-b"))`, id, sub())
	case 7:
		return both("len(%s.data)", id)
	case 8:
		return both("(not (%s in [%s]) ? 7 : -(%s))", sub(), sub(), sub())
	case 9:
		return both("(let q%[2]s = %[1]s.data[1].count; q%[2]s)", id, w.unique())
	default:
		return both("/* a-b - x-1 */(%s)", sub())
	}
}

// unique numbers local variables, which cannot be declared twice.
func (w exprWriter) unique() [2]string {
	n := fmt.Sprint(w.rand.Uint64())
	return [2]string{n, n}
}
