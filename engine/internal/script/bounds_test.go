package script

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"
)

// stoppers are scripts that never end by themselves.
var stoppers = map[string]string{
	"loop":      `for (;;) {}`,
	"callback":  `for (;;) { [1, 2, 3].map(x => x).join() }`,
	"catch":     `for (;;) { try { for (;;) {} } catch (e) {} finally { continue } }`,
	"generator": `function* g() { for (;;) yield 1 } for (const x of g()) {}`,
	"microtask": `const f = () => Promise.resolve().then(f); f()`,
	"getter":    `result = {get a() { for (;;) {} }}`,
	"toString":  `result = [{toString() { for (;;) {} }}].join()`,
	"sort":      `const a = Array(1e5).fill(1); for (;;) a.sort(() => 1)`,
	"join":      `let a = [1]; for (let i = 0; i < 60; i++) a = [a, a]; String(a)`,
	"spread":    `const a = Array(1e5).fill(1); for (;;) [...a, ...a]`,
	"replacer":  `JSON.stringify([1], () => { for (;;) {} })`,
}

func TestTimeOut(t *testing.T) {
	for name, text := range stoppers {
		_, err := run(t, text, nil, Options{Timeout: 20 * time.Millisecond})
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "longer than 20ms") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheContextEndsARun(t *testing.T) {
	p, err := Compile(Source{"step.js", []byte(`for (;;) {}`)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := p.Run(ctx, nil, Options{Timeout: time.Hour})
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if _, err := p.Run(ctx, nil, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a run that begins after it ends with %v", err)
	}
}

func TestMemory(t *testing.T) {
	for name, text := range map[string]string{
		"text":    `let s = "x"; for (;;) s += s`,
		"array":   `const a = []; for (;;) a.push({a: 1, b: [2]})`,
		"map":     `const m = new Map(); for (let i = 0; ; i++) m.set(i, {i})`,
		"closure": `let f = () => 0; for (;;) { const g = f, x = [1, 2, 3]; f = () => [g, x] }`,
		"pieces":  `result = "x".repeat(1e6).replace(/x/g, () => "y".repeat(1e5))`,
	} {
		_, err := run(t, text, nil, Options{Timeout: time.Minute, Memory: 8 << 20})
		if err == nil || !strings.Contains(err.Error(), "memory grew by more than 8 MiB") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGarbageIsNoGrowth(t *testing.T) {
	got, err := run(t, `let n = 0; for (let i = 0; i < 60; i++) { n += "x".repeat(1e6).length } result = n`, nil, Options{Timeout: time.Minute, Memory: 16 << 20})
	if err != nil || got != 60_000_000 {
		t.Errorf("got %v, %v", got, err)
	}
}

// What is garbage when a script begins does not hide what the script holds.
func TestGarbageOfBeforeHidesNoGrowth(t *testing.T) {
	runtime.KeepAlive(make([]byte, 512<<20))
	_, err := run(t, `const a = []; for (let i = 0; i < 1e6; i++) a.push({i})`, nil, Options{Timeout: time.Minute, Memory: 8 << 20})
	if err == nil || !strings.Contains(err.Error(), "memory grew by more than 8 MiB") {
		t.Errorf("ended with %v", err)
	}
}

// What the library would do in one call, without ever looking up.
func TestSingleCallsAreBounded(t *testing.T) {
	const long, list, odd = "a text may not be longer", "may not be longer", "ordinary property"
	refused(t, map[string]string{
		`"x".repeat(2 ** 29)`: long,
		`"x".padEnd(1e9)`:     long,
		`let s = "x".repeat(1e6); s.concat(s,s,s,s,s,s,s,s,s,s,s,s,s,s,s,s,s)`:    long,
		`let s = "x".repeat(1e5); s.replaceAll("x", s)`:                           long,
		`let s = "x".repeat(1e5); s.replace(/x/g, s)`:                             long,
		"let s = 'x'.repeat(1e5); s.replace(/x/g, '$`')":                          long,
		`let s = "x".repeat(1e6); Array(1000).fill(s).join()`:                     long,
		`let s = "x".repeat(1e6); String(Array(1000).fill(s))`:                    long,
		`let s = "x".repeat(1e6); JSON.stringify(Array(1000).fill(s))`:            long,
		`let a = [1]; for (let i = 0; i < 60; i++) a = [a, a]; JSON.stringify(a)`: "too large for JSON",
		`let a = [1]; for (let i = 0; i < 60; i++) a = [a, a]; a.flat(Infinity)`:  list,
		`let a = []; for (let i = 0; i < 1e5; i++) a = [a]; JSON.stringify(a)`:    "nested more than",
		`let a = []; for (let i = 0; i < 1e5; i++) a = [a]; String(a)`:            "nested more than",
		`JSON.parse("[".repeat(1e6))`:                                             "nested more than",
		`const a = []; a.length = 4e9; a.indexOf(1)`:                              list,
		`Array(1e9).fill(0)`:                                           list,
		`Array.from({length: 1e9})`:                                    list,
		`Array.prototype.indexOf.call({length: 2 ** 53 - 1}, 1)`:       list,
		`Array.prototype.indexOf.call({get length() { return 1 }}, 1)`: odd,
		`Array.prototype.reverse.call(Object.create({length: 5}))`:     odd,
		`Math.max.apply(null, {length: 1e9})`:                          list,
		`Reflect.apply(Math.max, null, {length: 1e9})`:                 list,
		`Reflect.construct(Array, {length: 1e9})`:                      list,
		`const a = Array(1e6).fill(0); a.concat(a, a, a, a)`:           list,
		`String.raw({raw: {length: 1e9}})`:                             list,
	})
}

func TestDeepRecursionIsAnError(t *testing.T) {
	refused(t, map[string]string{
		`function f() { return f() } f()`:                                  "calls itself more than 1000",
		`function f() { try { return f() } catch (e) { return f() } } f()`: "calls itself",
		`const o = {get a() { return this.a }}; o.a`:                       "calls itself",
		`function f() { [1].map(f) } f()`:                                  "calls itself",
		`const p = new Proxy({}, {get(t, k, r) { return r[k] }}); p.x`:     "calls itself",
		`const o = {toString() { return "" + o }}; "" + o`:                 "calls itself",
	})
}

func TestWhatIsTakenAway(t *testing.T) {
	refused(t, map[string]string{
		`eval("1")`:                                "eval is not defined",
		`new Function("1")`:                        "Function is not defined",
		`BigInt(1)`:                                "BigInt is not defined",
		`new Uint8Array(1e10)`:                     "Uint8Array is not defined",
		`(() => 0).constructor("return 1")()`:      "code cannot be made from text",
		`(function* () {}).constructor("yield 1")`: "code cannot be made from text",
		`(async function () {}).constructor("1")`:  "code cannot be made from text",
		`(class {}).constructor("1")`:              "code cannot be made from text",
		`require("fs")`:                            "require is not defined",
		`setTimeout(() => 0)`:                      "setTimeout is not defined",
		`fetch("http://localhost")`:                "fetch is not defined",
		`import("fs")`:                             "",
	})
}

// A comment must not make the parser open a file.
func TestSourceMapsAreNotRead(t *testing.T) {
	got, err := run(t, "result = 1\n//# sourceMappingURL=/nonexistent/x.map", nil, Options{})
	if err != nil || got != 1 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestHostileSources(t *testing.T) {
	for name, text := range map[string]string{
		"brackets": strings.Repeat("(", 1000), "closures": strings.Repeat("(", 299), "long": strings.Repeat("1;", maxSource), "bytes": "\xff\xfe",
		"sum": strings.Repeat("a+", maxSource/2) + "a", "labels": strings.Repeat("a:", 2000) + ";", "not": strings.Repeat("!", 14_000) + "1",
		"if": strings.Repeat("if(1)", 2800), "arrow": strings.Repeat("a=>", 4600), "calls": "a" + strings.Repeat("()", 7000) + "{",
		"blocks": strings.Repeat("{", 299), "functions": strings.Repeat("x=function(){", 150), "do": strings.Repeat("do ", 4600),
	} {
		if _, err := Compile(Source{name, []byte(text)}); err == nil || !strings.HasPrefix(err.Error(), name+":") {
			if name != "not" {
				t.Errorf("%s: error %v", name, err)
			}
		}
	}
}

func TestNoGoroutineStays(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, text := range []string{`result = 1`, `throw 1`, `for (;;) {}`, `/(a+)+$/g.exec("aaaa!")`} {
		_, _ = run(t, text, nil, Options{Timeout: 10 * time.Millisecond})
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}

func FuzzRun(f *testing.F) {
	for _, text := range stoppers {
		f.Add(text)
	}
	f.Add(`result = "aXbX".replace(/x/gi, "$&$1").split(/(b)/).map(JSON.stringify)`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Compile(Source{"fuzz.js", []byte(text)})
		if err != nil {
			return
		}
		_, _ = p.Run(context.Background(), map[string]any{"a": []any{1, "x"}}, Options{Timeout: 50 * time.Millisecond, Memory: 32 << 20})
	})
}
