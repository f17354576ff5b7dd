package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// What a package variable is made of is made before main, for every command. So
// package variables hold no regular expressions and no templates: lazyregexp.New
// and sync.OnceValue make them when they are first used, by which time nobody
// may expect a mistake in a pattern.
func TestNothingIsCompiledBeforeMain(t *testing.T) {
	patterns := 0
	packages := map[string][]*ast.File{}
	for _, f := range goFiles(t) {
		if f.test || strings.HasPrefix(f.name, "examples/") || strings.HasPrefix(f.name, "bench/") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, f.name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		packages[f.pkg()] = append(packages[f.pkg()], tree)
	}
	for name, files := range packages {
		p := &variables{constants: map[string]ast.Expr{}}
		for _, tree := range files {
			p.read(tree)
		}
		for _, call := range p.calls {
			switch callee(call) {
			case "regexp.MustCompile", "regexp.MustCompilePOSIX", "template.Must":
				t.Errorf("%s: a package variable calls %s: use lazyregexp.New or sync.OnceValue", name, callee(call))
			case "lazyregexp.New":
				patterns++
				text, ok := p.text(call.Args[0])
				if _, err := regexp.Compile(text); err != nil || !ok {
					t.Errorf("%s: the pattern %q: %v (read: %v)", name, text, err, ok)
				}
			}
		}
	}
	if patterns < 60 {
		t.Errorf("%d patterns found", patterns)
	}
}

// variables are the package variables and constants of a package.
type variables struct {
	constants map[string]ast.Expr
	calls     []*ast.CallExpr // that are made for the variables
}

func (p *variables) read(tree *ast.File) {
	for _, decl := range tree.Decls {
		decl, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range decl.Specs {
			v, ok := spec.(*ast.ValueSpec)
			if !ok {
				continue
			}
			for i, value := range v.Values {
				if decl.Tok == token.CONST {
					p.constants[v.Names[i].Name] = value
				}
				ast.Inspect(value, func(n ast.Node) bool {
					if call, ok := n.(*ast.CallExpr); ok {
						p.calls = append(p.calls, call)
					}
					_, later := n.(*ast.FuncLit)
					return !later
				})
			}
		}
	}
}

// callee returns the name of a function as "package.Name".
func callee(call *ast.CallExpr) string {
	s, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	pkg, _ := s.X.(*ast.Ident)
	if pkg == nil {
		return ""
	}
	return pkg.Name + "." + s.Sel.Name
}

// text returns the value of a constant text.
func (p *variables) text(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.Ident:
		return p.text(p.constants[e.Name])
	case *ast.BinaryExpr:
		left, okLeft := p.text(e.X)
		right, okRight := p.text(e.Y)
		return left + right, okLeft && okRight
	}
	return "", false
}
