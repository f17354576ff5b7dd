package eval

import (
	"fmt"
	"slices"

	"github.com/expr-lang/expr/ast"
)

// restrict refuses the parts of expr's language that are left out: the
// environment and functions as values, methods, bytes, steps chosen at run time
// (which step is read must be known before a run), and deep nesting.
func (c *compilation) restrict() bool {
	if deep := nesting(c.tree.Node); deep > maxNesting {
		from, to := TrimmedSpan(string(c.source))
		c.problems = append(c.problems, Problem{Offset: from, Length: to - from, Code: CodeTooLarge,
			Message: fmt.Sprintf("predicates are nested %d deep, at most %d are allowed", deep, maxNesting),
			Hint:    "filter in an earlier step, or keep what the inner predicate needs in fewer items"})
		return false
	}
	c.restrictNode(c.tree.Node)
	return !HasErrors(c.problems)
}

func (c *compilation) restrictNode(node ast.Node) {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		c.restrictName(n)
	case *ast.MemberNode:
		if _, ok := stepMember(n); ok {
			return
		}
	case *ast.CallNode:
		if _, ok := n.Callee.(*ast.IdentifierNode); !ok {
			c.refuse(n, CodeSyntax, "only functions can be called, not fields", "")
			return
		}
		for _, arg := range n.Arguments {
			c.restrictNode(arg)
		}
		return
	case *ast.BytesNode:
		c.refuse(n, CodeSyntax, "byte literals are not available", "write a string")
	}
	for _, child := range children(node) {
		c.restrictNode(child)
	}
}

func (c *compilation) restrictName(n *ast.IdentifierNode) {
	switch {
	case n.Value == "$env":
		c.refuse(n, CodeUnknownName, `unknown name "$env"`, "read steps and variables by their names")
	case n.Value == stepsName:
		c.refuse(n, CodeSyntax, "steps needs a step's id", `write steps["id"], with the id in quotes`)
	case c.misspeltStep(n):
	case isBuiltin(n.Value) && !slices.Contains(withheld, n.Value):
		c.refuse(n, CodeUnknownName, fmt.Sprintf("%s is a function and no value", n.Value), fmt.Sprintf("call it: %s(...)", n.Value))
	}
}

// misspeltStep reports a name that is the beginning of a misspelt id with hyphens, such
// as "get" of "get-shp".
func (c *compilation) misspeltStep(n *ast.IdentifierNode) bool {
	if !isBuiltin(n.Value) {
		return false
	}
	word, at, ok := c.joinedWord(n.Location().From)
	if ok {
		c.problems = append(c.problems, c.unknownStep(word, at))
	}
	return ok
}

func (c *compilation) refuse(node ast.Node, code, message, hint string) {
	loc := node.Location()
	c.problems = append(c.problems, Problem{Offset: loc.From, Length: max(loc.To-loc.From, 1), Code: code, Message: message, Hint: hint})
}

// stepMember returns the id in steps["id"].
func stepMember(n *ast.MemberNode) (id string, ok bool) {
	base, isIdent := n.Node.(*ast.IdentifierNode)
	prop, isString := n.Property.(*ast.StringNode)
	if !isIdent || !isString || base.Value != stepsName {
		return "", false
	}
	return prop.Value, true
}
