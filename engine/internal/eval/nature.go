package eval

import (
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker/nature"
	"github.com/expr-lang/expr/types"
)

// natureOf is t as expr's checker knows it: closed objects are strict maps, in
// which an unknown key is an error at any depth.
func natureOf(t Type) nature.Nature { return exprType(t).Nature() }

func exprType(t Type) types.Type {
	switch t.kind {
	case stringKind:
		return types.String
	case intKind:
		return types.Int
	case floatKind:
		return types.Float64
	case boolKind:
		return types.Bool
	case arrayKind:
		return types.Array(exprType(t.Elem()))
	case objectKind:
		return exprMap(t)
	default:
		return types.Any
	}
}

func exprMap(t Type) types.Map {
	m := make(types.Map, len(t.fields)+1)
	for name, f := range t.fields {
		m[name] = exprType(f)
	}
	if t.open {
		m[types.Extra] = types.Any
	}
	return m
}

// closedNature is the nature of an object with exactly these fields.
func closedNature(fields map[string]nature.Nature) nature.Nature {
	n := types.Map{}.Nature()
	n.Fields = fields
	return n
}

// typeOf is the type of a checked node. Literals are looked into, because
// expr's checker types every object literal alike.
func typeOf(node ast.Node) Type {
	switch n := node.(type) {
	case *ast.MapNode:
		return typeOfMap(n)
	case *ast.ArrayNode:
		return ArrayOf(merged(n.Nodes, typeOf))
	case *ast.SequenceNode:
		return typeOf(n.Nodes[len(n.Nodes)-1])
	case *ast.VariableDeclaratorNode:
		return typeOf(n.Expr)
	case *ast.ConditionalNode:
		return typeOfEither(n.Exp1, n.Exp2)
	case *ast.BuiltinNode:
		if n.Name == "map" && len(n.Arguments) == 2 {
			return ArrayOf(typeOf(n.Arguments[1]))
		}
	case *ast.PredicateNode:
		return typeOf(n.Node)
	}
	return typeOfNature(node.Nature())
}

// typeOfEither is the type of a choice; nil does not count.
func typeOfEither(a, b ast.Node) Type {
	if _, ok := a.(*ast.NilNode); ok {
		return typeOf(b)
	}
	if _, ok := b.(*ast.NilNode); ok {
		return typeOf(a)
	}
	return typeOf(a).Merge(typeOf(b))
}

func typeOfMap(n *ast.MapNode) Type {
	t := Type{kind: objectKind, fields: map[string]Type{}}
	for _, node := range n.Pairs {
		pair := node.(*ast.PairNode)
		if key, ok := pair.Key.(*ast.StringNode); ok {
			t.fields[key.Value] = typeOf(pair.Value)
		} else {
			t.open = true
		}
	}
	return t
}

func typeOfNature(n *nature.Nature) Type {
	switch {
	case n == nil || n.Type == nil:
		return Any()
	case n.IsString():
		return String()
	case n.IsBool():
		return Bool()
	case n.IsInteger:
		return Int()
	case n.IsFloat:
		return Float()
	case n.IsByteSlice():
		return String()
	case n.IsArray():
		elem := n.Elem(new(nature.Cache))
		return ArrayOf(typeOfNature(&elem))
	case n.IsMap():
		return typeOfMapNature(n)
	default:
		return Any()
	}
}

func typeOfMapNature(n *nature.Nature) Type {
	t := Type{kind: objectKind, fields: map[string]Type{}, open: !n.Strict}
	if n.TypeData == nil {
		return t
	}
	for name, f := range n.Fields {
		t.fields[name] = typeOfNature(&f)
	}
	return t
}
