package eval

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

// Expr is a compiled expression. It is immutable and safe for concurrent use.
type Expr struct {
	source   string
	tree     ast.Node // lowered; read to word errors
	program  *vm.Program
	typ      Type
	refs     []Ref
	path     *path // nil: it is no bare path
	wantBool bool
	reads    []declared // names that the program loads
	calls    []call     // functions that the program loads
}

// Source returns the expression as it was written.
func (e *Expr) Source() string { return e.source }

// Type returns the static type of the expression's values.
func (e *Expr) Type() Type { return e.typ }

// Refs returns every step and variable that is read, each with the longest
// member path known before evaluation, sorted and without repetitions.
func (e *Expr) Refs() []Ref { return slices.Clone(e.refs) }

// Simple reports whether the expression is a bare path, such as
// create-organization.id, inputs.domains or steps["in"].data[0].id.
func (e *Expr) Simple() bool { return e.path != nil }

// Compile compiles an expression of any type. The Expr is nil when one of the
// problems is more than a warning. All unknown names and fields are reported
// together, by place.
func (s *Scope) Compile(src string) (*Expr, []Problem) {
	e, problems := s.compile(src)
	problems = sortProblems(problems)
	if HasErrors(problems) {
		return nil, problems
	}
	return e, problems
}

// CompileBool compiles a condition: the expression must be a boolean, or of a
// type that is not known. Values other than true and false, null included, are
// then errors of [Expr.Eval].
func (s *Scope) CompileBool(src string) (*Expr, []Problem) {
	e, problems := s.Compile(src)
	if e == nil {
		return nil, problems
	}
	if !Bool().Accepts(e.typ) {
		from, to := TrimmedSpan(src)
		return nil, append(problems, Problem{Offset: from, Length: to - from, Code: CodeWrongType,
			Message: fmt.Sprintf("a condition must be true or false, not %s", e.typ),
			Hint:    "compare it with a value, for instance with == or !="})
	}
	e.wantBool = true
	return e, problems
}

func (s *Scope) compile(src string) (*Expr, []Problem) {
	if p, ok := refuseSource(src); ok {
		return nil, []Problem{p}
	}
	defer s.enter()()

	c := compilation{scope: s, source: []rune(src), cfg: s.config()}
	c.rewritten = rewrite(src, s.names)
	c.problems = c.rewritten.problems
	if HasErrors(c.problems) || !c.parse() || !c.restrict() || !c.check() {
		return nil, c.problems
	}
	return c.finish(src), c.problems
}

// compilation is one run through the stages; the first stage that finds a
// fault is the last.
type compilation struct {
	scope     *Scope
	source    []rune
	rewritten rewritten
	cfg       *conf.Config
	tree      *parser.Tree
	problems  []Problem
}

func (s *Scope) config() *conf.Config {
	cfg := language() // its tables are shared, and only read
	cfg.Env = s.env
	return &cfg
}

// language is the configuration of every expression, but for the names in it.
var language = sync.OnceValue(func() conf.Config {
	cfg := conf.CreateNew()
	cfg.Strict = true
	cfg.MaxNodes = maxNodes
	// expr's optimizer trusts static types, but a whole number may arrive as
	// a float64 and anything may be null.
	cfg.Optimize = false
	limitBuiltins(cfg)
	return *cfg
})

func (c *compilation) parse() bool {
	wrapped := wrapObjects(c.rewritten.text, c.rewritten.braces)
	tree, err := parser.ParseWithConfig(wrapped.text, c.cfg)
	if err != nil {
		c.problems = append(c.problems, c.explainSyntax(err, wrapped.place))
		return false
	}
	c.tree = tree
	ast.Walk(&tree.Node, wrapped)
	ast.Walk(&tree.Node, restoreNames{c.source})
	ast.Walk(&tree.Node, readHeaders{c})
	return true
}

// check types the tree. Each node that is at fault is replaced by one of which
// nothing is known, so that one mistake does not hide the next.
func (c *compilation) check() bool {
	for range maxProblems {
		_, err := checker.Check(c.tree, c.cfg)
		if err == nil {
			break
		}
		problem, at := c.explain(err)
		c.problems = append(c.problems, problem)
		if at == nil || !replace(&c.tree.Node, at) {
			break
		}
	}
	return !HasErrors(c.problems)
}

func (c *compilation) finish(src string) *Expr {
	e := &Expr{source: src, typ: typeOf(c.tree.Node), refs: c.refs()}
	if p, ok := c.scope.path(c.tree.Node); ok && !p.open {
		e.path = &p
	}
	ast.Walk(&c.tree.Node, restoreNumbers{c.source})
	l := lowering{scope: c.scope}
	ast.Walk(&c.tree.Node, &l)
	program, err := compiler.Compile(c.tree, c.cfg)
	if err != nil {
		here := func(loc file.Location) file.Location { return loc }
		c.problems = append(c.problems, c.explainSyntax(err, here))
		return nil
	}
	e.tree, e.program, e.reads, e.calls = c.tree.Node, program, l.reads, l.calls
	return e
}

// refuseSource finds the fault that makes a source not worth parsing.
func refuseSource(src string) (Problem, bool) {
	from, to := TrimmedSpan(src)
	p := Problem{Offset: from, Length: to - from, Code: CodeSyntax}
	trimmed := strings.TrimSpace(src)
	switch {
	case len(src) > maxSource:
		p.Code = CodeTooLarge
		p.Message = fmt.Sprintf("expression is %d bytes long, at most %d are allowed", len(src), maxSource)
	case !utf8.ValidString(src):
		p.Message = "expression is not valid UTF-8"
	case trimmed == "":
		p.Message = "expression is empty"
	case strings.HasPrefix(trimmed, "{{") && strings.HasSuffix(trimmed, "}}"):
		p.Message = "an expression stands here by itself, without {{ }}"
		p.Hint = "write " + strings.TrimSpace(trimmed[2:len(trimmed)-2])
	default:
		return Problem{}, false
	}
	return p, true
}

// TrimmedSpan returns the range of src without the space around it, in code
// points.
func TrimmedSpan(src string) (from, to int) {
	left := strings.TrimLeft(src, " \t\r\n")
	from = utf8.RuneCountInString(src) - utf8.RuneCountInString(left)
	return from, from + utf8.RuneCountInString(strings.TrimRight(left, " \t\r\n"))
}

// restoreNames turns tokens back into names where expr made strings of them:
// members and keys. A string that the author quoted is left alone.
type restoreNames struct{ source []rune }

func (r restoreNames) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.MemberNode:
		r.restore(n.Property)
	case *ast.PairNode:
		r.restore(n.Key)
	}
}

func (r restoreNames) restore(node ast.Node) {
	if s, ok := node.(*ast.StringNode); ok && wordRune(runeAt(r.source, s.Location().From)) {
		s.Value = plain(s.Value)
	}
}

// restoreNumbers gives numbers that expr has rounded, or spells otherwise than
// the author, their digits back.
type restoreNumbers struct{ source []rune }

func (r restoreNumbers) Visit(node *ast.Node) {
	n, ok := (*node).(*ast.FloatNode)
	if !ok {
		return
	}
	from := n.Location().From
	v, _ := jsonvalue.Number(string(r.source[from:numberEnd(r.source, from)]))
	if v, ok := v.(json.Number); ok {
		constant := &ast.ConstantNode{Value: v}
		constant.SetNature(*n.Nature())
		ast.Patch(node, constant)
	}
}
