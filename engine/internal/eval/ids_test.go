package eval

import (
	"fmt"
	"testing"
)

// Step ids stand in expressions as they are written: each row is an
// expression, its value, and its refs ($ marks variables).
func TestStepIDs(t *testing.T) {
	scope, env := fixtureScope(), fixtureEnv()
	for _, c := range []struct{ src, want, refs string }{
		{`create-organization.id`, `org_1`, `create-organization.id`},
		{`poll-connection-active.data[0].id`, `poll-connection-active#0`, `poll-connection-active.data`},
		{`verify-directory.data[0].id`, `verify-directory#0`, `verify-directory.data`},
		{`verify-directory-users.data[1].id`, `verify-directory-users#1`, `verify-directory-users.data`},
		{`a-b.data[0].id`, `a-b#0`, `a-b.data`},
		{`a - b.data[0].count`, `95`, `b.data $a`},
		{`x-1.data[0].id`, `x-1#0`, `x-1.data`},
		{`x-1.data[0].count-1`, `4`, `x-1.data`},
		{`x-1.data[0].count - x-1.data[1].count`, `-1`, `x-1.data`},
		{`x-1.data[1].count-x-1.data[0].count`, `1`, `x-1.data`},
		{`total-1`, `9`, `$total`},
		{`total-n`, `7`, `$n $total`},
		{`total - n-1`, `6`, `$n $total`},
		{`10-3`, `7`, ``},
		{`1e-3 * 1000`, `1`, ``},
		{`0x1e-10`, `20`, ``},
		{`2fa-setup.data[0].id`, `2fa-setup#0`, `2fa-setup.data`},
		{`in-progress.data[0].id`, `in-progress#0`, `in-progress.data`},
		{`not-active.data[0].id`, `not-active#0`, `not-active.data`},
		{`not (not-active.data[0].id == "x")`, `true`, `not-active.data`},
		{`a--b.data[0].id`, `a--b#0`, `a--b.data`},
		{`filter.data[0].id`, `filter#0`, `filter.data`},
		{`filter(filter.data, .state == "active")[0].id`, `filter#1`, `filter.data`},
		{`filter(poll-connection-active.data, .state == "active")[0].id`, `poll-connection-active#1`, `poll-connection-active.data`},
		{`poll-connection-active.data | filter(.state == "active") | map(.id) | first()`, `poll-connection-active#1`, `poll-connection-active.data`},
		{`filter(verify-directory.data, {not (.state == "active")})[0].id`, `verify-directory#0`, `verify-directory.data`},
		{`map(map.data, .count - 1)`, `[4 5]`, `map.data`},
		{`map(map.data, .count-1)`, `[4 5]`, `map.data`},
		{`map(verify-directory.data, #.count-x-1.data[0].count)`, `[0 1]`, `verify-directory.data x-1.data`},
		{`any(verify-directory.data, let s = .state; any(a-b.data, .state == s))`, `true`, `a-b.data verify-directory.data`},
		{`reduce(a-b.data, #acc + .count, 0)`, `11`, `a-b.data`},
		{`len(len.data)`, `2`, `len.data`},
		{`in.data[0].id`, `in#0`, `in.data`},
		{`in.data[0].id in ["in#0"]`, `true`, `in.data`},
		{`"x" in ["x", a-b.data[0].id]`, `true`, `a-b.data`},
		{`"x" not in [x-1.data[0].id]`, `true`, `x-1.data`},
		{`not.data[0].id`, `not#0`, `not.data`},
		{`let.data[0].id`, `let#0`, `let.data`},
		{`if.data[0].id`, `if#0`, `if.data`},
		{`true.data[0].id`, `true#0`, `true.data`},
		{`true`, `true`, ``},
		{`let q = a-b.data[0]; q.id`, `a-b#0`, `a-b.data`},
		{`größe-prüfen.data[0].id`, `größe-prüfen#0`, `größe-prüfen.data`},
		{`"poll-connection-active.data[0].id"`, `poll-connection-active.data[0].id`, ``},
		{`'a-b' + "x-1" + ` + "`a-b`", `a-bx-1a-b`, ``},
		{`"esc \" a-b" + a-b.data[0].id`, `esc " a-ba-b#0`, `a-b.data`},
		{`a-b.data[0].id // a-b.nope`, `a-b#0`, `a-b.data`},
		{`/* x-1.nope */ a-b.data[0].id`, `a-b#0`, `a-b.data`},
		{`steps["poll-connection-active"].data[0].id`, `poll-connection-active#0`, `poll-connection-active.data`},
		{`steps["in"].data[0].id`, `in#0`, `in.data`},
		{`steps["a.b"].data[0].id + steps['-c'].data[1].id`, `a.b#0-c#1`, `-c.data a.b.data`},
		{`steps["steps"].data[0].id`, `steps#0`, `steps.data`},
		{`steps["10"].data[0].id`, `10#0`, `10.data`},
		{`steps.create-organization.id`, `org_1`, `create-organization.id`},
		{`steps.2fa-setup.data[0].id`, `2fa-setup#0`, `2fa-setup.data`},
		{`steps["verify-directory-users"].data[0].id + a-b.data[0].id`, `verify-directory-users#0a-b#0`, `a-b.data verify-directory-users.data`},
		{`a-b.total-count - 2`, `40`, `a-b.total-count`},
		{`a-b.total-count-x-1.total-count`, `0`, `a-b.total-count x-1.total-count`},
		{`a-b["total-count"]`, `42`, `a-b.total-count`},
		{`a-b?.data[0]?.id ?? "none"`, `a-b#0`, `a-b.data`},
		{`a-b.data[0].count > 1 ? a-b.data[0].id : x-1.data[0].id`, `a-b#0`, `a-b.data x-1.data`},
		{`{id: a-b.data[0].id, a-b: 1, "x-1": 2}`, `map[a-b:1 id:a-b#0 x-1:2]`, `a-b.data`},
		{`1..x-1.data[0].count`, `[1 2 3 4 5]`, `x-1.data`},
		{`a-b.data[-1].id`, `a-b#1`, `a-b.data`},
		{`a-b.data[x-1.data[0].count-5].id`, `a-b#0`, `a-b.data x-1.data`},
		{`-x-1.data[0].count`, `-5`, `x-1.data`},
		{`b.data[0].id`, `b#0`, `b.data`},
		{`plain.data[0].id`, `plain#0`, `plain.data`},
		{`inputs.n-1`, `6`, `$inputs.n`},
		{`a-b.data[0].id + a-b.list_metadata.after`, `a-b#0cur`, `a-b.data a-b.list_metadata.after`},
		{`create-organization == nil`, `false`, `create-organization`},
		{`inputs["name"]`, `Acme`, `$inputs.name`},
	} {
		t.Run(c.src, func(t *testing.T) {
			e := mustCompile(t, scope, c.src)
			got, err := e.Eval(t.Context(), env)
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(got) != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
			if refs := refText(e.Refs()); refs != c.refs {
				t.Errorf("reads %q, want %q", refs, c.refs)
			}
		})
	}
}
