// Package rules is the reference ruleset for files of the framework dialect: the
// published rules, by their ids, on the nodes of a file. Start with [Check].
package rules

import (
	"slices"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// Set is the name of the ruleset, and the ids begin with it.
const Set = "ikanos"

// Rule is a rule of the set. The page of its id explains it.
type Rule struct {
	ID          string
	Level       diag.Severity // as published
	Recommended bool          // as published
	// Default reports that the rule is on where no project file sets it. It then gives
	// warnings, since a file that breaks it runs.
	Default bool
	// Same are the codes of problems that may be the same fault. One of them on
	// the line of a finding takes its place.
	Same []string
	// Ours reports that such a problem is always there, so that the rule adds none.
	Ours bool

	of      func(*finder) []*node.Node // the mappings that the rule is for
	key     string                     // the entry that it is about
	holds   func(value *node.Node) bool
	message string
	hint    string
	check   func(*finder) // instead of the five above
}

// Want returns whether a rule is on, and the severity of what it finds.
type Want func(*Rule) (diag.Severity, bool)

// Unset is the [Want] of a rule that no project file sets.
func (r *Rule) Unset() (diag.Severity, bool) { return max(r.Level, diag.Warning), r.Default }

// All returns the rules in the order of their ids. They must not be changed.
func All() []Rule { return table }

// Check holds a file to the rules that are wanted. It returns the problems that are
// known with what it finds beside them; a known problem that is the fault a rule is
// about gets its id, whether the rule is wanted or not.
func Check(t *node.Tree, known diag.List, want Want) diag.List {
	f := &finder{Decoder: node.NewDecoder(t, false)}
	for i := range table {
		f.rule = &table[i]
		severity, on := want(f.rule)
		on = on && !f.rule.Ours
		if on || slices.ContainsFunc(known, f.rule.isSame) {
			known = f.merge(known, severity, on)
		}
	}
	return known
}

// isSame reports whether the problem may be the fault that the rule is about.
func (r *Rule) isSame(d diag.Diagnostic) bool { return slices.Contains(r.Same, d.Code) }

// finder looks for the faults that one rule is about.
type finder struct {
	*node.Decoder
	rule *Rule
}

// merge adds the findings of the rule to the known problems, or its id to those that
// they repeat.
func (f *finder) merge(known diag.List, severity diag.Severity, on bool) diag.List {
	f.Diags = nil
	f.find()
	for _, d := range f.Diags {
		i := slices.IndexFunc(known, func(k diag.Diagnostic) bool {
			return f.rule.isSame(k) && k.Pos.File == d.Pos.File && k.Pos.Line == d.Pos.Line
		})
		switch d.Severity = severity; {
		case i < 0 && on:
			known.Add(d)
		case i >= 0 && !slices.Contains(known[i].Rules, f.rule.ID):
			known[i].Rules = append(slices.Clip(known[i].Rules), f.rule.ID)
		}
	}
	return known
}

func (f *finder) find() {
	r := f.rule
	if r.check != nil {
		r.check(f)
		return
	}
	for _, n := range r.of(f) {
		v := node.Value(n, r.key)
		if r.holds(v) {
			continue
		}
		if v == nil {
			v = n
		}
		f.report(v, "%s", r.message)
	}
}

func (f *finder) report(n *node.Node, format string, args ...any) {
	f.Report(n, f.rule.ID, format, args...).Hint = f.rule.hint
}

// items are the values of a list, or of a mapping from names.
func items(n *node.Node) []*node.Node {
	var out []*node.Node
	switch {
	case n == nil:
	case n.Kind == node.SequenceNode:
		out = n.Content
	case n.Kind == node.MappingNode:
		for _, v := range node.Entries(n) {
			out = append(out, v)
		}
	}
	return out
}

// below are the items under a key of each mapping.
func below(of []*node.Node, key string) (out []*node.Node) {
	for _, n := range of {
		out = append(out, items(node.Value(n, key))...)
	}
	return out
}

// typed are the mappings of a type.
func typed(of []*node.Node, kind string) (out []*node.Node) {
	for _, n := range of {
		if text(n, "type") == kind {
			out = append(out, n)
		}
	}
	return out
}

// text is the text under a key, "" for none.
func text(n *node.Node, key string) string {
	if v := node.Value(n, key); isText(v) {
		return v.Value
	}
	return ""
}

func isText(n *node.Node) bool { return n != nil && n.Kind == node.ScalarNode && node.IsText(n) }

// capability is the mapping that holds the sections of a whole capability.
func (f *finder) capability() *node.Node { return node.Value(f.Tree.Root, "capability") }

// own are the items of a section of the capability.
func (f *finder) own(section string) []*node.Node {
	return items(node.Value(f.capability(), section))
}

// both are the items of a section, of a file of its own too.
func (f *finder) both(section string) []*node.Node {
	return append(slices.Clip(items(node.Value(f.Tree.Root, section))), f.own(section)...)
}
