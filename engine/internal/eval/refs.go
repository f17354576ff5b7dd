package eval

import (
	"cmp"
	"slices"

	"github.com/expr-lang/expr/ast"
)

// Ref is a step or variable that an expression reads, with the members read
// from it as far as they are fixed before evaluation: inputs.domains[0].name
// has the path ["domains"].
type Ref struct {
	Step bool // Name is a step's id, else a variable
	Name string
	Path []string // nil for the value as a whole
}

func compareRefs(a, b Ref) int {
	byKind := 0
	if a.Step != b.Step {
		byKind = 1
		if a.Step {
			byKind = -1
		}
	}
	return cmp.Or(byKind, cmp.Compare(a.Name, b.Name), slices.Compare(a.Path, b.Path))
}

// refs lists the steps and variables that the tree reads: steps first, then
// variables, each by name.
func (c *compilation) refs() []Ref {
	return UniqueRefs(c.scope.collectRefs(nil, c.tree.Node))
}

// UniqueRefs sorts refs and drops repetitions.
func UniqueRefs(refs []Ref) []Ref {
	slices.SortFunc(refs, compareRefs)
	return slices.CompactFunc(refs, func(a, b Ref) bool { return compareRefs(a, b) == 0 })
}

func (s *Scope) collectRefs(refs []Ref, node ast.Node) []Ref {
	if p, ok := s.path(node); ok {
		refs = append(refs, Ref{Step: p.root.step, Name: p.root.name, Path: p.members})
		for _, index := range p.indices {
			refs = s.collectRefs(refs, index)
		}
		return refs
	}
	for _, child := range children(node) {
		refs = s.collectRefs(refs, child)
	}
	return refs
}

// path is a chain of members that starts at a declared name.
type path struct {
	root    declared
	members []string   // fixed member names, up to the first index
	indices []ast.Node // indexes that are computed
}

// path reads node as a chain; ok is false for everything else.
func (s *Scope) path(node ast.Node) (p path, ok bool) {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		p.root, ok = s.tokens[n.Value]
		return p, ok
	case *ast.ChainNode:
		return s.path(n.Node)
	case *ast.MemberNode:
		if id, isStep := stepMember(n); isStep {
			p.root, ok = s.steps[id]
			return p, ok
		}
		if p, ok = s.path(n.Node); !ok {
			return p, false
		}
		if name, fixed := n.Property.(*ast.StringNode); fixed && len(p.indices) == 0 {
			p.members = append(p.members, name.Value)
		} else {
			p.indices = append(p.indices, n.Property)
		}
		return p, true
	}
	return path{}, false
}
