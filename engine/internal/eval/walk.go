package eval

import (
	"slices"

	"github.com/expr-lang/expr/ast"
)

// children lists the nodes directly below node, in source order.
func children(node ast.Node) []ast.Node {
	switch n := node.(type) {
	case *ast.UnaryNode:
		return []ast.Node{n.Node}
	case *ast.BinaryNode:
		return []ast.Node{n.Left, n.Right}
	case *ast.ChainNode:
		return []ast.Node{n.Node}
	case *ast.MemberNode:
		return []ast.Node{n.Node, n.Property}
	case *ast.SliceNode:
		return present(n.Node, n.From, n.To)
	case *ast.CallNode:
		return append([]ast.Node{n.Callee}, n.Arguments...)
	case *ast.BuiltinNode:
		return n.Arguments
	case *ast.PredicateNode:
		return []ast.Node{n.Node}
	case *ast.VariableDeclaratorNode:
		return []ast.Node{n.Value, n.Expr}
	case *ast.SequenceNode:
		return n.Nodes
	case *ast.ConditionalNode:
		return []ast.Node{n.Cond, n.Exp1, n.Exp2}
	case *ast.ArrayNode:
		return n.Nodes
	case *ast.MapNode:
		return n.Pairs
	case *ast.PairNode:
		return []ast.Node{n.Key, n.Value}
	default:
		return nil
	}
}

func present(nodes ...ast.Node) []ast.Node {
	var out []ast.Node
	for _, n := range nodes {
		if n != nil {
			out = append(out, n)
		}
	}
	return out
}

// find returns the first node, outermost first, for which ok holds.
func find(node ast.Node, ok func(ast.Node) bool) ast.Node {
	if ok(node) {
		return node
	}
	for _, child := range children(node) {
		if found := find(child, ok); found != nil {
			return found
		}
	}
	return nil
}

// nodeAt returns the outermost node of type N that expr places at offset.
func nodeAt[N ast.Node](root ast.Node, offset int) (n N, ok bool) {
	found := find(root, func(node ast.Node) bool {
		_, is := node.(N)
		return is && node.Location().From == offset
	})
	n, ok = found.(N)
	return n, ok
}

// nesting counts how deep predicates enclose one another in node.
func nesting(node ast.Node) int {
	deepest := 0
	for _, child := range children(node) {
		deepest = max(deepest, nesting(child))
	}
	if _, ok := node.(*ast.PredicateNode); ok {
		deepest++
	}
	return deepest
}

// unknownToken is the identifier that stands for a faulty node while the rest
// of its tree is checked. No source can contain it.
const unknownToken = string(blockLast)

// replace puts an unknown value in the place of node.
func replace(root *ast.Node, node ast.Node) bool {
	r := replacement{old: node}
	ast.Walk(root, &r)
	return r.done
}

type replacement struct {
	old  ast.Node
	done bool
}

func (r *replacement) Visit(node *ast.Node) {
	if *node == r.old {
		ast.Patch(node, &ast.IdentifierNode{Value: unknownToken})
		r.done = true
	}
}

// Constants lists the texts and numbers in the expression, each once.
func (e *Expr) Constants() []any {
	var out []any
	find(e.tree, func(node ast.Node) bool {
		var v any
		switch n := node.(type) {
		case *ast.StringNode:
			v = n.Value
		case *ast.IntegerNode:
			v = n.Value
		case *ast.FloatNode:
			v = n.Value
		}
		if v != nil && !slices.Contains(out, v) {
			out = append(out, v)
		}
		return false
	})
	return out
}
