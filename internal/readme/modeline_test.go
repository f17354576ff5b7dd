package readme

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/dialect"
)

// Every YAML file that ships and was written here names its schema, which is the one of its
// kind. Published files are as they were published.
func TestFilesNameTheirSchema(t *testing.T) {
	listed, err := exec.Command("git", "-C", root, "ls-files", "examples", "capabilities").Output()
	if err != nil {
		t.Skip(err) // no checkout
	}
	named := 0
	for _, name := range strings.Fields(string(listed)) {
		kind := schemaOf(t, name)
		if kind == "" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		path, ok := strings.CutPrefix(first, "# yaml-language-server: $schema=")
		at, err := os.Stat(filepath.Join(root, filepath.Dir(name), path))
		kept, missing := os.Stat(filepath.Join(root, "docs/schema", kind+".json"))
		if !ok || err != nil || missing != nil || !os.SameFile(at, kept) {
			t.Errorf("%s begins with %q, which is not the path of docs/schema/%s.json", name, first, kind)
		}
		named++
	}
	if named < 10 {
		t.Errorf("only %d files", named)
	}
}

// schemaOf is the kind of schema that a file has, "" for files that name none.
func schemaOf(t *testing.T, name string) string {
	t.Helper()
	switch {
	case filepath.Base(name) == ".capstan.yaml":
		return "project"
	case filepath.Ext(name) != ".yaml", strings.HasPrefix(name, "capabilities/workos/") && !strings.HasSuffix(name, ".overlay.yaml"):
		return ""
	}
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	s, _ := dialect.Read(name, text)
	switch d := s.Dialect(); d {
	case spec.DialectFramework:
		return "framework-strict"
	case spec.DialectComposition, spec.DialectCatalogue, spec.DialectSibling, spec.DialectOverlay:
		return string(d)
	}
	return ""
}
