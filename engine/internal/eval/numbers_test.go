package eval

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/operations"
)

// numbersScope has a step whose fields are numbers that no Go type holds: typed
// under num, and of no known type under any.
func numbersScope(t *testing.T) (*Scope, *Env) {
	t.Helper()
	schema := &operations.Schema{Types: []string{"object"}, Properties: []operations.Property{
		{Name: "id", Schema: &operations.Schema{Types: []string{"integer"}}},
		{Name: "next", Schema: &operations.Schema{Types: []string{"integer"}}},
		{Name: "huge", Schema: &operations.Schema{Types: []string{"number"}}},
		{Name: "long", Schema: &operations.Schema{Types: []string{"number"}}},
		{Name: "price", Schema: &operations.Schema{Types: []string{"number"}}},
		{Name: "one", Schema: &operations.Schema{Types: []string{"number"}}},
		{Name: "top", Schema: &operations.Schema{Types: []string{"integer"}}},
		{Name: "ids", Schema: &operations.Schema{Types: []string{"array"}, Items: &operations.Schema{Types: []string{"integer"}}}},
		{Name: "prices", Schema: &operations.Schema{Types: []string{"array"}, Items: &operations.Schema{Types: []string{"number"}}}},
	}, Closed: true}
	value := func() any {
		n := func(s string) any { return json.Number(s) }
		return map[string]any{
			"id": n("9223372036854775808"), "next": n("9223372036854775809"), "huge": n("1e400"), "long": n("0.12345678901234567890123"),
			"price": n("10.10"), "one": n("1.0"), "top": 9223372036854775807,
			"ids":    []any{n("18446744073709551617"), 5, n("9223372036854775808"), n("5.0")},
			"prices": []any{n("10.10"), 2.5, n("1.50"), 10.1},
		}
	}
	s := NewScope(map[string]Type{"num": SchemaType(schema), "any": Any()}, nil)
	return s, &Env{Steps: map[string]any{"num": value(), "any": value()}}
}

// eachTyped runs f with every expression in both scopes: where types are known, and
// where they are not.
func eachTyped(t *testing.T, src string, f func(src string, v any, err error)) {
	t.Helper()
	s, env := numbersScope(t)
	for _, step := range []string{"num", "any"} {
		src := strings.ReplaceAll(src, "x.", step+".")
		v, err := mustCompile(t, s, src).Eval(t.Context(), env)
		f(src, v, err)
	}
}

func TestNumbersKeepTheirDigits(t *testing.T) {
	n := func(s string) any { return json.Number(s) }
	for _, c := range []struct {
		src  string
		want any
	}{
		{`x.id`, n("9223372036854775808")},
		{`{a: x.id, b: [x.huge]}`, map[string]any{"a": n("9223372036854775808"), "b": []any{n("1e400")}}},
		{`string(x.id) + "!"`, "9223372036854775808!"},
		{`string(x.price)`, "10.10"},
		{`toJSON({p: x.price, h: x.huge})`, `{"h":1e400,"p":10.10}`},
		{`fromJSON("[18446744073709551617, 1.0]")`, []any{n("18446744073709551617"), n("1.0")}},
		{`x.id == 9223372036854775808`, true},
		{`x.id == 9223372036854775807`, false},
		{`x.id != 9223372036854775809`, true},
		{`x.id == x.next`, false},
		{`x.id < x.next`, true},
		{`x.id <= x.top`, false},
		{`x.top < x.id`, true},
		{`x.huge > x.id`, true},
		{`x.huge == 1e400`, true},
		{`x.huge == 1e401`, false},
		{`x.long == 0.12345678901234567890123`, true},
		{`x.long == 0.12345678901234567890124`, false},
		{`x.price == 10.1`, true},
		{`x.one == 1`, true},
		{`1 == x.one`, true},
		{`x.id == nil`, false},
		{`x.id in x.ids`, true},
		{`x.next in x.ids`, false},
		{`x.id in [1, 9223372036854775807]`, false},
		{`x.id not in [x.next]`, true},
		{`[x.id, x.price] == [9223372036854775808, 10.1]`, true},
		{`{a: x.id} == {a: x.next}`, false},
		{`any(x.ids, # == 18446744073709551617)`, true},
		{`any(x.ids, # == 18446744073709551616)`, false},
		{`filter(x.ids, # > 9223372036854775807)`, []any{n("18446744073709551617"), n("9223372036854775808")}},
		{`sort(x.ids)`, []any{5, n("5.0"), n("9223372036854775808"), n("18446744073709551617")}},
		{`sortBy(x.ids, #, "desc")[0]`, n("18446744073709551617")},
		{`sortBy(map(x.ids, {v: #}), .v)[0].v`, 5},
		{`max(x.ids)`, n("18446744073709551617")},
		{`min(x.id, x.next, x.top)`, 9223372036854775807},
		{`uniq(x.ids)`, []any{n("18446744073709551617"), 5, n("9223372036854775808")}},
		{`toJSON(groupBy(x.ids, #))`, `{"18446744073709551617":[18446744073709551617],"5":[5,5.0],"9223372036854775808":[9223372036854775808]}`},
		{`x.price + 1`, 11.1},
		{`x.one + 1`, 2},
		{`-x.next`, n("-9223372036854775809")},
		{`-x.price`, n("-10.10")},
		{`abs(-x.id)`, n("9223372036854775808")},
		{`sum(x.prices)`, 10.1 + 2.5 + 1.5 + 10.1},
		{`sum(map(x.prices, {p: #}), .p)`, 10.1 + 2.5 + 1.5 + 10.1},
		{`mean([x.price, x.price])`, 10.1},
		{`median(x.prices)`, (2.5 + 10.1) / 2},
		{`floor(x.price)`, 10.0},
		{`floor(x.id)`, n("9223372036854775808")},
		{`int(x.price)`, 10},
		{`int(x.one)`, 1},
		{`int(x.id)`, n("9223372036854775808")},
		{`int("9223372036854775808")`, n("9223372036854775808")},
		{`float("10.10")`, 10.1},
		{`float(x.id)`, n("9223372036854775808")},
		{`x.ids[int(x.one)]`, 5},
		{`take(x.ids, int(x.one))`, []any{n("18446744073709551617")}},
		{`7 % int(x.one + 1)`, 1},
		{`type(x.id)`, "int"},
		{`type(x.price)`, "float"},
		{`18446744073709551617`, n("18446744073709551617")},
		{`[10.10, 1e2, -1.0]`, []any{n("10.10"), n("1e2"), n("-1.0")}},
		{`reduce(x.prices, #acc + #, 0)`, 10.1 + 2.5 + 1.5 + 10.1},
		{`9007199254740993 == 9007199254740992.0`, false},
	} {
		eachTyped(t, c.src, func(src string, got any, err error) {
			if err != nil {
				t.Errorf("%s: %v", src, err)
			} else if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("%s (-want +got):\n%s", src, d)
			}
		})
	}
}

func TestArithmeticNeverRounds(t *testing.T) {
	for src, want := range map[string]string{
		`1 + x.id`:                         "cannot calculate with 9223372036854775808: no 64-bit number holds all its digits",
		`x.id - 1`:                         "cannot calculate with 9223372036854775808: no 64-bit number holds all its digits",
		`x.huge * 2`:                       "cannot calculate with 1e400: no 64-bit number holds all its digits",
		`x.long / 2`:                       "cannot calculate with 0.12345678901234567890123: no 64-bit number holds all its digits",
		`x.id % 2`:                         "cannot calculate with 9223372036854775808: no 64-bit number holds all its digits",
		`x.id ** 2`:                        "cannot calculate with 9223372036854775808: no 64-bit number holds all its digits",
		`sum(x.ids)`:                       "cannot calculate with 18446744073709551617: no 64-bit number holds all its digits",
		`mean(x.ids)`:                      "cannot calculate with 18446744073709551617: no 64-bit floating-point number holds all its digits",
		`floor(x.long)`:                    "cannot calculate with 0.12345678901234567890123: no 64-bit floating-point number holds all its digits",
		`x.top + 1`:                        "9223372036854775807 + 1 is beyond what 64 bits hold",
		`-2 - x.top`:                       "-2 - 9223372036854775807 is beyond what 64 bits hold",
		`x.top * 2`:                        "9223372036854775807 * 2 is beyond what 64 bits hold",
		`x.top / 2`:                        "cannot calculate with 9223372036854775807: no 64-bit floating-point number holds all its digits",
		`x.top + 0.5`:                      "cannot calculate with 9223372036854775807: no 64-bit floating-point number holds all its digits",
		`sort([x.id, "a"])`:                "sort cannot order a string and a number",
		`fromJSON("{")`:                    "fromJSON cannot read the text: unexpected EOF",
		`x.ids[0] + x.ids[2]`:              "cannot calculate with 18446744073709551617: no 64-bit number holds all its digits",
		`map(x.ids, # + 1)`:                "cannot calculate with 18446744073709551617: no 64-bit number holds all its digits",
		`sum(x.ids, # * 2)`:                "cannot calculate with 18446744073709551617: no 64-bit number holds all its digits",
		`x.price + 10.1234567890123456789`: "cannot calculate with 10.1234567890123456789: no 64-bit number holds all its digits",
	} {
		s, env := numbersScope(t)
		src := strings.ReplaceAll(src, "x.", "any.")
		_, err := mustCompile(t, s, src).Eval(t.Context(), env)
		if err == nil || err.Error() != want {
			t.Errorf("%s: error %v, want %q", src, err, want)
		}
	}
}

// To Go a json.Number is text with methods; to an expression it is a number.
func TestALongNumberIsNoText(t *testing.T) {
	for src, want := range map[string]string{
		`any.id[0]`:             "a number has no length and no parts: 9223372036854775808",
		`any.id[0:3]`:           "a number has no length and no parts: 9223372036854775808",
		`any.id.String`:         "a number has no length and no parts: 9223372036854775808",
		`any.id?.Int64`:         "a number has no length and no parts: 9223372036854775808",
		`len(any.id)`:           "a number has no length and no parts: 9223372036854775808",
		`map(any.id, 1)`:        "a number has no length and no parts: 9223372036854775808",
		`all(any.price, true)`:  "a number has no length and no parts: 10.10",
		`first(any.id)`:         "a number has no length and no parts: 9223372036854775808",
		`get(any.id, "String")`: "a number has no length and no parts: 9223372036854775808",
		`any.ids[any.id]`:       "a whole number is needed that 64 bits hold, not 9223372036854775808",
		`take(any.ids, any.id)`: "a whole number is needed that 64 bits hold, not 9223372036854775808",
		`bitand(any.price, 1)`:  "a whole number is needed that 64 bits hold, not 10.10",
		`1..any.id`:             "a whole number is needed that 64 bits hold, not 9223372036854775808",
		`any.id contains "1"`:   "contains needs a string, got a number",
		`upper(any.id)`:         "upper needs a string, got a number",
		`split(any.id, "")`:     "split needs a string, got a number",
		`join([any.id], "")`:    "join needs a string, got a number",
		`not any.id`:            "not needs a boolean, got a number",
		`any.id ? 1 : 2`:        "a condition needs a boolean, got a number",
		`any.id < "a"`:          "cannot apply < to a number and a string",
		`min(any.id, "a")`:      "min cannot take a string",
	} {
		s, env := numbersScope(t)
		v, err := mustCompile(t, s, src).Eval(t.Context(), env)
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, error %v, want %q", src, v, err, want)
		}
	}
}
