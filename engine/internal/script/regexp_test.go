package script

import "testing"

func TestRegularExpressions(t *testing.T) {
	results(t, map[string]any{"u": "zoë 😀 noël"}, map[string]any{
		`result = "2026-11-05".match(/(\d+)-(\d+)/)`: []any{"2026-11", "2026", "11"},
		`result = "a1b22".match(/\d+/g)`:             []any{"1", "22"},
		`result = "abc".match(/x/)`:                  nil,
		`result = [..."k=v;l=w".matchAll(/(?<k>\w)=(?<v>\w)/g)].map(m => m.groups.k + m.groups.v)`: []any{"kv", "lw"},
		`result = "a-b_c".split(/[-_]/)`:                          []any{"a", "b", "c"},
		`result = "a1b2".split(/(\d)/)`:                           []any{"a", "1", "b", "2", ""},
		`result = "abc".split(/(?:)/)`:                            []any{"a", "b", "c"},
		`result = "John Smith".replace(/(\w+)\s(\w+)/, "$2, $1")`: "Smith, John",
		`result = "aaa".replace(/a/g, (m, at) => at)`:             "012",
		`result = "a.b".replaceAll(".", "-")`:                     "a-b",
		`result = "aBc".search(/b/i)`:                             1,
		`result = /^b/m.test("a\nb") && !/^b/.test("a\nb") && /a.b/s.test("a\nb") && !/a.b/.test("a\nb")`:  true,
		`const r = /a/y; r.lastIndex = 1; result = [r.test("ba"), r.lastIndex, r.test("ba"), r.lastIndex]`: []any{true, 2, false, 0},
		`const r = /\bfoo/g; r.lastIndex = 1; result = [r.exec("xfoo foo").index, r.lastIndex]`:            []any{5, 8},
		`const r = /^a/g; r.lastIndex = 1; result = r.test("aa")`:                                          false,
		`const m = /n(o)(x)?/.exec(u); result = [m.index, m[1], m[2] === undefined, m.input.length]`:       []any{7, "o", true, 11},
		`result = u.replace(/o/g, "0").match(/[^\x00-\x7f]/gu)`:                                            []any{"ë", "😀", "ë"},
		`const r = /./gu; r.lastIndex = 4; result = r.exec(u)[0]`:                                          "😀",
		`result = "x".replace(new RegExp("x", "g"), "$$")`:                                                 "$",
		`result = "  trim me ".replace(/^\s+|\s+$/g, "")`:                                                  "trim me",
		`result = "aab".replace(/a*?/g, "-")`:                                                              "-a-a-b-",
		`result = /(a+)+$/.test("a".repeat(50) + "!")`:                                                     false,
		`const r = /(a+)+$/g; r.lastIndex = 1; result = r.test("a".repeat(50) + "!")`:                      false,
		`result = /(é+)+$/.test("é".repeat(50) + "!")`:                                                     false,
		`result = [1234567.891].map(n => n.toFixed(2))`:                                                    []any{"1234567.89"},
	})
	refused(t, map[string]string{
		`new RegExp("(?=x)").test("x")`:         "look-around",
		`"aa".match(/a/.constructor("(a)\\1"))`: "look-around",
		`RegExp.prototype.exec.call({}, "x")`:   "no regular expression",
		`/[/.test("x")`:                         "step.js:1:",
	})
}
