package readme

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The functions that expressions may call are those that the page lists.
func TestFunctionsAreListed(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(root, "engine", "internal", "eval", "builtins.go"))
	if err != nil {
		t.Fatal(err)
	}
	listed := readPage(t, filepath.Join(root, "docs", "expressions.md")).text
	signatures := regexp.MustCompile(`\{"\w+", "([^"]+)", `).FindAllStringSubmatch(string(source), -1)
	for _, m := range signatures {
		if !strings.Contains(listed, "| `"+m[1]+"` |") {
			t.Errorf("docs/expressions.md does not list %s", m[1])
		}
	}
	if rows := strings.Count(listed[strings.Index(listed, "## Functions"):], "| `"); rows != len(signatures) || rows == 0 {
		t.Errorf("docs/expressions.md lists %d functions, expressions have %d", rows, len(signatures))
	}
}
