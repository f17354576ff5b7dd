package dialect

import (
	"fmt"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// StoodBack is an action that did not act, or not on every target, because the
// file has other values than those that the action was written for.
type StoodBack struct {
	Overlay string
	Target  string   // the JSONPath as written
	Pos     diag.Pos // of the value that stands, of none when the file lacks one
	Reason  string   // `source is the text "a.id", where the text "a.data[0].id" was published`
}

// unedited returns the targets that are as the action knows them, and records
// the others. An action that needs a place which is not as it wants has none.
func (a *applier) unedited(act *action, targets []*node.Node) []*node.Node {
	if act.was == nil && act.needs == nil {
		return targets
	}
	if len(targets) == 0 {
		a.standBack(act, nil, "the file has nothing there")
		return nil
	}
	for _, need := range act.needs {
		if at, reason := a.lacks(need); reason != "" {
			a.standBack(act, at, "it needs "+need.target+", but "+reason)
			return nil
		}
	}
	if act.was == nil {
		return targets
	}
	var kept []*node.Node
	for _, n := range targets {
		if e := findEdit(n, act.was, act.update, ""); e != nil {
			a.standBack(act, e.found, e.text("was published"))
		} else {
			kept = append(kept, n)
		}
	}
	return kept
}

func (a *applier) standBack(act *action, at *node.Node, reason string) {
	s := StoodBack{Overlay: a.from.Name, Target: act.target.Value, Reason: reason}
	if at != nil {
		s.Pos = node.NewDecoder(a.tree, true).Pos(at)
	}
	a.stoodBack = append(a.stoodBack, s)
}

// lacks returns why a need is not met, "" when it is.
func (a *applier) lacks(need need) (at *node.Node, reason string) {
	found := a.query(need.path)
	switch {
	case node.IsNull(need.is) && len(found) > 0:
		return found[0], "the file has one"
	case node.IsNull(need.is):
		return nil, ""
	case len(found) == 0:
		return nil, "the file has none"
	}
	for _, n := range found {
		if e := findEdit(n, need.is, nil, ""); e != nil {
			return e.found, e.text("is needed")
		}
	}
	return nil, ""
}

// edit is a value that is not as an overlay knows it.
type edit struct {
	path       string // keys below the target, with dots
	found, was *node.Node
}

// text names the edit; verb is that of the value which the overlay knows.
func (e *edit) text(verb string) string {
	name, was := e.path, ""
	if name == "" {
		name = "it"
	}
	if e.was != nil && !node.IsNull(e.was) {
		was = ", where " + node.Describe(e.was) + " " + verb
	}
	if e.found == nil {
		return fmt.Sprintf("%s is not in the file%s", name, was)
	}
	return fmt.Sprintf("%s is %s%s", name, node.Describe(e.found), was)
}

// findEdit returns the first value at or below n that is neither as it was nor as
// the update would write it; nil when there is none. What was does not name and
// the update would write must not be there; anything else may have any value.
func findEdit(n, was, update *node.Node, path string) *edit {
	if was != nil && node.IsNull(was) {
		was = nil
	}
	switch {
	case n == nil && was == nil, update != nil && same(n, update), same(n, was):
		return nil
	case n != nil && n.Kind != node.MappingNode, was != nil && was.Kind != node.MappingNode, was == nil && update == nil:
		return &edit{path, n, was}
	case was == nil && update.Kind != node.MappingNode:
		return &edit{path, n, nil}
	}
	for _, from := range []*node.Node{was, update} {
		for k := range node.Entries(from) {
			below := k.Value
			if path != "" {
				below = path + "." + below
			}
			w := node.Value(was, k.Value)
			if e := findEdit(node.Value(n, k.Value), w, node.Value(update, k.Value), below); e != nil {
				return e
			}
		}
	}
	return nil
}

// same reports whether two nodes hold equal values; mappings have no order.
func same(a, b *node.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Kind != b.Kind || len(a.Content) != len(b.Content) {
		return false
	}
	switch a.Kind {
	case node.ScalarNode:
		return a.Value == b.Value && a.ShortTag() == b.ShortTag()
	case node.MappingNode:
		for k, v := range node.Entries(a) {
			if other := node.Value(b, k.Value); other == nil || !same(v, other) {
				return false
			}
		}
		return true
	}
	for i, item := range a.Content {
		if !same(item, b.Content[i]) {
			return false
		}
	}
	return true
}
