package eval

import (
	"fmt"
	"strings"
	"testing"
)

// The fixture: lists of things under step ids of every shape.
var fixtureIDs = []string{
	"create-organization", "poll-connection-active", "verify-directory", "verify-directory-users",
	"a-b", "a--b", "x-1", "2fa-setup", "größe-prüfen", "in-progress", "not-active",
	"filter", "map", "len", "in", "not", "let", "if", "true", "plain", "b", "a.b", "-c", "steps", "10",
}

func listType() Type {
	item := Object(map[string]Type{"id": String(), "state": String(), "count": Int(), "score": Float(), "ok": Bool(), "tags": ArrayOf(String())}, false)
	return Object(map[string]Type{
		"data":          ArrayOf(item),
		"list_metadata": Object(map[string]Type{"after": String()}, false),
		"total-count":   Int(),
		"raw":           Object(nil, true),
		"extra":         Any(),
	}, false)
}

func fixtureScope() *Scope {
	steps := map[string]Type{}
	for _, id := range fixtureIDs {
		steps[id] = listType()
	}
	steps["create-organization"] = Object(map[string]Type{"id": String(), "size": Int()}, false)
	return NewScope(steps, map[string]Type{
		"inputs": Object(map[string]Type{"n": Int(), "name": String(), "domains": ArrayOf(String()), "flag": Bool(), "note": String()}, false),
		"total":  Int(), "n": Int(), "a": Int(), "anything": Any(),
	})
}

func fixtureEnv() *Env {
	env := &Env{Steps: map[string]any{}, Vars: map[string]any{}}
	for _, id := range fixtureIDs {
		item := func(i int, state string) any {
			return map[string]any{"id": fmt.Sprintf("%s#%d", id, i), "state": state, "count": i + 5, "ok": i == 1, "tags": []any{"t", id}}
		}
		env.Steps[id] = map[string]any{
			"data":          []any{item(0, "inactive"), item(1, "active")},
			"list_metadata": map[string]any{"after": "cur"},
			"total-count":   42,
			"raw":           map[string]any{"deep": map[string]any{"er": true}},
		}
	}
	env.Steps["create-organization"] = map[string]any{"id": "org_1", "size": float64(9)}
	env.Vars = map[string]any{
		"inputs": map[string]any{"n": 7, "name": "Acme", "domains": []any{"a.example", "b.example"}, "flag": true},
		"total":  10, "n": 3, "a": 100, "anything": nil,
	}
	return env
}

func mustCompile(t testing.TB, s *Scope, src string) *Expr {
	t.Helper()
	e, problems := s.Compile(src)
	if e == nil {
		t.Fatalf("%s: %v", src, problems)
	}
	return e
}

func refText(refs []Ref) string {
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
