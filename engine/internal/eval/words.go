package eval

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
)

const goTypes = `%!\w\(<nil>\)|func\([^)]*\)(?: \w+)?|unknown pointer|json\.Number|map\[(?:string|interface \{\})\](?:\[\])?interface \{\}|\[\](?:interface \{\}|string|int|float64)|interface \{\}|\b(?:u?int(?:8|16|32|64)?|float(?:32|64)?|bool)\b|<nil>`

// userWords replaces the Go types in a message of expr by our names of types.
func userWords(message string) string {
	return regexp.MustCompile(goTypes).ReplaceAllStringFunc(message, func(goType string) string {
		switch {
		case strings.HasPrefix(goType, "%!"):
			return "null"
		case strings.HasPrefix(goType, "func("):
			return "a predicate"
		case goType == "unknown pointer":
			return "unknown name"
		case goType == "json.Number":
			return "number"
		case strings.HasPrefix(goType, "map["):
			return "object"
		case goType == "[]string":
			return "array of string"
		case strings.HasPrefix(goType, "[]"):
			return "array"
		case goType == "interface {}":
			return "any"
		case strings.HasPrefix(goType, "float"):
			return "number"
		case goType == "bool":
			return "boolean"
		case goType == "<nil>":
			return "null"
		default:
			return "integer"
		}
	})
}

// valueWords names a value of the Go type that expr reports, with its article.
func valueWords(goType string) string {
	switch {
	case goType == "nil", goType == "<nil>", goType == "zero":
		return "null"
	case strings.HasPrefix(goType, "map["), goType == "map":
		return "an object"
	case strings.HasPrefix(goType, "[]"), goType == "slice":
		return "an array"
	case strings.HasPrefix(goType, "int"), strings.HasPrefix(goType, "uint"), strings.HasPrefix(goType, "float"), goType == "json.Number":
		return "a number"
	case goType == "bool":
		return "a boolean"
	case goType == "string":
		return "a string"
	default:
		return "another value"
	}
}

// unnamed stands for a value that is no path.
const unnamed = "the value"

// pathText writes a chain of members as its author might have; unnamed for
// everything else.
func pathText(node ast.Node) string {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		return nameText(plain(n.Value))
	case *ast.PointerNode:
		return "#" + n.Name
	case *ast.IntegerNode:
		return strconv.Itoa(n.Value)
	case *ast.UnaryNode:
		if i, ok := n.Node.(*ast.IntegerNode); ok && n.Operator == "-" {
			return strconv.Itoa(-i.Value)
		}
	case *ast.ChainNode:
		return pathText(n.Node)
	case *ast.CallNode: // ours, around what it returns
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok && (callee.Value == functionSlot(itemsName) || callee.Value == functionSlot(wholeName)) {
			return pathText(n.Arguments[0])
		}
	case *ast.MemberNode:
		return memberText(n)
	}
	return unnamed
}

func memberText(n *ast.MemberNode) string {
	base := pathText(n.Node)
	if base == unnamed {
		return unnamed
	}
	if name, ok := n.Property.(*ast.StringNode); ok {
		if id, isStep := stepMember(n); isStep {
			return nameText(id)
		}
		if nameable(name.Value) {
			return base + "." + name.Value
		}
		return fmt.Sprintf("%s[%q]", base, name.Value)
	}
	if index := pathText(n.Property); index != unnamed {
		return fmt.Sprintf("%s[%s]", base, index)
	}
	return fmt.Sprintf("an item of %s", base)
}

// nameText writes a slot or name; an id that cannot stand alone is written as
// steps["id"].
func nameText(name string) string {
	kind, id, isSlot := strings.Cut(name, ":")
	switch {
	case !isSlot:
		return name
	case kind == "step" && !nameable(id):
		return fmt.Sprintf("steps[%q]", id)
	default:
		return id
	}
}
