package dialect

import (
	"slices"

	"github.com/speakeasy-api/jsonpath/pkg/jsonpath"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// maxOverlaid bounds the nodes that overlays may add to a capability, so that
// actions which copy into each other's results cannot grow without end.
const maxOverlaid = 200_000

// With returns a new Source on which the overlays have acted, in order; s is
// not changed. It applies every one of them: ask [Overlay.Applies] first.
//
// An update is merged into each object its target selects, appended to each
// list, and put in place of each scalar. Inside a merge, objects are merged,
// lists extended and anything else replaced. Text of an overlay keeps its
// place in the overlay.
//
// An action with x-capstan-was or x-capstan-needs stands back where the file has
// other values than those; [Source.StoodBack] returns such actions.
func (s *Source) With(overlays ...*Overlay) (*Source, diag.List) {
	if s.doc.Root == nil || len(overlays) == 0 {
		return s, nil
	}
	out := &Source{doc: &node.Document{Tree: s.doc.Tree.Clone(), Overlays: s.Overlays()}, stoodBack: slices.Clone(s.stoodBack)}
	var diags diag.List
	for _, o := range overlays {
		a := applier{tree: &out.doc.Tree, from: o, report: node.NewDecoder(&o.tree, true)}
		if a.apply() {
			out.doc.Overlays = append(out.doc.Overlays, o.Name)
			out.doc.Acted = append(out.doc.Acted, o.tree.Main)
		}
		diags, out.stoodBack = append(diags, a.report.Diags...), append(out.stoodBack, a.stoodBack...)
	}
	out.dialect, out.doc.Version, out.doc.Sign = detect(out.doc.Root, out.doc.Main.Text)
	return out, diags.Sort()
}

// applier applies one overlay to a tree that it owns.
type applier struct {
	tree   *node.Tree
	from   *Overlay
	report *node.Decoder // places problems in the overlay
	added  int
	// guarded reports that the action under way names what was published: what it
	// finds done already it leaves alone.
	guarded   bool
	stoodBack []StoodBack
}

func (a *applier) apply() (acted bool) {
	for _, act := range a.from.actions {
		targets := a.query(act.path)
		if len(targets) == 0 {
			a.missed(act)
		}
		a.guarded = act.was != nil
		switch targets = a.unedited(act, targets); {
		case len(targets) == 0:
		case act.remove:
			acted = a.remove(act, targets) || acted
		case act.update != nil:
			acted = true
			for _, n := range targets {
				a.update(n, act)
			}
		}
		if a.added > maxOverlaid {
			a.report.Report(act.target, "too-large", "overlays add more than %d values", maxOverlaid)
			return acted
		}
	}
	return acted
}

// query returns the nodes that a path selects, each once.
func (a *applier) query(path *jsonpath.JSONPath) []*node.Node {
	var nodes []*node.Node
	seen := map[*node.Node]bool{}
	for _, n := range path.Query(a.tree.Root) {
		if n != nil && !seen[n] {
			seen[n] = true
			nodes = append(nodes, n)
		}
	}
	return nodes
}

func (a *applier) missed(act *action) {
	if a.from.Builtin {
		return
	}
	r := a.report.Report(act.target, "overlay-target-missed", "target matches nothing in %s", a.tree.Main.Name)
	r.Severity, r.Hint = diag.Warning, "remove the action if the capability no longer needs it"
}

func (a *applier) remove(act *action, targets []*node.Node) bool {
	doomed := make(map[*node.Node]bool, len(targets))
	for _, n := range targets {
		if n == a.tree.Root {
			a.report.Report(act.target, "overlay-action", "an overlay cannot remove the whole capability")
			return false
		}
		doomed[n] = true
	}
	prune(a.tree.Root, doomed)
	return true
}

// prune removes the doomed values below n, from mappings with their keys.
func prune(n *node.Node, doomed map[*node.Node]bool) {
	step := 1
	if n.Kind == node.MappingNode {
		step = 2
	}
	kept := n.Content[:0:0]
	for i := step - 1; i < len(n.Content); i += step {
		if child := n.Content[i]; !doomed[child] {
			prune(child, doomed)
			kept = append(kept, n.Content[i-step+1:i+1]...)
		}
	}
	n.Content = kept
}

// update applies an action to one node that it selected.
func (a *applier) update(n *node.Node, act *action) {
	switch {
	case a.added > maxOverlaid:
	case n.Kind == node.SequenceNode:
		n.Content = append(n.Content, a.copy(act.update))
	case n.Kind == node.MappingNode && act.update.Kind != node.MappingNode:
		a.report.Report(act.update, "overlay-mismatch", "the target is a mapping, so its update must be one, found %s", node.Describe(act.update))
	case n.Kind == node.MappingNode:
		a.merge(n, act.update)
	default:
		a.replace(n, act.update)
	}
}

// merge brings the entries of from into n.
func (a *applier) merge(n, from *node.Node) {
	for k, v := range node.Entries(from) {
		old := node.Value(n, k.Value)
		switch {
		case a.added > maxOverlaid:
			return
		case a.guarded && same(old, v):
		case old == nil:
			n.Content = append(n.Content, a.copy(k), a.copy(v))
		case old.Kind == node.MappingNode && v.Kind == node.MappingNode:
			a.merge(old, v)
		case old.Kind == node.SequenceNode && v.Kind == node.SequenceNode:
			for _, item := range v.Content {
				old.Content = append(old.Content, a.copy(item))
			}
		default:
			a.replace(old, v)
		}
	}
}

// replace puts a copy of from in the place of n, which keeps its identity.
func (a *applier) replace(n, from *node.Node) {
	*n = *a.copy(from)
	a.tree.Others[n] = a.from.tree.Main
}

// copy returns a node of the overlay as one of the capability's tree.
func (a *applier) copy(n *node.Node) *node.Node {
	c := *n
	c.Content = nil
	if a.added++; a.added <= maxOverlaid {
		for _, child := range n.Content {
			c.Content = append(c.Content, a.copy(child))
		}
	}
	a.tree.Others[&c] = a.from.tree.Main
	return &c
}
