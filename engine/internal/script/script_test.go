package script

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type object = map[string]any

func run(t *testing.T, text string, vars map[string]any, o Options) (any, error) {
	t.Helper()
	p, err := Compile(Source{Name: "step.js", Text: []byte(text)})
	if err != nil {
		return nil, err
	}
	if o.Timeout == 0 {
		o.Timeout = time.Hour // so that on a slow machine another limit ends it
	}
	return p.Run(t.Context(), vars, o)
}

// results runs each script and compares.
func results(t *testing.T, vars map[string]any, cases map[string]any) {
	t.Helper()
	for text, want := range cases {
		got, err := run(t, text, vars, Options{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", text, d)
		}
	}
}

// refused runs each script and wants an error with the text in it.
func refused(t *testing.T, cases map[string]string) {
	t.Helper()
	for text, want := range cases {
		if v, err := run(t, text, nil, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.70s: got %v and error %v, want one about %q", text, v, err, want)
		}
	}
}

func TestTheStepsContract(t *testing.T) {
	vars := map[string]any{
		"fetch-data": object{"items": []any{object{"status": "active", "n": 1}, object{"status": "gone"}}},
		"threshold":  5, "result": "an input of that name", "JSON": "no", "fetchOther": 1, "fetch-other": 2, "__proto__": object{"x": 1},
	}
	results(t, vars, map[string]any{
		`var d = context["fetch-data"]; var a = d.items.filter(function (i) { return i.status === "active"; });
		 result = { activeCount: a.length, items: a };`: object{"activeCount": 1, "items": []any{object{"status": "active", "n": 1}}},
		`result = fetchData.items.length + threshold + context.threshold`: 12,
		`const result = fetchData.items.map(i => i.status)`:               []any{"active", "gone"},
		`"use strict"; result = 1`:                                        1,
		`let threshold = 7; result = threshold`:                           7,
		`context.result`:                                                  nil,
		`42`:                                                              nil,
		`result = JSON.stringify(context.JSON)`:                           `"no"`,
		`result = fetchOther`:                                             1,
		`result = context["__proto__"].x + ({}.x === undefined ? 0 : 1)`: 1,
		`console.log("x"); print = 1; result = null`:                     nil,
		`result = Object.keys(context)`:                                  []any{"JSON", "__proto__", "fetch-data", "fetch-other", "fetchOther", "result", "threshold"},
	})
}

func TestValuesGoInAndOutAsCopies(t *testing.T) {
	vars := map[string]any{"v": object{"a": []any{1, 2.5, "x", true, nil}, "o": object{"b": 1}}}
	results(t, vars, map[string]any{
		`result = context.v`: vars["v"],
		`v.o.b = 2; v.a.push(3); delete context.v; result = 1`: 1,
		`result = {f: () => 1, u: undefined, n: NaN, d: new Date(0), big: 2 ** 60, s: Symbol("x"), l: [undefined, () => 1], neg: -0, h: 1.5}`: object{
			"n": nil, "d": "1970-01-01T00:00:00.000Z", "big": float64(1 << 60), "l": []any{nil, nil}, "neg": 0, "h": 1.5},
		`result = {toJSON() { return {x: 1} }}`:                                                           object{"x": 1},
		`result = (async () => { await null; return {x: 1} })()`:                                          object{"x": 1},
		`result = [new String("a"), new Number(1), new Boolean(true)]`:                                    []any{"a", 1, true},
		`result = Object.create({inherited: 1}, {own: {value: 1, enumerable: true}, hidden: {value: 2}})`: object{"own": 1},
	})
	if d := cmp.Diff(object{"a": []any{1, 2.5, "x", true, nil}, "o": object{"b": 1}}, vars["v"]); d != "" {
		t.Errorf("the script changed its input:\n%s", d)
	}
	refused(t, map[string]string{
		`result = new Map([[1, 2]])`:                                       "holds a Map",
		`result = {get a() { throw new Error("no") }}`:                     "Error: no",
		`var a = []; a.push(a); result = a`:                                "holds itself",
		`result = new Promise(() => 0)`:                                    "never happens",
		`result = (async () => { throw new TypeError("bad") })()`:          "TypeError: bad",
		`var a = [1]; for (let i = 0; i < 40; i++) a = [a, a]; result = a`: "more than",
	})
}

func TestDependenciesRunBeforeInOrder(t *testing.T) {
	p, err := Compile(Source{"main.js", []byte(`result = twice(base) + extra`)},
		Source{"lib/a.js", []byte(`const base = 4; function twice(n) { return 2 * n; }`)},
		Source{"lib/b.js", []byte(`let extra = twice(1)`)})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.Run(t.Context(), nil, Options{}); err != nil || got != 10 {
		t.Errorf("got %v, %v", got, err)
	}
	_, err = Compile(Source{"main.js", []byte(`1`)}, Source{"lib/a.js", []byte("x\ny z")})
	if e := (*Error)(nil); !errors.As(err, &e) || e.Pos.File != "lib/a.js" || e.Pos.Line != 2 || e.Pos.Column != 3 {
		t.Errorf("a fault in a dependency is reported as %v", err)
	}
}

func TestFaultsNameTheirPlace(t *testing.T) {
	for text, want := range map[string]string{
		"var a = 1;\nvar b = ;":       "step.js:2:9: ",
		"let a; let a;":               "step.js:1:",
		"\n result = context.x.y":     "step.js:2:",
		"\nthrow new Error('gone')":   "step.js:2:7: the script threw Error: gone",
		"throw 'text'":                "the script threw text",
		"throw {get message() {}}":    "the script threw an object",
		"a = 1;\n b = 10n":            "step.js:2:6: whole numbers",
		"a = /(?=x)/":                 "step.js:1:5: look-around",
		"function f(x = /(a)\\1/) {}": "step.js:1:16: look-around",
		"f(`${[{a: () => 1n}]}`)":     "BigInt",
		"f()":                         "step.js:1:",
	} {
		if _, err := run(t, text, nil, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", text, err, want)
		}
	}
}

func TestRunsRepeat(t *testing.T) {
	const text = `result = [Date.now(), new Date().toISOString(), Math.random(), Math.random()]`
	now := time.Date(2026, 11, 5, 1, 2, 3, 0, time.UTC)
	first, err := run(t, text, nil, Options{Now: now, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]any{int(now.UnixMilli()), "2026-11-05T01:02:03.000Z"}, first.([]any)[:2]); d != "" {
		t.Error(d)
	}
	again, _ := run(t, text, nil, Options{Now: now, Seed: 1})
	if d := cmp.Diff(first, again); d != "" {
		t.Errorf("the second run differs:\n%s", d)
	}
	other, _ := run(t, text, nil, Options{Now: now, Seed: 2})
	if cmp.Equal(first, other) {
		t.Error("the seed changes nothing")
	}
}

func TestAProgramRunsConcurrently(t *testing.T) {
	p, err := Compile(Source{"step.js", []byte(`globalThis.n = (globalThis.n || 0) + 1; result = [n, /a(.)/g.exec("xab")[1]]`)})
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan any)
	for range 8 {
		go func() {
			v, _ := p.Run(context.Background(), map[string]any{"x": 1}, Options{})
			got <- v
		}()
	}
	for range 8 {
		if d := cmp.Diff([]any{1, "b"}, <-got); d != "" {
			t.Error(d)
		}
	}
}

func TestLanguages(t *testing.T) {
	for name, want := range map[string]string{"python": "rewrite the step in javascript", "Groovy": "rewrite", "": "language: javascript", "lua": "unknown"} {
		if err := Language(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := Language("JavaScript"); err != nil {
		t.Error(err)
	}
}

func TestNumbersOfAScriptKeepTheirDigits(t *testing.T) {
	n := func(s string) any { return json.Number(s) }
	vars := map[string]any{
		"id": n("18446744073709551617"), "same": n("18446744073709551617.0"), "next": n("18446744073709551618"), "huge": n("1e400"),
		"big": 9007199254740993, "price": n("10.10"), "hundred": n("1e2"), "list": []any{n("9223372036854775808")},
	}
	results(t, vars, map[string]any{
		"result = id":                                 n("18446744073709551617"),
		"result = {a: [id, list[0]], big}":            object{"a": []any{n("18446744073709551617"), n("9223372036854775808")}, "big": 9007199254740993},
		"result = id === same && id !== next":         true,
		"result = id == next":                         false,
		"result = `/ships/${id}`":                     "/ships/18446744073709551617",
		"result = String(huge) + price":               "1e40010.1",
		"result = price + 1":                          11.1,
		"result = hundred + 1":                        101,
		"var c = Object.assign({}, {id}); result = c": object{"id": n("18446744073709551617")},
	})
	for _, text := range []string{"result = id + 1", "result = big * 2", "result = huge > 1", "result = -id", "result = JSON.stringify({id})"} {
		if v, err := run(t, text, vars, Options{}); err == nil || !strings.Contains(err.Error(), "has more digits than a script can calculate with") {
			t.Errorf("%s: %v, %v", text, v, err)
		}
	}
}
