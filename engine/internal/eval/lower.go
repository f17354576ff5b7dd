package eval

import (
	"reflect"
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker/nature"
)

// lowering prepares a checked tree for expr's compiler:
//
//   - names become slots of the evaluation environment;
//   - calls that make text or items of unbounded size become calls of our own
//     functions, which are bound to the evaluation's meter;
//   - every predicate starts with a tick, which is how an evaluation notices
//     that its context ended or that it has worked too long;
//   - operands that expr wants as Go integers are made so, since a whole
//     number may arrive as a float64;
//   - equality forgets static types, for which expr has instructions that
//     panic on a null or on a whole number that arrives as a float64.
type lowering struct {
	scope *Scope
	reads []declared
	calls []meteredFunc
}

func (l *lowering) lower(root *ast.Node) { ast.Walk(root, l) }

// Visit implements expr's visitor; nodes come innermost first.
func (l *lowering) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if d, ok := l.scope.tokens[n.Value]; ok {
			l.load(node, d)
		}
	case *ast.MemberNode:
		if id, ok := stepMember(n); ok {
			l.load(node, l.scope.steps[id])
		}
	case *ast.PredicateNode:
		tick := l.call(tickName, n.Node)
		body := &ast.SequenceNode{Nodes: []ast.Node{tick, n.Node}}
		body.SetLocation(n.Node.Location())
		n.Node = body
	case *ast.BinaryNode:
		l.binary(node, n)
	case *ast.CallNode:
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok {
			*node = l.call(callee.Value, n, n.Arguments...)
		}
	case *ast.BuiltinNode:
		l.builtin(node, n)
	}
}

func (l *lowering) builtin(node *ast.Node, n *ast.BuiltinNode) {
	if wantsIntegers(n.Name) {
		for i := range n.Arguments {
			n.Arguments[i] = l.call(wholeName, n.Arguments[i], n.Arguments[i])
		}
	}
	if makesText(n.Name) {
		*node = l.call(chargeName, n, n)
	}
}

func (l *lowering) binary(node *ast.Node, n *ast.BinaryNode) {
	switch n.Operator {
	case "==", "!=":
		n.Left.SetNature(nature.Nature{})
	case "%":
		n.Left, n.Right = l.call(wholeName, n.Left, n.Left), l.call(wholeName, n.Right, n.Right)
	case "+":
		numbers := n.Left.Nature().IsNumber() && n.Right.Nature().IsNumber()
		if !numbers {
			*node = l.call(addName, n, n.Left, n.Right)
		}
	}
}

// load replaces node by the slot of d.
func (l *lowering) load(node *ast.Node, d declared) {
	known := slices.ContainsFunc(l.reads, func(o declared) bool { return o.slot == d.slot })
	if !known {
		l.reads = append(l.reads, d)
	}
	slot := &ast.IdentifierNode{Value: d.slot}
	slot.SetNature(*(*node).Nature())
	ast.Patch(node, slot)
}

// call returns a call of a metered function, placed where at is.
func (l *lowering) call(name string, at ast.Node, args ...ast.Node) ast.Node {
	if !slices.ContainsFunc(l.calls, func(f meteredFunc) bool { return f.name == name }) {
		l.calls = append(l.calls, meteredNamed(name))
	}
	callee := &ast.IdentifierNode{Value: functionSlot(name)}
	callee.SetNature(nature.FromType(reflect.TypeFor[func(...any) any]()))
	call := &ast.CallNode{Callee: callee, Arguments: args}
	call.SetLocation(at.Location())
	callee.SetLocation(at.Location())
	call.SetNature(*at.Nature())
	return call
}

func functionSlot(name string) string { return "fn:" + name }
