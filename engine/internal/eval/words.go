package eval

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// wording puts a message of expr that matches a pattern into the user's words.
// In them $1 is a group of the pattern as it stands, %1 the same as a type, &1
// the same as a value, and %0 the function or operator at fault.
type wording struct{ pattern, text, hint string }

// reword returns the first wording that fits. A message without one has its Go
// types replaced.
func reword(table []wording, message string) (text, hint string) {
	for _, w := range table {
		groups := regexp.MustCompile(w.pattern).FindStringSubmatch(message)
		if groups == nil {
			continue
		}
		text = w.text
		for i := 1; i < len(groups); i++ {
			text = strings.ReplaceAll(text, fmt.Sprintf("$%d", i), groups[i])
			text = strings.ReplaceAll(text, fmt.Sprintf("%%%d", i), typeWords(groups[i]))
			text = strings.ReplaceAll(text, fmt.Sprintf("&%d", i), valueWords(groups[i]))
		}
		return text, w.hint
	}
	return userWords(message), ""
}

// typeWordings are for expr's checker.
var typeWordings = []wording{
	{`^invalid operation: (\+) \(mismatched types (.+) and (.+)\)$`, "$1 cannot combine %2 and %3", "string(x) makes text of a value"},
	{`^invalid operation: (\S+) \(mismatched types (.+) and (.+)\)$`, "$1 cannot combine %2 and %3", ""},
	{`^invalid operation: (\S+) \(mismatched type (.+)\)$`, "$1 cannot be applied to %2", ""},
	{`^cannot use (.+) as argument \(type (.+)\) to call (.+)$`, "$3 needs %2, not %1", ""},
	{`^cannot use (.+) as type (.+) in (?:array|map key)$`, "in cannot look for %1 among %2", ""},
	{`^invalid argument for (\w+) \(type (.+)\)$`, "$1 cannot take %2", ""},
	{`^builtin (\w+) takes only array \(got (.+)\)$`, "$1 needs an array, not %2", ""},
	{`^predicate should return boolean \(got (.+)\)$`, "a predicate must be true or false, not %1", ""},
	{`^non-bool expression \(type (.+)\) used as condition$`, "a condition must be true or false, not %1", ""},
	{`^type (.+) has no field (.+)$`, `%1 has no fields, so no "$2"`, ""},
	{`^array elements can only be selected using an integer \(got (.+)\)$`, "an item of an array is selected by a number, not by %1", "write [0] for the first item, or find(array, predicate)"},
	{`^cannot redeclare (?:variable |builtin |function )?(.+)$`, `the name "$1" is taken`, "give the variable another name"},
	{`^(.+) is not callable$`, "only functions can be called, not %1", ""},
}

// machineWordings are for expr's machine, which reports most faults as Go
// panics.
var machineWordings = []wording{
	{`^invalid operation: (\S+) (?:\+|-|\*|/|%|\*\*|<|>|<=|>=) (\S+)$`, "cannot apply %0 to &1 and &2", ""},
	{`^invalid operation: - (\S+)$`, "cannot negate &1", ""},
	{`^invalid operation: (?:int|int64|float|bool)\((.+)\)$`, "%0 needs a number, got &1", ""},
	{`^interface conversion: interface \{\} is (.+), not (.+)$`, "%0 needs &2, got &1", ""},
	{`^reflect: call of reflect\.Value\.\w+ on (.+?)(?: Value)?$`, "%0 needs an array, got &1", ""},
	{`^reflect\.Value\.MapIndex: value of type (.+) is not assignable`, "%0 selects a field by a string, not by &1", ""},
	{`^invalid order (?s:.*), expected asc or desc$`, `the order of sort is "asc" or "desc"`, ""},
	{`^invalid argument for \w+ \(type (.+)\)$`, "%0 cannot take &1", ""},
	{`^operator "in" not defined on (.+)$`, "%0 needs an array or an object, got &1", ""},
	{`^integer divide by zero$`, "division by zero", ""},
	{`^memory budget exceeded$`, "evaluation makes too many items: more than 1000000", ""},
	{`^hash of unhashable type:? (.+)$`, "%0 cannot use &1 as a key", ""},
	{`^cannot slice `, "only an array or a string can be cut with [:]", ""},
}

// Tokens and characters as expr's messages have them.
const (
	tokenPattern = `(?:Identifier|Number|String|Bytes|Operator|Bracket)\("((?:[^"\\]|\\.)*)"\)`
	runePattern  = `^unrecognized character: U\+[0-9A-F]+(?: '(.+)')?$`
)

func wordSyntax(message string) (text, hint string) {
	if g := regexp.MustCompile(runePattern).FindStringSubmatch(message); g != nil {
		return fmt.Sprintf("unexpected character %q", g[1]), ""
	}
	switch message {
	case "unexpected token EOF":
		return "unexpected end of the expression", ""
	case `unexpected token Operator("=")`:
		return `unexpected "="`, "write == to compare"
	case "literal not terminated":
		return "string is not closed", ""
	case "unclosed comment":
		return "comment is not closed", ""
	case "compilation failed: expression exceeds maximum allowed nodes":
		return fmt.Sprintf("expression has more than %d parts", maxNodes), "split it over several steps"
	}
	message = regexp.MustCompile(tokenPattern).ReplaceAllString(message, `"$1"`)
	return strings.Replace(strings.ReplaceAll(message, "EOF", "the end"), "unexpected token ", "unexpected ", 1), ""
}

func typeWords(goType string) string {
	if goType == "unknown" {
		return "any"
	}
	return userWords(goType)
}

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
	case *ast.CallNode: // ours, around its result
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
	case kind == headersName:
		return nameText("step:"+id) + "." + headersName
	case kind == "step" && !nameable(id):
		return fmt.Sprintf("steps[%q]", id)
	default:
		return id
	}
}
