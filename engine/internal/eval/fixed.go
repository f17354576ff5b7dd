package eval

import "github.com/expr-lang/expr/ast"

// fixedPath is a chain of names and fixed indices, such as a.data[0].id. Most
// expressions are one, and following it needs no machine.
type fixedPath struct {
	root declared
	keys []any // each a name or an index
}

// fixed reads node as a chain; ok is false for everything else.
func (s *Scope) fixed(node ast.Node) (p fixedPath, ok bool) {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		p.root, ok = s.tokens[n.Value]
	case *ast.MemberNode:
		if id, isStep := stepMember(n); isStep {
			p.root, ok = s.steps[id]
			return p, ok
		}
		key, isFixed := fixedKey(n.Property)
		if n.Optional || !isFixed {
			return fixedPath{}, false
		}
		p, ok = s.fixed(n.Node)
		p.keys = append(p.keys, key)
	}
	return p, ok
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

// follow returns the value that the path leads to. It finds present members
// only; of all others expr's machine gives the value, or the error.
func (p *fixedPath) follow(env *Env) (v any, found bool) {
	values := env.Vars
	if p.root.step {
		values = env.Steps
	}
	v, found = values[p.root.name]
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
