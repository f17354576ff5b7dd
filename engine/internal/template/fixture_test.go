package template

import (
	"fmt"
	"strings"

	"github.com/capstan-run/capstan/engine/internal/eval"
)

// The fixture: two steps that give lists, one that gives an object, inputs.
func fixtureScope() *eval.Scope {
	item := eval.Object(map[string]eval.Type{"id": eval.String(), "count": eval.Int()}, false)
	list := eval.Object(map[string]eval.Type{"data": eval.ArrayOf(item)}, false)
	return eval.NewScope(
		map[string]eval.Type{
			"create-organization": eval.Object(map[string]eval.Type{"id": eval.String(), "size": eval.Int()}, false),
			"a-b":                 list,
			"größe-prüfen":        list,
		},
		map[string]eval.Type{
			"inputs": eval.Object(map[string]eval.Type{
				"n": eval.Int(), "name": eval.String(), "domains": eval.ArrayOf(eval.String()), "flag": eval.Bool(), "note": eval.String(),
			}, false),
			"n": eval.Int(), "anything": eval.Any(),
		})
}

func fixtureEnv() *eval.Env {
	env := &eval.Env{Steps: map[string]any{}, Vars: map[string]any{}}
	env.Steps["create-organization"] = map[string]any{"id": "org_1", "size": float64(9)}
	for _, id := range []string{"a-b", "größe-prüfen"} {
		item := func(i int) any { return map[string]any{"id": fmt.Sprintf("%s#%d", id, i), "count": i + 5} }
		env.Steps[id] = map[string]any{"data": []any{item(0), item(1)}}
	}
	env.Vars = map[string]any{
		"inputs": map[string]any{"n": 7, "name": "Acme", "domains": []any{"a.example", "b.example"}, "flag": true},
		"n":      3, "anything": nil,
	}
	return env
}

func refText(refs []eval.Ref) string {
	var names []string
	for _, r := range refs {
		name := r.Name
		if !r.Step {
			name = "$" + name
		}
		names = append(names, strings.Join(append([]string{name}, r.Path...), "."))
	}
	return strings.Join(names, " ")
}
