package eval

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"github.com/capstan-run/capstan/internal/suggest"
)

// problemAt is a problem at a place in the source, which rewriting did not move.
func (c *compilation) problemAt(loc file.Location, code string) Problem {
	from := min(max(loc.From, 0), len(c.source))
	length := min(max(loc.To-loc.From, 1), max(len(c.source)-from, 1))
	return Problem{Offset: from, Length: length, Code: code}
}

// explain words an error of expr's checker and returns the node at fault, or
// nil when checking cannot go on without it.
func (c *compilation) explain(err error) (Problem, ast.Node) {
	var fault *file.Error
	if !errors.As(err, &fault) {
		return Problem{Length: len(c.source), Code: CodeWrongType, Message: userWords(plain(err.Error()))}, nil
	}
	message := strings.TrimSpace(plain(fault.Message))
	if name, ok := strings.CutPrefix(message, "unknown name "); ok {
		return c.unknownName(fault.Location, name)
	}
	if name, ok := strings.CutPrefix(message, "unknown field "); ok {
		return c.unknownField(fault.Location, name)
	}
	p := c.problemAt(fault.Location, CodeWrongType)
	p.Message, p.Hint = reword(typeWordings, message)
	return p, c.faulty(fault.Location)
}

// faulty returns the outermost node at loc that a value can stand for.
func (c *compilation) faulty(loc file.Location) ast.Node {
	return find(c.tree.Node, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.PredicateNode, *ast.PairNode, *ast.VariableDeclaratorNode:
			return false
		}
		return n.Location() == loc
	})
}

// unknownName explains a name that is no step, variable or function. A
// misspelt id with hyphens reaches expr as a subtraction: the whole word is
// reported then, unless parts of it are known.
func (c *compilation) unknownName(loc file.Location, name string) (Problem, ast.Node) {
	if word, at, ok := c.joinedWord(loc.From); ok {
		return c.unknownStep(word, at), c.outermostWithin(at)
	}
	p := c.problemAt(loc, CodeUnknownName)
	node := c.faulty(loc)
	if call, ok := node.(*ast.CallNode); ok {
		p.Message, p.Hint = unknownFunction(name)
		return p, call
	}
	p.Message = fmt.Sprintf("unknown name %q", name)
	known := append(c.scope.varNames(), c.scope.stepIDs()...)
	c.mend(&p, name, known)
	switch near := suggest.Closest(name, known); {
	case name == "null":
		p.Hint, p.Meant = "write nil", "nil"
	case c.scope.isStep(near) && !slices.Contains(c.scope.varNames(), near):
		p.Code = CodeUnknownStep
		p.Message = fmt.Sprintf("unknown step %q", name)
		p.Hint = fmt.Sprintf("did you mean %q?", near)
	case near != "":
		p.Hint = fmt.Sprintf("did you mean %q?", near)
	case suggest.Closest(name, functionNames()) != "":
		p.Hint = suggest.Hint(name, "", functionNames())
		c.mend(&p, name, functionNames())
	default:
		p.Hint = suggest.Hint(name, "known names: ", known)
	}
	return p, node
}

// unknownStep explains a word that is the id of no step.
func (c *compilation) unknownStep(word string, at span) Problem {
	p := Problem{Offset: at.from, Length: at.to - at.from, Code: CodeUnknownStep, Message: fmt.Sprintf("unknown step %q", word)}
	p.Hint = suggest.Hint(word, "steps: ", c.scope.stepIDs())
	c.mend(&p, word, c.scope.stepIDs())
	return p
}

func unknownFunction(name string) (message, hint string) {
	if slices.Contains(withheld, name) {
		return fmt.Sprintf("function %q is not available", name), "an expression cannot read the clock; its result must follow from its inputs"
	}
	return fmt.Sprintf("unknown function %q", name), suggest.Hint(name, "", functionNames())
}

// joinedWord returns the word with hyphens around offset, if it is likely to
// be a misspelt id: it is near a known one, or no part of it is known.
func (c *compilation) joinedWord(offset int) (string, span, bool) {
	for _, at := range c.rewritten.joined {
		if offset < at.from || offset >= at.to {
			continue
		}
		word := string(c.source[at.from:at.to])
		likely := isOneWord(c.source, at.from, at.to) || suggest.Closest(word, c.scope.stepIDs()) != "" || !slices.ContainsFunc(strings.Split(word, "-"), c.readsAlone)
		return word, at, likely
	}
	return "", span{}, false
}

func (c *compilation) readsAlone(part string) bool {
	_, ok := c.scope.tokenOf(part)
	return ok || part == "" || part[0] >= '0' && part[0] <= '9'
}

// outermostWithin returns the largest node with all operands in at: the
// one that expr made of a misspelt id, with the members selected from it. Other
// nodes begin elsewhere.
func (c *compilation) outermostWithin(at span) ast.Node {
	return find(c.tree.Node, func(n ast.Node) bool {
		b, ok := n.(*ast.BinaryNode)
		if !ok || b.Operator != "-" {
			_, isIdent := n.(*ast.IdentifierNode)
			return isIdent && n.Location().From >= at.from && n.Location().From < at.to
		}
		return n.Location().From > at.from && n.Location().From < at.to
	})
}

// unknownField explains a member that a closed object lacks.
func (c *compilation) unknownField(loc file.Location, name string) (Problem, ast.Node) {
	p := c.problemAt(loc, CodeUnknownField)
	m, ok := find(c.tree.Node, func(n ast.Node) bool {
		m, ok := n.(*ast.MemberNode)
		return ok && m.Property.Location() == loc
	}).(*ast.MemberNode)
	if !ok {
		p.Message = fmt.Sprintf("unknown field %q", name)
		return p, nil
	}
	if _, isStep := stepMember(m); isStep {
		p.Code = CodeUnknownStep
		p.Message = fmt.Sprintf("unknown step %q", name)
		p.Hint = suggest.Hint(name, "steps: ", c.scope.stepIDs())
		c.mend(&p, name, c.scope.stepIDs())
		return p, m
	}
	p.Message = fmt.Sprintf("unknown field %q%s", name, c.owner(m.Node))
	p.Hint = suggest.Hint(name, "it has: ", typeOf(m.Node).Fields())
	c.mend(&p, name, typeOf(m.Node).Fields())
	return p, m
}

// mend sets the words that may stand in place of a name, and the one that is meant where
// the text at fault is that of the name alone.
func (c *compilation) mend(p *Problem, name string, known []string) {
	p.Words = known
	if end := p.Offset + p.Length; end <= len(c.source) && string(c.source[p.Offset:end]) == name {
		p.Meant = suggest.Meant(name, known)
	}
}

// owner names the value that should have the field, after "in".
func (c *compilation) owner(base ast.Node) string {
	if p, ok := c.scope.path(base); ok {
		if p.root.step {
			return fmt.Sprintf(" in the result of step %q", p.root.name)
		}
		return " in " + p.root.name
	}
	if pointer := find(base, isPointer); pointer != nil {
		if from, ok := c.collection(pointer); ok {
			return " in the items of " + from
		}
	}
	return ""
}

func isPointer(n ast.Node) bool {
	_, ok := n.(*ast.PointerNode)
	return ok
}

// collection returns the path of the items that the predicate around node is for.
func (c *compilation) collection(node ast.Node) (string, bool) {
	var best *ast.BuiltinNode
	find(c.tree.Node, func(n ast.Node) bool {
		b, ok := n.(*ast.BuiltinNode)
		if ok && len(b.Arguments) > 1 && find(b.Arguments[1], func(n ast.Node) bool { return n == node }) != nil {
			best = b // the last one is the innermost
		}
		return false
	})
	if best == nil {
		return "", false
	}
	text := pathText(best.Arguments[0])
	return text, text != unnamed
}

// explainSyntax words an error of expr's lexer, parser or compiler; place finds
// its location in the source.
func (c *compilation) explainSyntax(err error, place func(file.Location) file.Location) Problem {
	var fault *file.Error
	if !errors.As(err, &fault) {
		return Problem{Length: len(c.source), Code: CodeSyntax, Message: plain(err.Error())}
	}
	p := c.problemAt(place(fault.Location), CodeSyntax)
	p.Message, p.Hint = wordSyntax(plain(fault.Message))
	if strings.Contains(fault.Message, "exceeds maximum allowed nodes") {
		p.Code = CodeTooLarge
		p.Offset, p.Length = 0, len(c.source)
	}
	if fault.Message == "literal not terminated" {
		p.Offset = lastString(c.source)
		p.Length = len(c.source) - p.Offset
	}
	return p
}

// lastString returns where the last string literal starts.
func lastString(in []rune) int {
	last := 0
	for i := 0; i < len(in); {
		end, ok := skipComment(in, i)
		if !ok {
			if end, ok = skipString(in, i); ok {
				last = i
			}
		}
		i = max(end, i+1)
	}
	return last
}
