package command

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// doorOfAnswers is the file through which what an API says to a call is printed.
const doorOfAnswers = "call_answer.go"

// answersOf are what has an answer, and what reads one.
var answersOf = []string{
	"operations.Response", "operations.Caller", "operations.ExplainResponse", "paging.All", "client.New",
	"check.Response", "check.Verdict", "check.Answer", "x.answer",
}

// looksIntoAnswers lists what nothing but the door may use.
func looksIntoAnswers(f *ast.File) []string {
	var found []string
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			x, _ := n.X.(*ast.Ident)
			name := n.Sel.Name
			if x != nil && slices.Contains(answersOf, x.Name+"."+name) {
				found = append(found, name)
			}
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Call" {
				found = append(found, "a call of Call")
			}
		}
		return true
	})
	return found
}

// What an API said is printed through one door only.
func TestOneDoorPrintsWhatAnAPISays(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		found := looksIntoAnswers(f)
		if name == doorOfAnswers {
			if len(found) == 0 {
				t.Errorf("%s looks into no answer: this test proves nothing", name)
			}
			continue
		}
		if len(found) > 0 {
			t.Errorf("%s looks into an answer (%s): only %s does", name, strings.Join(found, ", "), doorOfAnswers)
		}
	}
}
