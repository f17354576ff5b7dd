package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// receivers are the files that send HTTP requests and so get answers: the sender,
// which takes credentials out of what APIs say, and what asks for tokens and keys
// and shows nothing of the answers but what it checks.
var receivers = []string{
	"operations/client/http.go",

	"operations/client/auth_oauth.go",
	"internal/bounded/bounded.go",
	"serve/access/oauth2.go",
	"serve/access/oauth2_server.go",
	"serve/mcp/mcptest/client.go",
}

// sendsHTTP reports whether a file makes an HTTP client or sends with one.
func sendsHTTP(f *ast.File) bool {
	sends := false
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			sends = sends || isHTTP(n.Type, "Client")
		case *ast.SelectorExpr:
			sends = sends || isHTTP(n, "DefaultClient", "Get", "Post", "PostForm", "Head")
		case *ast.CallExpr:
			s, ok := n.Fun.(*ast.SelectorExpr)
			sends = sends || ok && (s.Sel.Name == "RoundTrip" || s.Sel.Name == "Do" && len(n.Args) == 1 && !isFunc(n.Args[0]))
		}
		return true
	})
	return sends
}

func isHTTP(e ast.Expr, names ...string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == "http" && slices.Contains(names, s.Sel.Name)
}

// isFunc tells the Do of a sync.Once from that of a client.
func isFunc(e ast.Expr) bool {
	switch e.(type) {
	case *ast.FuncLit, *ast.SelectorExpr:
		return true
	}
	return false
}

// What an API answers comes in through the sender alone, which takes credentials
// out of it: whatever prints, keeps or passes on an answer has it from there.
func TestAnswersComeInThroughTheSender(t *testing.T) {
	seen := 0
	for _, file := range goFiles(t) {
		if file.test || strings.HasPrefix(file.name, ".ci/") || strings.HasPrefix(file.name, "examples/") || strings.HasPrefix(file.name, "bench/") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file.name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if !sendsHTTP(f) {
			continue
		}
		if seen++; !slices.Contains(receivers, file.name) {
			t.Errorf("%s sends HTTP requests: answers of APIs come in through client.New, which hides credentials in them", file.name)
		}
	}
	if seen < 3 {
		t.Errorf("%d files send HTTP requests: this test proves nothing", seen)
	}
}
