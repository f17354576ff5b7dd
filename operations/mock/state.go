package mock

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
)

// Documents list which states there are, not which of them is reached last. The
// mock judges by the words that APIs use, likeliest first.
const (
	entityStates = "active linked verified enabled connected available approved published live open"
	jobStates    = "ready succeeded completed complete finished done success successful processed delivered"
	earlyStates  = "pending queued validating processing in_progress running creating provisioning requested scheduled started waiting draft requires_type new created unverified unlinked"
)

func isWord(among string, v any) bool {
	s, ok := v.(string)
	return ok && slices.Contains(strings.Fields(among), words.Snake(s))
}

// firstOf returns the enum's value that comes first among the words, or nil.
func firstOf(among string, enum []any) any {
	for word := range strings.FieldsSeq(among) {
		for _, e := range enum {
			if s, ok := e.(string); ok && words.Snake(s) == word {
				return e
			}
		}
	}
	return nil
}

// finalState returns the value in which a state field comes to rest: the
// example unless it is a state to be left, else a word for success.
func finalState(leaf *operations.Schema) any {
	if leaf.Example != nil && !isWord(earlyStates, leaf.Example) {
		return leaf.Example
	}
	if v := firstOf(entityStates+" "+jobStates, leaf.Enum); v != nil {
		return v
	}
	if leaf.Example != nil {
		return leaf.Example
	}
	return leaf.Enum[0]
}

// stateFields calls f for each property that is a state with listed values.
func stateFields(item *operations.Schema, f func(name string, leaf *operations.Schema)) {
	for _, p := range shapeOf(item).props {
		n := words.Snake(p.Name)
		if n != "state" && n != "status" && !strings.HasSuffix(n, "_state") && !strings.HasSuffix(n, "_status") {
			continue
		}
		if leaf := shapeOf(p.Schema).leaf; leaf != nil && len(leaf.Enum) > 1 {
			f(p.Name, leaf)
		}
	}
}

// settle puts every state field of v to its final value.
func settle(item *operations.Schema, v map[string]any) {
	stateFields(item, func(name string, leaf *operations.Schema) {
		if final := finalState(leaf); fits(leaf, final) {
			v[name] = final
		}
	})
}

// unsettled returns a copy of v as it is before its work is done, or nil when
// the thing knows no such state. Results that may be absent are.
func unsettled(item *operations.Schema, v map[string]any) map[string]any {
	var early map[string]any
	stateFields(item, func(name string, leaf *operations.Schema) {
		first := firstOf(earlyStates, leaf.Enum)
		if first == nil || same(first, v[name]) {
			return
		}
		if early == nil {
			early = copied(v).(map[string]any)
		}
		early[name] = first
	})
	if early != nil {
		dropResults(item, early)
	}
	return early
}

// dropResults takes away the fields of a finished job.
func dropResults(item *operations.Schema, v map[string]any) {
	sh := shapeOf(item)
	for _, p := range sh.props {
		if !isResult(p.Name) {
			continue
		}
		if s := shapeOf(p.Schema); s.nullable {
			v[p.Name] = nil
		} else if !sh.needed[p.Name] {
			delete(v, p.Name)
		}
	}
}

func isResult(name string) bool {
	switch n := words.Snake(name); n {
	case "url", "link", "result", "output", "completed_at", "finished_at", "ended_at":
		return true
	default:
		return strings.HasSuffix(n, "download_url") || strings.HasSuffix(n, "result_url")
	}
}

// isJob reports whether the item is work that a request starts and that ends
// later, as against a thing that is there once it is created.
func isJob(item *operations.Schema) bool {
	job := false
	stateFields(item, func(_ string, leaf *operations.Schema) {
		job = job || isWord(jobStates, finalState(leaf)) && firstOf(earlyStates, leaf.Enum) != nil
	})
	return job
}

// actOn moves the state fields as an action's name asks: "revoke" to a state
// "revoked", "deactivate" to "inactive".
func actOn(item *operations.Schema, v map[string]any, action string) {
	stem := strings.TrimSuffix(strings.TrimSuffix(words.Snake(action), "e"), "y")
	stateFields(item, func(name string, leaf *operations.Schema) {
		for _, e := range leaf.Enum {
			s, _ := e.(string)
			switch {
			case s != "" && strings.HasPrefix(words.Snake(s), stem),
				strings.HasPrefix(stem, "deactivat") && s == "inactive",
				strings.HasPrefix(stem, "reactivat") && s == "active":
				v[name] = e
				return
			}
		}
	})
}
