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
//   - operators and functions that may meet a number become ours, which know
//     those that no Go type holds (numbers.go); with text or a literal on one
//     side they stay expr's;
//   - operands that expr wants as Go integers are made so, since a whole
//     number may arrive as a float64;
//   - equality forgets static types, for which expr has instructions that
//     panic on a null or on a whole number that arrives as a float64.
type lowering struct {
	scope *Scope
	reads []declared
	calls []call
}

// call is one of our functions with its key in the evaluation environment.
type call struct {
	slot string
	function
}

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
		} else {
			l.member(n)
		}
	case *ast.PredicateNode:
		tick := l.call(tickName, n.Node)
		body := &ast.SequenceNode{Nodes: []ast.Node{tick, n.Node}}
		body.SetLocation(n.Node.Location())
		n.Node = body
	case *ast.BinaryNode:
		l.binary(node, n)
	case *ast.UnaryNode:
		if n.Operator == "-" && !isNumberNode(n.Node) {
			*node = l.call(negateName, n, n.Node)
		}
	case *ast.SliceNode:
		n.Node = l.withItems(n.Node)
		n.From, n.To = l.whole(n.From), l.whole(n.To)
	case *ast.CallNode:
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok {
			*node = l.call(callee.Value, n, n.Arguments...)
		}
	case *ast.BuiltinNode:
		l.builtin(node, n)
	}
}

func (l *lowering) builtin(node *ast.Node, n *ast.BuiltinNode) {
	is := traits[n.Name]
	if is.items {
		n.Arguments[0] = l.withItems(n.Arguments[0])
	}
	switch {
	case n.Name == "sum" && len(n.Arguments) == 2:
		*node = l.call(n.Name, n, l.mapped(n))
	case functions[n.Name].keepsSignature():
		*node = l.call(n.Name, n, n.Arguments...)
	case n.Name == "sortBy":
		l.sortBy(node, n)
	case n.Name == "groupBy":
		p := n.Arguments[1].(*ast.PredicateNode)
		if key := lastOf(p); !isText(key) {
			p.Node = l.call(canonicalName, p.Node, p.Node)
		}
	case is.integers > 0:
		for i := is.integers - 1; i < len(n.Arguments); i++ {
			n.Arguments[i] = l.whole(n.Arguments[i])
		}
	}
	if is.text {
		*node = l.call(chargeName, n, n)
	}
}

// member keeps a json.Number from being read as the text that it is to Go.
func (l *lowering) member(n *ast.MemberNode) {
	name, isName := n.Property.(*ast.StringNode)
	if !isName || isMethod(name.Value) {
		n.Node = l.withItems(n.Node)
	}
	n.Property = l.whole(n.Property)
}

// isMethod reports whether json.Number has a method of this name, which expr
// would take for a field.
func isMethod(name string) bool { return name == "String" || name == "Int64" || name == "Float64" }

// mapped returns the array and the predicate of n as a call of map.
func (l *lowering) mapped(n *ast.BuiltinNode) ast.Node {
	m := &ast.BuiltinNode{Name: "map", Arguments: n.Arguments[:2]}
	m.SetLocation(n.Location())
	return m
}

// sortBy makes pairs of item and key, unless all keys are text.
func (l *lowering) sortBy(node *ast.Node, n *ast.BuiltinNode) {
	p := n.Arguments[1].(*ast.PredicateNode)
	if isText(lastOf(p)) {
		return
	}
	item := &ast.PointerNode{}
	item.SetLocation(p.Location())
	pair := &ast.ArrayNode{Nodes: []ast.Node{item, p.Node}}
	pair.SetLocation(p.Location())
	p.Node = pair
	*node = l.call(sortPairsName, n, append([]ast.Node{l.mapped(n)}, n.Arguments[2:]...)...)
}

// lastOf returns the result of a predicate, behind the tick.
func lastOf(p *ast.PredicateNode) ast.Node {
	if s, ok := p.Node.(*ast.SequenceNode); ok {
		return s.Nodes[len(s.Nodes)-1]
	}
	return p.Node
}

func (l *lowering) binary(node *ast.Node, n *ast.BinaryNode) {
	switch n.Operator {
	case "==", "!=":
		if isPlain(n.Left) || isPlain(n.Right) {
			n.Left.SetNature(nature.Nature{})
			return
		}
	case "in":
		if isText(n.Left) {
			return
		}
	case "<", "<=", ">", ">=":
		if isText(n.Left) && isText(n.Right) {
			return
		}
	case "+", "-", "*", "/", "%", "**":
	case "^":
		*node = l.call("**", n, n.Left, n.Right)
		return
	case "..":
		n.Left, n.Right = l.whole(n.Left), l.whole(n.Right)
		return
	default:
		return
	}
	*node = l.call(n.Operator, n, n.Left, n.Right)
}

// whole returns node as an int where its value is a whole number of any kind.
func (l *lowering) whole(node ast.Node) ast.Node {
	if node == nil || isText(node) || isNumberNode(node) {
		return node
	}
	return l.call(wholeName, node, node)
}

// withItems refuses a number where node must be text, an array or an object.
func (l *lowering) withItems(node ast.Node) ast.Node {
	if kind := node.Nature(); kind.IsString() || kind.IsArray() || kind.IsMap() {
		return node
	}
	return l.call(itemsName, node, node)
}

func isText(node ast.Node) bool { return node.Nature().IsString() }

// isPlain reports whether node is text, true, false or null at all events.
func isPlain(node ast.Node) bool {
	_, isNil := node.(*ast.NilNode)
	return isNil || isText(node) || node.Nature().IsBool()
}

// isNumberNode reports whether node is a number as it is written.
func isNumberNode(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		return true
	case *ast.UnaryNode:
		return n.Operator == "-" && isNumberNode(n.Node)
	}
	return false
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

// call returns a call of one of our functions, placed where at is.
func (l *lowering) call(name string, at ast.Node, args ...ast.Node) ast.Node {
	slot := functionSlot(name)
	if !slices.ContainsFunc(l.calls, func(c call) bool { return c.slot == slot }) {
		l.calls = append(l.calls, call{slot, functions[name]})
	}
	callee := &ast.IdentifierNode{Value: slot}
	callee.SetNature(nature.FromType(reflect.TypeFor[func(...any) any]()))
	callee.SetLocation(at.Location())
	node := &ast.CallNode{Callee: callee, Arguments: args}
	node.SetLocation(at.Location())
	node.SetNature(*at.Nature())
	return node
}

func functionSlot(name string) string { return "fn:" + name }
