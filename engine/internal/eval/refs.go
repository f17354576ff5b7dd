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
	// Headers reports that the headers of the step's answer are read, where Path
	// is ["headers", NAME], with the name in lower case, or ["headers"] for all.
	Headers bool
}

func compareRefs(a, b Ref) int {
	byKind := 0
	if a.Step != b.Step {
		byKind = 1
		if a.Step {
			byKind = -1
		}
	}
	byHeaders := 0
	if a.Headers != b.Headers {
		byHeaders = 1
		if b.Headers {
			byHeaders = -1
		}
	}
	return cmp.Or(byKind, cmp.Compare(a.Name, b.Name), slices.Compare(a.Path, b.Path), byHeaders)
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
		ref := Ref{Step: p.root.step, Name: p.root.name, Path: p.members, Headers: p.root.headers}
		if ref.Headers {
			ref.Path = append([]string{headersName}, p.members...)
		}
		refs = append(refs, ref)
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

// path is a chain of members that starts at a declared name, such as
// a.data[0].id.
type path struct {
	root    declared
	members []string   // fixed member names, up to the first index
	indices []ast.Node // indexes that are computed, and all behind the first
	keys    []any      // each a name or an index, where all are fixed
	open    bool       // not all of them are, or one may be absent
}

// path reads node as a chain; ok is false for everything else.
func (s *Scope) path(node ast.Node) (p path, ok bool) {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		p.root, ok = s.tokens[n.Value]
		return p, ok
	case *ast.ChainNode:
		p, ok = s.path(n.Node)
		p.open = true
		return p, ok
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
		key, fixed := fixedKey(n.Property)
		p.keys, p.open = append(p.keys, key), p.open || n.Optional || !fixed
		return p, true
	}
	return path{}, false
}

func fixedKey(node ast.Node) (key any, ok bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode:
		return n.Value, true
	case *ast.UnaryNode:
		if i, ok := n.Node.(*ast.IntegerNode); ok && n.Operator == "-" {
			return -i.Value, true
		}
	}
	return nil, false
}

// follow returns the value that a path of fixed keys leads to, which needs no
// machine: most expressions are one. It finds present members
// only; of all others expr's machine gives the value, or the error.
func (p *path) follow(env *Env) (v any, found bool) {
	v, found = env.value(p.root)
	for i := 0; i < len(p.keys) && found; i++ {
		switch key := p.keys[i].(type) {
		case string:
			object, _ := v.(map[string]any)
			v, found = object[key]
		case int:
			items, _ := v.([]any)
			if key < 0 {
				key += len(items)
			}
			if found = key >= 0 && key < len(items); found {
				v = items[key]
			}
		}
	}
	return v, found
}
