package eval

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSimple(t *testing.T) {
	scope := fixtureScope()
	for src, want := range map[string]bool{
		`create-organization.id`:       true,
		` inputs.domains `:             true,
		`inputs`:                       true,
		`steps["in"].data[0].id`:       true,
		`a-b.data[-1].id`:              true,
		`a-b["total-count"]`:           true,
		`a-b?.data`:                    false,
		`inputs.n + 1`:                 false,
		`inputs.domains[inputs.n]`:     false,
		`"text"`:                       false,
		`first(inputs.domains)`:        false,
		`let x = inputs.n; x`:          false,
		`(create-organization.id)`:     true,
		`create-organization.id // id`: true,
	} {
		if got := mustCompile(t, scope, src).Simple(); got != want {
			t.Errorf("%s: %v", src, got)
		}
	}
}

func TestRefs(t *testing.T) {
	scope := fixtureScope()
	for src, want := range map[string]string{
		`inputs.name + inputs.name`: "$inputs.name",
		`inputs`:                    "$inputs",
		`[inputs, inputs.name]`:     "$inputs $inputs.name",
		`a-b.list_metadata.after + a-b.data[inputs.n].id`:    "a-b.data a-b.list_metadata.after $inputs.n",
		`a-b?.raw?.deep?.er`:                                 "a-b.raw.deep.er",
		`filter(a-b.data, .id == create-organization.id)[0]`: "a-b.data create-organization.id",
		`steps["a.b"]`:                 "a.b",
		`steps["a-b"].raw["x"].y`:      "a-b.raw.x.y",
		`let q = a-b.data; q[0].id`:    "a-b.data",
		`inputs.domains[1:inputs.n]`:   "$inputs.domains $inputs.n",
		`get(inputs, "name")`:          "$inputs",
		`{(inputs.name): plain.extra}`: "plain.extra $inputs.name",
		`1`:                            "",
	} {
		if got := refText(mustCompile(t, scope, src).Refs()); got != want {
			t.Errorf("%s: got %q, want %q", src, got, want)
		}
	}
}

func TestScopePrecedence(t *testing.T) {
	step, variable := Object(map[string]Type{"step": Int()}, false), Object(map[string]Type{"variable": Int()}, false)
	scope := NewScope(map[string]Type{"inputs": step, "item": step}, map[string]Type{"inputs": variable, "steps": variable})
	env := &Env{
		Steps: map[string]any{"inputs": map[string]any{"step": 1}, "item": map[string]any{"step": 2}, "late": 3},
		Vars:  map[string]any{"inputs": map[string]any{"variable": 4}, "item": map[string]any{"variable": 5}, "index": 6},
	}
	derived := scope.With(map[string]Type{"item": variable, "inputs": step, "index": Int()}).WithStep("late", Int())
	for src, want := range map[string]any{
		`inputs.variable`:      4,
		`steps["inputs"].step`: 1,
		`item.step`:            2,
		`index`:                6,
		`late`:                 3,
	} {
		if got, err := mustCompile(t, derived, src).Eval(t.Context(), env); err != nil || got != want {
			t.Errorf("%s: got %v, %v", src, got, err)
		}
	}
	if e, _ := scope.Compile(`index`); e != nil {
		t.Error("deriving a scope changed the original")
	}
	if got := shape(mustCompile(t, derived.WithStep("late", String()), `late`).Type()); got != "string" {
		t.Errorf("replaced step has type %s", got)
	}
}

// One scope compiles, and one expression evaluates, on many goroutines.
func TestConcurrentUse(t *testing.T) {
	scope, env := fixtureScope(), fixtureEnv()
	shared := mustCompile(t, scope, `map(filter(a-b.data, .ok), {id: .id + "!"})`)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 50 {
				own, problems := scope.With(map[string]Type{"item": Int()}).Compile(`item + len(verify-directory.data)`)
				if own == nil {
					t.Error(problems)
					return
				}
				if _, err := own.Eval(t.Context(), &Env{Steps: env.Steps, Vars: map[string]any{"item": i}}); err != nil {
					t.Error(err)
				}
				if got, err := shared.Eval(t.Context(), env); err != nil || fmt.Sprint(got) != `[map[id:a-b#1!]]` {
					t.Error(got, err)
				}
			}
		})
	}
	wg.Wait()
}

// The page lists the functions that expressions can call, each with its result.
func TestThePageListsTheFunctions(t *testing.T) {
	page, err := os.ReadFile("../../../docs/expressions.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## Functions")
	var listed []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)\\([^`]+\\) \\w+` \\| .+ \\|$").FindAllStringSubmatch(table, -1) {
		listed = append(listed, row[1])
	}
	slices.Sort(listed)
	if d := cmp.Diff(functionNames(), listed); d != "" || len(listed) != strings.Count(table, "| `") {
		t.Errorf("expressions can call (-), the page lists (+):\n%s", d)
	}
}
