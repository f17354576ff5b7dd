package eval

import (
	"slices"
	"strings"
	"testing"
)

// Problems are placed in the text as the author wrote it.
func TestProblems(t *testing.T) {
	scope := fixtureScope()
	for _, c := range []struct{ src, want string }{
		{`verify-directory.data[0].idd`, `25+3 unknown-field: unknown field "idd" in the result of step "verify-directory"; did you mean "id"?`},
		{`verify-directory.dat[0].id`, `17+3 unknown-field: unknown field "dat" in the result of step "verify-directory"; did you mean "data"?`},
		{`verify-directry.data[0].id`, `0+15 unknown-step: unknown step "verify-directry"; did you mean "verify-directory"?`},
		{`verify-directory-usrs.data[0].id`, `0+21 unknown-step: unknown step "verify-directory-usrs"; did you mean "verify-directory-users"?`},
		{`"ok" + poll-conection-active.data[0].id`, `7+21 unknown-step: unknown step "poll-conection-active"; did you mean "poll-connection-active"?`},
		{`never-heard-of-it.id`, `0+17 unknown-step: unknown step "never-heard-of-it"; steps: -c, 10, 2fa-setup, a--b, a-b, a.b, b, create-organization, filter, größe-prüfen, if, in, ...`},
		{`create-organization.data[0].id`, `20+4 unknown-field: unknown field "data" in the result of step "create-organization"; it has: id, size`},
		{`filter(a-b.data, .stat == "active")`, `18+4 unknown-field: unknown field "stat" in the items of a-b.data; did you mean "state"?`},
		{`größe-prüfen.data[0].idd`, `21+3 unknown-field: unknown field "idd" in the result of step "größe-prüfen"; did you mean "id"?`},
		{`create-organisation-2.id`, `0+21 unknown-step: unknown step "create-organisation-2"; did you mean "create-organization"?`},
		{`1 + plain-2.id`, `4+7 unknown-step: unknown step "plain-2"; did you mean "plain"?`},
		{`never-heard-2[0].id`, `0+13 unknown-step: unknown step "never-heard-2"; steps: -c, 10, 2fa-setup, a--b, a-b, a.b, b, create-organization, filter, größe-prüfen, if, in, ...`},
		{`steps["verify-directry"].data`, `6+17 unknown-step: unknown step "verify-directry"; did you mean "verify-directory"?`},
		{`inputs.nam`, `7+3 unknown-field: unknown field "nam" in inputs; did you mean "name"?`},
		{`inptus.name`, `0+6 unknown-name: unknown name "inptus"; did you mean "inputs"?`},
		{`plaim.data`, `0+5 unknown-step: unknown step "plaim"; did you mean "plain"?`},
		{`total - x`, `8+1 unknown-step: unknown step "x"; did you mean "x-1"?`},
		{`lenn(a-b.data)`, `0+4 unknown-name: unknown function "lenn"; did you mean "len"?`},
		{`now()`, `0+3 unknown-name: function "now" is not available; an expression cannot read the clock; its result must follow from its inputs`},
		{"a-b.data[0].id +\n  x-1.data[0].ide", `31+3 unknown-field: unknown field "ide" in the result of step "x-1"; did you mean "id"?`},
		{`a-b.data["0"].id`, `9+3 wrong-type: an item of an array is selected by a number, not by string; write [0] for the first item, or find(array, predicate)`},
		{`a-b.data.id`, `9+2 wrong-type: an item of an array is selected by a number, not by string; write [0] for the first item, or find(array, predicate)`},
		{`a-b.data[0].count + a-b.data[0].id`, `18+1 wrong-type: + cannot combine integer and string; string(x) makes text of a value`},
		{`inputs.name.first`, `12+5 wrong-type: string has no fields, so no "first"`},
		{`upper(inputs.n)`, `13+1 wrong-type: upper needs string, not integer`},
		{`filter(inputs.name, true)`, `14+4 wrong-type: filter needs an array, not string`},
		{`keys(inputs.domains)`, `0+4 wrong-type: keys takes an object, not array`},
		{`inputs.name ? 1 : 2`, `7+4 wrong-type: a condition must be true or false, not string`},
		{`any(a-b.data, any(a-b.data, any(a-b.data, true)))`, `0+49 expression-too-large: predicates are nested 3 deep, at most 2 are allowed; filter in an earlier step, or keep what the inner predicate needs in fewer items`},
		{`x-1.data[0].id ==`, `16+1 expression-syntax: unexpected end of the expression`},
		{`inputs.name = "x"`, `12+1 expression-syntax: unexpected "="; write == to compare`},
		{`inputs.name == "x`, `15+2 expression-syntax: string is not closed`},
		{`inputs @ 1`, `7+1 expression-syntax: unexpected character "@"`},
		{`(inputs.n`, `8+1 expression-syntax: unexpected end of the expression`},
		{`  `, `2+0 expression-syntax: expression is empty`},
		{`{{ inputs.n }}`, `0+14 expression-syntax: an expression stands here by itself, without {{ }}; write inputs.n`},
		{`a` + string(rune(hyphenRune)) + `b.data`, `1+1 expression-syntax: unexpected character 'ꔀ'`},
		{`$env.inputs`, `0+4 unknown-name: unknown name "$env"; read steps and variables by their names`},
		{`steps[inputs.name].id`, `0+5 expression-syntax: steps needs a step's id; write steps["id"], with the id in quotes`},
		{`len(steps)`, `4+5 expression-syntax: steps needs a step's id; write steps["id"], with the id in quotes`},
		{`inputs.name.Len()`, `12+3 expression-syntax: only functions can be called, not fields`},
		{`{a: keys}`, `4+4 unknown-name: keys is a function and no value; call it: keys(...)`},
		{`map(inputs.domains, {a: #, b: inputs.nme})`, `37+3 unknown-field: unknown field "nme" in inputs; did you mean "name"?`},
		{`map(inputs.domains, {a: #, b: 1}}`, `32+1 expression-syntax: unexpected "}"`},
		{`"a" in [1, 2]`, `4+2 wrong-type: in cannot look for string among integer`},
		{`let inputs = 1; inputs`, `4+6 wrong-type: the name "inputs" is taken; give the variable another name`},
		{`inputs(1)`, `0+6 wrong-type: only functions can be called, not object`},
		{`filter(a-b.data, .id)`, `17+1 wrong-type: a predicate must be true or false, not string`},
		{`int(a-b)`, `0+3 wrong-type: int cannot take object`},
		{`trim()`, `0+4 wrong-type: not enough arguments to call trim`},
		{`-inputs.name`, `0+1 wrong-type: - cannot be applied to string`},
		{`sort(inputs)`, `5+6 wrong-type: sort needs array, not object`},
		{`max(inputs.name)`, `0+3 wrong-type: max cannot take string`},
		{`b"abc"`, `0+6 expression-syntax: byte literals are not available; write a string`},
		{`anything == null`, `12+4 unknown-name: unknown name "null"; write nil`},
		{`[` + strings.Repeat("1,", 600) + `1]`, `0+1203 expression-too-large: expression has more than 500 parts; split it over several steps`},
		{strings.Repeat(" ", maxSource) + "1", `8192+1 expression-too-large: expression is 8193 bytes long, at most 8192 are allowed`},
		{"\xff", `0+1 expression-syntax: expression is not valid UTF-8`},
	} {
		t.Run(c.src, func(t *testing.T) {
			e, problems := scope.Compile(c.src)
			problems = slices.DeleteFunc(problems, func(p Problem) bool { return p.Warning })
			if e != nil || len(problems) != 1 {
				t.Fatalf("got %v, want one problem", problems)
			}
			if got := problems[0].String(); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// One mistake does not hide the next.
func TestAllProblemsAtOnce(t *testing.T) {
	_, problems := fixtureScope().Compile(`x-1.dta + inptus.name + verify-directry.data[0].id + inputs.nme + upper(inputs.n)`)
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	want := []string{
		`4+3 unknown-field: unknown field "dta" in the result of step "x-1"; did you mean "data"?`,
		`10+6 unknown-name: unknown name "inptus"; did you mean "inputs"?`,
		`24+15 unknown-step: unknown step "verify-directry"; did you mean "verify-directory"?`,
		`60+3 unknown-field: unknown field "nme" in inputs; did you mean "name"?`,
		`79+1 wrong-type: upper needs string, not integer`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Where a-b reads both ways, the id is taken, with a warning.
func TestAmbiguousMinus(t *testing.T) {
	item := Object(map[string]Type{"first": Int(), "first-n": Int()}, false)
	scope := NewScope(
		map[string]Type{"get": item, "user": item, "get-user": item, "total-1": item, "total-n": item, "x-1": item},
		map[string]Type{"total": Int(), "n": Int(), "count": Any()},
	)
	for _, c := range []struct{ src, want string }{
		{`total-1.first`, `warning 0+7 ambiguous-minus: "total-1" is read as one name, not as a subtraction; to subtract, put spaces around the minus: total - 1`},
		{`1 + total-n.first`, `warning 4+7 ambiguous-minus: "total-n" is read as one name, not as a subtraction; to subtract, put spaces around the minus: total - n`},
		{`user.first-n`, `warning 5+7 ambiguous-minus: "first-n" is read as one field, not as a subtraction; to subtract, put spaces around the minus: first - n`},
		{`let x = 2; x-1.first`, `warning 11+3 ambiguous-minus: "x-1" is read as one name, not as a subtraction; to subtract, put spaces around the minus: x - 1`},
		{`x-1.first`, ``},
		{`get-user.first`, ``}, // an object cannot be subtracted from
		{`total - 1`, ``},
		{`total-2`, ``},
		{`"total-1"`, ``},
	} {
		e, problems := scope.Compile(c.src)
		var got []string
		for _, p := range problems {
			got = append(got, p.String())
		}
		if e == nil || strings.Join(got, "\n") != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.src, strings.Join(got, "\n"), c.want)
		}
	}
}
