package spec

import (
	"gopkg.in/yaml.v3"

	"github.com/capstan-run/capstan/diag"
)

// maxOverlaid bounds the nodes that overlays may add to a capability, so that
// actions which copy into each other's results cannot grow without end.
const maxOverlaid = 200_000

// With returns a new Source on which the overlays have acted, in order; s is
// not changed. It applies what it is given: ask [Overlay.Applies] first.
//
// An update is merged into each object its target selects, appended to each
// list, and put in place of each scalar. Inside a merge, objects are merged,
// lists extended and anything else replaced. What an overlay wrote keeps the
// overlay's place.
func (s *Source) With(overlays ...*Overlay) (*Source, diag.List) {
	if s.root == nil || len(overlays) == 0 {
		return s, nil
	}
	out := &Source{document: document{tree: s.tree.clone(), overlays: s.Overlays()}}
	var diags diag.List
	for _, o := range overlays {
		a := applier{tree: &out.tree, from: o, report: newDecoder(&o.tree, true)}
		if a.apply() {
			out.overlays = append(out.overlays, o.Name)
			out.acted = append(out.acted, o.tree.main)
		}
		diags = append(diags, a.report.diags...)
	}
	out.dialect, out.version, out.sign = detect(out.root, out.main.text)
	return out, diags.Sort()
}

// applier applies one overlay to a tree that it owns.
type applier struct {
	tree   *tree
	from   *Overlay
	report *decoder // places problems in the overlay
	added  int
}

func (a *applier) apply() (acted bool) {
	for _, act := range a.from.actions {
		targets := a.query(act)
		switch {
		case len(targets) == 0:
			a.missed(act)
		case act.remove:
			acted = a.remove(act, targets) || acted
		case act.update != nil:
			acted = true
			for _, n := range targets {
				a.update(n, act)
			}
		}
		if a.added > maxOverlaid {
			a.report.report(act.target, "too-large", "overlays add more than %d values", maxOverlaid)
			return acted
		}
	}
	return acted
}

// query returns the nodes that an action selects, each once.
func (a *applier) query(act action) []*yaml.Node {
	var nodes []*yaml.Node
	seen := map[*yaml.Node]bool{}
	for _, n := range act.path.Query(a.tree.root) {
		if n != nil && !seen[n] {
			seen[n] = true
			nodes = append(nodes, n)
		}
	}
	return nodes
}

func (a *applier) missed(act action) {
	if a.from.Builtin {
		return
	}
	r := a.report.report(act.target, "overlay-target-missed", "target matches nothing in %s", a.tree.main.name)
	r.Severity, r.Hint = diag.Warning, "remove the action if the capability no longer needs it"
}

func (a *applier) remove(act action, targets []*yaml.Node) bool {
	doomed := make(map[*yaml.Node]bool, len(targets))
	for _, n := range targets {
		if n == a.tree.root {
			a.report.report(act.target, "overlay-action", "an overlay cannot remove the whole capability")
			return false
		}
		doomed[n] = true
	}
	prune(a.tree.root, doomed)
	return true
}

// prune removes the doomed values below n, from mappings with their keys.
func prune(n *yaml.Node, doomed map[*yaml.Node]bool) {
	step := 1
	if n.Kind == yaml.MappingNode {
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
func (a *applier) update(n *yaml.Node, act action) {
	switch {
	case a.added > maxOverlaid:
	case n.Kind == yaml.SequenceNode:
		n.Content = append(n.Content, a.copy(act.update))
	case n.Kind == yaml.MappingNode && act.update.Kind != yaml.MappingNode:
		a.report.report(act.update, "overlay-mismatch", "the target is a mapping, so its update must be one, found %s", describe(act.update))
	case n.Kind == yaml.MappingNode:
		a.merge(n, act.update)
	default:
		a.replace(n, act.update)
	}
}

// merge brings the entries of from into n.
func (a *applier) merge(n, from *yaml.Node) {
	for i := 0; i+1 < len(from.Content) && a.added <= maxOverlaid; i += 2 {
		k, v := from.Content[i], from.Content[i+1]
		old := value(n, k.Value)
		switch {
		case old == nil:
			n.Content = append(n.Content, a.copy(k), a.copy(v))
		case old.Kind == yaml.MappingNode && v.Kind == yaml.MappingNode:
			a.merge(old, v)
		case old.Kind == yaml.SequenceNode && v.Kind == yaml.SequenceNode:
			for _, item := range v.Content {
				old.Content = append(old.Content, a.copy(item))
			}
		default:
			a.replace(old, v)
		}
	}
}

// replace puts a copy of from in the place of n, which keeps its identity.
func (a *applier) replace(n, from *yaml.Node) {
	*n = *a.copy(from)
	a.tree.others[n] = a.from.tree.main
}

// copy returns a node of the overlay as one of the capability's tree.
func (a *applier) copy(n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = nil
	if a.added++; a.added <= maxOverlaid {
		for _, child := range n.Content {
			c.Content = append(c.Content, a.copy(child))
		}
	}
	a.tree.others[&c] = a.from.tree.main
	return &c
}
