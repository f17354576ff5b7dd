package jsonpath

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/capstan-run/capstan/engine/internal/eval"
)

// Whatever a path does, it ends soon and in bounded memory.
func TestPathLimits(t *testing.T) {
	deep := any(1)
	for range 20_000 {
		deep = []any{deep}
	}
	narrow := any(1)
	for range 40 {
		narrow = []any{narrow}
	}
	wide := make([]any, 3000)
	for i := range wide {
		wide[i] = map[string]any{"x": i}
	}
	for _, c := range []struct {
		name, src string
		data      any
		want      string
	}{
		{"deep data", `$..x`, deep, "more than 10000 levels deep"},
		{"equal deep data", `$[?@ == $[0]]`, deep, "more than 10000 levels deep"},
		{"doubling", `$` + strings.Repeat(`[*,*]`, 40), narrow, "more than 1000000 values"},
		{"descendants of descendants", `$` + strings.Repeat(`..*`, 20), narrow, "more than 1000000 values"},
		{"a filter that reads everything", `$[?count($[*]) == 1]`, wide, "more than 1000000 values"},
	} {
		p := mustPath(t, c.src)
		v, found, err := p.Find(c.data)
		if err == nil || !strings.Contains(err.Error(), c.want) || found || v != nil {
			t.Errorf("%s: got %v, %v, %v", c.name, v, found, err)
		}
		if _, found := p.Get(c.data); found {
			t.Errorf("%s: Get finds part of it", c.name)
		}
	}
	for _, src := range []string{
		`$` + strings.Repeat(`[?@`, 200) + strings.Repeat(`]`, 200),
		`$[?` + strings.Repeat(`(`, 2000) + `@` + strings.Repeat(`)`, 2000) + `]`,
		`$[?` + strings.Repeat(`!`, 2000) + `@]`,
	} {
		if p, problems := Parse(src); p != nil || !strings.Contains(problems[0].Message, "nests more than 16") {
			t.Errorf("%.20s...: %v", src, problems)
		}
	}
}

func TestDefinitePathsAllocateNothing(t *testing.T) {
	data, p := fleetData(t), mustPath(t, `$.ships[0].crew[-1].id`)
	if n := testing.AllocsPerRun(100, func() { p.Get(data) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Parsing, typing and evaluating end without a panic; problems lie inside the
// source; the result has the static type.
func FuzzPath(f *testing.F) {
	for _, s := range []string{
		`$.`, `$.a.b`, `$.ships[0].crew`, `$.Imo Number.x`, `$..*[?@.x == 'y' && !(@.z < 1.5e3 || $.a)]`, `a.[0]`, `$['\u00e9\ud83d\ude00'][-1:2:-1, *]`,
		`$.a[?match(@.b, 'x.*')]`, `$.a[?count(@..*) > length(@.x)]`, `..a`, `$[?@[?@.x]]`, `$.a[?(@.x==null)].b.`,
	} {
		f.Add(s)
	}
	data := fleetData(f)
	types := eval.FromValue(data)
	f.Fuzz(func(t *testing.T, src string) {
		p, problems := Parse(src)
		checkPlaces(t, src, problems)
		if (p == nil) == (len(problems) == 0) {
			t.Fatalf("path %v, problems %v", p, problems)
		}
		if p == nil {
			return
		}
		if rest := p.Drop(len(p.Names())); rest.Source() != src || len(rest.Names()) != 0 {
			t.Fatalf("source %q, names %q, then %q", rest.Source(), p.Names(), rest.Names())
		}
		v, found, err := p.Find(data)
		if _, isList := v.([]any); !p.Definite() && err == nil && (!isList || !found) {
			t.Fatalf("a path to many gave %v, %v", v, found)
		}
		typ, problem := p.TypeOf(types)
		if problem != nil {
			checkPlaces(t, src, []eval.Problem{*problem})
		} else if found && v != nil && !typ.Accepts(eval.FromValue(v)) && !strings.Contains(typ.String(), "array") {
			t.Fatalf("%s is %s, of type %s", src, "a value", typ)
		}
		if !utf8.ValidString(src) {
			t.Fatal("took what is no text")
		}
	})
}

func BenchmarkPathGet(b *testing.B) {
	data := fleetData(b)
	for name, src := range map[string]string{
		"definite": `$.ships[0].crew[0].rank.code`,
		"wildcard": `$.ships[*].name`,
		"filter":   `$.ships[?(@.imo == 2)].name`,
		"descend":  `$..code`,
	} {
		b.Run(name, func(b *testing.B) {
			p := mustPath(b, src)
			b.ReportAllocs()
			for b.Loop() {
				p.Get(data)
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		mustPath(b, `$.ships[0].crew[0].rank.code`)
	}
}

func checkPlaces(t *testing.T, src string, problems []eval.Problem) {
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
