package eval

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A bare path leads to the value that expr's machine has for it; where the
// machine has null for something missing, or an error, the path leads nowhere.
func TestBarePathsAreFollowedAsTheMachineDoes(t *testing.T) {
	scope, env := fixtureScope(), fixtureEnv()
	env.Vars["anything"] = map[string]any{"null": nil, "list": []any{nil, []any{1, 2}}, "typed": []string{"a"}, "text": "abc"}
	for src, found := range map[string]bool{
		`inputs`: true, `create-organization.id`: true, `a-b.data[0].tags[-1]`: true, `steps["in"].data[1].id`: true, `a-b["total-count"]`: true,
		`in.data`: true, `anything.null`: true, `anything.list[0]`: true, `anything.list[1][-2]`: true, `anything.typed`: true,
		`anything.missing`: false, `anything.null.x`: false, `anything.list[2]`: false, `anything.list[-3]`: false, `anything.list.x`: false,
		`anything.text.x`: false, `anything.text[0]`: false, `anything.typed[0]`: false, `anything[0]`: false, `inputs.note`: false,
	} {
		e := mustCompile(t, scope, src)
		got, ok := e.path.follow(env)
		if ok != found {
			t.Errorf("%s: found is %v", src, ok)
		}
		if want, err := e.run(t.Context(), env); ok && (err != nil || !cmp.Equal(want, got)) {
			t.Errorf("%s leads to %v, the machine has %v, %v", src, got, want, err)
		}
	}
}

func TestBarePathsAllocateNothing(t *testing.T) {
	e, env, ctx := mustCompile(t, fixtureScope(), `poll-connection-active.data[0].id`), fixtureEnv(), t.Context()
	if n := testing.AllocsPerRun(100, func() { _, _ = e.Eval(ctx, env) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
