package eval

import "github.com/expr-lang/expr/ast"

// Parts adds what the expression reads where the part want of its value is read. With
// the parts alone in the place of the values, the expression has the same value as far
// as that part goes, or the same error.
func (e *Expr) Parts(want *Part, to *Parts) {
	r := reading{to: to, names: make(map[string]declared, len(e.reads)), locals: map[string]*Part{}}
	for _, d := range e.reads {
		r.names[d.slot] = d
	}
	r.read(e.tree, want)
}

// reading is a walk through a lowered tree, from the value of an expression back to the
// places that it is made of. What it does not know reads its operands whole.
type reading struct {
	to     *Parts
	names  map[string]declared // by slot
	items  []*Part             // what is read of `#`, of the predicates that are open
	locals map[string]*Part    // what is read of the variables of `let`
}

func (r *reading) read(node ast.Node, want *Part) {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		r.name(n.Value, want)
	case *ast.PointerNode:
		r.pointer(n, want)
	case *ast.ChainNode:
		r.read(n.Node, want)
	case *ast.MemberNode:
		r.member(n, want)
	case *ast.SliceNode:
		r.read(n.Node, OfItems(want.Items()))
		r.whole(present(n.From, n.To)...)
	case *ast.BinaryNode:
		r.binary(n, want)
	case *ast.PredicateNode:
		r.read(n.Node, want)
	case *ast.ConditionalNode:
		r.whole(n.Cond)
		r.read(n.Exp1, want)
		r.read(n.Exp2, want)
	case *ast.VariableDeclaratorNode:
		hidden, hides := r.locals[n.Name]
		r.locals[n.Name] = nil
		r.read(n.Expr, want)
		value := r.locals[n.Name]
		if delete(r.locals, n.Name); hides {
			r.locals[n.Name] = hidden
		}
		r.read(n.Value, value)
	case *ast.SequenceNode:
		last := len(n.Nodes) - 1
		r.whole(n.Nodes[:last]...)
		r.read(n.Nodes[last], want)
	case *ast.ArrayNode:
		for _, item := range n.Nodes {
			r.read(item, want.Items())
		}
	case *ast.MapNode:
		r.object(n, want)
	case *ast.BuiltinNode:
		r.builtin(n, want)
	case *ast.CallNode:
		r.call(n, want)
	default:
		r.whole(children(node)...)
	}
}

func (r *reading) whole(nodes ...ast.Node) {
	for _, n := range nodes {
		r.read(n, everything)
	}
}

func (r *reading) name(name string, want *Part) {
	if p, local := r.locals[name]; local {
		r.locals[name] = p.And(want)
	} else if d, ok := r.names[name]; ok && !d.headers {
		r.to.add(d.step, d.name, want)
	}
}

// pointer reads `#`, or another of the values that a predicate has: #index, #acc.
func (r *reading) pointer(n *ast.PointerNode, want *Part) {
	if top := len(r.items) - 1; n.Name == "" && top >= 0 {
		r.items[top] = r.items[top].And(want)
	}
}

func (r *reading) member(n *ast.MemberNode, want *Part) {
	if name, fixed := n.Property.(*ast.StringNode); fixed {
		r.read(n.Node, OfField(name.Value, want))
		return
	}
	of := everything
	if _, fixed := fixedKey(n.Property); fixed || n.Node.Nature().IsArray() || n.Property.Nature().IsInteger {
		of = OfItems(want)
	}
	r.read(n.Node, of)
	r.whole(n.Property)
}

func (r *reading) binary(n *ast.BinaryNode, want *Part) {
	_, left := n.Left.(*ast.NilNode)
	_, right := n.Right.(*ast.NilNode)
	switch {
	case n.Operator == "??":
		r.read(n.Left, want)
		r.read(n.Right, want)
	case (n.Operator == "==" || n.Operator == "!=") && (left || right):
		r.read(n.Left, nil)
		r.read(n.Right, nil)
	default:
		r.whole(n.Left, n.Right)
	}
}

// object reads the fields of an object that the expression makes.
func (r *reading) object(n *ast.MapNode, want *Part) {
	for _, node := range n.Pairs {
		pair := node.(*ast.PairNode)
		of := everything
		if name, fixed := pair.Key.(*ast.StringNode); fixed {
			of = want.Field(name.Value)
		}
		r.whole(pair.Key)
		r.read(pair.Value, of)
	}
}

// predicate reads the body of a predicate, and returns what it reads of an item.
func (r *reading) predicate(body ast.Node, want *Part) *Part {
	r.items = append(r.items, nil)
	r.read(body, want)
	top := len(r.items) - 1
	item := r.items[top]
	r.items = r.items[:top]
	return item
}

func (r *reading) builtin(n *ast.BuiltinNode, want *Part) {
	args := n.Arguments
	switch n.Name {
	case "len":
		r.read(args[0], OfItems(nil))
	case "first", "last":
		r.read(args[0], OfItems(want))
	case "reverse", "take":
		r.read(args[0], OfItems(want.Items()))
		r.whole(args[1:]...)
	case "all", "any", "one", "none", "findIndex", "findLastIndex":
		r.read(args[0], OfItems(r.predicate(args[1], everything)))
	case "count":
		if len(args) < 2 {
			r.whole(args...)
			return
		}
		r.read(args[0], OfItems(r.predicate(args[1], everything)))
	case "filter":
		r.read(args[0], OfItems(r.predicate(args[1], everything).And(want.Items())))
	case "find", "findLast":
		r.read(args[0], OfItems(r.predicate(args[1], everything).And(want)))
	case "map":
		r.read(args[0], OfItems(r.predicate(args[1], want.Items())))
	case "sortBy":
		r.read(args[0], OfItems(r.predicate(args[1], everything).And(want.Items())))
		r.whole(args[2:]...)
	case "reduce":
		r.predicate(args[1], everything)
		r.whole(args[0])
		r.whole(args[2:]...)
	case "groupBy":
		r.predicate(args[1], everything)
		r.whole(args[0])
	default:
		r.whole(args...)
	}
}

// call reads the arguments of one of our functions.
func (r *reading) call(n *ast.CallNode, want *Part) {
	callee, _ := n.Callee.(*ast.IdentifierNode)
	switch callee.Value {
	case functionSlot(itemsName), functionSlot(wholeName), functionSlot(chargeName):
		r.read(n.Arguments[0], want)
	case functionSlot("concat"):
		for _, list := range n.Arguments {
			r.read(list, OfItems(want.Items()))
		}
	case functionSlot(sortPairsName):
		r.sortPairs(n, want)
	default:
		r.whole(n.Arguments...)
	}
}

// sortPairs reads what lowering made of sortBy: the pairs of item and key that map
// makes, and the order.
func (r *reading) sortPairs(n *ast.CallNode, want *Part) {
	pairs := n.Arguments[0].(*ast.BuiltinNode)
	r.read(pairs.Arguments[0], OfItems(r.predicate(keyOf(pairs), everything).And(want.Items())))
	r.whole(n.Arguments[1:]...)
}

// keyOf returns the key in the pairs that sortBy makes.
func keyOf(pairs *ast.BuiltinNode) ast.Node {
	return pairs.Arguments[1].(*ast.PredicateNode).Node.(*ast.ArrayNode).Nodes[1]
}
