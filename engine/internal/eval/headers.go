package eval

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/types"
)

// A step that was answered over HTTP has headers beside its result: STEP.headers
// stands for them, under names without case. STEP["headers"] is always a field of
// the result, and so is STEP.headers where the result documents one of that name.

// headersName is the member that stands for a step's headers.
const headersName = "headers"

// headers is how a step's headers can be read.
type headers int

const (
	noHeaders     headers = iota
	shownHeaders          // as STEP.headers
	hiddenHeaders         // not at all: the result has a field of the name
)

// SetHeaders gives the step id headers, in s and in the scopes that share its
// names.
func (s *Scope) SetHeaders(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.steps[id].typ
	if _, own := t.fields[headersName]; own {
		s.headers[id] = hiddenHeaders
		return
	}
	s.headers[id] = shownHeaders
	d := declared{name: id, step: true, headers: true, slot: headersName + ":" + id}
	// No source has such an identifier: it comes about after parsing.
	s.tokens[d.slot], s.natures[d.slot] = d, headersNature
}

// headersNature is that of an object of texts with any names.
var headersNature = types.Map{types.Extra: types.String}.Nature()

// hasHeaders reports whether word is a step whose headers can be read.
func (n *names) hasHeaders(word string) bool { return n.headers[word] == shownHeaders }

// readHeaders puts the headers of steps in the place of their members, and names
// of headers into the form in which they are kept.
type readHeaders struct{ *compilation }

func (r readHeaders) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.MemberNode:
		if r.isHeaders(n.Node) {
			n.Property = lowered(n.Property)
			return
		}
		if id, ok := r.member(n); ok {
			headers := &ast.IdentifierNode{Value: headersName + ":" + id}
			headers.SetLocation(n.Property.Location())
			*node = headers
		}
	case *ast.BinaryNode:
		if n.Operator == "in" && r.isHeaders(n.Right) {
			n.Left = lowered(n.Left)
		}
	}
}

func (r readHeaders) isHeaders(node ast.Node) bool {
	p, ok := r.scope.path(node)
	return ok && p.root.headers && len(p.keys) == 0
}

// member returns the step whose headers a member stands for. One that hides them
// is warned of.
func (r readHeaders) member(n *ast.MemberNode) (id string, ok bool) {
	name, fixed := n.Property.(*ast.StringNode)
	if !fixed || name.Value != headersName || !wordRune(runeAt(r.source, name.Location().From)) {
		return "", false
	}
	p, ok := r.scope.path(n.Node)
	if !ok || !p.root.step || p.root.headers || len(p.keys) > 0 {
		return "", false
	}
	if r.scope.headers[p.root.name] == hiddenHeaders {
		problem := r.problemAt(name.Location(), CodeHiddenHeaders)
		problem.Warning = true
		problem.Message = fmt.Sprintf("the result of step %q has a field %q of its own, which is meant here: the headers of its answer cannot be read", p.root.name, headersName)
		problem.Hint = fmt.Sprintf("write %s[%q] to say so", p.root.name, headersName)
		r.problems = append(r.problems, problem)
	}
	return p.root.name, r.scope.hasHeaders(p.root.name)
}

// lowered is the name of a header as it is kept.
func lowered(name ast.Node) ast.Node {
	if s, fixed := name.(*ast.StringNode); fixed {
		s.Value = strings.ToLower(s.Value)
		return s
	}
	lower := &ast.BuiltinNode{Name: "lower", Arguments: []ast.Node{name}}
	lower.SetLocation(name.Location())
	return lower
}
